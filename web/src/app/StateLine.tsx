import type { ReactNode } from "react"
import { Icon, type IconName } from "./Icon"
import type { Room } from "./room"
import { type State, stateOf } from "./standing"
import { useStore } from "./store"

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
  const state = stateOf(sync, access, room.me.part, (person) => room.name(person))
  return (
    <div
      className="state-line"
      data-kind={state.kind}
      role="status"
      aria-live="polite"
      title={state.whole ? state.text + state.whole : undefined}
    >
      <Icon name={ICONS[state.kind]} />
      <span className="state-text">
        {state.text}
        {state.whole ? <span className="visually-hidden">{state.whole}</span> : null}
        {state.more ? <span className="state-more"> {state.more}</span> : null}
      </span>
    </div>
  )
}
