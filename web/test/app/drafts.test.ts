// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest"
import { type Draft, Drafts } from "../../src/app/drafts"
import { Keep } from "../../src/app/keep"

const draft = (id: string, text: string): Draft => ({ id, thread: `t-${id}`, text })
/** A window of the same plan; a new one remembers nothing of its own. */
const open = (isNew = true) => {
  if (isNew) sessionStorage.clear()
  return new Drafts(new Keep("network", "me"), "plan")
}
const shown = (drafts: Drafts) => drafts.get().new?.text

beforeEach(() => {
  localStorage.clear()
})

test("what is begun in two windows is kept of both, and one's own is shown first", () => {
  const one = open()
  const two = open()
  one.put("new", draft("a", "begun here"))
  two.put("new", draft("b", "begun there"))
  two.put("thread", draft("c", "a reply"))
  const again = open(false)
  expect(shown(again)).toBe("begun there")
  again.put("new", null)
  expect(shown(again)).toBe("begun here")
  again.put("new", null)
  expect(shown(again)).toBeUndefined()
  expect(Object.keys(open().get())).toEqual(["thread"])
})

test("a draft that two windows show is the same in both, and gone from both", () => {
  const one = open()
  one.put("new", draft("a", "half"))
  const two = open()
  // A browser tells the other windows of one that writes; here that is done by hand.
  const heard = () => {
    const key = Object.keys(localStorage)[0] ?? "quorate:network:me:draft:plan:a"
    window.dispatchEvent(new StorageEvent("storage", { key }))
  }
  one.put("new", draft("a", "half a thought"))
  heard()
  expect(shown(two)).toBe("half a thought")
  one.put("new", null)
  heard()
  expect(shown(two)).toBeUndefined()
})

test("what was given up elsewhere meanwhile is not shown again", () => {
  open().put("new", draft("a", "first"))
  open().put("new", draft("b", "second"))
  open().put("new", draft("d", "third"))
  const one = open()
  const two = open()
  for (let count = 0; count < 3; count += 1) two.put("new", null)
  one.put("new", null)
  expect(shown(one)).toBeUndefined()
})
