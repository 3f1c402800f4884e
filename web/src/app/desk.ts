/**
 * Where the person's hands are: one editor on one document, and what the
 * outline, the toolbar and the comments show of it and do to it. The room
 * knows the server; the desk knows the text.
 */
import type { DocHandle } from "@automerge/automerge-repo/slim"
import type { EditorState } from "prosemirror-state"
import { TextSelection } from "prosemirror-state"
import type { Closed } from "../editor/closed"
import { flatAt, relativeAt } from "../editor/flat"
import {
  type BlockChoice,
  createEditor,
  createPresence,
  type Editor,
  indent,
  isMarked,
  linkAt,
  outdent,
  type PlanHandle,
  readingOrder,
  setBlock,
  setLink,
  stepPlace,
  toggleBlock,
  toggleEm,
  toggleStrong,
} from "../editor"
import { kindOf, schema } from "../editor/schema"
import { makeAnchor, type Place, placesOf } from "./anchors"
import type { PlanDocument } from "./connection"
import { highlights, highlightsPlugin, type Highlight } from "./highlights"
import type { Assigned, Problem } from "./api"
import type { Room } from "./room"
import { Store } from "./store"
import { type Settled, strayMarks, straysPlugin } from "./strays"
import { words } from "./words"

export type OutlineEntry = { id: string; depth: number; heading: string }
export type Move = "up" | "down" | "in" | "out"

/** A block's kind as the toolbar names it. */
export type Kind =
  | "section-heading"
  | "paragraph"
  | "heading-2"
  | "heading-3"
  | "heading-4"
  | "blockquote"
  | "bulleted-list"
  | "numbered-list"
  | "table"

export type Formatting = {
  /** Null while the caret is nowhere. */
  kind: Kind | null
  strong: boolean
  em: boolean
  link: string | null
  canIndent: boolean
  canOutdent: boolean
  canUndo: boolean
  canRedo: boolean
  /** Words of one section are selected, so they can be commented on. */
  canComment: boolean
}

const NOWHERE: Formatting = {
  kind: null,
  strong: false,
  em: false,
  link: null,
  canIndent: false,
  canOutdent: false,
  canUndo: false,
  canRedo: false,
  canComment: false,
}

/** The places of the comments are read again when the document has been quiet for this long. */
const REREAD_MS = 150
/** How many frames a thread's card is waited for. */
const CARD_FRAMES = 60

export class Desk {
  readonly outline = new Store<OutlineEntry[]>([])
  /** The section that holds the caret. */
  readonly current = new Store<string | null>(null)
  readonly formatting = new Store<Formatting>(NOWHERE)
  readonly editable: Store<boolean>
  readonly mayComment: Store<boolean>
  /** The sections that others write, each with a sentence that says who. */
  readonly closed: Store<Closed>
  /** The box for a link is open. */
  readonly linking = new Store(false)
  /** The thread that is looked at. */
  readonly thread = new Store<string | null>(null)
  readonly places = new Store<ReadonlyMap<string, Place>>(new Map())
  /** Counts the times that the comments should come into sight. */
  readonly panel = new Store(0)

  private readonly handle: PlanHandle
  private editor: Editor | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private linked = false
  private strayMarked = false

