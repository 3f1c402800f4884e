/**
 * Where the others are. Each client tells where its caret and selection stand, as cursors of the document, so
 * that the place is right whatever arrives first; who a sender is says the server, never the message. Shown to
 * the eye only: the list of who is here says it to everybody.
 *
 *     const presence = createPresence({ handle, send: (message) => handle.broadcast(message) })
 *     createEditor({ …, plugins: [presence.plugin] }); presence.attach(editor)
 *     handle.on("ephemeral-message", ({ senderId, message }) => presence.hear(senderId, message))
 *     presence.setPeople(new Map([[peer, { name, number }]]))      // on each `here`; who is not in it is not shown
 */
import * as A from "@automerge/automerge"
import type { Node as PmNode } from "prosemirror-model"
import { type EditorState, Plugin, PluginKey } from "prosemirror-state"
import { Decoration, DecorationSet } from "prosemirror-view"
import { flatAt, flatSize, relativeAt } from "./flat"
import { afterCharacter, type PlanHandle, textPath } from "./plan"

export interface CursorMessage {
  kind: "cursor"
  section: string
  anchor: string
  head: string
}

export interface PresentPerson {
  name: string
  /** 1 to 8: the person's colour and manner of line (`person-N` in the styles). */
  number: number
}

export interface PresenceOptions {
  handle: PlanHandle
  send: (message: CursorMessage) => void
  /** At most one message in so many milliseconds; 100 by default. */
  every?: number
}

interface Editing {
  readonly state: EditorState
  readonly binding: { dispatch(tr: EditorState["tr"]): void }
  listen(listener: (state: EditorState, before: EditorState) => void): () => void
}

interface Place {
  anchor: number
  head: number
}

type Places = ReadonlyMap<string, Place>

interface Shown {
  places: Places
  people: ReadonlyMap<string, PresentPerson>
  decorations: DecorationSet
}

/** Cursors are short; what is longer is none. */
const LONGEST_CURSOR = 200

export function createPresence(options: PresenceOptions): Presence {
  return new Presence(options)
}

export class Presence {
  readonly plugin: Plugin<Shown>
  private readonly key = new PluginKey<Shown>("quorate-presence")
  private readonly messages = new Map<string, CursorMessage>()
  /** Peers whose cursor stands in a change that is not here yet. */
  private readonly waiting = new Set<string>()
  private people: ReadonlyMap<string, PresentPerson> = new Map()
  private editor: Editing | null = null
  private stop = () => {}
  private timer: ReturnType<typeof setTimeout> | undefined
  private last = ""

  constructor(private readonly options: PresenceOptions) {
    const { key } = this
    this.plugin = new Plugin<Shown>({
      key,
      state: {
        init: () => ({ places: new Map(), people: new Map(), decorations: DecorationSet.empty }),
        apply: (tr, shown) => {
          const told: Pick<Shown, "places" | "people"> | undefined = tr.getMeta(key)
          if (told) return { ...told, decorations: decorate(tr.doc, told) }
          if (!tr.docChanged) return shown
          // As they are told: each stays behind what stands before it, also where one's own words come next.
          const moved = (position: number) => tr.mapping.map(position, -1)
          const places = new Map<string, Place>()
          for (const [peer, { anchor, head }] of shown.places) {
            places.set(peer, { anchor: moved(anchor), head: moved(head) })
          }
          return { ...shown, places, decorations: decorate(tr.doc, { ...shown, places }) }
        },
      },
      props: { decorations: (state) => key.getState(state)?.decorations },
    })
  }

  /** Begins to tell and to show. */
  attach(editor: Editing): void {
    this.editor = editor
    this.stop = editor.listen((state, before) => {
      if (state.doc !== before.doc && this.waiting.size > 0) this.show()
      if (state.selection !== before.selection) this.tellSoon()
    })
    this.tellSoon()
  }

  detach(): void {
    this.stop()
    clearTimeout(this.timer)
    this.timer = undefined
    this.editor = null
  }

  hear(peer: string, message: unknown): void {
    if (!isCursor(message)) return
    this.messages.set(peer, message)
    if (this.people.has(peer)) this.show([peer])
  }

