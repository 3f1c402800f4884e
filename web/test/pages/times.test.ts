// @vitest-environment jsdom
import { expect, it } from "vitest"
import { exactWords, momentWords, showLocalTimes } from "../../src/pages/times"

const at = new Date("2026-03-14T23:30:05Z")

it("says a time as the reader's clock shows it, with its zone", () => {
  expect(momentWords(at, "UTC")).toBe("14 March 2026, 23:30 UTC")
  expect(momentWords(at, "Europe/Brussels")).toBe("15 March 2026, 00:30 CET")
  expect(exactWords(at, "Europe/Athens")).toBe("Sunday 15 March 2026, 01:30:05 EET")
})

it("leaves alone what is no time", () => {
  document.body.innerHTML = `<time datetime="2026-03-14T23:30:05Z">then</time><time datetime="9e99 ms">never</time>`
  showLocalTimes(document)
  expect(document.body.textContent).toBe(`${momentWords(at)}never`)
})
