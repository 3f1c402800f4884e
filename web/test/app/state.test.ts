import { expect, test } from "vitest"
import { stateOf } from "../../src/app/standing"

const may = { may: ["read", "comment", "edit"] as const, frozen: null }
const access = { may: [...may.may], frozen: null, phase: null }
const frozen = {
  may: [...may.may],
  phase: null,
  frozen: { by: "secretariat", reason: "The board meets.", at: "2026-01-01T00:00:00Z" },
}
const name = () => "The secretariat"
const online = { link: "online", unsaved: 0, slow: false } as const

test.each([
  ["saved only when the log holds everything", online, access, "saved", "Saved"],
  ["saving while one change is on its way", { ...online, unsaved: 1 }, access, "saving", "Saving"],
  [
    "before the first word of the server",
    { ...online, link: "connecting" },
    access,
    "connecting",
    "Connecting…",
  ],
  ["offline with nothing to send", { ...online, link: "offline" }, access, "offline", "Offline"],
  [
    "offline with one change",
    { ...online, link: "offline", unsaved: 1 },
    access,
    "offline",
    "Offline: 1 change kept on this device",
  ],
  [
    "offline with twelve",
    { ...online, link: "offline", unsaved: 12 },
    access,
    "offline",
    "Offline: 12 changes kept on this device",
  ],
  [
    "frozen, with who and why",
    online,
    frozen,
    "read-only",
    "Read only: frozen by The secretariat. The board meets.",
  ],
  [
    "by role, who may comment",
    online,
    { ...access, may: ["read", "comment"] },
    "read-only",
    "Read only: Chair of the board can read and comment here, not write",
  ],
  [
    "by role, who may only read",
    online,
    { ...access, may: ["read"] },
    "read-only",
    "Read only: Chair of the board can read here",
  ],
  [
    "by the phase, who may comment",
    online,
    {
      ...access,
      may: ["read", "comment"],
      phase: { phase: "c", title: "Consultation", closes: "2026-01-01T00:00:00Z" },
    },
    "read-only",
    "Read and comment: the phase “Consultation” is open",
  ],
  [
    "by the phase, who may only read",
    online,
    {
      ...access,
      may: ["read"],
      phase: { phase: "a", title: "Board adoption", closes: "2026-01-01T00:00:00Z" },
    },
    "read-only",
    "Read only: the phase “Board adoption” is open",
  ],
] as const)("%s", (_, sync, access, kind, text) => {
  const state = stateOf(
    sync,
    { may: [...access.may], frozen: access.frozen, phase: access.phase },
    ["chair"],
    name,
  )
  expect(state.kind).toBe(kind)
  expect(state.text).toBe(text)
})

test("what could not be sent before a freeze is said to be kept", () => {
  expect(stateOf({ ...online, unsaved: 3 }, frozen, [], name).more).toMatch(/^3 changes of yours are kept/)
})
