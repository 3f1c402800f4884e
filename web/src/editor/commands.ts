/** What keys and buttons do. Each command has ProseMirror's form: without `dispatch` it only says whether it could. */
import { toggleMark } from "prosemirror-commands"
import type { Node as PmNode } from "prosemirror-model"
import {
  type Command,
  type EditorState,
  Plugin,
  Selection,
  TextSelection,
  type Transaction,
} from "prosemirror-state"
import { keydownHandler } from "prosemirror-keymap"
import { type Link, safeLink } from "./blocks"
import { deleteInside } from "./confine"
import { linkOf, schema } from "./schema"

const { nodes, marks } = schema

export const toggleStrong: Command = toggleMark(marks.strong)
export const toggleEm: Command = toggleMark(marks.em)

/** What a block can be made; a section's heading stays one. */
export type BlockChoice =
  | { type: "paragraph" | "blockquote" | "bulleted-list" | "numbered-list" }
  | { type: "heading"; level: 2 | 3 | 4 }

/** Makes the selected blocks so. */
export function setBlock(choice: BlockChoice): Command {
  return (state, dispatch) => {
    const tr = state.tr
    for (const { node, at } of selectedBlocks(state)) {
      if (node.type === nodes.sectionHeading) continue
      const { id, indent = 0 } = node.attrs
      if (choice.type === "heading")
        tr.setNodeMarkup(at, nodes.heading, { id, level: choice.level, depth: depthAt(state, at) })
      else if (choice.type === "paragraph") tr.setNodeMarkup(at, nodes.paragraph, { id })
      else if (choice.type === "blockquote") tr.setNodeMarkup(at, nodes.blockquote, { id })
      else tr.setNodeMarkup(at, nodes.listItem, { id, indent, ordered: choice.type === "numbered-list" })
    }
    return run(state, tr, dispatch)
  }
}

/** Makes the selected blocks so, or paragraphs where all of them are so already. */
export function toggleBlock(choice: BlockChoice): Command {
  return (state, dispatch) =>
    setBlock(isBlock(state, choice) ? { type: "paragraph" } : choice)(state, dispatch)
}

/** Are all selected blocks so? (For the pressed state of a button.) */
export function isBlock(state: EditorState, choice: BlockChoice): boolean {
  const blocks = selectedBlocks(state)
  return blocks.length > 0 && blocks.every(({ node }) => isOf(node, choice))
}

function isOf(node: PmNode, choice: BlockChoice): boolean {
  switch (choice.type) {
    case "heading":
      return node.type === nodes.heading && node.attrs.level === choice.level
    case "paragraph":
      return node.type === nodes.paragraph
    case "blockquote":
      return node.type === nodes.blockquote
    case "bulleted-list":
      return node.type === nodes.listItem && !node.attrs.ordered
    case "numbered-list":
      return node.type === nodes.listItem && node.attrs.ordered
  }
}

export function isMarked(state: EditorState, name: "strong" | "em" | "link"): boolean {
  const { from, to, empty, $from } = state.selection
  if (empty) return marks[name].isInSet(state.storedMarks ?? $from.marks()) !== undefined
  return state.doc.rangeHasMark(from, to, marks[name])
}

export const indent: Command = changeIndent(1)
export const outdent: Command = changeIndent(-1)

/** Of list items only, and at most one step deeper than the item before. */
function changeIndent(by: 1 | -1): Command {
  return (state, dispatch) => {
    const items = selectedBlocks(state).filter(({ node }) => node.type === nodes.listItem)
    if (items.length === 0) return false
    const tr = state.tr
    for (const { node, at } of items) {
      const before = tr.doc.resolve(at).nodeBefore
      const most = by < 0 ? 8 : before?.type === nodes.listItem ? Math.min(before.attrs.indent + 1, 8) : 0
      const next = Math.min(
        Math.max(node.attrs.indent + by, 0),
        Math.max(most, by < 0 ? 0 : node.attrs.indent),
      )
      if (next !== node.attrs.indent) tr.setNodeAttribute(at, "indent", next)
    }
    // In a list the key is taken even where nothing changes: a slip is not to leave the text.
    if (tr.docChanged) dispatch?.(tr.scrollIntoView())
    return true
  }
}

