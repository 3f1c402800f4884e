import type { ReactNode } from "react"
import { Icon, type IconName } from "./Icon"
import type { Access, Room } from "./room"
import type { Sync } from "./connection"
import { useStore } from "./store"
import { words } from "./words"

type State = {
  kind: "saved" | "saving" | "offline" | "read-only" | "connecting"
  text: string
  more?: string
}

/** One sentence on where my words are, in the order in which it matters to the person who typed them. */
export function stateOf(
  sync: Sync,
  access: Access,
  roles: string[],
  name: (person: string) => string,
): State {
  const mayWrite = access.may.includes("edit") && !access.frozen
  if (!mayWrite) {
    const text = access.frozen
      ? words.state.frozen(name(access.frozen.by), access.frozen.reason)
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

const ICONS: Record<State["kind"], IconName> = {
  saved: "saved",
  saving: "saving",
  connecting: "saving",
  offline: "offline",
  "read-only": "locked",
}

export function StateLine({ room }: { room: Room }): ReactNode {
  const sync = useStore(room.connection.sync)
  const access = useStore(room.access)
  const opening = useStore(room.opening)
  useStore(room.people)
  if (opening.state !== "open" && sync.link !== "offline") return <div className="state-line" role="status" />
  const state = stateOf(sync, access, room.me.roles, (person) => room.name(person))
  return (
    <div className="state-line" data-kind={state.kind} role="status" aria-live="polite">
      <Icon name={ICONS[state.kind]} />
      <span className="state-text">
        {state.text}
        {state.more ? <span className="state-more"> {state.more}</span> : null}
      </span>
    </div>
  )
}
