/** Writes marks into a section's text: as few operations as will do, inside `handle.change`. */
import * as A from "@automerge/automerge"
import { type Link, type Run, sameLink } from "./blocks"
import type { PlanDoc, TextPath } from "./plan"

type Marks = Omit<Run, "text">
type Name = keyof Marks

interface Open {
  value: true | Link | undefined
  start: number
  end: number
  /** How far nothing stands in the way of going on: the end, and markers behind it. */
  reach: number
}

/** Takes stretches from left to right; one operation reaches over as many blocks as are to bear the same. */
export class MarkPen {
  private readonly open = new Map<Name, Open>()

  constructor(
    private readonly doc: PlanDoc,
    private readonly path: TextPath,
  ) {}

  /** Characters that bear one thing and are to bear another. */
  text(start: number, end: number, has: Marks, wants: Marks): void {
    for (const name of ["strong", "em", "link"] as const) {
      if (name === "link" ? sameLink(has.link, wants.link) : has[name] === wants[name]) continue
      const open = this.open.get(name)
      if (open && open.reach === start && sameValue(open.value, wants[name])) {
        open.end = end
        open.reach = end
      } else {
        this.write(name)
        this.open.set(name, { value: wants[name], start, end, reach: end })
      }
    }
  }

  /** A marker bears nothing, and a mark may go over it. */
  marker(at: number): void {
    for (const open of this.open.values()) if (open.reach === at) open.reach += 1
  }

  finish(): void {
    for (const name of [...this.open.keys()]) this.write(name)
  }

  private write(name: Name): void {
    const open = this.open.get(name)
    if (!open) return
    this.open.delete(name)
    const { value, start, end } = open
    const doc = this.doc as A.Doc<PlanDoc>
    // What is typed behind bold words is bold, and behind words that no longer are it is not; a link never grows.
    const expand = name === "link" ? "none" : "after"
    if (value) A.mark(doc, this.path, { start, end, expand }, name, value === true || JSON.stringify(value))
    else A.unmark(doc, this.path, { start, end, expand }, name)
  }
}

function sameValue(a: true | Link | undefined, b: true | Link | undefined): boolean {
  return typeof a === "object" && typeof b === "object" ? sameLink(a, b) : a === b
}
