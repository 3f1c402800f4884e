// @vitest-environment jsdom
import * as A from "@automerge/automerge"
import { type Command, TextSelection } from "prosemirror-state"
import { describe, expect, it } from "vitest"
import * as c from "../../src/editor"
import { createEditor } from "../../src/editor"
import { Peer, plan } from "./room"

function open(blocks: string[], more: Record<string, string[]> = {}) {
  const peer = new Peer(plan({ s: ["# Aims", ...blocks], ...more }))
  const place = document.body.appendChild(document.createElement("div"))
  const editor = createEditor({ place, handle: peer })
  const ids = new Map<string, string>()
  const name = (id: string) =>
    /^[stu]\d+$/.test(id) ? id : (ids.get(id) ?? ids.set(id, `new${ids.size + 1}`).get(id))
  return {
    peer,
    editor,
    place,
    /** `id type text`, a line a block. */
    shown: () =>
      editor.state.doc.children.flatMap((section) =>
        section.children.map(
          (node) => `${name(node.attrs.id)} ${node.type.name}${node.attrs.indent || ""} ${node.textContent}`,
        ),
      ),
    /** Puts the caret so many characters into the block with this id, or selects up to another place. */
    at(id: string, offset: number, to?: [string, number]) {
      const find = (wanted: string) => {
        let found = 0
        editor.state.doc.descendants((node, place) => {
          if (node.attrs.id === wanted && node.isTextblock) found = place + 1
        })
        return found
      }
      const { doc } = editor.state
      const end = to ? find(to[0]) + to[1] : undefined
      editor.binding.dispatch(editor.state.tr.setSelection(TextSelection.create(doc, find(id) + offset, end)))
    },
    run: (command: Command) => editor.run(command),
  }
}

describe("who keeps the id", () => {
  it("the left part of a split", () => {
    const { at, run, shown } = open(["hello world"])
    at("s1", 5)
    run(c.enter)
    expect(shown().slice(1)).toEqual(["s1 paragraph hello", "new1 paragraph  world"])
  })
  it("the text, where the split is at its start", () => {
    const { at, run, shown, peer } = open(["hello"])
    const cursor = A.getCursor(peer.doc(), ["sections", "s", "text"], 5)
    at("s1", 0)
    run(c.enter)
    expect(shown().slice(1)).toEqual(["new1 paragraph ", "s1 paragraph hello"])
    expect(A.getCursorPosition(peer.doc(), ["sections", "s", "text"], cursor)).toBe(6)
  })
  it("the text, where an empty block before it is taken away", () => {
    const { at, run, shown } = open(["", "hello"])
    at("s2", 0)
    run(c.joinBack)
    expect(shown().slice(1)).toEqual(["s2 paragraph hello"])
  })
  it("the left one of two that are joined", () => {
    const { at, run, shown } = open(["one", "two"])
    at("s1", 3)
    run(c.joinForward)
    expect(shown().slice(1)).toEqual(["s1 paragraph onetwo"])
  })
  it("a block whose kind changes, at the same place of the document", () => {
    const { at, run, shown, peer } = open(["one"])
    at("s1", 1)
    run(c.setBlock({ type: "heading", level: 3 }))
    expect(shown()[1]).toBe("s1 heading one")
    expect(A.decodeChange(A.getLastLocalChange(peer.doc()) as Uint8Array).ops.map((op) => op.action)).toEqual(
      ["set", "set"],
    )
  })
})

describe("two people change one block's kind", () => {
  it("and it stays one block", () => {
    const one = open(["hello"])
    const b = new Peer(A.clone(one.peer.doc()))
    const two = createEditor({ place: document.createElement("div"), handle: b })
    one.at("s1", 1)
    one.run(c.setBlock({ type: "blockquote" }))
    two.binding.dispatch(two.state.tr.setSelection(TextSelection.create(two.state.doc, 9)))
    two.run(c.setBlock({ type: "bulleted-list" }))
    b.hear(one.peer)
    one.peer.hear(b)
    expect(one.shown()).toHaveLength(2)
    expect(one.editor.state.doc.toJSON()).toEqual(two.state.doc.toJSON())
  })
})

describe("lists", () => {
  it("Tab goes at most one step deeper than the item before, Backspace goes out, then makes a paragraph, then joins", () => {
    const { at, run, shown } = open(["text", "- one", "- two"])
    at("s3", 0)
    run(c.indent)
    run(c.indent)
    expect(shown()[3]).toBe("s3 listItem1 two")
    run(c.joinBack)
    expect(shown()[3]).toBe("s3 listItem two")
    run(c.joinBack)
    expect(shown()[3]).toBe("s3 paragraph two")
    run(c.joinBack)
    expect(shown()[2]).toBe("s2 listItem onetwo")
    at("s1", 0)
    expect(run(c.indent)).toBe(false)
  })
  it("Enter in an empty item ends the list", () => {
    const { at, run, shown } = open(["- one", "- "])
    at("s2", 0)
    run(c.enter)
    expect(shown()[2]).toBe("s2 paragraph ")
  })
  it("numbered items say their number", () => {
    const { place, at, run } = open(["1. one", "- dot", "1. again", "1. more"])
    expect(Array.from(place.querySelectorAll("ol"), (list) => list.getAttribute("start"))).toEqual([
      "1",
      "1",
      "2",
    ])
    at("s2", 0)
    run(c.indent)
    expect(Array.from(place.querySelectorAll("ol"), (list) => list.getAttribute("start"))).toEqual([
      "1",
      "2",
      "3",
    ])
  })
})

