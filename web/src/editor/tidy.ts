/**
 * After each of one's own edits, in the same step of the history: new blocks get ids, copies get ids of their
 * own, characters that are never shown go out. So the editor never holds what the document would read otherwise.
 */
import type { Mark, Node as PmNode } from "prosemirror-model"
import { type EditorState, Plugin, type Transaction } from "prosemirror-state"
import { hiddenAt } from "./blocks"

/** Set on transactions that show what the document says already; nothing of them is written or tidied. */
export const SHOWN = "quorate-shown"

export function isShown(tr: Transaction): boolean {
  return Boolean(tr.getMeta(SHOWN))
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/** 12 characters: 71 bits. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("")
}

export function tidy(newId: () => string): Plugin {
  return new Plugin({
    appendTransaction(transactions, before, after) {
      if (!transactions.some((tr) => tr.docChanged) || transactions.some(isShown)) return null
      const tr = after.tr
      eachChangedSection(before.doc, after.doc, (section, start, old) =>
        tidySection(tr, section, start, old, before, newId),
      )
      return tr.docChanged ? tr : null
    },
  })
}

function eachChangedSection(
  before: PmNode,
  after: PmNode,
  visit: (section: PmNode, start: number, old: PmNode | null) => void,
): void {
  let start = 1
  after.forEach((section, _offset, index) => {
    const old = before.maybeChild(index) ?? null
    if (old !== section) visit(section, start, old)
    start += section.nodeSize
  })
}

function tidySection(
  tr: Transaction,
  section: PmNode,
  start: number,
  old: PmNode | null,
  before: EditorState,
  newId: () => string,
): void {
  const kept = new Set<PmNode>()
  const known = new Set<string>()
  old?.forEach((block) => {
    kept.add(block)
    known.add(block.attrs.id)
  })
  const seen = new Set<string>()
  const foreign: string[] = []
  const blocks: { block: PmNode; at: number }[] = []
  let at = start
  section.forEach((block) => {
    blocks.push({ block, at })
    if (block.attrs.id && !known.has(block.attrs.id)) foreign.push(block.attrs.id)
    at += block.nodeSize
  })
  const taken = foreign.length > 0 ? otherIds(before.doc, old) : new Set<string>()
  for (const { block, at } of blocks.reverse()) {
    if (!kept.has(block)) tidyText(tr, block, at)
  }
  for (const { block, at } of blocks.reverse()) {
    const id: string | null = block.attrs.id
    const place = tr.mapping.map(at, -1)
    if (!id || seen.has(id) || taken.has(id)) tr.setNodeAttribute(place, "id", newId())
    else seen.add(id)
    if ("depth" in block.attrs && block.attrs.depth !== section.attrs.depth) {
      tr.setNodeAttribute(place, "depth", section.attrs.depth)
    }
  }
}

/** The ids in use in the other sections. */
function otherIds(doc: PmNode, except: PmNode | null): Set<string> {
  const ids = new Set<string>()
  doc.forEach((section) => {
    if (section === except) return
    section.forEach((block) => {
      ids.add(block.attrs.id)
    })
  })
  return ids
}

function tidyText(tr: Transaction, block: PmNode, at: number): void {
  // A mark that begins in the middle of a character begins behind it.
  let start = at + 1
  let marks: readonly Mark[] = []
  block.forEach((run) => {
    if (start > at + 1 && /^[\udc00-\udfff]/.test(run.text ?? "")) {
      tr.removeMark(start, start + 1)
      for (const mark of marks) tr.addMark(start, start + 1, mark)
    }
    start += run.nodeSize
    marks = run.marks
  })
  for (const index of hiddenAt(block.textContent)) tr.delete(at + 1 + index, at + 2 + index)
}
