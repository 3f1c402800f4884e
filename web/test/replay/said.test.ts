// @vitest-environment jsdom
import { describe, expect, it } from "vitest"
import { summary } from "../../src/replay/said"

function moment(html: string): HTMLElement {
  const place = document.createElement("div")
  place.innerHTML = html
  return place
}

describe("what a moment is, for ears", () => {
  it("says when, and what changed", () => {
    const html = `<ol class="changes">
      <li><span>Member 1</span> added 12 words in <a href="#s">Members</a></li>
      <li>Chair commented on <q>a small office.</q></li></ol>`
    expect(summary(moment(html), "Monday")).toBe(
      "Monday. Member 1 added 12 words in Members. Chair commented on “a small office.”",
    )
  })
  it("says that nothing changed", () => {
    expect(summary(moment(""), "Monday")).toBe("Monday. No words changed in this step.")
  })
  it("does not read out a long list", () => {
    const html = `<ul class="changes">${"<li>One</li>".repeat(6)}</ul>`
    expect(summary(moment(html), "Monday")).toBe("Monday. One. One. One. One. And 2 more.")
  })
})
