import type { Sync } from "./connection"
import type { Access } from "./api"
import { words } from "./words"

export type State = {
  kind: "saved" | "saving" | "offline" | "read-only" | "connecting"
  text: string
  more?: string
}

/** One sentence on where my words are, in the order in which it matters to the person who typed them. */
export function stateOf(
  sync: Sync,
  access: Access,
  roles: string[],
  name: (person: string | null) => string,
): State {
  const mayWrite = access.may.includes("edit") && !access.frozen
  if (!mayWrite) {
    const text = access.frozen
      ? words.state.frozen(name(access.frozen.by), access.frozen.reason)
      : access.phase
        ? words.state.phase(access.phase.title, access.may.includes("comment"))
        : access.may.includes("comment")
          ? words.state.role(words.roles(roles))
          : words.state.roleReads(words.roles(roles))
    return { kind: "read-only", text, ...(sync.unsaved > 0 ? { more: words.state.kept(sync.unsaved) } : {}) }
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
