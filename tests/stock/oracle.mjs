// The stock client as a judge: reads documents, each with one change, from stdin, and says which changes do harm.
// All lengths are 32 bits, least significant byte first. The last line says how many were judged.

import { readFileSync } from "node:fs"
import { next as A } from "@automerge/automerge"

const bytes = readFileSync(0)
let at = 0
function part() {
  const length = bytes.readUInt32LE(at)
  at += 4 + length
  return new Uint8Array(bytes.subarray(at - length, at))
}

const texts = (doc) => {
  const sections = doc.sections ?? {}
  return Object.keys(sections).sort().filter((id) => typeof sections[id]?.text === "string")
}

/** A map comes in no order of its own. */
function ordered(_key, value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** All that can be read. */
function content(doc) {
  const rich = texts(doc).map((id) => {
    const path = ["sections", id, "text"]
    return [A.spans(doc, path), A.marks(doc, path).map((mark) => JSON.stringify(mark, ordered)).sort()]
  })
  return JSON.stringify([A.toJS(doc), rich], ordered)
}

function equal(what, a, b) {
  if (a === b) return
  let at = 0
  while (a[at] === b[at]) at += 1
  const there = (text) => text.slice(Math.max(0, at - 40), at + 60)
  throw new Error(`${what}: …${there(a)}… and not …${there(b)}…`)
}

function judge(saved, change) {
  const before = A.load(saved)
  const heads = A.getHeads(before)
  let [doc] = A.applyChanges(A.clone(before), [change])
  const added = A.getChangesSince(doc, heads)
  equal("it is not rebuilt to its own bytes", Buffer.from(added[0] ?? []).toString("hex"), Buffer.from(change).toString("hex"))
  equal("more than one change came", `${added.length}`, "1")
  if (JSON.stringify(doc).includes("__proto__")) throw new Error("a prototype is replaced")
  const again = A.load(A.save(doc))
  equal("saved and loaded, it is another document", content(again), content(doc))
  let mine = A.initSyncState()
  let theirs = A.initSyncState()
  let peer = A.init()
  for (let round = 0; round < 20; round += 1) {
    let message
    ;[mine, message] = A.generateSyncMessage(doc, mine)
    if (message) [peer, theirs] = A.receiveSyncMessage(peer, theirs, message)
    let answer
    ;[theirs, answer] = A.generateSyncMessage(peer, theirs)
    if (answer) [doc, mine] = A.receiveSyncMessage(doc, mine, answer)
    if (!message && !answer) break
  }
  equal("a peer has another document", content(peer), content(doc))
  content(A.view(doc, heads))
  A.diff(doc, heads, A.getHeads(doc))
  A.diff(doc, A.getHeads(doc), heads)
  doc = A.change(doc, (doc) => {
    for (const id of texts(doc)) A.splice(doc, ["sections", id, "text"], 0, 0, "more")
  })
  content(A.load(A.save(doc)))
}

let judged = 0
while (at < bytes.length) {
  const [saved, change] = [part(), part()]
  try {
    judge(saved, change)
  } catch (error) {
    console.log(`${judged}: ${error.message ?? error} (${Buffer.from(change).toString("base64")})`.replaceAll("\n", " "))
  }
  judged += 1
}
console.log(`${judged} judged`)
