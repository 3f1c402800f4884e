import { Repo } from "@automerge/automerge-repo"
import { expect, it } from "vitest"
import { Binding } from "../../src/editor/binding"
import type { PlanDoc, PlanHandle } from "../../src/editor/plan"
import { addSection } from "../../src/editor/sections"

it("works on a handle of automerge-repo, whose own changes are not shown twice", async () => {
  const handle = new Repo().create<PlanDoc>({ schema: 1, title: "A plan", sections: {} })
  const plan: PlanHandle = handle
  addSection(plan, { parent: "", after: "" }, "Aims", { section: "s", block: "s0" })
  const binding = new Binding({ handle: plan })
  let states = 0
  binding.listen(() => {
    states += 1
  })
  binding.dispatch(binding.state.tr.insertText("Our ", 2))
  await new Promise((resolve) => setImmediate(resolve))
  expect(states).toBe(1)
  expect(binding.state.doc.textContent).toBe("Our Aims")
  addSection(plan, { parent: "", after: "s" }, "Means", { section: "t", block: "t0" })
  expect(binding.state.doc.textContent).toBe("Our AimsMeans")
  expect(handle.doc().sections.s?.text).toBe("\ufffcOur Aims")
})
