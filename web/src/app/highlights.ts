/** The words that have comments, marked in the editor; a thread that is looked at stands out. */
import type { Node as PmNode } from "prosemirror-model"
import { Plugin, PluginKey } from "prosemirror-state"
import { Decoration, DecorationSet } from "prosemirror-view"
import { relativeAt } from "../editor/flat"

export type Highlight = {
  thread: string
  section: string
  from: number
  to: number
  edited: boolean
  active: boolean
}

export const highlights = new PluginKey<DecorationSet>("quorate-highlights")

/** Between two readings of the document the marks move with the edits. */
export function highlightsPlugin(pressed: (thread: string) => void): Plugin {
  return new Plugin<DecorationSet>({
    key: highlights,
    state: {
      init: () => DecorationSet.empty,
      apply(tr, now) {
        const next = tr.getMeta(highlights) as Highlight[] | undefined
        return next ? decorate(tr.doc, next) : now.map(tr.mapping, tr.doc)
      },
    },
    props: {
      decorations: (state) => highlights.getState(state),
      handleClick(view, position) {
        const found = highlights.getState(view.state)?.find(position, position) ?? []
        const thread = found.at(-1)?.spec.thread as string | undefined
        if (thread) pressed(thread)
        return false
      },
    },
  })
}

function decorate(doc: PmNode, all: readonly Highlight[]): DecorationSet {
  const starts = new Map<string, { node: PmNode; start: number }>()
  doc.forEach((node, offset) => {
    starts.set(node.attrs.id, { node, start: offset + 1 })
  })
  const decorations = all.flatMap((one) => {
    const section = starts.get(one.section)
    if (!section) return []
    const from = section.start + relativeAt(section.node, one.from)
    const to = section.start + relativeAt(section.node, one.to)
    if (to <= from) return []
    const names = ["commented", one.edited ? "commented-edited" : "", one.active ? "commented-active" : ""]
    return [
      Decoration.inline(
        from,
        to,
        { class: names.filter(Boolean).join(" "), "data-thread": one.thread },
        { thread: one.thread },
      ),
    ]
  })
  return DecorationSet.create(doc, decorations)
}
