/**
 * From an edit in the editor to the fewest operations on the sections' texts. The cost follows what was edited:
 * blocks that are the same node before and after are passed over, and no text is read back.
 */
import * as A from "@automerge/automerge"
import type { Mark, Node as PmNode } from "prosemirror-model"
import type { Mapping } from "prosemirror-transform"
import { type FlatBlock, readMarks, type Run } from "./blocks"
import {
  flatAt,
  flatSize,
  halves,
  itemsOf,
  merge,
  type Range,
  type Stretch,
  stretches,
  touched,
  trim,
} from "./flat"
import { MarkPen } from "./marks"
import { type PlanDoc, type TextPath, textPath } from "./plan"
import { kindOf, linkOf, ownId, schema } from "./schema"

/** What one section's text is to become. */
export interface SectionEdit {
  id: string
  before: PmNode
  after: PmNode
  /** Ranges in flat positions, in order, apart from each other; what lies between is the same but for marks. */
  ranges: Range[]
}

/**
 * From flat positions in the editor, before and after the edit, to those in the document. The same, but while a
 * text holds more than the editor shows yet (see `Binding.hold`).
 */
export interface Offset {
  before(range: Range): { from: number; to: number }
  /** A start (1) lies behind what others wrote there, an end (-1) before it. */
  after(flat: number, side: 1 | -1): number
}

const SAME: Offset = { before: ({ fromA, toA }) => ({ from: fromA, to: toA }), after: (flat) => flat }

/** The sections that differ; both documents hold the same sections in the same order. */
export function sectionEdits(before: PmNode, after: PmNode, mapping: Mapping): SectionEdit[] {
  const ranges = touched(mapping)
  const edits: SectionEdit[] = []
  let startA = 0
  let startB = 0
  for (let index = 0; index < before.childCount; index += 1) {
    const a = before.child(index)
    const b = after.child(index)
    if (a !== b) {
      const whole = { fromA: 0, toA: flatSize(a), fromB: 0, toB: flatSize(b) }
      const inside = ranges && sectionRanges(ranges, a, b, startA + 1, startB + 1)
      edits.push({ id: a.attrs.id, before: a, after: b, ranges: tighten(a, b, inside ?? [whole]) })
    }
    startA += a.nodeSize
    startB += b.nodeSize
  }
  return edits
}

function sectionRanges(
  ranges: Range[],
  a: PmNode,
  b: PmNode,
  startA: number,
  startB: number,
): Range[] | null {
  const found: Range[] = []
  const clip = (position: number, section: PmNode, start: number): number =>
    flatAt(section, Math.min(Math.max(position - start, 0), section.content.size))
  for (const range of ranges) {
    const outsideA = range.toA < startA || range.fromA > startA + a.content.size
    const outsideB = range.toB < startB || range.fromB > startB + b.content.size
    if (outsideA && outsideB) continue
    found.push({
      fromA: clip(range.fromA, a, startA),
      toA: clip(range.toA, a, startA),
      fromB: clip(range.fromB, b, startB),
      toB: clip(range.toB, b, startB),
    })
  }
  let shift = 0
  for (const range of found) {
    if (range.fromB - range.fromA !== shift) return null
    shift = range.toB - range.toA
  }
  return flatSize(b) - flatSize(a) === shift ? found : null
}

/** Leaves out of the ranges what is the same on both sides, but never half of a character. */
export function tighten(a: PmNode, b: PmNode, ranges: Range[]): Range[] {
  const tight: Range[] = []
  for (const range of ranges) {
    const { prefix, suffix } = trim(itemsOf(a, range.fromA, range.toA), itemsOf(b, range.fromB, range.toB))
    const left = {
      fromA: range.fromA + prefix,
      toA: range.toA - suffix,
      fromB: range.fromB + prefix,
      toB: range.toB - suffix,
    }
    if (left.fromA === left.toA && left.fromB === left.toB) continue
    // What lies outside is the same on both sides, so one of them tells.
    const half = halves(b, left.fromB, left.toB)
    if (half.left) left.fromA -= 1
    if (half.left) left.fromB -= 1
    if (half.right) left.toA += 1
    if (half.right) left.toB += 1
    tight.push(left)
  }
  return merge(tight) ?? tight
}

