/** What a keystroke and a remote edit cost in a plan of 50 pages, without the painting. Not a test: see measure.mjs. */
import * as A from "@automerge/automerge"
import { Binding } from "../../src/editor/binding"
import { textHistory } from "../../src/editor/undo"
import { Peer, plan } from "./room"

const SECTIONS = 20
const BLOCKS = 21
const WORDS = "The network agrees to strengthen the independence of its members and to report on it. "
  .repeat(5)
  .slice(0, 405)

function summary(name: string, times: number[]): string {
  times.sort((a, b) => a - b)
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(2)
  return `${name.padEnd(44)} p50 ${at(0.5)} ms   p95 ${at(0.95)} ms   max ${at(0.999)} ms`
}

export function measure(): string[] {
  const sections: Record<string, string[]> = {}
  for (let s = 0; s < SECTIONS; s += 1) {
    sections[`s${s}`] = [
      `# Section ${s}`,
      ...Array.from({ length: BLOCKS }, (_, b) => (b % 4 === 3 ? `- ${WORDS}` : WORDS)),
    ]
  }
  const start = plan(sections)
  const a = new Peer(start)
  const b = new Peer(A.clone(start))
  const opened = performance.now()
  const one = new Binding({ handle: a, plugins: [textHistory()] })
  const opening = performance.now() - opened
  new Binding({ handle: b, plugins: [textHistory()] })
  const characters = one.state.doc.textContent.length
  const keys: number[] = []
  const bare: number[] = []
  const remote: number[] = []
  const heard: number[] = []
  let at = Math.floor(one.state.doc.content.size / 2)
  while (!one.state.doc.resolve(at).parent.isTextblock) at += 1
  for (let index = 0; index < 400; index += 1) {
    const tr = one.state.tr.insertText("x", at + index)
    let began = performance.now()
    one.dispatch(tr)
    keys.push(performance.now() - began)
    began = performance.now()
    b.hear(a)
    heard.push(performance.now() - began)
    remote.push(b.telling)
  }
  for (let index = 0; index < 200; index += 1) {
    const began = performance.now()
    a.change((doc) => A.splice(doc as A.Doc<typeof doc>, ["sections", "s3", "text"], 50, 0, "y"))
    bare.push(performance.now() - began - a.telling)
  }
  const enter: number[] = []
  for (let index = 0; index < 100; index += 1) {
    const began = performance.now()
    one.dispatch(one.state.tr.split(at + 5))
    enter.push(performance.now() - began)
  }
  return [
    `${SECTIONS} sections, ${characters} characters, opened in ${opening.toFixed(0)} ms`,
    summary("key: transaction, document and state", keys),
    summary("  of it the document's own change", bare),
    summary("Enter", enter),
    summary("remote edit: applied and shown", heard),
    summary("  of it showing", remote),
  ]
}
