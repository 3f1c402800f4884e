/**
 * Undo and redo of one's own edits only. Edits of text are ProseMirror's history: what others change comes in
 * outside of it and moves it along. Steps with sections stand between them, in the order in which they were made.
 */
import {
  closeHistory,
  history,
  redo as redoText,
  redoDepth,
  undo as undoText,
  undoDepth,
} from "prosemirror-history"
import type { Plugin } from "prosemirror-state"
import type { Binding } from "./binding"
import type { PlanHandle } from "./plan"
import type { SectionChange } from "./sections"

/** How many edits of text are kept; the oldest go first. */
const KEPT = 500

export function textHistory(newGroupDelay = 600): Plugin {
  return history({ depth: KEPT, newGroupDelay })
}

interface Step {
  change: SectionChange
  /** How many edits of text lay under it. */
  depth: number
}

export class Undo {
  private done: Step[] = []
  private undone: Step[] = []

  constructor(
    private readonly binding: Binding,
    private readonly handle: PlanHandle,
  ) {}

  /** A section was added, moved, removed or brought back. */
  sectionChanged(change: SectionChange): void {
    const { binding } = this
    binding.dispatch(closeHistory(binding.state.tr))
    this.done.push({ change, depth: undoDepth(binding.state) })
    this.undone = []
  }

  canUndo(): boolean {
    return this.done.length > 0 || undoDepth(this.binding.state) > 0
  }

  canRedo(): boolean {
    this.forget()
    return this.undone.length > 0 || redoDepth(this.binding.state) > 0
  }

  undo(): boolean {
    this.forget()
    const depth = undoDepth(this.binding.state)
    const last = this.done[this.done.length - 1]
    if (last && last.depth >= depth) {
      this.done.pop()
      this.undone.push({ change: last.change.undo(this.handle), depth: redoDepth(this.binding.state) })
      return true
    }
    return undoText(this.binding.state, (tr) => this.binding.dispatch(tr))
  }

  redo(): boolean {
    this.forget()
    const depth = redoDepth(this.binding.state)
    const last = this.undone[this.undone.length - 1]
    if (last && last.depth >= depth) {
      this.undone.pop()
      this.done.push({ change: last.change.undo(this.handle), depth: undoDepth(this.binding.state) })
      return true
    }
    return redoText(this.binding.state, (tr) => this.binding.dispatch(tr))
  }

  /** A new edit of text ends what could be redone: then there is less of it than lay under a step. */
  private forget(): void {
    const depth = redoDepth(this.binding.state)
    if (this.undone.some((step) => step.depth > depth)) this.undone = []
  }
}
