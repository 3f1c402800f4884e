/**
 * A section that is held as it is while an input method composes in it, since a redrawn text would end the
 * composition. What others change in it is in the document already; so that one's own edits still go where
 * they belong, this knows where each place of the shown text is in the document.
 */
import { Mapping, StepMap } from "prosemirror-transform"
import type { Range } from "./flat"
import type { Offset, SectionEdit } from "./write"

export class Held {
  /** From flat positions as shown to those in the document. */
  private mapping = new Mapping()
  /** Something waits to be shown. */
  waiting = false
  /** Sections have come, gone or moved meanwhile. */
  places = false

  constructor(readonly section: string) {}

  /** Others changed the text, so. */
  changed(mapping: Mapping): void {
    this.waiting = true
    this.mapping.appendMapping(mapping)
  }

  /** Where one's own edit goes; from then on it counts as shown. */
  edited(edit: SectionEdit): Offset {
    const old = this.mapping
    const shown = edit.ranges.flatMap(({ fromA, toA, fromB, toB }) => [fromA, toA - fromA, toB - fromB])
    const before = ({ fromA, toA }: Range) => {
      // What others wrote at the edges of what is replaced is not replaced with it.
      const from = old.map(fromA, fromA < toA ? 1 : -1)
      return { from, to: Math.max(from, old.map(toA, -1)) }
    }
    const written = edit.ranges.flatMap((range) => {
      const { from, to } = before(range)
      return [from, to - from, range.toB - range.fromB]
    })
    const next = new Mapping([new StepMap(shown).invert()])
    next.appendMapping(old)
    // What the first map takes out, the last puts back: places inside of it are found again.
    next.appendMap(new StepMap(written), 0)
    this.mapping = next
    return { before, after: (flat, side) => next.map(flat, side) }
  }
}
