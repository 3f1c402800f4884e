// Stock @automerge/automerge-repo clients against the running server.

import assert from "node:assert/strict"
import { after, afterEach, before, test } from "node:test"
import { generateAutomergeUrl } from "@automerge/automerge-repo"
import { Client, MemoryStorage, atRest, until } from "./client.mjs"
import { Server } from "./server.mjs"

let server
let plan
const sync = {}
let secretariat
let clients = []

before(async () => {
  server = await Server.start()
  for (const person of ["secretariat", "member-1", "member-2", "chair"]) {
    sync[person] = await server.signIn(person)
  }
  secretariat = sync.secretariat.token
  const plans = await server.get("/api/plans", secretariat)
  plan = plans[0]
  const writer = new Client(sync.secretariat.sync)
  await writer.find(plan.document)
  if (Object.keys(writer.handle.doc().sections).length === 0) {
    writer.handle.change((doc) => (doc.sections.first = { parent: "", order: "a0", text: "" }))
    await writer.onServer()
  }
  await writer.close()
})

after(() => server?.end())

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  clients = []
})

function client(person, options) {
  const one = new Client(sync[person].sync, options)
  clients.push(one)
  return one
}

async function open(...people) {
  const opened = people.map((person) => client(person))
  for (const one of opened) await one.find(plan.document)
  return opened
}

test("join and find", async () => {
  const [one] = await open("member-1")
  assert.equal(one.handle.doc().schema, 1)
  assert.equal(String(one.handle.doc().title), plan.title)
})

test("edit both ways, then silence", async () => {
  const [one, other] = await open("member-1", "member-2")
  one.type(" from one")
  await until("the other has it", () => other.text.includes("from one"))
  other.type(" from the other")
  await until("the first has it", () => one.text.includes("from the other"))
  await atRest([one, other])
})

test("two write at once", async () => {
  const [one, other] = await open("member-1", "member-2")
  for (let n = 0; n < 50; n++) {
    one.type(`a${n}`)
    other.type(`b${n}`)
    await new Promise((done) => setTimeout(done, 7))
  }
  await atRest([one, other])
  assert.ok(one.text.includes("a49") && one.text.includes("b49"))
})

test("five write at once, and a newcomer has it all", async () => {
  const five = await open("member-1", "member-2", "secretariat", "member-1", "member-2")
  for (let n = 0; n < 20; n++) {
    for (const one of five) one.type(".")
    await new Promise((done) => setTimeout(done, 11))
  }
  const [newcomer] = await open("chair")
  await atRest([...five, newcomer])
})

test("reconnect, with edits on both sides meanwhile", async () => {
  const [one, other] = await open("member-1", "member-2")
  for (let cut = 0; cut < 3; cut++) {
    one.cut()
    one.type(` offline ${cut}`)
    other.type(` online ${cut}`)
    await until("both have both", () =>
      [one, other].every(({ text }) => text.includes(`offline ${cut}`) && text.includes(`online ${cut}`)),
    )
  }
  await atRest([one, other])
})

test("the server is killed and comes back, with typing meanwhile", async () => {
  const [one, other] = await open("member-1", "member-2")
  one.type(" before the kill")
  await until("the other has it", () => other.text.includes("before the kill"))
  await server.kill()
  one.type(" one while it was away")
  other.type(" other while it was away")
  await server.run()
  await until("both have both", () =>
    [one, other].every(({ text }) => text.includes("one while") && text.includes("other while")),
  )
  await atRest([one, other])
})

test("a document that does not exist", async () => {
  const one = client("member-1")
  await assert.rejects(one.repo.find(generateAutomergeUrl()), /unavailable/)
})

test("presence reaches the others and not its sender", async () => {
  const [one, other] = await open("member-1", "member-2")
  const heard = { one: [], other: [] }
  one.handle.on("ephemeral-message", ({ message }) => heard.one.push(message))
  other.handle.on("ephemeral-message", ({ message, senderId }) => heard.other.push({ message, senderId }))
  one.handle.broadcast({ kind: "cursor", n: 1 })
  await until("the other hears it", () => heard.other.length === 1)
  assert.deepEqual(heard.other, [{ message: { kind: "cursor", n: 1 }, senderId: one.repo.peerId }])
  assert.deepEqual(heard.one, [])
})

test("a client that reloads from its own storage sends what it kept, and only that", async () => {
  const storage = new MemoryStorage()
  const first = new Client(sync["member-1"].sync, { storage })
  await first.find(plan.document)
  first.type(" kept")
  await first.repo.flush()
  await first.close()
  const again = client("member-1", { storage })
  await again.find(plan.document)
  again.type(" and more")
  const [other] = await open("member-2")
  await until("the other has it", () => other.text.includes("kept and more"))
  await atRest([again, other])
})

test("what the server says it has is what it has on disk", async () => {
  const one = client("member-1", { storage: new MemoryStorage() })
  await one.find(plan.document)
  one.type(" durable")
  await one.onServer()
  await server.kill()
  await server.run()
  const [other] = await open("member-2")
  assert.ok(other.text.includes("durable"))
})

test("frozen: edits stay with their author, and arrive when it is over", async () => {
  const [one, other] = await open("member-1", "member-2")
  await server.command(secretariat, { type: "plan.freeze", plan: plan.id, reason: "the board reads it" })
  one.type(" while frozen")
  await new Promise((done) => setTimeout(done, 500))
  assert.ok(!other.text.includes("while frozen"))
  one.type(", and more")
  const before = one.messages
  await new Promise((done) => setTimeout(done, 1_500))
  assert.ok(one.messages - before <= 4, `${one.messages - before} messages about refused edits`)
  await server.command(secretariat, { type: "plan.unfreeze", plan: plan.id, reason: "read" })
  await until("the edits arrive", () => other.text.includes("while frozen, and more"))
  await atRest([one, other])
})

test("who may only read receives, and is not heard", async () => {
  const [reader, writer] = await open("chair", "member-1")
  reader.type(" by a reader")
  writer.type(" by a writer")
  await until("the reader has it", () => reader.text.includes("by a writer"))
  await new Promise((done) => setTimeout(done, 500))
  assert.ok(!writer.text.includes("by a reader"))
})
