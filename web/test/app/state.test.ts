import { expect, test } from "vitest"
import { mayWrite, stateOf } from "../../src/app/standing"

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
    "Read and comment: as Chair of the board you do not write here",
  ],
  [
    "by role, who may only read",
    online,
    { ...access, may: ["read"] },
    "read-only",
    "Read only: as Chair of the board you do not write here",
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
    "Chair of the board",
    name,
  )
  expect(state.kind).toBe(kind)
  expect(state.text + (state.whole ?? "")).toBe(text)
})

test("what could not be sent before a freeze is said to be kept", () => {
  expect(stateOf({ ...online, unsaved: 3 }, frozen, undefined, name).more).toMatch(
    /^3 changes of yours are kept/,
  )
})

test("why one may not write is told to ears, and takes no room from the plan's title", () => {
  const phase = { phase: "c", title: "Consultation of all members", closes: "2026-01-01T00:00:00Z" }
  const state = stateOf(online, { may: ["read", "comment"], frozen: null, phase }, undefined, name)
  expect(state.text).toBe("Read and comment")
  expect(stateOf(online, { may: ["read"], frozen: null, phase: null }, undefined, name).text).toBe(
    "Read only",
  )
})

test("the workspace is for writing only for whoever may write now", () => {
  expect(mayWrite(access)).toBe(true)
  expect(mayWrite(frozen)).toBe(false)
  expect(mayWrite({ ...access, may: ["read", "comment"] })).toBe(false)
})
