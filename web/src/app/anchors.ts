/**
 * Where the words of the threads are in the document as this device has it.
 * An anchor's start names its first character and its end its last one, so
 * that words typed at its edges do not count as its own; but where the first
 * or the last is gone, what was put in its place does. The server reads
 * anchors in the same way (`src/document/anchor.rs`).
 */
import * as A from "@automerge/automerge/slim"
import { afterCharacter, type PlanDoc, textPath } from "../editor/plan"
import type { Anchor, Thread } from "./api"

export type Standing = { state: "exact" | "edited"; now: string } | { state: "deleted" }

export type Place = {
  standing: Standing
  /** For the order of the list: the section's place in reading, then the place in its text. */
  order: number
  range: { section: string; from: number; to: number } | null
}

/** What stands between two places of a section's text, as it is quoted: a marker between blocks is a line. */
export function wordsBetween(text: string, from: number, to: number): string {
  return text
    .slice(from, to)
    .replace(/\ufffc/g, "\n")
    .trim()
}

export function makeAnchor(doc: A.Doc<PlanDoc>, section: string, from: number, to: number): Anchor {
  const path = textPath(section)
  return {
    section,
    start: A.getCursor(doc, path, from, "after"),
    end: A.getCursor(doc, path, to - 1, "before"),
    heads: A.getHeads(doc),
    quote: wordsBetween(doc.sections[section]?.text ?? "", from, to),
  }
}

export function placeOf(
  doc: A.Doc<PlanDoc>,
  anchor: Anchor,
  sectionOrder: ReadonlyMap<string, number>,
): Place {
  const rank = sectionOrder.get(anchor.section)
  const gone: Place = { standing: { state: "deleted" }, order: (rank ?? 1e6) * 1e7 + 9e6, range: null }
  const text = doc.sections[anchor.section]?.text
  if (rank === undefined || typeof text !== "string") return gone
  let from: number
  let to: number
  try {
    const path = textPath(anchor.section)
    from = A.getCursorPosition(doc, path, anchor.start)
    to = afterCharacter(text, A.getCursorPosition(doc, path, backwards(anchor.end)))
    // Only while some of the quoted words stand is there a place that others can have been put in.
    if (from < to) [from, to] = widened(doc, anchor, text, from, to)
  } catch {
    return gone
  }
  const now = to > from ? wordsBetween(text, from, to) : ""
  const order = rank * 1e7 + Math.max(0, from)
  if (now === "") return { ...gone, order }
  return {
    standing: now === anchor.quote ? { state: "exact", now } : { state: "edited", now },
    order,
    range: { section: anchor.section, from, to },
  }
}

/** A cursor that, once its character is gone, stands at the one before it (a leading minus); servers leave it out. */
function backwards(cursor: string): string {
  return cursor.startsWith("-") ? cursor : `-${cursor}`
}

/** Takes in what was put in the place of the first or of the last quoted character, within the block. */
function widened(
  doc: A.Doc<PlanDoc>,
  anchor: Anchor,
  text: string,
  from: number,
  to: number,
): [number, number] {
  const path = textPath(anchor.section)
  const startGone = A.getCursor(doc, path, from, "after") !== anchor.start
  const endGone = A.getCursor(doc, path, to - 1, "before") !== backwards(anchor.end)
  if (!startGone && !endGone) return [from, to]
  const { before, after } = neighbours(doc, anchor)
  const left = startGone && before ? afterCharacter(text, A.getCursorPosition(doc, path, before)) : from
  const right = endGone ? (after ? A.getCursorPosition(doc, path, after) : text.length) : to
  const ahead = text.slice(left, from)
  const behind = text.slice(to, right)
  return [
    left < from ? left + ahead.lastIndexOf("\ufffc") + 1 : from,
    right > to ? to + (behind.includes("\ufffc") ? behind.indexOf("\ufffc") : behind.length) : to,
  ]
}

type Neighbours = { before: string | null; after: string | null }
const known = new WeakMap<Anchor, Neighbours>()

/** What stood next to the quoted words when they were quoted; read once for each anchor, since that reads the past. */
function neighbours(doc: A.Doc<PlanDoc>, anchor: Anchor): Neighbours {
  const found = known.get(anchor)
  if (found) return found
  const path = textPath(anchor.section)
  const then = A.view(doc, anchor.heads)
  const first = A.getCursorPosition(then, path, anchor.start)
  const text = then.sections[anchor.section]?.text ?? ""
  const end = afterCharacter(text, A.getCursorPosition(then, path, anchor.end))
  const read = {
    before: first > 0 ? A.getCursor(then, path, first - 1, "before") : null,
    after: end < text.length ? A.getCursor(then, path, end, "after") : null,
  }
  known.set(anchor, read)
  return read
}

export function placesOf(
  doc: A.Doc<PlanDoc>,
  threads: readonly Pick<Thread, "id" | "anchor">[],
  sections: readonly string[],
): Map<string, Place> {
  const order = new Map(sections.map((id, at) => [id, at]))
  return new Map(threads.map((thread) => [thread.id, placeOf(doc, thread.anchor, order)]))
}
