import * as A from "@automerge/automerge"
import { describe, expect, it } from "vitest"
import { Binding } from "../../src/editor/binding"
import { plain } from "../../src/editor/blocks"
import { readPlan } from "../../src/editor/plan"
import { blockOf, schema } from "../../src/editor/schema"
import { Peer, plan } from "./room"

function pair() {
  const a = new Peer(plan({ s: ["# Aims", "hello world", "- one", "- two"], t: ["# Means", "more"] }))
  const b = new Peer(A.clone(a.doc()))
  return { a, b, one: new Binding({ handle: a }), two: new Binding({ handle: b }) }
}

function agrees(binding: Binding, peer: Peer) {
  const shown: unknown[] = []
  for (const section of binding.state.doc.children) shown.push(...section.children.map(blockOf))
  const read = readPlan(peer.doc()).flatMap(({ blocks }) =>
    blocks.map((b) => {
      const { implied, derived, ...rest } = plain(b)
      return rest
    }),
  )
  expect(shown).toEqual(read)
}

describe("binding", () => {
  it("shows the plan", () => {
    const { a, one } = pair()
    agrees(one, a)
    expect(one.state.doc.toString()).toContain("hello world")
  })
  it("types, splits, joins, marks, and another sees it", () => {
    const { a, b, one, two } = pair()
    const at = 8 + 5
    one.dispatch(one.state.tr.insertText("!", at))
    agrees(one, a)
    one.dispatch(one.state.tr.split(at))
    agrees(one, a)
    one.dispatch(one.state.tr.addMark(9, 12, schema.marks.strong.create()))
    agrees(one, a)
    one.dispatch(one.state.tr.insertText("x", 12))
    agrees(one, a)
    one.dispatch(
      one.state.tr.setNodeMarkup(7, schema.nodes.heading, { ...one.state.doc.nodeAt(7)!.attrs, level: 3 }),
    )
    agrees(one, a)
    one.dispatch(one.state.tr.delete(10, 30))
    agrees(one, a)
    b.hear(a)
    agrees(two, b)
    expect(two.state.doc.toJSON()).toEqual(one.state.doc.toJSON())
  })
  it("writes what is very long in several changes, since the server takes none that is too long", () => {
    const { a, b, one, two } = pair()
    const before = A.getAllChanges(a.doc()).length
    // The second unit of the pair would come first in a piece.
    const long = `x${"🌿".repeat(60_000)}`
    one.dispatch(one.state.tr.insertText(long, 8))
    agrees(one, a)
    const changes = A.getAllChanges(a.doc()).slice(before)
    expect(changes.length).toBeGreaterThan(1)
    for (const change of changes) expect(A.decodeChange(change).ops.length).toBeLessThan(80_000)
    b.hear(a)
    agrees(two, b)
    expect(b.doc()).toEqual(a.doc())
    one.dispatch(one.state.tr.delete(8, 8 + 70_001))
    agrees(one, a)
    expect(A.getAllChanges(a.doc()).length).toBeGreaterThan(before + changes.length + 1)
  })
  it("writes one mark over several blocks", () => {
    const { a, one } = pair()
    one.dispatch(one.state.tr.addMark(8, 26, schema.marks.strong.create()))
    agrees(one, a)
    const { ops } = A.decodeChange(A.getLastLocalChange(a.doc()) as Uint8Array)
    expect(ops.map((op) => op.action as string)).toEqual(["markBegin", "markEnd"])
  })
})
