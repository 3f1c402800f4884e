/**
 * From what the document says now to the fewest steps in the editor, so that carets, other people's cursors and
 * one's own undo history move along. Every function ends with the section as expected: where the fine steps do
 * not lead there, the coarse one does.
 */
import { Mark, type Node as PmNode, Slice } from "prosemirror-model"
import type { Transaction } from "prosemirror-state"
import { Mapping, ReplaceStep, StepMap } from "prosemirror-transform"
import type { PlacedBlock } from "./blocks"
import { flatSize, itemsOf, type Range, relativeAt, sameItem, touched } from "./flat"
import { MoveStep } from "./move"
import type { PlanChange, SectionPlace } from "./plan"
import { nodeOf, ownId, schema } from "./schema"
import { gaps, tighten } from "./write"

/** A section as it is to be shown; ids as the document holds them (see `renumber`). */
export function sectionNode(place: SectionPlace, blocks: readonly PlacedBlock[]): PmNode {
  return schema.nodes.section.create(
    { id: place.id, depth: place.depth },
    blocks.map((block) => nodeOf({ ...block, id: block.ownId }, place.depth)),
  )
}

/** A text that no editor made: positions in it do not follow from positions in the editor. */
export function isOdd(blocks: readonly PlacedBlock[]): boolean {
  return blocks.some((block) => block.implied || block.odd || block.length !== block.text.length)
}

/** Which sections a change touches, and where in their texts, as far as the patches tell. */
export interface Touched {
  /** Sections may have come, gone or moved. */
  places: boolean
  texts: Map<string, Mapping | null>
  /** Any text may have changed its marks. */
  everywhere: boolean
}

export function readPatches(patches: PlanChange["patches"]): Touched {
  const found: Touched = { places: false, texts: new Map(), everywhere: false }
  for (const patch of patches) {
    const [root, section, field, at] = patch.path
    if (root === undefined) found.places = true
    if (root !== "sections") continue
    if (section === undefined || field === undefined) {
      found.places = true
      if (section !== undefined) found.texts.set(String(section), null)
      continue
    }
    if (field !== "text") {
      found.places = true
      continue
    }
    // The library gathers the marks of several texts under the path of the first (seen with 3.5.0).
    if (patch.action === "mark" && patch.marks.length > 1) found.everywhere = true
    const id = String(section)
    const mapping = found.texts.has(id) ? found.texts.get(id) : new Mapping()
    found.texts.set(id, mapping ?? null)
    // Deeper paths are a marker's type and attributes: they move nothing.
    if (!mapping || patch.path.length > 4 || patch.action === "mark" || patch.action === "unmark") continue
    const map = typeof at === "number" ? stepMap(patch, at) : null
    if (map) mapping.appendMap(map)
    else found.texts.set(id, null)
  }
  return found
}

function stepMap(patch: PlanChange["patches"][number], at: number): StepMap | null {
  if (patch.action === "splice") return new StepMap([at, 0, patch.value.length])
  if (patch.action === "insert") return new StepMap([at, 0, patch.values.length])
  if (patch.action === "del") return new StepMap([at, patch.length ?? 1, 0])
  return null
}

/** Brings the section at this index of the transaction's document to what is expected. */
export function showSection(tr: Transaction, index: number, expected: PmNode, mapping: Mapping | null): void {
  const start = contentStart(tr.doc, index)
  const before = tr.doc.child(index)
  if (sameSection(before, expected)) return
  const ranges = tighten(before, expected, trusted(before, expected, mapping))
  const fine = ranges.every((range) => range.fromA > 0 && range.fromB > 0)
  if (fine && replaceRanges(tr, start, before, expected, ranges)) {
    showKinds(tr, index, expected)
    showMarks(tr, index, expected)
  }
  if (!sameSection(tr.doc.child(index), expected)) {
    const size = tr.doc.child(index).content.size
    tr.replace(start, start + size, new Slice(expected.content, 0, 0))
    coarse.count += 1
  }
}

/** How often the coarse step was needed: for tests, where it says that the fine steps miss something. */
export const coarse = { count: 0 }

/** The ranges that the patches tell, if what lies between them is the same; otherwise all. */
function trusted(before: PmNode, expected: PmNode, mapping: Mapping | null): Range[] {
  const whole = [{ fromA: 0, toA: flatSize(before), fromB: 0, toB: flatSize(expected) }]
  const told = mapping && touched(mapping)
  if (!told) return whole
  for (const gap of gaps(before, expected, told)) {
    if (gap.toA - gap.fromA !== gap.toB - gap.fromB) return whole
    const old = itemsOf(before, gap.fromA, gap.toA)
    const now = itemsOf(expected, gap.fromB, gap.toB)
    if (old.length !== now.length || !old.every((item, at) => sameItem(item, now[at] ?? -1))) return whole
  }
  return told
}

function replaceRanges(
  tr: Transaction,
  start: number,
  before: PmNode,
  expected: PmNode,
  ranges: Range[],
): boolean {
  for (const range of [...ranges].reverse()) {
    const slice = expected.slice(relativeAt(expected, range.fromB), relativeAt(expected, range.toB))
    const from = start + relativeAt(before, range.fromA)
    const to = start + relativeAt(before, range.toA)
    if (tr.maybeStep(new ReplaceStep(from, to, slice)).failed) return false
  }
  return true
}

