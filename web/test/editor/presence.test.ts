// @vitest-environment jsdom
import * as A from "@automerge/automerge"
import { TextSelection } from "prosemirror-state"
import { expect, it, vi } from "vitest"
import { createEditor } from "../../src/editor"
import { createPresence, type CursorMessage } from "../../src/editor/presence"
import { Peer, plan } from "./room"

function desk(peer: Peer) {
  const sent: CursorMessage[] = []
  const presence = createPresence({ handle: peer, send: (message) => sent.push(message) })
  const place = document.body.appendChild(document.createElement("div"))
  const editor = createEditor({ place, handle: peer, plugins: [presence.plugin] })
  presence.attach(editor)
  return { presence, editor, sent, place }
}

it("shows another's caret where it stands, also when its change comes later", () => {
  vi.useFakeTimers()
  const a = new Peer(plan({ s: ["# Aims", "hello world"] }))
  const b = new Peer(A.clone(a.doc()))
  const one = desk(a)
  const two = desk(b)
  two.presence.setPeople(new Map([["peer-a", { name: "Ada <b>", number: 3 }]]))
  const at = 8 + "hello".length
  one.editor.binding.dispatch(one.editor.state.tr.insertText(" dear", at))
  one.editor.binding.dispatch(
    one.editor.state.tr.setSelection(TextSelection.create(one.editor.state.doc, at, at + 5)),
  )
  vi.advanceTimersByTime(200)
  const message = one.sent.at(-1)
  two.presence.hear("peer-a", message)
  two.presence.hear("peer-x", message)
  two.presence.hear("peer-a", { kind: "cursor", section: "s", anchor: 7 })
  expect(two.place.querySelectorAll(".peer-caret")).toHaveLength(0)
  b.hear(a)
  expect(two.place.querySelectorAll(".peer-caret")).toHaveLength(1)
  expect(two.place.querySelector(".peer-name")?.textContent).toBe("Ada <b>")
  expect(two.place.querySelector(".peer-selection")?.textContent).toBe(" dear")
  expect(two.place.querySelector(".peer-caret")?.parentElement?.textContent).toBe("hello dearAda <b> world")
  two.presence.setPeople(new Map())
  expect(two.place.querySelectorAll(".peer-caret")).toHaveLength(0)
  vi.useRealTimers()
})

it("leaves another's caret behind the words it stands behind, also when one's own come next", () => {
  vi.useFakeTimers()
  const a = new Peer(plan({ s: ["# Aims", "hello"] }))
  const b = new Peer(A.clone(a.doc()))
  const one = desk(a)
  const two = desk(b)
  two.presence.setPeople(new Map([["peer-a", { name: "Ada", number: 3 }]]))
  const end = 8 + "hello".length
  one.editor.goTo(end)
  vi.advanceTimersByTime(200)
  two.presence.hear("peer-a", one.sent.at(-1))
  two.editor.binding.dispatch(two.editor.state.tr.insertText(" dear", end))
  expect(two.place.querySelector(".peer-caret")?.parentElement?.textContent).toBe("helloAda dear")
  vi.useRealTimers()
})

it("shows another's caret behind a character of two code units, never within it", () => {
  vi.useFakeTimers()
  const a = new Peer(plan({ s: ["# Aims", "well done 🚀 all"] }))
  const b = new Peer(A.clone(a.doc()))
  const one = desk(a)
  const two = desk(b)
  two.presence.setPeople(new Map([["peer-a", { name: "Ada", number: 3 }]]))
  one.editor.goTo(8 + "well done 🚀".length)
  vi.advanceTimersByTime(200)
  two.presence.hear("peer-a", one.sent.at(-1))
  expect(two.place.querySelector(".peer-caret")?.parentElement?.textContent).toBe("well done 🚀Ada all")
  vi.useRealTimers()
})