/** What is between the ranges: the same sequence on both sides. */
export function gaps(a: PmNode, b: PmNode, ranges: Range[]): Range[] {
  const found: Range[] = []
  let fromA = 0
  let fromB = 0
  for (const range of ranges) {
    if (range.fromA > fromA) found.push({ fromA, toA: range.fromA, fromB, toB: range.fromB })
    fromA = range.toA
    fromB = range.toB
  }
  if (flatSize(a) > fromA) found.push({ fromA, toA: flatSize(a), fromB, toB: flatSize(b) })
  return found
}

/** The change that is open: a new one after so many rows, see `MOST_ROWS`. */
export interface Writing {
  doc: PlanDoc
}

/**
 * Rows after which a new change begins. The server refuses a change of more than 200,000, and with it all that
 * its author writes afterwards: a long paste or the removal of a long text comes in parts.
 */
export const MOST_ROWS = 50_000
/** Characters are written in pieces of at most so many, between which a new change can begin. */
const PIECE = 20_000
/** What a marker is made of: itself, its fields and its attributes. */
const MARKER_ROWS = 8

/** Inside `handle.change`; each step says how many rows it wrote. */
export function* writeSection(writing: Writing, edit: SectionEdit, offset: Offset = SAME): Generator<number> {
  const path = textPath(edit.id)
  for (const range of [...edit.ranges].reverse()) yield* writeRange(writing, path, edit, range, offset)
  for (const gap of gaps(edit.before, edit.after, edit.ranges)) writeGap(writing.doc, path, edit, gap, offset)
  writeInsertedMarks(writing.doc, path, edit, offset)
}

/** From the last range to the first, so that the positions before the change hold. */
function* writeRange(
  writing: Writing,
  path: TextPath,
  edit: SectionEdit,
  range: Range,
  offset: Offset,
): Generator<number> {
  const { from, to } = offset.before(range)
  let at = from
  let remove = to - from
  for (const part of joined(stretches(edit.after, range.fromB, range.toB))) {
    const [first] = part
    if (!first) continue
    if (first.marker) {
      yield* splice(writing, path, at, remove, "")
      A.splitBlock(writing.doc as A.Doc<PlanDoc>, path, at, markerOf(first.marker))
      yield MARKER_ROWS
      at += 1
    } else {
      const words = part.map((stretch) => stretch.text).join("")
      yield* splice(writing, path, at, remove, words)
      at += words.length
    }
    remove = 0
  }
  yield* splice(writing, path, at, remove, "")
}

