/**
 * Sections that others write: they are read and commented on here, and not changed. The server keeps the rule; here
 * it is shown before anything is typed.
 */
import type { Node as PmNode } from "prosemirror-model"
import { type EditorState, Plugin } from "prosemirror-state"
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view"

/** By section, a sentence that says who writes it. */
export type Closed = ReadonlyMap<string, string>

export const NONE: Closed = new Map()

/** The first section among them that is not the same in both. */
export function changedAmong(before: PmNode, after: PmNode, closed: Closed): string | null {
  if (closed.size === 0) return null
  for (let index = 0; index < Math.min(before.childCount, after.childCount); index += 1) {
    const section = before.child(index)
    const id: string = section.attrs.id
    if (closed.has(id) && section !== after.child(index) && !section.eq(after.child(index))) return id
  }
  return null
}

/** Keeps the browser from changing them, and shows who writes them. */
export function closedSections(closed: () => Closed, refused: (section: string) => void): Plugin {
  const refuse = (view: EditorView, event: Event): boolean => {
    const section = sectionOf(view.state)
    if (section === null || !closed().has(section)) return false
    event.preventDefault()
    refused(section)
    return true
  }
  return new Plugin({
    props: {
      handleDOMEvents: { beforeinput: refuse, cut: refuse, paste: refuse },
      decorations: (state) => notes(state.doc, closed()),
    },
  })
}

function sectionOf(state: EditorState): string | null {
  const { $from } = state.selection
  return $from.depth > 0 ? $from.node(1).attrs.id : null
}

function notes(doc: PmNode, closed: Closed): DecorationSet | null {
  if (closed.size === 0) return null
  const decorations: Decoration[] = []
  doc.forEach((section, offset) => {
    const sentence = closed.get(section.attrs.id)
    if (sentence === undefined) return
    decorations.push(
      Decoration.node(offset, offset + section.nodeSize, { class: "section-closed" }),
      Decoration.widget(offset + 1, () => note(sentence), {
        side: -1,
        key: `closed-${sentence}`,
        ignoreSelection: true,
      }),
    )
  })
  return DecorationSet.create(doc, decorations)
}

function note(sentence: string): HTMLElement {
  const line = document.createElement("p")
  line.className = "section-note"
  line.contentEditable = "false"
  line.textContent = sentence
  return line
}
