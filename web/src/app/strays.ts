/**
 * Stray words in the editor: above each paragraph of them stands what they are, and what can be done. The words
 * are an ordinary paragraph of the document; only the server's list says that they are stray.
 */
import type { Node as PmNode } from "prosemirror-model"
import { Plugin, PluginKey } from "prosemirror-state"
import { Decoration, DecorationSet } from "prosemirror-view"
import { words } from "./words"

export type Settled = "kept" | "removed"

/** What is to be marked, and whether the reader may decide. */
export type Marked = { provisions: readonly string[]; mayEdit: boolean }

export const strayMarks = new PluginKey<DecorationSet>("quorate-strays")

export function straysPlugin(settle: (provision: string, settled: Settled) => void): Plugin {
  return new Plugin<DecorationSet>({
    key: strayMarks,
    state: {
      init: () => DecorationSet.empty,
      apply(tr, now) {
        const next = tr.getMeta(strayMarks) as Marked | undefined
        return next ? decorate(tr.doc, next, settle) : now.map(tr.mapping, tr.doc)
      },
    },
    props: { decorations: (state) => strayMarks.getState(state) },
  })
}

function decorate(
  doc: PmNode,
  { provisions, mayEdit }: Marked,
  settle: (provision: string, settled: Settled) => void,
): DecorationSet {
  if (provisions.length === 0) return DecorationSet.empty
  const decorations: Decoration[] = []
  doc.forEach((section, start) => {
    section.forEach((block, offset) => {
      const id = block.attrs.id as string
      if (!provisions.includes(id)) return
      const at = start + 1 + offset
      decorations.push(
        Decoration.node(at, at + block.nodeSize, { class: "stray" }),
        Decoration.widget(at, () => note(id, mayEdit, settle), {
          key: `stray-${id}-${mayEdit}`,
          side: -1,
          ignoreSelection: true,
          stopEvent: () => true,
        }),
      )
    })
  })
  return DecorationSet.create(doc, decorations)
}

function note(
  id: string,
  mayEdit: boolean,
  settle: (provision: string, settled: Settled) => void,
): HTMLElement {
  const element = document.createElement("div")
  element.className = "stray-note"
  element.contentEditable = "false"
  element.setAttribute("role", "note")
  const sentence = document.createElement("span")
  sentence.textContent = words.strays.what
  element.append(sentence)
  if (mayEdit) {
    for (const [settled, label] of [
      ["kept", words.strays.keep],
      ["removed", words.strays.remove],
    ] as const) {
      const button = document.createElement("button")
      button.type = "button"
      button.className = "button button-small"
      button.textContent = label
      button.addEventListener("click", () => settle(id, settled))
      element.append(button)
    }
  }
  return element
}
