/**
 * The plan's editor. Everything the workspace needs of it is exported here.
 *
 *     const editor = createEditor({ place, handle, editable: () => may.edit, askLink })
 *     editor.run(toggleStrong)                       // any command; `editor.can(command)` asks only
 *     editor.addSection({ parent: "", after: id }, "Heading")
 *     editor.moveSection(id, "up")                   // up, down, in, out; or a Place
 *     editor.undo(); editor.redo()
 *     const stop = editor.listen(() => …)            // after every new state: outline, pressed buttons
 *     editor.outline()                               // [{id, depth, heading, at}], for the outline beside the text
 *     editor.destroy()
 *
 * `handle` is a ready `DocHandle` of automerge-repo, or anything with `doc`, `change`, `on` and `off`.
 * `presence.ts` shows where the others are; see there.
 * Call `editor.refresh()` when what `editable` or `closed` says has changed.
 */
import { type Command, type EditorState, Plugin, TextSelection } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { Binding } from "./binding"
import { clipboard } from "./clipboard"
import { type Closed, closedSections, NONE } from "./closed"
import { keys } from "./commands"
import { numbers } from "./numbers"
import type { PlanHandle } from "./plan"
import { schema } from "./schema"
import {
  addSection,
  moveSection,
  type Place,
  removeSection,
  restoreSection,
  type SectionChange,
  stepPlace,
} from "./sections"
import { textHistory, Undo } from "./undo"

export * from "./commands"
export { type PlanDoc, type PlanHandle, readingOrder, removedSections, type SectionPlace } from "./plan"
export { createPresence, type CursorMessage, type Presence, type PresentPerson } from "./presence"
export { type Place, stepPlace } from "./sections"

export interface EditorOptions {
  place: HTMLElement
  handle: PlanHandle
  editable?: () => boolean
  /** The sections that others write, each with a sentence that says who. */
  closed?: () => Closed
  /** Somebody has tried to write in one of them. */
  refused?: (section: string) => void
  /** Opens the form for a link (Mod-k). */
  askLink?: () => void
  /** The name of the text for those who do not see it, for example the plan's title. */
  label?: string
  plugins?: Plugin[]
  newId?: () => string
}

/** Pixels that stay free above and below the caret: there lie the page's header and its tools. */
const AROUND_CARET = { top: 120, bottom: 110, left: 0, right: 0 }

/** Longer than the view takes to read the text after a composition has ended. */
const COMPOSED_MS = 60

export interface OutlineEntry {
  id: string
  depth: number
  heading: string
  /** The position of the heading's first character, for `editor.goTo`. */
  at: number
}

/** Keeps the browser from changing what it shows, where the binding would have to put it right again. */
function readOnly(editable: () => boolean): Plugin {
  const refuse = (_: EditorView, event: Event): boolean => {
    if (editable()) return false
    event.preventDefault()
    return true
  }
  const handleDOMEvents = {
    beforeinput: refuse,
    compositionstart: refuse,
    cut: refuse,
    paste: refuse,
    drop: refuse,
  }
  return new Plugin({ props: { handleDOMEvents } })
}

export function createEditor(options: EditorOptions): Editor {
  return new Editor(options)
}

export class Editor {
  readonly view: EditorView
  readonly binding: Binding
  private readonly history: Undo
  private readonly handle: PlanHandle