function* splice(
  writing: Writing,
  path: TextPath,
  at: number,
  remove: number,
  words: string,
): Generator<number> {
  const text = () => writing.doc as A.Doc<PlanDoc>
  let left = remove
  while (left > PIECE) {
    const there = writing.doc.sections[path[1]]?.text ?? ""
    const piece = isLowSurrogate(there.charCodeAt(at + PIECE)) ? PIECE + 1 : PIECE
    A.splice(text(), path, at, piece)
    yield piece
    left -= piece
  }
  let from = 0
  do {
    let to = Math.min(from + PIECE, words.length)
    if (to < words.length && isLowSurrogate(words.charCodeAt(to))) to += 1
    if (left > 0 || to > from) A.splice(text(), path, at + from, left, words.slice(from, to))
    yield left + to - from
    left = 0
    from = to
  } while (from < words.length)
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

/** A marker by itself, or the stretches of text up to the next marker. */
function joined(parts: Stretch[]): Stretch[][] {
  const groups: Stretch[][] = []
  for (const part of parts) {
    const last = groups[groups.length - 1]
    if (last && !part.marker && !last[0]?.marker) last.push(part)
    else groups.push([part])
  }
  return groups
}

/** Plain strings, not texts: a block's type is replaced, never merged letter by letter. */
export function markerOf(node: PmNode): { [key: string]: A.MaterializeValue } {
  return marker(ownId(node), kindOf(node))
}

export function marker(
  id: string,
  kind: Pick<FlatBlock, "type" | "attrs">,
): { [key: string]: A.MaterializeValue } {
  return {
    type: new A.ImmutableString(kind.type),
    parents: [],
    attrs: { id: new A.ImmutableString(id), ...kind.attrs },
    isEmbed: false,
  } as unknown as { [key: string]: A.MaterializeValue }
}

/**
 * What is written at one place inherits the marks there; put right where the editor has others. All marks are
 * asked for at once: `marksAt` is dearer, and sometimes differs from what is then read (seen with 3.5.0).
 */
function writeInsertedMarks(doc: PlanDoc, path: TextPath, edit: SectionEdit, offset: Offset): void {
  const parts = edit.ranges.flatMap((range) => joined(stretches(edit.after, range.fromB, range.toB)))
  if (parts.every(([first]) => first?.marker)) return
  const all = A.marks(doc as A.Doc<PlanDoc>, path)
  const pen = new MarkPen(doc, path)
  for (const part of parts) {
    const at = offset.after(part[0]?.from ?? 0, 1)
    if (part[0]?.marker) {
      pen.marker(at)
      continue
    }
    const there = all.filter((mark) => mark.start <= at && at < mark.end)
    const has = readMarks(Object.fromEntries(there.map((mark) => [mark.name, mark.value])))
    for (const stretch of part)
      pen.text(offset.after(stretch.from, 1), offset.after(stretch.to, -1), has, runOf(stretch.marks))
  }
  pen.finish()
}

/** In what stayed: kinds of blocks, and marks. */
function writeGap(doc: PlanDoc, path: TextPath, edit: SectionEdit, gap: Range, offset: Offset): void {
  const kept = new Set<PmNode>()
  edit.before.forEach((block) => {
    kept.add(block)
  })
  const moved = new Set<PmNode>()
  edit.after.forEach((block) => {
    if (kept.has(block)) moved.add(block)
  })
  // A block that is the same node on both sides lies in one piece in one gap.
  const skip = (block: PmNode): boolean => moved.has(block)
  const shift = gap.fromB - gap.fromA
  const old = stretches(edit.before, gap.fromA, gap.toA, skip)
  const pen = new MarkPen(doc, path)
  let index = 0
  for (const stretch of stretches(edit.after, gap.fromB, gap.toB, skip)) {
    while (index < old.length && (old[index] as Stretch).to + shift <= stretch.from) index += 1
    if (stretch.marker) {
      const was = old[index]?.marker
      pen.marker(offset.after(stretch.from, 1))
      if (was) writeKind(doc, path, offset.after(stretch.from, 1), was, stretch.marker)
      continue
    }
    for (let at = index; at < old.length; at += 1) {
      const was = old[at] as Stretch
      const from = Math.max(was.from + shift, stretch.from)
      const to = Math.min(was.to + shift, stretch.to)
      if (from >= stretch.to) break
      if (from < to && !was.marker)
        pen.text(offset.after(from, 1), offset.after(to, -1), runOf(was.marks), runOf(stretch.marks))
    }
  }
  pen.finish()
}

/**
 * Puts the new type and attributes into the marker that is there. The library's `updateBlock` would remove it
 * and insert another, so that two people who change one block at the same time would get two blocks.
 */
function writeKind(doc: PlanDoc, path: TextPath, at: number, was: PmNode, is: PmNode): void {
  if (was === is) return
  const old = kindOf(was)
  const now = kindOf(is)
  const level = now.attrs.level !== old.attrs.level
  const indent = now.attrs.indent !== old.attrs.indent
  if (old.type === now.type && !level && !indent) return
  const backend = A.getBackend(doc as A.Doc<PlanDoc>)
  const block = `/${path.join("/")}/${at}`
  if (old.type !== now.type) backend.put(block, "type", now.type, "str")
  if (level && now.attrs.level !== undefined) backend.put(`${block}/attrs`, "level", now.attrs.level, "int")
  if (indent && now.attrs.indent !== undefined)
    backend.put(`${block}/attrs`, "indent", now.attrs.indent, "int")
}

export function runOf(marks: readonly Mark[]): Omit<Run, "text"> {
  const run: Omit<Run, "text"> = {}
  for (const mark of marks) {
    if (mark.type === schema.marks.link) run.link = linkOf(mark)
    if (mark.type === schema.marks.strong) run.strong = true
    if (mark.type === schema.marks.em) run.em = true
  }
  return run
}
