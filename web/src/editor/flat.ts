/**
 * A section's node and the section's text hold the same sequence: a marker, the block's characters, the next
 * marker… Positions in one follow from positions in the other by counting, which is all the index there is.
 * "Flat" positions are the text's (UTF-16 code units, a marker counts one), from the section's start.
 */
import type { Mark, Node as PmNode } from "prosemirror-model"
import { Mapping, type StepMap } from "prosemirror-transform"
import { ownId } from "./schema"

/** `[from, to)` before and after a change; positions of the two states. */
export interface Range {
  fromA: number
  toA: number
  fromB: number
  toB: number
}

/** From a position relative to the section's content to the flat one. */
export function flatAt(section: PmNode, relative: number): number {
  let offset = 0
  for (let index = 0; index < section.childCount; index += 1) {
    const size = section.child(index).nodeSize
    // Behind the last character and behind the block are the same place in the text.
    if (relative < offset + size) return relative - index
    offset += size
  }
  return relative - section.childCount
}

/** The length of the section's text. */
export function flatSize(section: PmNode): number {
  return section.content.size - section.childCount
}

/**
 * From a flat position to the one relative to the section's content. A place before a marker is the end of the
 * block before, so that what is put there continues that block, as it does in the text.
 */
export function relativeAt(section: PmNode, flat: number): number {
  let offset = 0
  let start = 0
  for (let index = 0; index < section.childCount; index += 1) {
    const size = section.child(index).nodeSize
    const end = start + size - 1
    if (flat <= end && (flat > start || index === 0)) return offset + flat - start
    offset += size
    start = end
  }
  return section.content.size
}

/** One element of a section's sequence: a code unit, or a marker with its block. */
export type Item = number | PmNode

export function sameItem(a: Item, b: Item): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b
  return ownId(a) === ownId(b)
}

/** The elements of `[from, to)`. */
export function itemsOf(section: PmNode, from: number, to: number): Item[] {
  const items: Item[] = []
  let start = 0
  for (let index = 0; index < section.childCount && start < to; index += 1) {
    const block = section.child(index)
    const end = start + block.nodeSize - 1
    if (end > from) {
      if (start >= from) items.push(block)
      const text = block.textContent
      for (let at = Math.max(from, start + 1); at < Math.min(to, end); at += 1) {
        items.push(text.charCodeAt(at - start - 1))
      }
    }
    start = end
  }
  return items
}

/** Characters of one block that bear the same marks, or a marker. */
export interface Stretch {
  from: number
  to: number
  marks: readonly Mark[]
  /** The block, where the stretch is its marker. */
  marker?: PmNode
  text: string
}

/** What stands in `[from, to)`, in order. Blocks for which `skip` says so are left out. */
export function stretches(
  section: PmNode,
  from: number,
  to: number,
  skip?: (block: PmNode) => boolean,
): Stretch[] {
  const found: Stretch[] = []
  let start = 0
  for (let index = 0; index < section.childCount && start < to; index += 1) {
    const block = section.child(index)
    const end = start + block.nodeSize - 1
    if (end > from && !skip?.(block)) {
      if (start >= from) found.push({ from: start, to: start + 1, marks: [], marker: block, text: "" })
      let at = start + 1
      block.forEach((run) => {
        const text = run.text ?? ""
        const left = Math.max(at, from)
        const right = Math.min(at + text.length, to)
        if (left < right) {
          found.push({ from: left, to: right, marks: run.marks, text: text.slice(left - at, right - at) })
        }
        at += text.length
      })
    }
    start = end
  }
  return found
}

/** How much is the same at both ends. */
export function trim(a: Item[], b: Item[]): { prefix: number; suffix: number } {
  const most = Math.min(a.length, b.length)
  let prefix = 0
  while (prefix < most && sameItem(a[prefix] as Item, b[prefix] as Item)) prefix += 1
  let suffix = 0
  while (
    suffix < most - prefix &&
    sameItem(a[a.length - 1 - suffix] as Item, b[b.length - 1 - suffix] as Item)
  ) {
    suffix += 1
  }
  return { prefix, suffix }
}

/** Is there, right before or behind a range, half of a character whose other half may lie in it? */
export function halves(section: PmNode, from: number, to: number): { left: boolean; right: boolean } {
  const [before = 0] = from > 0 ? itemsOf(section, from - 1, from) : []
  const [behind = 0] = itemsOf(section, to, to + 1)
  return {
    left: typeof before === "number" && before >= 0xd800 && before < 0xdc00,
    right: typeof behind === "number" && behind >= 0xdc00 && behind < 0xe000,
  }
}

/**
 * The ranges that a run of maps touches, in positions before all and after all of them, in order and apart.
 * Null where they cannot be told apart cleanly; the caller then takes everything as touched.
 */
export function touched(mapping: Mapping): Range[] | null {
  return merge(
    mapping.maps.flatMap((map: StepMap, index: number) => {
      const found: Range[] = []
      // Inverting a slice of a mapping would invert all of it.
      const before = new Mapping(mapping.maps.slice(0, index)).invert()
      const after = mapping.slice(index + 1)
      map.forEach((oldFrom, oldTo, newFrom, newTo) => {
        found.push({
          fromA: before.map(oldFrom, -1),
          toA: before.map(oldTo, 1),
          fromB: after.map(newFrom, -1),
          toB: after.map(newTo, 1),
        })
      })
      return found
    }),
  )
}

export function merge(ranges: Range[]): Range[] | null {
  ranges.sort((a, b) => a.fromA - b.fromA || a.fromB - b.fromB)
  const merged: Range[] = []
  for (const range of ranges) {
    const last = merged[merged.length - 1]
    if (last && (range.fromA <= last.toA || range.fromB <= last.toB)) {
      last.toA = Math.max(last.toA, range.toA)
      last.fromB = Math.min(last.fromB, range.fromB)
      last.toB = Math.max(last.toB, range.toB)
    } else {
      merged.push({ ...range })
    }
  }
  let shift = 0
  for (const range of merged) {
    if (range.fromB - range.fromA !== shift) return null
    shift = range.toB - range.toA
  }
  return merged
}