/** The link that the selection touches. */
export function linkAt(state: EditorState): (Link & { from: number; to: number }) | null {
  const { $from, from, to, empty } = state.selection
  const parent = $from.parent
  let found: (Link & { from: number; to: number }) | null = null
  parent.forEach((run, offset) => {
    const mark = marks.link.isInSet(run.marks)
    const start = $from.start() + offset
    const end = start + run.nodeSize
    const touches = empty ? start <= from && from <= end : start < to && from < end
    if (!mark) return
    if (found && found.to === start && found.href === mark.attrs.href) found.to = end
    else if (!found && touches) found = { ...linkOf(mark), from: start, to: end }
  })
  return found
}

/** Links the selected words, or what the caret stands in; with `null` takes the link off. */
export function setLink(link: { href: string; title?: string } | null): Command {
  return (state, dispatch) => {
    const there = linkAt(state)
    const safe = link && safeLink(link)
    if (link && !safe) return false
    const range = state.selection.empty ? there : { from: state.selection.from, to: state.selection.to }
    const tr = state.tr
    if (!range) {
      if (!safe) return false
      const mark = marks.link.create({ href: safe.href, title: safe.title ?? null })
      tr.replaceSelectionWith(schema.text(safe.href, [mark]), false)
    } else {
      tr.removeMark(range.from, range.to, marks.link)
      if (safe)
        tr.addMark(range.from, range.to, marks.link.create({ href: safe.href, title: safe.title ?? null }))
    }
    return run(state, tr, dispatch)
  }
}

/** Deletes what is selected, inside each section. */
export const deleteSelected: Command = (state, dispatch) => {
  if (state.selection.empty) return false
  const tr = state.tr
  deleteInside(tr, state.selection.from, state.selection.to)
  dispatch?.(tr.scrollIntoView())
  return true
}

/**
 * A new block. The left part of what is split keeps its id. At the very start the new block is put before, so
 * that the text keeps its id.
 */
export const enter: Command = (state, dispatch) => {
  const tr = state.tr
  if (!state.selection.empty) deleteInside(tr, state.selection.from, state.selection.to)
  const $at = tr.doc.resolve(tr.mapping.map(state.selection.from, -1))
  const block = $at.parent
  if (!block.isTextblock) return false
  if (block.content.size === 0 && block.type === nodes.listItem && block.attrs.indent > 0)
    return outdent(state, dispatch)
  if (block.content.size === 0 && (block.type === nodes.listItem || block.type === nodes.blockquote)) {
    return setBlock({ type: "paragraph" })(state, dispatch)
  }
  const heading = block.type === nodes.sectionHeading || block.type === nodes.heading
  if ($at.parentOffset === 0 && block.content.size > 0 && block.type !== nodes.sectionHeading) {
    const blank = heading ? nodes.paragraph.create() : block.type.create({ ...block.attrs, id: null })
    tr.insert($at.before(), blank)
  } else {
    const stored = state.storedMarks ?? $at.marks()
    const next = heading
      ? { type: nodes.paragraph, attrs: { id: null } }
      : { type: block.type, attrs: { ...block.attrs, id: null } }
    tr.split($at.pos, 1, [next])
    if ($at.parentOffset === block.content.size && !heading)
      tr.ensureMarks(stored.filter((mark) => mark.type !== marks.link))
  }
  dispatch?.(tr.scrollIntoView())
  return true
}

export const lineBreak: Command = (state, dispatch) => {
  dispatch?.(state.tr.insertText("\n").scrollIntoView())
  return true
}

