// What stock clients write when several people work on one plan: `node honest.mjs SEED HISTORIES CHANGES` writes
// the changes to stdout, each history in an order in which a server could receive it. All numbers are 32 bits,
// least significant byte first: how many changes a history has, then each one's length and bytes.

import { writeSync } from "node:fs"
import { next as A } from "@automerge/automerge"

const [seed = 1, histories = 1, changes = 600] = process.argv.slice(2).map(Number)

/** A die that rolls the same every time (mulberry32). */
function dice(state) {
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0
    let z = Math.imul(state ^ (state >>> 15), 1 | state)
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z
    return ((z ^ (z >>> 14)) >>> 0) % sides
  }
}

const plain = (text) => new A.ImmutableString(text)
const actor = (number) => number.toString(16).padStart(32, "0")
const path = (section) => ["sections", section, "text"]
const KINDS = ["paragraph", "heading", "unordered-list-item", "ordered-list-item", "blockquote"]

function marker(roll) {
  const type = KINDS[roll(KINDS.length)]
  const attrs = { id: plain(`p${roll(100_000)}`) }
  if (type === "heading") attrs.level = 2 + roll(3)
  if (type.endsWith("item")) attrs.indent = roll(3)
  return { type: plain(type), parents: [], attrs, isEmbed: false }
}

function origin() {
  let doc = A.init({ actor: actor(1) })
  return A.change(doc, { time: 1 }, (doc) => {
    doc.schema = 1
    doc.title = plain("Plan")
    doc.sections = {}
    doc.tables = {}
    doc.sections.aims = { parent: plain(""), order: plain("a0"), text: "" }
    const heading = { type: plain("section-heading"), parents: [], attrs: { id: plain("aims") }, isEmbed: false }
    A.splitBlock(doc, path("aims"), 0, heading)
    A.splice(doc, path("aims"), 1, 0, "Aims")
  })
}

/** One thing that a person may do, as one change. */
function act(doc, roll, name) {
  const ids = Object.keys(doc.sections)
  const section = ids[roll(ids.length)]
  const at = path(section)
  const length = doc.sections[section].text.length
  const place = roll(length + 1)
  const some = Math.min(1 + roll(9), length - place)
  const blocks = A.spans(doc, at).filter((span) => span.type === "block")
  const markers = []
  let width = 0
  for (const span of A.spans(doc, at)) {
    if (span.type === "block") markers.push(width)
    width += span.type === "block" ? 1 : span.value.length
  }
  const options = { time: 2 + roll(1000), message: roll(50) === 0 ? "a note" : undefined }
  return A.change(doc, options, (doc) => {
    switch (roll(20)) {
      case 0: case 1: case 2: case 3: case 4:
        A.splice(doc, at, place, 0, ["x", "é", "🦊", "two words", "line\nline"][roll(5)])
        break
      case 5: case 6:
        if (some > 0) A.splice(doc, at, place, some)
        break
      case 7:
        A.splice(doc, at, place, Math.max(some, 0), "instead")
        break
      case 8: case 9:
        A.splitBlock(doc, at, place, marker(roll))
        break
      case 10:
        if (markers.length > 1) A.joinBlock(doc, at, markers[roll(markers.length)])
        break
      case 11:
        if (markers.length > 0) A.updateBlock(doc, at, markers[roll(markers.length)], marker(roll))
        break
      case 12: case 13:
        if (some > 0) {
          const names = [["strong", true], ["em", true], ["link", '{"href":"https://example.org"}']]
          const [mark, value] = names[roll(3)]
          const expand = ["after", "none", "both", "before"][roll(4)]
          const range = { start: place, end: place + some, expand }
          if (roll(3) === 0) A.unmark(doc, at, range, mark)
          else A.mark(doc, at, range, mark, value)
        }
        break
      case 14: {
        const spans = A.spans(doc, at).map((span) =>
          span.type === "block" ? { type: "block", value: marker(roll) } : { ...span },
        )
        spans.splice(roll(spans.length + 1), roll(2), { type: "text", value: "pasted ", marks: { strong: true } })
        A.updateSpans(doc, at, spans)
        break
      }
      case 15:
        A.updateText(doc, at, `${doc.sections[section].text.slice(0, place)}written over`)
        break
      case 16:
        doc.title = plain(`Title ${roll(6)}`)
        break
      case 17: {
        const entry = doc.sections[section]
        if (roll(2) === 0) entry.order = plain(`a${roll(10)}V`)
        else entry.parent = plain(roll(2) === 0 ? "" : ids[roll(ids.length)])
        break
      }
      case 18:
        doc.sections[section].removed = roll(2) === 0
        break
      default: {
        const id = `s${name}-${roll(4)}`
        if (doc.sections[id]) break
        doc.sections[id] = { parent: plain(""), order: plain(`a${roll(10)}`), text: "" }
        A.splitBlock(doc, path(id), 0, { ...marker(roll), type: plain("section-heading") })
        A.splice(doc, path(id), 1, 0, "New")
      }
    }
    if (blocks.length > 0 && roll(12) === 0) {
      // As an editor may do: the attribute itself, and not the block.
      const block = `/${at.join("/")}/${markers[0] ?? 0}`
      try {
        A.getBackend(doc).put(`${block}/attrs`, "level", 2 + roll(3), "int")
      } catch {
        // Nothing stands there any more.
      }
    }
  })
}

function history(roll, count) {
  const first = origin()
  const people = [2, 3, 4, 5].map((number) => A.clone(first, { actor: actor(number) }))
  let server = A.clone(first, { actor: actor(0xff) })
  while (A.getAllChanges(server).length < count) {
    people.forEach((doc, name) => {
      for (let left = 1 + roll(5); left > 0; left -= 1) doc = act(doc, roll, name)
      if (roll(30) === 0) doc = A.emptyChange(doc, { time: 3 })
      people[name] = doc
    })
    for (const name of [roll(4), roll(4)]) {
      server = A.merge(server, people[name])
      people[name] = A.merge(people[name], server)
    }
  }
  return A.getAllChanges(people.reduce((all, doc) => A.merge(all, doc), server))
}

function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if (error.code !== "EAGAIN") throw error
    }
  }
}

function number(value) {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

for (let at = 0; at < histories; at += 1) {
  const made = history(dice(seed * 1_000_003 + at), changes)
  write(number(made.length))
  for (const change of made) {
    write(number(change.length))
    write(change)
  }
}
