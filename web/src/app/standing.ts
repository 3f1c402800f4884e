import type { Sync } from "./connection"
import type { Access } from "./api"
import { words } from "./words"

export type State = {
  kind: "saved" | "saving" | "offline" | "read-only" | "connecting"
  text: string
  /** What follows the text, for ears and for whoever points at it: there is no room for it beside the plan's title. */
  whole?: string
  more?: string
}

/** Whether I may write now: the rule by which the pages of the server call this view *Write* or *Discuss*. */
export function mayWrite(access: Access): boolean {
  return access.may.includes("edit") && !access.frozen
}

/** One sentence on where my words are, in the order in which it matters to the person who typed them. */
export function stateOf(
  sync: Sync,
  access: Access,
  part: string | undefined,
  name: (person: string | null) => string,
): State {
  if (!mayWrite(access)) {
    const more = sync.unsaved > 0 ? { more: words.state.kept(sync.unsaved) } : {}
    if (access.frozen) {
      const text = words.state.frozen(name(access.frozen.by), access.frozen.reason)
      return { kind: "read-only", text, ...more }
    }
    const text = words.state.may(access.may.includes("comment"))
    const whole = access.phase ? words.state.phase(access.phase.title) : part && words.state.part(part)
    return { kind: "read-only", text, ...(whole ? { whole } : {}), ...more }
  }
  if (sync.link === "offline")
    return {
      kind: "offline",
      text: sync.unsaved > 0 ? words.state.offlineKept(sync.unsaved) : words.state.offline,
    }
  if (sync.unsaved > 0)
    return {
      kind: "saving",
      text: words.state.saving,
      ...(sync.slow ? { more: words.state.savingSlow } : {}),
    }
  if (sync.link === "connecting") return { kind: "connecting", text: words.state.connecting }
  return { kind: "saved", text: words.state.saved }
}