function showKinds(tr: Transaction, index: number, expected: PmNode): void {
  let at = contentStart(tr.doc, index)
  const section = tr.doc.child(index)
  if (section.childCount !== expected.childCount) return
  section.forEach((block, _offset, child) => {
    const wanted = expected.child(child)
    const attrs = ownId(block) === wanted.attrs.id ? { ...wanted.attrs, id: block.attrs.id } : wanted.attrs
    if (block.type !== wanted.type) {
      if (child > 0) tr.setNodeMarkup(at, wanted.type, attrs)
    } else {
      for (const name of Object.keys(attrs)) {
        if (block.attrs[name] !== attrs[name]) tr.setNodeAttribute(at, name, attrs[name])
      }
    }
    at += block.nodeSize
  })
}

function showMarks(tr: Transaction, index: number, expected: PmNode): void {
  const start = contentStart(tr.doc, index)
  const section = tr.doc.child(index)
  if (flatSize(section) !== flatSize(expected) || section.childCount !== expected.childCount) return
  let offset = start + 1
  section.forEach((block, _offset, child) => {
    const wanted = expected.child(child)
    if (!block.content.eq(wanted.content) && block.content.size === wanted.content.size) {
      let at = offset
      wanted.forEach((run) => {
        const to = at + run.nodeSize
        if (!bears(block, at - offset, to - offset, run.marks)) {
          tr.removeMark(at, to)
          for (const mark of run.marks) tr.addMark(at, to, mark)
        }
        at = to
      })
    }
    offset += block.nodeSize
  })
}

/** Do all characters of the range bear exactly these marks? */
function bears(block: PmNode, from: number, to: number, marks: readonly Mark[]): boolean {
  let same = true
  block.nodesBetween(from, to, (run) => {
    same &&= Mark.sameSet(run.marks, marks)
  })
  return same
}

export function sameSection(a: PmNode, b: PmNode): boolean {
  if (a.childCount !== b.childCount || a.attrs.id !== b.attrs.id || a.attrs.depth !== b.attrs.depth)
    return false
  for (let index = 0; index < a.childCount; index += 1) {
    const left = a.child(index)
    const right = b.child(index)
    if (left === right) continue
    if (!left.hasMarkup(right.type, { ...right.attrs, id: left.attrs.id }) || ownId(left) !== ownId(right))
      return false
    if (!left.content.eq(right.content)) return false
  }
  return true
}

export function contentStart(doc: PmNode, index: number): number {
  let at = 0
  for (let before = 0; before < index; before += 1) at += doc.child(before).nodeSize
  return at + 1
}

/** Makes the sections come in this order, at these depths. New ones are made by `make`. */
export function showPlaces(
  tr: Transaction,
  places: readonly SectionPlace[],
  make: (place: SectionPlace) => PmNode,
): void {
  const target = new Set(places.map(({ id }) => id))
  for (let index = tr.doc.childCount - 1; index >= 0; index -= 1) {
    const section = tr.doc.child(index)
    if (target.has(section.attrs.id)) continue
    const from = contentStart(tr.doc, index) - 1
    tr.delete(from, from + section.nodeSize)
  }
  for (const [index, place] of places.entries()) {
    const found = sectionIds(tr.doc).indexOf(place.id)
    if (found < 0) tr.insert(contentStart(tr.doc, index) - 1, make(place))
    else if (found !== index) tr.step(MoveStep.of(tr.doc, found, index))
    showDepth(tr, index, place.depth)
  }
}

function showDepth(tr: Transaction, index: number, depth: number): void {
  const section = tr.doc.child(index)
  let at = contentStart(tr.doc, index)
  if (section.attrs.depth !== depth) tr.setNodeAttribute(at - 1, "depth", depth)
  section.forEach((block) => {
    if ("depth" in block.attrs && block.attrs.depth !== depth) tr.setNodeAttribute(at, "depth", depth)
    at += block.nodeSize
  })
}

export function sectionIds(doc: PmNode): string[] {
  const ids: string[] = []
  doc.forEach((section) => {
    ids.push(section.attrs.id)
  })
  return ids
}

/**
 * Shows which of several blocks with one id is which: `p1`, `p1~2`, in reading order, as the server does. Two
 * people bringing back one deleted block make such twins. True where there are any.
 */
export function renumber(tr: Transaction): boolean {
  const seen = new Map<string, number>()
  const wrong: [number, string][] = []
  let twins = false
  tr.doc.descendants((node, at) => {
    if (!node.isTextblock) return true
    const own = ownId(node)
    const count = (seen.get(own) ?? 0) + 1
    seen.set(own, count)
    twins ||= count > 1
    const id = count > 1 ? `${own}~${count}` : own
    if (id !== node.attrs.id) wrong.push([at, id])
    return false
  })
  for (const [at, id] of wrong) tr.setNodeAttribute(at, "id", id)
  return twins
}