  constructor(options: EditorOptions) {
    const editable = options.editable ?? (() => true)
    this.handle = options.handle
    // Taken also where there is nothing left: else the key map tries Mod-z for Mod-Shift-z, and then the browser its own.
    const always = (run: () => boolean): Command => {
      return () => {
        run()
        return true
      }
    }
    const undo = always(() => this.undo())
    const redo = always(() => this.redo())
    this.binding = new Binding({
      handle: options.handle,
      editable,
      closed: options.closed,
      refused: options.refused,
      newId: options.newId,
      plugins: [
        ...(options.plugins ?? []),
        keys({ undo, redo, askLink: options.askLink }),
        clipboard(),
        numbers(),
        readOnly(editable),
        closedSections(options.closed ?? (() => NONE), options.refused ?? (() => {})),
        this.composition(),
        textHistory(),
      ],
    })
    this.history = new Undo(this.binding, options.handle)
    this.view = new EditorView(options.place, {
      state: this.binding.state,
      dispatchTransaction: (tr) => this.binding.dispatch(tr),
      scrollThreshold: AROUND_CARET,
      scrollMargin: AROUND_CARET,
      // Who may not edit keeps the caret, to select words with the keyboard and comment on them.
      attributes: () => ({
        role: "textbox",
        "aria-multiline": "true",
        ...(options.label ? { "aria-label": options.label } : {}),
        ...(editable() ? {} : { "aria-readonly": "true", inputmode: "none" }),
      }),
    })
    this.binding.listen((state) => this.view.updateState(state))
  }

  get state(): EditorState {
    return this.binding.state
  }

  run(command: Command): boolean {
    return command(this.state, (tr) => this.binding.dispatch(tr), this.view)
  }

  can(command: Command): boolean {
    return command(this.state)
  }

  /** Heard after every new state, with the one before. Returns the way to stop. */
  listen(listener: (state: EditorState, before: EditorState) => void): () => void {
    return this.binding.listen(listener)
  }

  outline(): OutlineEntry[] {
    const entries: OutlineEntry[] = []
    this.state.doc.forEach((section, offset) => {
      const { id, depth } = section.attrs
      entries.push({ id, depth, heading: section.firstChild?.textContent ?? "", at: offset + 2 })
    })
    return entries
  }

  /** Puts the caret there and shows it. */
  goTo(at: number): void {
    this.binding.dispatch(
      this.state.tr.setSelection(TextSelection.near(this.state.doc.resolve(at))).scrollIntoView(),
    )
    this.view.focus()
  }

  addSection(place: Place, heading: string): string {
    const change = addSection(this.handle, place, heading)
    this.history.sectionChanged(change)
    return change.section
  }

  /** False where it cannot go there. */
  moveSection(section: string, to: "up" | "down" | "in" | "out" | Place): boolean {
    const place = typeof to === "string" ? stepPlace(this.handle.doc(), section, to) : to
    return this.keep(place && moveSection(this.handle, section, place))
  }

  removeSection(section: string): void {
    this.keep(removeSection(this.handle, section))
  }

  restoreSection(section: string): void {
    this.keep(restoreSection(this.handle, section))
  }

  /** Writes a section's heading anew, as typing in it would. */
  renameSection(section: string, heading: string): void {
    const entry = this.outline().find(({ id }) => id === section)
    const node = entry && this.state.doc.nodeAt(entry.at - 1)
    if (!entry || !node) return
    const text = heading === "" ? [] : schema.text(heading)
    this.binding.dispatch(this.state.tr.replaceWith(entry.at, entry.at + node.content.size, text))
  }

  undo(): boolean {
    return this.history.undo()
  }

  redo(): boolean {
    return this.history.redo()
  }

  canUndo(): boolean {
    return this.history.canUndo()
  }

  canRedo(): boolean {
    return this.history.canRedo()
  }

  /** After the right to edit has changed. */
  refresh(): void {
    this.view.setProps({})
  }

  destroy(): void {
    this.binding.destroy()
    this.view.destroy()
  }

  /** Holds the section that an input method composes in, until the editor has read what was composed. */
  private composition(): Plugin {
    let timer: ReturnType<typeof setTimeout> | undefined
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        if (this.view.isDestroyed) return
        if (this.view.composing) wait()
        else this.binding.release()
      }, COMPOSED_MS)
    }
    return new Plugin({
      props: {
        handleDOMEvents: {
          compositionstart: (view) => {
            clearTimeout(timer)
            const { $head } = view.state.selection
            if ($head.depth > 0) this.binding.hold($head.node(1).attrs.id)
            return false
          },
          compositionend: () => {
            wait()
            return false
          },
        },
      },
    })
  }

  private keep(change: SectionChange | null): boolean {
    if (change) this.history.sectionChanged(change)
    return change !== null
  }
}
