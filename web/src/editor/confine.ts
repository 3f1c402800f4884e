/**
 * Keeps one's edits inside the sections. A selection can reach over several sections, and the browser and the
 * stock commands would then join them; here what is deleted is deleted inside each, and what is put in its place
 * goes into the first.
 */
import { Fragment, type Node as PmNode, Slice } from "prosemirror-model"
import { type EditorState, TextSelection, type Transaction } from "prosemirror-state"
import { Mapping } from "prosemirror-transform"
import { sectionIds } from "./show"

/** The transaction, or one within the rules, or null where there is nothing left of it. */
export function confine(state: EditorState, tr: Transaction): Transaction | null {
  if (sameSections(state.doc, tr.doc)) return tr
  const range = replaced(tr)
  if (!range || state.doc.childCount === 0) return null
  const within = state.tr
  deleteInside(within, range.from, range.to)
  const text = range.slice.content.textBetween(0, range.slice.content.size, "\n")
  const at = within.mapping.map(range.from, -1)
  const near = TextSelection.near(within.doc.resolve(at), 1)
  if (text !== "" && near instanceof TextSelection) within.insertText(text, near.from)
  within.setSelection(
    TextSelection.near(within.doc.resolve(Math.min(near.from + text.length, within.doc.content.size))),
  )
  within.scrollIntoView()
  return within.docChanged ? within : null
}

function sameSections(a: PmNode, b: PmNode): boolean {
  return a.childCount === b.childCount && sectionIds(a).every((id, index) => id === b.child(index).attrs.id)
}

/** The one range that the transaction replaces, over all its steps. */
function replaced(tr: Transaction): { from: number; to: number; slice: Slice } | null {
  let from = Number.POSITIVE_INFINITY
  let to = 0
  const content: PmNode[] = []
  for (const [index, step] of tr.steps.entries()) {
    const back = new Mapping(tr.mapping.maps.slice(0, index)).invert()
    step.getMap().forEach((start, end) => {
      from = Math.min(from, back.map(start, -1))
      to = Math.max(to, back.map(end, 1))
    })
    const { slice } = step as { slice?: Slice }
    slice?.content.forEach((node) => {
      content.push(node)
    })
  }
  return from <= to ? { from, to, slice: new Slice(Fragment.from(content), 0, 0) } : null
}

/** Deletes what lies between the positions inside each section; headings stay, if need be empty. */
export function deleteInside(tr: Transaction, from: number, to: number): void {
  const ends: [number, number][] = []
  let start = 1
  tr.doc.forEach((section) => {
    const first = start + 1
    const last = start + section.content.size - 1
    const left = Math.max(from, first)
    const right = Math.min(to, last)
    if (left < right) ends.push([left, right])
    start += section.nodeSize
  })
  for (const [left, right] of ends.reverse()) tr.delete(left, right)
}
