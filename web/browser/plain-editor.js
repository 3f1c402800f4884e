/** The yardstick: ProseMirror with nothing around it, holding the workspace's own text. */
import { baseKeymap } from "prosemirror-commands"
import { keymap } from "prosemirror-keymap"
import { DOMParser } from "prosemirror-model"
import { EditorState, TextSelection } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { schema } from "../src/editor/schema"

window.plainEditor = (html) => {
  const from = document.createElement("div")
  from.innerHTML = html
  document.body.replaceChildren()
  const doc = DOMParser.fromSchema(schema).parse(from)
  let middle = doc.content.size
  doc.descendants((node, position) => {
    if (
      middle === doc.content.size &&
      position > doc.content.size / 2 &&
      node.type === schema.nodes.paragraph
    ) {
      middle = position + node.nodeSize - 1
    }
  })
  const state = EditorState.create({ doc, plugins: [keymap(baseKeymap)] })
  const view = new EditorView(document.body, { state })
  view.dispatch(
    view.state.tr.setSelection(TextSelection.near(view.state.doc.resolve(middle))).scrollIntoView(),
  )
  view.focus()
}
