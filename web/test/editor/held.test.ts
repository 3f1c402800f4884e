import * as A from "@automerge/automerge"
import { describe, expect, it } from "vitest"
import { Binding } from "../../src/editor/binding"
import { Peer, plan } from "./room"

/** The place of a word in the shown text. */
function at(binding: Binding, word: string): number {
  let found = -1
  binding.state.doc.descendants((node, position) => {
    const index = node.isText ? (node.text ?? "").indexOf(word) : -1
    if (index >= 0) found = position + index
  })
  return found
}

describe("while an input method composes", () => {
  it("the section stays as shown, one's own edits go where they belong, and all comes together after", () => {
    const a = new Peer(
      plan({ s: ["# Aims", "first words", "second words", "third words"], t: ["# Means", "more"] }),
    )
    const b = new Peer(A.clone(a.doc()))
    const one = new Binding({ handle: a })
    const two = new Binding({ handle: b })
    const type = (binding: Binding, before: string, text: string) =>
      binding.dispatch(binding.state.tr.insertText(text, at(binding, before)))

    one.hold("s")
    type(one, "second", "k")
    type(two, "first", "their ")
    type(two, "second", "new ")
    type(two, "more", "even ")
    two.dispatch(two.state.tr.delete(at(two, "third"), at(two, "third") + 6))
    const shown = one.state.doc.child(0)
    a.hear(b)
    expect(one.state.doc.child(0)).toBe(shown)
    expect(one.state.doc.child(1).textContent).toBe("Meanseven more")

    // The composed text grows, is replaced, and text behind it is edited.
    const start = at(one, "ksecond")
    one.dispatch(one.state.tr.insertText("ka", start, start + 1))
    one.dispatch(one.state.tr.insertText("ね", start, start + 2))
    type(one, "words", "X")
    b.hear(a)
    a.hear(b)
    one.release()
    expect(one.state.doc.child(0).children.map((block) => block.textContent)).toEqual(
      two.state.doc.child(0).children.map((block) => block.textContent),
    )
    expect(two.state.doc.child(0).textContent).toContain("their first words")
    expect(two.state.doc.child(0).textContent).toMatch(/(new ね|ねnew )second words/)
    expect(two.state.doc.child(0).lastChild?.textContent).toBe("Xwords")
  })
})