describe("sections stay apart", () => {
  it("deleting over several deletes inside each", () => {
    const { at, run, shown } = open(["hello world"], { t: ["# Means", "more words"] })
    at("s1", 5, ["t1", 4])
    run(c.deleteSelected)
    expect(shown()).toEqual(["s0 sectionHeading Aims", "s1 paragraph hello", "t0 sectionHeading  words"])
  })
  it("typing over several as well", () => {
    const { at, shown, editor } = open(["hello world"], { t: ["# Means", "more words"] })
    at("s1", 5, ["t1", 4])
    editor.binding.dispatch(editor.state.tr.insertText("!"))
    expect(shown()).toEqual(["s0 sectionHeading Aims", "s1 paragraph hello!", "t0 sectionHeading  words"])
    expect(editor.state.selection.$head.parent.textContent).toBe("hello!")
  })
  it("Backspace at a heading's start and Delete at a section's end do nothing", () => {
    const { at, run, shown } = open(["end"], { t: ["# Means"] })
    const before = shown()
    at("t0", 0)
    expect(run(c.joinBack)).toBe(true)
    at("s1", 3)
    expect(run(c.joinForward)).toBe(true)
    expect(shown()).toEqual(before)
  })
})

describe("undo", () => {
  it("takes back one's own edits only", () => {
    const one = open(["hello world"])
    const b = new Peer(A.clone(one.peer.doc()))
    const two = createEditor({ place: document.createElement("div"), handle: b })
    one.editor.binding.dispatch(one.editor.state.tr.insertText("dear ", 8 + 6))
    two.binding.dispatch(two.state.tr.insertText("Oh, ", 8))
    one.peer.hear(b)
    expect(one.shown()[1]).toBe("s1 paragraph Oh, hello dear world")
    one.editor.undo()
    expect(one.shown()[1]).toBe("s1 paragraph Oh, hello world")
    expect(one.editor.canUndo()).toBe(false)
    one.editor.redo()
    expect(one.shown()[1]).toBe("s1 paragraph Oh, hello dear world")
  })
  it("knows sections, in the order of what was done", () => {
    const { editor, shown } = open(["one"], { t: ["# Means"] })
    editor.binding.dispatch(editor.state.tr.insertText("a", 8))
    editor.moveSection("t", "up")
    editor.binding.dispatch(editor.state.tr.insertText("b", 2))
    const done = shown()
    expect(done).toEqual(["t0 sectionHeading bMeans", "s0 sectionHeading Aims", "s1 paragraph aone"])
    editor.undo()
    expect(shown()[0]).toBe("t0 sectionHeading Means")
    editor.undo()
    expect(shown()[0]).toBe("s0 sectionHeading Aims")
    editor.undo()
    expect(shown()[1]).toBe("s1 paragraph one")
    editor.redo()
    editor.redo()
    editor.redo()
    expect(shown()).toEqual(done)
    editor.removeSection("s")
    expect(shown()).toHaveLength(1)
    editor.undo()
    expect(shown()).toHaveLength(3)
  })
})

it("stays as it is where one may not edit", () => {
  const peer = new Peer(plan({ s: ["# Aims", "hello"] }))
  const editor = createEditor({ place: document.createElement("div"), handle: peer, editable: () => false })
  const heads = A.getHeads(peer.doc())
  editor.binding.dispatch(editor.state.tr.insertText("x", 9))
  expect(editor.state.doc.textContent).toBe("Aimshello")
  expect(A.getHeads(peer.doc())).toEqual(heads)
})

it("brings a text that no editor made to what it reads as, when it is edited", () => {
  const path = ["sections", "s", "text"]
  let doc = plan({ s: ["# Aims", "hello"] })
  doc = A.change(doc, (d) => {
    A.splice(d as typeof doc, path, 0, 0, "lead\u0001")
    A.splitBlock(d as typeof doc, path, 10, { type: "odd", attrs: { id: "no id" } })
    A.splitBlock(d as typeof doc, path, 11, { type: "section-heading", attrs: { id: "s1" } })
  })
  const peer = new Peer(doc)
  const editor = createEditor({ place: document.createElement("div"), handle: peer })
  const before = editor.state.doc.child(0).children.map((node) => node.textContent)
  expect(before).toEqual(["Aims", "lead", "", "", "hello"])
  editor.binding.dispatch(editor.state.tr.insertText("!", 2))
  expect(editor.state.doc.child(0).children.map((node) => node.textContent)).toEqual([
    "!Aims",
    "lead",
    "",
    "",
    "hello",
  ])
  const again = createEditor({ place: document.createElement("div"), handle: new Peer(A.clone(peer.doc())) })
  expect(again.state.doc.toJSON()).toEqual(editor.state.doc.toJSON())
})

it("redo with nothing left to redo changes nothing, also by its keys", () => {
  const { editor, shown } = open(["hello"])
  editor.binding.dispatch(editor.state.tr.insertText("!", 13))
  const press = () => {
    const keys = { key: "Z", code: "KeyZ", keyCode: 90, ctrlKey: true, shiftKey: true }
    const event = new KeyboardEvent("keydown", keys)
    return editor.view.someProp("handleKeyDown", (handle) => handle(editor.view, event)) ?? false
  }
  expect(press()).toBe(true)
  expect(shown()[1]).toBe("s1 paragraph hello!")
})
