// @vitest-environment jsdom
/**
 * Two people edit one plan, some of the time apart. After each step the editor shows what the document reads;
 * after each meeting both show the same. A failing seed prints its plan, one step a line.
 */
import * as A from "@automerge/automerge"
import { closeHistory } from "prosemirror-history"
import { type Command, TextSelection, type Transaction } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { describe, expect, it } from "vitest"
import { Binding } from "../../src/editor/binding"
import { type FlatBlock, plain } from "../../src/editor/blocks"
import { insertBlocks } from "../../src/editor/clipboard"
import * as commands from "../../src/editor/commands"
import { numbers } from "../../src/editor/numbers"
import { blocksFromHtml, type PastedBlock } from "../../src/editor/paste"
import { readingOrder, readPlan, removedSections } from "../../src/editor/plan"
import { blockOf } from "../../src/editor/schema"
import { addSection, moveSection, removeSection, restoreSection, stepPlace } from "../../src/editor/sections"
import { coarse } from "../../src/editor/show"
import { textHistory, Undo } from "../../src/editor/undo"
import { Peer, plan } from "./room"

const SEEDS = Number(process.env.FUZZ_SEEDS ?? 25)
const FIRST = Number(process.env.FUZZ_FIRST ?? 1)
const OPERATIONS = 120

/** Mulberry32: the same numbers for the same seed. */
class Dice {
  constructor(private seed: number) {}
  below(n: number): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n)
  }
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }
}

class Desk {
  readonly binding: Binding
  readonly undo: Undo
  private readonly view: EditorView | null = null
  private count = 0

  constructor(
    readonly name: string,
    readonly peer: Peer,
    readonly dice: Dice,
    seen: boolean,
  ) {
    this.binding = new Binding({
      handle: peer,
      plugins: [textHistory(Number.POSITIVE_INFINITY), numbers()],
      newId: () => this.id("n"),
    })
    this.undo = new Undo(this.binding, peer)
    if (seen) this.view = this.show()
  }

  private show(): EditorView {
    const place = document.createElement("div")
    const dispatchTransaction = (tr: Transaction) => this.binding.dispatch(tr)
    const view = new EditorView(place, { state: this.state, dispatchTransaction })
    this.binding.listen((state) => view.updateState(state))
    return view
  }

  /** What the page holds is what the state says. */
  checkPage(): void {
    const blocks = Array.from(
      this.view?.dom.querySelectorAll("[data-block]") ?? [],
      (block) => block.textContent,
    )
    if (this.view)
      expect(blocks).toEqual(this.state.doc.children.flatMap((s) => s.children.map((b) => b.textContent)))
  }

  get state() {
    return this.binding.state
  }

  id(kind: string): string {
    this.count += 1
    return `${this.name}${kind}${this.count}`
  }

  run(command: Command): boolean {
    return command(this.state, (tr) => this.binding.dispatch(tr))
  }

  /** Selects from one place of the text to another at most `reach` further on. */
  select(reach: number, within: "block" | "section" | "plan"): boolean {
    const places: number[] = []
    this.state.doc.descendants((node, at) => {
      if (!node.isTextblock) return true
      for (let offset = 0; offset <= node.content.size; offset += 1) places.push(at + 1 + offset)
      return false
    })
    if (places.length === 0) return false
    const $from = this.state.doc.resolve(this.dice.of(places))
    const limit = { block: $from.end(), section: $from.end(1) - 1, plan: this.state.doc.content.size - 2 }[
      within
    ]
    const to = Math.min($from.pos + this.dice.below(reach + 1), limit)
    const selection = TextSelection.between($from, this.state.doc.resolve(to))
    this.binding.dispatch(this.state.tr.setSelection(selection))
    return true
  }

  /** Puts the caret at a block's start or end. */
  caret(where: "start" | "end" | "any"): boolean {
    if (!this.select(0, "block")) return false
    const { $from } = this.state.selection
    const at = where === "any" ? $from.pos : where === "start" ? $from.start() : $from.end()
    this.binding.dispatch(this.state.tr.setSelection(TextSelection.create(this.state.doc, at)))
    return true
  }

