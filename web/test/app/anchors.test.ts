import * as A from "@automerge/automerge"
import { describe, expect, test } from "vitest"
import { makeAnchor, placeOf } from "../../src/app/anchors"
import type { PlanDoc } from "../../src/editor/plan"

function plan(): A.Doc<PlanDoc> {
  const text = (value: string) => new A.ImmutableString(value)
  const doc = A.from({
    schema: 1,
    title: "Plan",
    sections: { s1: { parent: text(""), order: text("a0"), text: "We support all members in their work." } },
  })
  return doc as unknown as A.Doc<PlanDoc>
}

const order = new Map([["s1", 0]])
const edit = (doc: A.Doc<PlanDoc>, at: number, remove: number, put = "") =>
  A.change(A.clone(doc), (one) =>
    A.splice(one as A.Doc<PlanDoc>, ["sections", "s1", "text"], at, remove, put),
  )

describe("the words of a thread", () => {
  const doc = plan()
  const anchor = makeAnchor(doc, "s1", 3, 22)

  test("are quoted as they stand", () => {
    expect(anchor.quote).toBe("support all members")
    expect(placeOf(doc, anchor, order).standing).toEqual({ state: "exact", now: "support all members" })
  })

  test("move with what is written before them", () => {
    const moved = edit(doc, 0, 0, "Together: ")
    expect(placeOf(moved, anchor, order).range).toEqual({ section: "s1", from: 13, to: 32 })
    expect(placeOf(moved, anchor, order).standing.state).toBe("exact")
  })

  test("do not take in what is written at their edges", () => {
    const wider = edit(edit(doc, 22, 0, " and friends"), 3, 0, "always ")
    expect(placeOf(wider, anchor, order).standing).toEqual({ state: "exact", now: "support all members" })
  })

  test("are edited when changed inside, with the words of now", () => {
    const changed = edit(doc, 3, 7, "strengthen")
    const now = "strengthen all members"
    expect(placeOf(changed, anchor, order).standing).toEqual({ state: "edited", now })
    const inside = edit(doc, 4, 6, "trengthen")
    expect(placeOf(inside, anchor, order).standing).toEqual({
      state: "edited",
      now: "strengthen all members",
    })
  })

  test("take in what was put in the place of their first or last word, and are exact again when it is undone", () => {
    const last = edit(doc, 15, 7, "friends")
    expect(placeOf(last, anchor, order).standing).toEqual({ state: "edited", now: "support all friends" })
    expect(placeOf(edit(last, 15, 7, "members"), anchor, order).standing.state).toBe("exact")
    const written = { ...anchor, end: anchor.end.replace(/^-/, "") }
    expect(placeOf(last, written, order).standing).toEqual({ state: "edited", now: "support all friends" })
    const both = edit(edit(doc, 15, 7, "friends"), 3, 7, "help")
    expect(placeOf(both, anchor, order).standing).toEqual({ state: "edited", now: "help all friends" })
    const shorter = edit(edit(doc, 15, 7), 0, 3)
    expect(placeOf(shorter, anchor, order).standing).toEqual({ state: "edited", now: "support all" })
  })

  test("are gone when all of them are, or their section is", () => {
    expect(placeOf(edit(doc, 2, 20), anchor, order).standing).toEqual({ state: "deleted" })
    expect(placeOf(doc, anchor, new Map()).standing).toEqual({ state: "deleted" })
  })

  test("may begin and end with a character of two code units, and stand next to one", () => {
    const smiling = edit(doc, 3, 19, "😀🚀 people 🚀😀")
    const quote = makeAnchor(smiling, "s1", 5, 17)
    expect(quote.quote).toBe("🚀 people 🚀")
    expect(placeOf(smiling, quote, order)).toMatchObject({
      standing: { state: "exact", now: "🚀 people 🚀" },
      range: { section: "s1", from: 5, to: 17 },
    })
    const others = edit(edit(smiling, 15, 2, "gladly"), 5, 2, "many")
    expect(placeOf(others, quote, order).standing).toEqual({ state: "edited", now: "many people gladly" })
  })

  test("are gone for an anchor that names nothing", () => {
    expect(placeOf(doc, { ...anchor, start: "no cursor" }, order).standing).toEqual({ state: "deleted" })
  })
})
