/**
 * One editor over one plan's document. Invariants, which the fuzz test checks after every step:
 *  - what is shown is `normalise` of the document, section by section, in reading order;
 *  - each of one's own transactions is one change of the document (a huge one: several), of operations on what
 *    was edited only;
 *  - what others change arrives as steps that leave caret, selection and one's own history in place.
 * The binding needs no view: tests run on states alone.
 */
import type { Node as PmNode } from "prosemirror-model"
import { EditorState, type Plugin, TextSelection, type Transaction } from "prosemirror-state"
import { Mapping } from "prosemirror-transform"
import { readBlocks } from "./blocks"
import { type Closed, changedAmong, NONE } from "./closed"
import { confine } from "./confine"
import {
  type PlanChange,
  type PlanDoc,
  type PlanHandle,
  readingOrder,
  type SectionPlace,
  spansOf,
} from "./plan"
import { Held } from "./held"
import { repairSection } from "./repair"
import { schema } from "./schema"
import {
  isOdd,
  readPatches,
  renumber,
  sectionIds,
  sectionNode,
  showPlaces,
  showSection,
  type Touched,
} from "./show"
import { isShown, randomId, SHOWN, tidy } from "./tidy"
import { MOST_ROWS, type SectionEdit, sectionEdits, type Writing, writeSection } from "./write"

export interface BindingOptions {
  handle: PlanHandle
  plugins?: Plugin[]
  /** May this person edit now? Asked before each edit; "no" leaves all as it is. */
  editable?: () => boolean
  /** The sections that others write. */
  closed?: () => Closed
  /** Somebody has tried to write in one of them. */
  refused?: (section: string) => void
  /** Ids of new blocks; random by default, counted in tests. */
  newId?: () => string
}

export class Binding {
  state: EditorState
  private readonly handle: PlanHandle
  private readonly editable: () => boolean
  private readonly closed: () => Closed
  private readonly refused: (section: string) => void
  private readonly odd = new Set<string>()
  private readonly listeners = new Set<(state: EditorState, before: EditorState) => void>()
  private twins = false
  private writing = false
  private held: Held | null = null
  private readonly heard = (change: PlanChange) => this.changed(change)

  constructor(options: BindingOptions) {
    this.handle = options.handle
    this.editable = options.editable ?? (() => true)
    this.closed = options.closed ?? (() => NONE)
    this.refused = options.refused ?? (() => {})
    const doc = schema.nodes.doc.create(
      null,
      readingOrder(this.handle.doc()).map((place) => this.read(place)),
    )
    this.state = EditorState.create({
      doc,
      plugins: [tidy(options.newId ?? randomId), ...(options.plugins ?? [])],
    })
    const tr = this.state.tr
    this.twins = renumber(tr)
    this.state = this.state.apply(shown(tr))
    this.handle.on("change", this.heard)
  }

  destroy(): void {
    this.handle.off("change", this.heard)
    this.listeners.clear()
  }