  section(): string | undefined {
    const places = readingOrder(this.peer.doc())
    return places.length > 0 ? this.dice.of(places).id : undefined
  }
}

const WORDS = ["equality", "body", "a", "the", "measure", "plan", "für", "données", "x"]
const EMOJI = ["😀", "👩‍👧", "🇪🇺", "é", "𝔄"]

const PAGES = [
  "<h2>Pasted</h2><p>one <b>two</b></p><ul><li>three<ol><li>four</li></ol></li></ul>",
  "words and <i>more</i>",
  "<blockquote>said</blockquote><table><tr><td>a</td><td>b</td></tr></table><p>last</p>",
]

type Operation = (desk: Desk) => unknown

const operations: Record<string, Operation> = {
  type: (d) => d.caret("any") && d.binding.dispatch(d.state.tr.insertText(`${d.dice.of(WORDS)} `)),
  "type over": (d) => d.select(12, "block") && d.binding.dispatch(d.state.tr.insertText(d.dice.of(WORDS))),
  emoji: (d) => d.caret("any") && d.binding.dispatch(d.state.tr.insertText(d.dice.of(EMOJI))),
  "delete back": (d) => {
    if (!d.caret("any")) return
    const { $from } = d.state.selection
    if ($from.parentOffset > 0) d.binding.dispatch(d.state.tr.delete($from.pos - 1, $from.pos))
  },
  "delete in block": (d) => d.select(15, "block") && d.run(commands.deleteSelected),
  "delete across blocks": (d) => d.select(60, "section") && d.run(commands.deleteSelected),
  "delete across sections": (d) => d.select(80, "plan") && d.binding.dispatch(d.state.tr.deleteSelection()),
  split: (d) => d.caret("any") && d.run(commands.enter),
  "split at start": (d) => d.caret("start") && d.run(commands.enter),
  "split at end": (d) => d.caret("end") && d.run(commands.enter),
  "line break": (d) => d.caret("any") && d.run(commands.lineBreak),
  "join back": (d) => d.caret("start") && d.run(commands.joinBack),
  "join forward": (d) => d.caret("end") && d.run(commands.joinForward),
  "block type": (d) =>
    d.select(40, "section") &&
    d.run(
      commands.setBlock(
        d.dice.of([
          { type: "paragraph" },
          { type: "blockquote" },
          { type: "bulleted-list" },
          { type: "numbered-list" },
        ] as const),
      ),
    ),
  "heading level": (d) =>
    d.select(10, "section") &&
    d.run(commands.toggleBlock({ type: "heading", level: d.dice.of([2, 3, 4] as const) })),
  indent: (d) => d.select(40, "section") && d.run(commands.indent),
  outdent: (d) => d.select(40, "section") && d.run(commands.outdent),
  bold: (d) => d.select(20, "section") && d.run(commands.toggleStrong),
  italic: (d) => d.select(20, "section") && d.run(commands.toggleEm),
  link: (d) =>
    d.select(12, "block") && d.run(commands.setLink({ href: `https://example.org/${d.dice.below(3)}` })),
  unlink: (d) => d.select(12, "block") && d.run(commands.setLink(null)),
  paste: (d) =>
    d.select(10, "plan") && d.binding.dispatch(insertBlocks(d.state, blocksFromHtml(d.dice.of(PAGES)))),
  "copy and paste": (d) => {
    if (!d.select(60, "section")) return
    const blocks: PastedBlock[] = []
    const { content } = d.state.selection.content()
    content.descendants((node) => {
      if (node.isTextblock && node.type.name !== "sectionHeading") blocks.push(blockOf(node))
      return !node.isTextblock
    })
    if (blocks.length > 0 && d.caret("any")) d.binding.dispatch(insertBlocks(d.state, blocks))
  },
  undo: (d) => d.undo.undo(),
  redo: (d) => d.undo.redo(),
  "add section": (d) => {
    const after = d.section() ?? ""
    const parent = readingOrder(d.peer.doc()).find(({ id }) => id === after)?.parent ?? ""
    const ids = { section: d.id("s"), block: d.id("h") }
    d.undo.sectionChanged(addSection(d.peer, { parent, after }, "New", ids))
  },
  "move section": (d) => {
    const id = d.section()
    const place = id && stepPlace(d.peer.doc(), id, d.dice.of(["up", "down", "in", "out"] as const))
    const change = id && place && moveSection(d.peer, id, place)
    if (change) d.undo.sectionChanged(change)
  },
  "remove section": (d) => {
    const id = d.section()
    if (id && d.dice.below(3) === 0) d.undo.sectionChanged(removeSection(d.peer, id))
  },
  "restore section": (d) => {
    const removed = removedSections(d.peer.doc())
    if (removed.length > 0) d.undo.sectionChanged(restoreSection(d.peer, d.dice.of(removed)))
  },
  heading: (d) => {
    if (!d.caret("any")) return
    const { $from } = d.state.selection
    const at = $from.start(1) + 1
    const { size } = $from.node(1).child(0).content
    d.binding.dispatch(d.state.tr.insertText(d.dice.of(WORDS), at + d.dice.below(size + 1), at + size))
  },
}