  constructor(
    private readonly room: Room,
    private readonly document: DocHandle<PlanDocument>,
  ) {
    this.handle = document as unknown as PlanHandle
    const mayEdit = () => room.access.get().may.includes("edit") && !room.access.get().frozen
    this.editable = new Store(mayEdit())
    this.mayComment = new Store(room.access.get().may.includes("comment"))
    this.closed = new Store(this.readClosed())
    room.people.subscribe(() => this.setClosed())
    room.access.subscribe(() => {
      this.editable.set(mayEdit())
      this.mayComment.set(room.access.get().may.includes("comment"))
      this.setClosed()
      this.editor?.refresh()
      this.markStrays()
    })
    room.strays.subscribe(() => this.markStrays())
    room.threads.subscribe(() => this.readPlaces())
    this.thread.subscribe(() => this.highlight())
    let drafted = room.draft("new")?.anchor
    room.drafts.subscribe(() => {
      const anchor = room.draft("new")?.anchor
      if (anchor !== drafted) this.highlight()
      drafted = anchor
    })
    this.handle.on("change", () => {
      clearTimeout(this.timer)
      this.timer = setTimeout(() => this.readPlaces(), REREAD_MS)
    })
    // On the whole page, so that words selected in a plan that one may not write in can be commented on too.
    window.addEventListener("keydown", (event) => {
      if (event.code !== "KeyM" || !event.altKey || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      this.startComment()
    })
    window.addEventListener("hashchange", () => {
      this.linked = false
      this.followLink()
    })
  }

  private readClosed(): Closed {
    const { room } = this
    const others = (room.access.get().sections ?? []).filter(({ may }) => !may)
    const by = ({ organisations, people }: Assigned) =>
      [...organisations, ...people.map((person) => room.name(person))].join(", ")
    return new Map(others.map((assigned) => [assigned.section, words.plan.writtenBy(by(assigned))]))
  }

  private setClosed(): void {
    const closed = this.readClosed()
    const before = this.closed.get()
    if (closed.size === before.size && [...closed].every(([id, text]) => before.get(id) === text)) return
    this.closed.set(closed)
    this.editor?.refresh()
  }

  private tellClosed(section: string): void {
    const sentence = this.closed.get().get(section)
    if (sentence) this.room.tell({ kind: "info", text: sentence, hint: words.plan.writtenHint })
  }

  /** Whether a section may be renamed, moved and removed here. */
  mayChange(section: string): boolean {
    return this.editable.get() && !this.closed.get().has(section)
  }

  mount(place: HTMLElement): () => void {
    const { handle, room } = this
    const presence = createPresence({ handle, send: (message) => this.document.broadcast(message) })
    const editor = createEditor({
      place,
      handle,
      editable: () => this.editable.get(),
      closed: () => this.closed.get(),
      refused: (section) => this.tellClosed(section),
      askLink: () => this.linking.set(true),
      label: room.plan.get().title,
      plugins: [
        highlightsPlugin((thread) => this.focusThread(thread, null)),
        straysPlugin((provision, settled) => void this.settleStray(provision, settled)),
        presence.plugin,
      ],
    })
    this.editor = editor
    const hear = ({ senderId, message }: { senderId: string; message: unknown }) =>
      presence.hear(senderId, message)
    const showPeople = () => presence.setPeople(this.peers())
    this.document.on("ephemeral-message", hear)
    presence.attach(editor)
    showPeople()
    const stops = [
      editor.listen((state, before) => this.read(state, before)),
      room.here.subscribe(showPeople),
      room.people.subscribe(showPeople),
    ]
    this.read(editor.state, null)
    this.readPlaces()
    return () => {
      for (const stop of stops) stop()
      this.document.off("ephemeral-message", hear)
      presence.detach()
      this.editor = null
      editor.destroy()
    }
  }

  /** Who is at the other ends, by the server's word; this window itself is left out. */
  private peers(): Map<string, { name: string; number: number }> {
    const { room } = this
    const others = room.here.get().filter(({ peer }) => peer !== room.connection.peerId)
    return new Map(
      others.map(({ peer, person }) => [peer, { name: room.name(person), number: room.number(person) }]),
    )
  }

  private read(state: EditorState, before: EditorState | null): void {
    const editor = this.editor
    if (!editor) return
    if (!before || before.doc !== state.doc) {
      const outline = editor.outline()
      if (!before || !sameOutline(outline, this.outline.get())) this.outline.set(outline)
    }
    const { $from, empty } = state.selection
    this.current.set($from.depth > 0 ? $from.node(1).attrs.id : null)
    const next = formattingOf(editor, state, !empty && this.selectedRange() !== null)
    if (!sameFormatting(next, this.formatting.get())) this.formatting.set(next)
  }

  // Formatting

  toggle(name: "strong" | "em"): void {
    this.run(name === "strong" ? toggleStrong : toggleEm)
  }

  setKind(kind: Kind): void {
    const choice = choiceOf(kind)
    if (choice) this.run(setBlock(choice))
  }

  toggleKind(kind: Kind): void {
    const choice = choiceOf(kind)
    if (choice) this.run(toggleBlock(choice))
  }

  indent(by: 1 | -1): void {
    this.run(by > 0 ? indent : outdent)
  }

  setLink(href: string | null): void {
    this.run(setLink(href === null ? null : { href }))
  }

  undo(): void {
    this.editor?.undo()
    this.editor?.view.focus()
  }

  redo(): void {
    this.editor?.redo()
    this.editor?.view.focus()
  }

  private run(command: Parameters<Editor["run"]>[0]): void {
    this.editor?.run(command)
    this.editor?.view.focus()
  }

  // Sections

  goTo(section: string): void {
    const entry = this.editor?.outline().find(({ id }) => id === section)
    if (!entry || !this.editor) return
    this.editor.goTo(entry.at)
    this.scrollTo(section)
  }

  private scrollTo(section: string): void {
    const found = this.editor?.view.dom.querySelector(`[data-section="${CSS.escape(section)}"]`)
    found?.scrollIntoView({ block: "start" })
  }

  addSection(beside: string | null, where: "after" | "inside" | "last"): void {
    const { editor } = this
    if (!editor) return
    const order = readingOrder(this.handle.doc())
    const here = order.find(({ id }) => id === beside)
    const lastIn = (parent: string) => order.filter((place) => place.parent === parent).at(-1)?.id ?? ""
    const place =
      where === "after" && here
        ? { parent: here.parent, after: here.id }
        : where === "inside" && here
          ? { parent: here.id, after: lastIn(here.id) }
          : { parent: "", after: lastIn("") }
    const section = editor.addSection(place, "")
    this.goTo(section)
    this.tell(words.outline.added)
  }

  canMove(section: string, move: Move): boolean {
    return stepPlace(this.handle.doc(), section, move) !== null
  }

  moveSection(section: string, move: Move): void {
    const heading = this.headingOf(section)
    if (this.editor?.moveSection(section, move)) this.tell(words.outline.moved(heading))
  }

  removeSection(section: string): void {
    const heading = this.headingOf(section)
    this.editor?.removeSection(section)
    this.room.tell({
      kind: "info",
      text: words.outline.removed(heading),
      action: { label: words.outline.undo, run: () => this.editor?.restoreSection(section) },
    })
  }

  renameSection(section: string, heading: string): void {
    this.editor?.renameSection(section, heading)
  }

  private headingOf(section: string): string {
    return (
      this.outline
        .get()
        .find(({ id }) => id === section)
        ?.heading.trim() || words.outline.untitled
    )
  }

  private tell(text: string): void {
    this.room.tell({ kind: "info", text, action: { label: words.outline.undo, run: () => this.undo() } })
  }

  // Comments

  /** The selected words, as a place in one section's text. */
  private selectedRange(): { section: string; from: number; to: number } | null {
    const state = this.editor?.state
    if (!state || state.selection.empty) return null
    const { $from, $to } = state.selection
    if ($from.depth === 0 || $to.depth === 0 || $from.node(1) !== $to.node(1)) return null
    const section = $from.node(1)
    const from = flatAt(section, $from.pos - $from.start(1))
    const to = flatAt(section, $to.pos - $to.start(1))
    return to > from ? { section: section.attrs.id, from, to } : null
  }

  startComment(): void {
    const range = this.selectedRange()
    if (!range || !this.mayComment.get()) {
      this.room.tell({
        kind: "info",
        text: this.mayComment.get() ? words.comments.selectFirst : words.comments.mayNot,
      })
      return
    }
    const anchor = makeAnchor(this.handle.doc(), range.section, range.from, range.to)
    if (anchor.quote === "") return
    const text = this.room.draft("new")?.text ?? ""
    this.room.setDraft("new", { id: crypto.randomUUID(), thread: crypto.randomUUID(), text, anchor })
    this.panel.update((n) => n + 1)
  }

  /**
   * Brings a thread's card into sight. It takes the focus from where that was when the person asked for the
   * thread (`from`); without, the focus stays.
   */
  focusThread(thread: string, from: Element | null): void {
    this.thread.set(thread)
    this.panel.update((n) => n + 1)
    this.findCard(thread, from, CARD_FRAMES)
  }

  /**
   * A card that has just come, or has gone to another list, is on the page some frames later. It takes the
   * focus from there, or from nowhere; who has gone on to something else meanwhile keeps it.
   */
  private findCard(thread: string, from: Element | null, frames: number): void {
    requestAnimationFrame(() => {
      const { activeElement, body } = window.document
      const card = window.document.getElementById(`thread-${thread}`)
      if (!card && frames > 0) return this.findCard(thread, from, frames - 1)
      if (from && (activeElement === from || activeElement === body)) card?.focus({ preventScroll: true })
      card?.scrollIntoView({ block: "nearest" })
    })
  }

  /** Brings a thread's words into sight. */
  showThread(thread: string): void {
    this.thread.set(thread)
    const { editor } = this
    const range = this.places.get().get(thread)?.range
    if (!editor || !range) return
    let start = 0
    let from = -1
    editor.state.doc.forEach((section, offset) => {
      if (section.attrs.id !== range.section) return
      start = offset + 1
      from = start + relativeAt(section, range.from)
    })
    if (from < 0) return
    this.showAt(from)
  }

  private showAt(from: number): void {
    const { editor } = this
    if (!editor) return
    const { state } = editor
    editor.binding.dispatch(state.tr.setSelection(TextSelection.near(state.doc.resolve(from))))
    const at = editor.view.domAtPos(from).node
    const element = at instanceof Element ? at : at.parentElement
    element?.scrollIntoView({ block: "center" })
    editor.view.focus()
  }

  private readPlaces(): void {
    const doc = this.handle.doc()
    this.places.set(placesOf(doc, this.room.threads.get(), this.order()))
    this.highlight()
    this.markStrays()
    this.followLink()
  }

  // Stray words

  private markStrays(): void {
    const { editor } = this
    if (!editor) return
    const provisions = this.room.strays.get().flatMap((stray) => (stray.open ? [stray.provision] : []))
    if (provisions.length === 0 && !this.strayMarked) return
    this.strayMarked = provisions.length > 0
    const marked = { provisions, mayEdit: this.editable.get() }
    editor.binding.dispatch(editor.state.tr.setMeta(strayMarks, marked).setMeta("addToHistory", false))
  }

  private async settleStray(provision: string, settled: Settled): Promise<void> {
    try {
      await this.room.settleStray(provision, settled)
    } catch (error) {
      const { message, hint } = error as Problem
      this.room.tell({ kind: "alert", text: message, ...(hint ? { hint } : {}) })
    }
    this.editor?.view.focus()
  }

  /** Brings a paragraph into sight, with the caret in it. */
  showProvision(section: string, provision: string): void {
    const { editor } = this
    if (!editor) return
    editor.state.doc.forEach((node, start) => {
      if (node.attrs.id !== section) return
      node.forEach((block, offset) => {
        if (block.attrs.id !== provision) return
        this.showAt(start + 1 + offset + 1)
      })
    })
  }

  private order(): string[] {
    return readingOrder(this.handle.doc()).map(({ id }) => id)
  }

  private highlight(): void {
    const { editor } = this
    if (!editor) return
    const active = this.thread.get()
    const places = this.places.get()
    const marks: Highlight[] = []
    for (const thread of this.room.threads.get()) {
      const place = places.get(thread.id)
      if (!place?.range) continue
      if (thread.state === "resolved" && thread.id !== active) continue
      marks.push({
        thread: thread.id,
        ...place.range,
        edited: place.standing.state === "edited",
        active: thread.id === active,
      })
    }
    // The words of a comment that is being written stay marked while the caret is in its box.
    const draft = this.room.draft("new")?.anchor
    const place =
      draft && placesOf(this.handle.doc(), [{ id: "new", anchor: draft }], this.order()).get("new")
    if (place?.range) marks.push({ thread: "new", ...place.range, edited: false, active: true })
    editor.binding.dispatch(editor.state.tr.setMeta(highlights, marks).setMeta("addToHistory", false))
  }

  /** `#thread=…` in the address names a thread: once its words are known, they are shown with its card. */
  private followLink(): void {
    const named = /^#thread=(.+)$/.exec(location.hash)?.[1]
    if (!named || this.linked || !this.editor || !this.room.threadsKnown.get()) return
    this.linked = true
    if (!this.room.threads.get().some((thread) => thread.id === named)) {
      this.room.tell({ kind: "info", text: words.comments.missing })
      return
    }
    this.showThread(named)
    this.focusThread(named, window.document.activeElement)
  }
}

function choiceOf(kind: Kind): BlockChoice | null {
  switch (kind) {
    case "heading-2":
      return { type: "heading", level: 2 }
    case "heading-3":
      return { type: "heading", level: 3 }
    case "heading-4":
      return { type: "heading", level: 4 }
    case "paragraph":
    case "blockquote":
    case "bulleted-list":
    case "numbered-list":
      return { type: kind }
    case "section-heading":
    case "table":
      return null
  }
}

function formattingOf(editor: Editor, state: EditorState, canComment: boolean): Formatting {
  const history = { canUndo: editor.canUndo(), canRedo: editor.canRedo() }
  const { $from } = state.selection
  if ($from.depth < 2) return { ...NOWHERE, ...history }
  const block = $from.node(2)
  const { type, attrs } = kindOf(block)
  const before = state.doc.resolve($from.before(2)).nodeBefore
  const item = block.type === schema.nodes.listItem
  const most = before?.type === schema.nodes.listItem ? Math.min(before.attrs.indent + 1, 8) : 0
  return {
    ...history,
    kind:
      type === "heading"
        ? (`heading-${attrs.level ?? 2}` as Kind)
        : type === "unordered-list-item"
          ? "bulleted-list"
          : type === "ordered-list-item"
            ? "numbered-list"
            : type,
    strong: isMarked(state, "strong"),
    em: isMarked(state, "em"),
    link: linkAt(state)?.href ?? null,
    canIndent: item && block.attrs.indent < most,
    canOutdent: item && block.attrs.indent > 0,
    canComment,
  }
}

function sameFormatting(a: Formatting, b: Formatting): boolean {
  return (Object.keys(a) as (keyof Formatting)[]).every((key) => a[key] === b[key])
}

function sameOutline(a: readonly OutlineEntry[], b: readonly OutlineEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      ({ id, depth, heading }, at) => b[at]?.id === id && b[at].depth === depth && b[at].heading === heading,
    )
  )
}
