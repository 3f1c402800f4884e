import { expect, test } from "vitest"
import { linkAddress } from "../../src/app/links"

test.each([
  ["https://example.org/a", "https://example.org/a"],
  [" example.org/a ", "https://example.org/a"],
  ["name@example.org", "mailto:name@example.org"],
  ["mailto:name@example.org", "mailto:name@example.org"],
  ["javascript:alert(1)", null],
  ["data:text/html,x", null],
  ["file:///etc/passwd", null],
  ["two words", null],
  ["word", null],
  ["", null],
  [`https://example.org/${"a".repeat(3000)}`, null],
])("%s", (typed, kept) => {
  expect(linkAddress(typed)).toBe(kept)
})
