/** A document handle without a network, for tests: what one hears is merged when the test says so. */
import * as A from "@automerge/automerge"
import { marker } from "../../src/editor/write"
import { type PlanChange, type PlanDoc, type PlanHandle, textPath } from "../../src/editor/plan"

export class Peer implements PlanHandle {
  /** How long the listeners took last time, in milliseconds. */
  telling = 0
  private readonly listeners = new Set<(change: PlanChange) => void>()
  constructor(private current: A.Doc<PlanDoc>) {}

  doc(): A.Doc<PlanDoc> {
    return this.current
  }

  change(write: (doc: PlanDoc) => void): void {
    this.apply((options) => A.change(this.current, options, write))
  }

  /** Takes over what another peer has. */
  hear(other: Peer): void {
    const changes = A.getChanges(this.current, other.current)
    const missing = changes.length > 0 ? changes : []
    if (missing.length > 0) this.apply((options) => A.applyChanges(this.current, missing, options)[0])
  }

  private apply(run: (options: { patchCallback: A.PatchCallback<PlanDoc> }) => A.Doc<PlanDoc>): void {
    let heard: A.Patch[] = []
    this.current = run({ patchCallback: (patches) => (heard = patches) })
    const began = performance.now()
    if (heard.length > 0)
      for (const listener of this.listeners) listener({ doc: this.current, patches: heard })
    this.telling = performance.now() - began
  }

  on(_event: "change", listener: (change: PlanChange) => void): this {
    this.listeners.add(listener)
    return this
  }

  off(_event: "change", listener: (change: PlanChange) => void): this {
    this.listeners.delete(listener)
    return this
  }
}

/** A plan of sections, each given as its blocks: `["# Heading", "A paragraph", "- An item"]`. */
export function plan(sections: Record<string, string[]>): A.Doc<PlanDoc> {
  const string = (value: string) => new A.ImmutableString(value)
  let doc = A.from({
    schema: 1,
    title: string("A plan"),
    sections: {},
    tables: {},
  } as never) as A.Doc<PlanDoc>
  doc = A.change(doc, (d) => {
    for (const [index, [id, blocks]] of Object.entries(sections).entries()) {
      d.sections[id] = { parent: string(""), order: string(`a${index}`), text: "" }
      let at = 0
      for (const [ordinal, line] of blocks.entries()) {
        const [, kind, text] = /^(# |- |1\. |> |)(.*)$/s.exec(line) ?? []
        const type =
          {
            "# ": "section-heading",
            "- ": "unordered-list-item",
            "1. ": "ordered-list-item",
            "> ": "blockquote",
          }[kind ?? ""] ?? "paragraph"
        A.splitBlock(
          d as A.Doc<PlanDoc>,
          textPath(id),
          at,
          marker(`${id}${ordinal}`, {
            type: type as "paragraph",
            attrs: kind === "- " || kind === "1. " ? { indent: 0 } : {},
          }),
        )
        A.splice(d as A.Doc<PlanDoc>, textPath(id), at + 1, 0, text ?? "")
        at += 1 + (text ?? "").length
      }
    }
  })
  return doc
}