/** At the start of a block: a list item goes one step out, then is a paragraph, then joins what stands before. */
export const joinBack: Command = (state, dispatch) => {
  const { $from, empty } = state.selection
  if (!empty || $from.parentOffset > 0 || !$from.parent.isTextblock) return false
  const block = $from.parent
  if (block.type === nodes.sectionHeading) return true
  if (block.type === nodes.listItem && block.attrs.indent > 0) return outdent(state, dispatch)
  if (block.type !== nodes.paragraph && block.type !== nodes.table) {
    return setBlock({ type: "paragraph" })(state, dispatch)
  }
  return joinAt(state, $from.before(), dispatch)
}

/** At the end of a block: joins what stands behind. At a section's end nothing is taken from the next one. */
export const joinForward: Command = (state, dispatch) => {
  const { $from, empty } = state.selection
  if (!empty || !$from.parent.isTextblock || $from.parentOffset < $from.parent.content.size) return false
  if ($from.index(1) === $from.node(1).childCount - 1) return true
  return joinAt(state, $from.after(), dispatch)
}

/** An empty block before another is taken away; otherwise the left one keeps its id and takes the words. */
function joinAt(state: EditorState, between: number, dispatch?: (tr: Transaction) => void): boolean {
  const $between = state.doc.resolve(between)
  const { nodeBefore } = $between
  if (!nodeBefore) return true
  const tr = state.tr
  if (nodeBefore.content.size === 0 && nodeBefore.type !== nodes.sectionHeading) {
    tr.delete(between - nodeBefore.nodeSize, between)
  } else {
    tr.join(between)
  }
  dispatch?.(tr.scrollIntoView())
  return true
}

function selectedBlocks(state: EditorState): { node: PmNode; at: number }[] {
  const found: { node: PmNode; at: number }[] = []
  state.doc.nodesBetween(state.selection.from, state.selection.to, (node, at) => {
    if (node.isTextblock) found.push({ node, at })
    return !node.isTextblock
  })
  return found
}

function depthAt(state: EditorState, at: number): number {
  return state.doc.resolve(at).node(1).attrs.depth
}

function run(_state: EditorState, tr: Transaction, dispatch?: (tr: Transaction) => void): boolean {
  if (!tr.docChanged) return false
  dispatch?.(tr.scrollIntoView())
  return true
}

function first(...commands: Command[]): Command {
  return (state, dispatch, view) => commands.some((command) => command(state, dispatch, view))
}

/** Undo and redo come from the one who keeps the history; `askLink` opens the form for a link. */
export function keys(more: { undo: Command; redo: Command; askLink?: () => void }): Plugin {
  const selectAll: Command = (state, dispatch) => {
    const start = Selection.atStart(state.doc)
    dispatch?.(state.tr.setSelection(TextSelection.between(start.$from, Selection.atEnd(state.doc).$to)))
    return true
  }
  const bindings: Record<string, Command> = {
    Enter: enter,
    "Shift-Enter": lineBreak,
    Backspace: first(deleteSelected, joinBack),
    "Mod-Backspace": first(deleteSelected, joinBack),
    "Shift-Backspace": first(deleteSelected, joinBack),
    Delete: first(deleteSelected, joinForward),
    "Mod-Delete": first(deleteSelected, joinForward),
    Tab: indent,
    "Shift-Tab": outdent,
    "Mod-b": toggleStrong,
    "Mod-i": toggleEm,
    "Mod-z": more.undo,
    "Mod-y": more.redo,
    "Mod-Shift-z": more.redo,
    "Mod-Shift-7": toggleBlock({ type: "numbered-list" }),
    "Mod-Shift-8": toggleBlock({ type: "bulleted-list" }),
    "Mod-Shift-9": toggleBlock({ type: "blockquote" }),
    "Mod-Alt-0": setBlock({ type: "paragraph" }),
    "Mod-Alt-2": toggleBlock({ type: "heading", level: 2 }),
    "Mod-Alt-3": toggleBlock({ type: "heading", level: 3 }),
    "Mod-Alt-4": toggleBlock({ type: "heading", level: 4 }),
    "Mod-a": selectAll,
  }
  const { askLink } = more
  if (askLink) {
    bindings["Mod-k"] = () => {
      askLink()
      return true
    }
  }
  return new Plugin({ props: { handleKeyDown: keydownHandler(bindings) } })
}