  setPeople(people: ReadonlyMap<string, PresentPerson>): void {
    const came = [...people.keys()].some((peer) => !this.people.has(peer))
    this.people = people
    for (const peer of this.messages.keys()) if (!people.has(peer)) this.messages.delete(peer)
    this.show()
    // Who has just come has not heard where I am.
    this.last = came ? "" : this.last
    if (came) this.tellSoon()
  }

  private tellSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.tell()
    }, this.options.every ?? 100)
  }

  private tell(): void {
    const message = this.editor && ownCursor(this.options.handle, this.editor.state)
    const text = JSON.stringify(message)
    if (!message || text === this.last) return
    this.last = text
    this.options.send(message)
  }

  /** Reads the cursors again: of these peers and of those still waiting; without a list, of all. */
  private show(peers?: readonly string[]): void {
    const { editor } = this
    const before = editor && this.key.getState(editor.state)
    if (!editor || !before) return
    const again = peers ? new Set([...peers, ...this.waiting]) : new Set(this.messages.keys())
    const places = new Map<string, Place>()
    for (const peer of this.people.keys()) {
      const message = this.messages.get(peer)
      const found = again.has(peer) && message ? this.find(editor.state.doc, message) : null
      if (message && !found && again.has(peer)) this.waiting.add(peer)
      else this.waiting.delete(peer)
      const place = found ?? before.places.get(peer)
      if (place) places.set(peer, place)
    }
    editor.binding.dispatch(editor.state.tr.setMeta(this.key, { places, people: this.people }))
  }

  private find(doc: PmNode, message: CursorMessage): Place | null {
    let place: Place | null = null
    const plan = this.options.handle.doc()
    const text = plan.sections[message.section]?.text ?? ""
    doc.forEach((section, offset) => {
      if (section.attrs.id !== message.section) return
      const at = (cursor: string) => {
        const flat = afterCharacter(text, A.getCursorPosition(plan, textPath(message.section), cursor))
        return offset + 1 + relativeAt(section, Math.min(Math.max(flat, 1), flatSize(section)))
      }
      try {
        place = { anchor: at(message.anchor), head: at(message.head) }
      } catch {
        // The cursor names a change that has not arrived, or nothing.
      }
    })
    return place
  }
}

function isCursor(message: unknown): message is CursorMessage {
  if (typeof message !== "object" || message === null) return false
  const { kind, section, anchor, head } = message as Record<string, unknown>
  const short = (text: unknown) => typeof text === "string" && text.length <= LONGEST_CURSOR
  return kind === "cursor" && short(section) && short(anchor) && short(head)
}

/** A caret is told by what stands before it, so it stays behind that whatever comes after. */
function ownCursor(handle: PlanHandle, state: EditorState): CursorMessage | null {
  const { $anchor, $head } = state.selection
  if ($head.depth === 0) return null
  const section = $head.node(1)
  const id: string = section.attrs.id
  const doc = handle.doc()
  const start = $head.start(1)
  const cursor = (position: number) => {
    const relative = Math.min(Math.max(position - start, 0), section.content.size)
    return A.getCursor(doc, textPath(id), Math.max(flatAt(section, relative) - 1, 0), "before")
  }
  try {
    return { kind: "cursor", section: id, anchor: cursor($anchor.pos), head: cursor($head.pos) }
  } catch {
    // The text was not made by an editor and has no such place.
    return null
  }
}

function decorate(doc: PmNode, { places, people }: Pick<Shown, "places" | "people">): DecorationSet {
  const found: Decoration[] = []
  for (const [peer, { anchor, head }] of places) {
    const person = people.get(peer)
    if (!person || head > doc.content.size || anchor > doc.content.size) continue
    const tone = `person-${person.number}`
    if (anchor !== head) {
      found.push(
        Decoration.inline(Math.min(anchor, head), Math.max(anchor, head), {
          class: `peer-selection ${tone}`,
        }),
      )
    }
    const key = `${peer} ${person.name} ${tone}`
    found.push(
      Decoration.widget(head, () => caret(person.name, tone), { key, side: 10, ignoreSelection: true }),
    )
  }
  return DecorationSet.create(doc, found)
}

function caret(name: string, tone: string): HTMLElement {
  const caret = document.createElement("span")
  caret.className = `peer-caret ${tone}`
  caret.setAttribute("aria-hidden", "true")
  const label = document.createElement("span")
  label.className = "peer-name"
  label.textContent = name
  caret.append(label)
  return caret
}