  /** Hears of every new state. Returns the way to stop. */
  listen(listener: (state: EditorState, before: EditorState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** For `EditorView.dispatchTransaction`. What would break a rule is brought within it, or left out. */
  dispatch(tr: Transaction): void {
    if (isShown(tr) || !tr.docChanged) {
      this.enter(this.state.applyTransaction(tr).state)
      return
    }
    const allowed = this.editable() ? confine(this.state, tr) : null
    const others = allowed ? changedAmong(this.state.doc, allowed.doc, this.closed()) : null
    if (others !== null) this.refused(others)
    if (!allowed || others !== null) {
      // The view may already show what it typed; hearing of the old state, it puts that right.
      this.enter(this.state)
      return
    }
    const before = this.state
    const { state, transactions } = before.applyTransaction(allowed)
    this.write(before.doc, state.doc, transactions)
    this.enter(state)
    this.settle()
  }

  private write(before: PmNode, after: PmNode, transactions: readonly Transaction[]): void {
    const mapping = new Mapping(transactions.flatMap((tr) => tr.mapping.maps))
    const edits = sectionEdits(before, after, mapping)
    const old = this.handle.doc()
    const writing = { doc: old }
    const steps = this.steps(writing, old, edits)
    this.writing = true
    try {
      for (let more = true; more; ) {
        this.handle.change((doc: PlanDoc) => {
          writing.doc = doc
          for (let rows = 0; more && rows < MOST_ROWS; ) {
            const step = steps.next()
            if (step.done) more = false
            else rows += step.value
          }
        })
      }
    } finally {
      this.writing = false
    }
  }

  private *steps(writing: Writing, old: PlanDoc, edits: readonly SectionEdit[]): Generator<number> {
    for (const edit of edits) {
      if (this.odd.has(edit.id))
        repairSection(writing.doc, edit.id, readBlocks(edit.id, spansOf(old, edit.id)))
      yield* writeSection(writing, edit, this.held?.section === edit.id ? this.held.edited(edit) : undefined)
    }
  }

  /** After an edit among twins or in a text that was repaired, shows what the document says now. */
  private settle(): void {
    const edited = [...this.odd]
    if (edited.length === 0 && !this.twins) return
    this.show({ places: false, texts: new Map(edited.map((id) => [id, null])), everywhere: false })
  }

  private changed(change: PlanChange): void {
    if (this.writing) return
    const touched = readPatches(change.patches)
    if (this.held) this.keepBack(this.held, touched)
    this.show(touched)
  }

  /** Takes out of what is to be shown now what would disturb the section that is held. */
  private keepBack(held: Held, touched: Touched): void {
    const mapping = touched.texts.get(held.section)
    // Nothing tells where things are now: showing it ends the composition, and loses nothing.
    if (mapping === null) {
      this.release()
      return
    }
    if (touched.everywhere) held.waiting = true
    if (mapping) held.changed(mapping)
    held.places ||= touched.places
    touched.places = false
    touched.texts.delete(held.section)
  }

  /** Leaves this section as it is shown, while an input method composes in it; one's own edits go on. */
  hold(section: string): void {
    this.release()
    if (!this.odd.has(section)) this.held = new Held(section)
  }

  release(): void {
    const { held } = this
    this.held = null
    if (!held || (!held.waiting && !held.places)) return
    const texts = new Map(held.waiting ? [[held.section, null]] : [])
    this.show({ places: held.places, texts, everywhere: false })
  }

  private show(touched: Touched): void {
    const doc = this.handle.doc()
    const tr = this.state.tr
    const places = touched.places ? readingOrder(doc) : null
    const stored = this.state.storedMarks
    const selected = selectedSections(this.state)
    if (places) showPlaces(tr, places, (place) => this.read(place))
    const ids = sectionIds(tr.doc)
    if (touched.everywhere)
      for (const id of ids) if (!touched.texts.has(id)) touched.texts.set(id, new Mapping())
    for (const [id, mapping] of touched.texts) {
      const index = ids.indexOf(id)
      if (index < 0) continue
      const section = tr.doc.child(index)
      const wasOdd = this.odd.has(id)
      const expected = this.read({ id, parent: "", order: "", depth: section.attrs.depth })
      showSection(tr, index, expected, wasOdd || this.odd.has(id) ? null : mapping)
    }
    this.twins = renumber(tr)
    if (!tr.docChanged) return
    keepSelection(tr, this.state, selected)
    this.enter(this.state.apply(shown(tr).setStoredMarks(stored)))
  }

  private read(place: SectionPlace): PmNode {
    const blocks = readBlocks(place.id, spansOf(this.handle.doc(), place.id))
    if (isOdd(blocks)) this.odd.add(place.id)
    else this.odd.delete(place.id)
    return sectionNode(place, blocks)
  }

  private enter(state: EditorState): void {
    const before = this.state
    this.state = state
    // A listener may itself bring about a newer state; those after it hear of that one.
    for (const listener of this.listeners) listener(this.state, before)
  }
}

function shown(tr: Transaction): Transaction {
  return tr.setMeta(SHOWN, true).setMeta("addToHistory", false)
}

/** Where the selection's ends stand, by section and offset, for when a section is moved as a whole. */
function selectedSections(state: EditorState): { id: string; offset: number }[] {
  const { $anchor, $head } = state.selection
  return [$anchor, $head].flatMap((end) =>
    end.depth > 0 ? [{ id: end.node(1).attrs.id as string, offset: end.pos - end.start(1) }] : [],
  )
}

/** What others put where the caret stands goes behind it; a moved section takes the caret along. */
function keepSelection(tr: Transaction, before: EditorState, ends: { id: string; offset: number }[]): void {
  const { anchor, head } = before.selection
  const map = (position: number, end: { id: string; offset: number } | undefined): number => {
    const mapped = tr.mapping.mapResult(position, -1)
    if (!end || !mapped.deletedAcross) return mapped.pos
    let start = 1
    for (const section of tr.doc.children) {
      if (section.attrs.id === end.id) return start + Math.min(end.offset, section.content.size)
      start += section.nodeSize
    }
    return mapped.pos
  }
  const at = (position: number) => tr.doc.resolve(Math.min(position, tr.doc.content.size))
  tr.setSelection(TextSelection.between(at(map(anchor, ends[0])), at(map(head, ends[1])), -1))
}
