/**
 * Where the words of the threads are in the document as this device has it.
 * An anchor's start names its first character and its end its last one, so
 * that words typed at its edges do not count as its own.
 */
import * as A from "@automerge/automerge/slim"
import { type PlanDoc, textPath } from "../editor/plan"
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
    from = A.getCursorPosition(doc, textPath(anchor.section), anchor.start)
    to = A.getCursorPosition(doc, textPath(anchor.section), anchor.end) + 1
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

export function placesOf(
  doc: A.Doc<PlanDoc>,
  threads: readonly Pick<Thread, "id" | "anchor">[],
  sections: readonly string[],
): Map<string, Place> {
  const order = new Map(sections.map((id, at) => [id, at]))
  return new Map(threads.map((thread) => [thread.id, placeOf(doc, thread.anchor, order)]))
}
