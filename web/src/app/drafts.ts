/**
 * Comments being written, on this device until the server has them. Each lies under a key of its own, so that two
 * windows of one plan never write over each other's. A window shows one draft a box: what was begun in it comes
 * first, then what other windows have left.
 */
import type { Anchor } from "./api"
import type { Keep } from "./keep"
import { Store } from "./store"

/** A comment being written. `id` is the command's, made once, so that sending it twice never doubles it. */
export type Draft = { id: string; thread: string; text: string; anchor?: Anchor }

type Kept = Draft & { box: string }

export class Drafts extends Store<Record<string, Draft>> {
  private readonly prefix: string
  /** What lay here when this window opened, and is not shown yet. */
  private readonly left: Kept[]

  constructor(
    private readonly keep: Keep,
    plan: string,
  ) {
    super({})
    this.prefix = `draft:${plan}:`
    this.left = keep.all<Kept>(this.prefix)
    this.left.sort((a, b) => Number(this.isOwn(b)) - Number(this.isOwn(a)))
    for (const { box } of [...this.left]) if (!this.get()[box]) this.show(box, this.next(box))
    keep.onChange(this.prefix, (id, kept) => this.changedElsewhere(id, kept as Kept | null))
  }

  /** Null when it is sent or given up. */
  put(box: string, draft: Draft | null): void {
    const before = this.get()[box]
    if (before && before.id !== draft?.id) this.keep.write(this.prefix + before.id, null)
    if (draft) {
      this.keep.write(this.prefix + draft.id, { ...draft, box })
      this.keep.note(this.prefix + box, draft.id)
    }
    this.show(box, draft ?? this.next(box))
  }

  private isOwn(kept: Kept): boolean {
    return this.keep.noted(this.prefix + kept.box) === kept.id
  }

  /** The next one for a box that has not been sent or given up elsewhere meanwhile. */
  private next(box: string): Draft | null {
    const at = this.left.findIndex((kept) => kept.box === box)
    const [next] = at < 0 ? [] : this.left.splice(at, 1)
    return next ? (this.keep.read<Kept>(this.prefix + next.id) ?? this.next(box)) : null
  }

  private show(box: string, draft: Draft | null): void {
    this.update((now) => {
      const { [box]: _, ...rest } = now
      return draft ? { ...rest, [box]: draft } : rest
    })
  }

  /** A draft that two windows show is the same in both. */
  private changedElsewhere(id: string, kept: Kept | null): void {
    for (const [box, draft] of Object.entries(this.get())) if (draft.id === id) this.show(box, kept)
  }
}
