import * as A from "@automerge/automerge"
import { describe, expect, it } from "vitest"
import { Binding } from "../../src/editor/binding"
import { type PlanDoc, readingOrder } from "../../src/editor/plan"
import { addSection, moveSection, stepPlace } from "../../src/editor/sections"
import { Peer, plan } from "./room"

function outline(doc: PlanDoc): string[] {
  return readingOrder(doc).map(({ id, depth }) => `${"-".repeat(depth)}${id}`)
}

function doc(sections: Record<string, { parent?: string; order?: string; removed?: boolean }>): PlanDoc {
  const made = Object.entries(sections).map(([id, section]) => [
    id,
    { parent: "", order: "a0", text: "", ...section },
  ])
  return { schema: 1, title: "", sections: Object.fromEntries(made) }
}

describe("reading order", () => {
  it("by order as bytes, then by id, below the parent", () => {
    expect(
      outline(doc({ b: { order: "a1" }, a: { order: "a1" }, c: { order: "Zz" }, d: { parent: "a" } })),
    ).toEqual(["c", "a", "-d", "b"])
  })
  it("leaves out what is removed, with all below it; unknown parents and circles do not hide anything", () => {
    expect(outline(doc({ a: { removed: true }, b: { parent: "a" }, c: { parent: "gone" } }))).toEqual(["c"])
    expect(outline(doc({ x: { parent: "z" }, y: { parent: "x" }, z: { parent: "y" } }))).toEqual([
      "x",
      "-y",
      "--z",
    ])
    expect(outline(doc({ a: { parent: "a" }, "no id": {} }))).toEqual(["a"])
  })
  it("takes any depth", () => {
    const deep = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, n) => [`s${n}`, { parent: n ? `s${n - 1}` : "" }]),
    )
    expect(readingOrder(doc(deep))).toHaveLength(30_000)
  })
})

describe("sections", () => {
  it("step up, down, in and out", () => {
    const peer = new Peer(plan({ a: ["# A"], b: ["# B"], c: ["# C"] }))
    const step = (id: string, way: "up" | "down" | "in" | "out") => {
      const place = stepPlace(peer.doc(), id, way)
      if (place) moveSection(peer, id, place)
      return outline(peer.doc())
    }
    expect(step("c", "up")).toEqual(["a", "c", "b"])
    expect(step("b", "in")).toEqual(["a", "c", "-b"])
    expect(step("c", "in")).toEqual(["a", "-c", "--b"])
    expect(step("b", "out")).toEqual(["a", "-c", "-b"])
    expect(step("a", "down")).toEqual(["a", "-c", "-b"])
    expect(moveSection(peer, "a", { parent: "b", after: "" })).toBeNull()
    addSection(peer, { parent: "a", after: "c" }, "D", { section: "d" })
    expect(outline(peer.doc())).toEqual(["a", "-c", "-d", "-b"])
  })
  it("that are put into each other by two people apart are both still there", () => {
    const a = new Peer(plan({ x: ["# X"], y: ["# Y"] }))
    const b = new Peer(A.clone(a.doc()))
    const one = new Binding({ handle: a })
    moveSection(a, "x", { parent: "y", after: "" })
    moveSection(b, "y", { parent: "x", after: "" })
    a.hear(b)
    expect(outline(a.doc())).toEqual(["x", "-y"])
    expect(one.state.doc.children.map((section) => section.attrs.id)).toEqual(["x", "y"])
  })
  it("without a text get one when they are written in", () => {
    const start = A.change(plan({ x: ["# X"] }), (d) => {
      d.sections.y = { parent: "", order: "a5", text: 7 as unknown as string }
    })
    const peer = new Peer(start)
    const one = new Binding({ handle: peer })
    one.dispatch(one.state.tr.insertText("Y", one.state.doc.content.size - 2))
    expect(peer.doc().sections.y?.text).toBe("\ufffcY")
    expect(one.state.doc.textContent).toBe("XY")
  })
})