/** Some things are done more often than others. */
const often = ["type", "type", "type", "type", "delete back", "split", "undo", "bold", "delete in block"]
const kinds = [...Object.keys(operations), ...often]

interface Shown {
  id: string
  depth: number
  blocks: FlatBlock[]
}

function shown(binding: Binding): Shown[] {
  return binding.state.doc.children.map((section) => ({
    id: section.attrs.id,
    depth: section.attrs.depth,
    blocks: section.children.map(blockOf),
  }))
}

function read(doc: ReturnType<Peer["doc"]>): Shown[] {
  return readPlan(doc).map(({ place, blocks }) => ({
    id: place.id,
    depth: place.depth,
    blocks: blocks.map((block) => {
      const { implied: _implied, derived: _derived, ...rest } = plain(block)
      return rest
    }),
  }))
}

/** The fast way where they are the same, the telling way where they are not. */
function same(a: Shown[], b: Shown[]): void {
  if (JSON.stringify(a) !== JSON.stringify(b)) expect(a).toEqual(b)
}

function play(seed: number): void {
  const dice = new Dice(seed)
  const start = plan({
    s: ["# Aims", "The first aim of the plan.", "- one", "- two", "1. three", "> quoted"],
    t: ["# Means", "What it takes, and who.", "More of it."],
    u: ["# Ends", ""],
  })
  const a = new Peer(A.clone(start, { actor: "aa" }))
  const b = new Peer(A.clone(start, { actor: "bb" }))
  const desks = [new Desk("A", a, dice, seed % 5 === 0), new Desk("B", b, dice, false)] as const
  const log: string[] = []
  const check = (desk: Desk) => {
    same(shown(desk.binding), read(desk.peer.doc()))
    desk.state.doc.check()
    desk.checkPage()
  }
  try {
    let apart = 0
    for (let done = 0; done < OPERATIONS; done += 1) {
      const desk = dice.of(desks)
      const kind = dice.of(kinds)
      if (dice.below(2) === 0) desk.binding.dispatch(closeHistory(desk.state.tr))
      log.push(`${desk.name}: ${kind}`)
      operations[kind]?.(desk)
      const { from, to } = desk.state.selection
      log[log.length - 1] += ` (selection ${from} to ${to})`
      check(desk)
      apart -= 1
      if (apart > 0 && done < OPERATIONS - 1) continue
      apart = dice.below(2) === 0 ? 1 : 1 + dice.below(15)
      log.push("meet")
      a.hear(b)
      check(desks[0])
      b.hear(a)
      check(desks[1])
      same(shown(desks[0].binding), shown(desks[1].binding))
    }
  } catch (cause) {
    throw new Error(
      `seed ${seed} failed after:\n${log.join("\n")}\n${cause instanceof Error ? (cause.stack ?? cause.message) : cause}`,
      { cause },
    )
  }
}

describe("two editors over one plan", () => {
  it.each(Array.from({ length: SEEDS }, (_, index) => FIRST + index))("seed %i", (seed) => play(seed), 30_000)

  it("never needed the coarse step", () => {
    expect(coarse.count).toBe(0)
  })
})
