import * as Automerge from "@automerge/automerge/slim"
import { expect, test } from "vitest"

test("the slim Automerge has its wasm in the tests", () => {
  const doc = Automerge.from({ title: "plan" })
  expect(Automerge.save(doc).length).toBeGreaterThan(10)
})
