/**
 * A step that moves a section. Deleting it here and inserting it there would look the same, but every place in it
 * would count as gone: carets, marks of comments, and one's own history of edits. This step carries them along.
 */
import { Fragment, type Node as PmNode } from "prosemirror-model"
import { type MapResult, Step, StepMap, StepResult } from "prosemirror-transform"

export class MoveStep extends Step {
  /** Takes the child at `index` of the document to stand before the one at `before`, which is earlier. */
  constructor(
    private readonly index: number,
    private readonly before: number,
    private readonly places: Swap,
  ) {
    super()
  }

  static of(doc: PmNode, index: number, before: number): MoveStep {
    const starts: number[] = [0]
    for (const child of doc.children) starts.push((starts[starts.length - 1] ?? 0) + child.nodeSize)
    const at = (child: number) => starts[child] ?? 0
    return new MoveStep(index, before, new Swap(at(before), at(index), at(index + 1)))
  }

  override apply(doc: PmNode): StepResult {
    const children = [...doc.children]
    const [moved] = children.splice(this.index, 1)
    if (!moved) return StepResult.fail("no such section")
    children.splice(this.before, 0, moved)
    return StepResult.ok(doc.copy(Fragment.from(children)))
  }

  override getMap(): StepMap {
    return this.places
  }

  override invert(): Step {
    throw new Error("moves are undone in the document, not in the editor")
  }

  override map(): Step | null {
    return null
  }

  override toJSON(): { stepType: string } {
    return { stepType: "moveSection" }
  }
}

/** Two stretches side by side, `[from, middle)` and `[middle, to)`, change places. */
class Swap extends StepMap {
  constructor(
    private readonly from: number,
    private readonly middle: number,
    private readonly to: number,
  ) {
    super([from, to - from, to - from])
  }

  override map(position: number): number {
    if (position <= this.from || position >= this.to) return position
    if (position < this.middle) return position + (this.to - this.middle)
    return position - (this.middle - this.from)
  }

  override mapResult(position: number): MapResult {
    const kept = { deleted: false, deletedBefore: false, deletedAfter: false, deletedAcross: false }
    return { pos: this.map(position), delInfo: 0, recover: null, ...kept } as unknown as MapResult
  }

  override invert(): StepMap {
    return new Swap(this.from, this.from + (this.to - this.middle), this.to)
  }
}
