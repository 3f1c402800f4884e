import { useEffect, useState } from "react"
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components"
import { type Session, type Waiting, api } from "./api"
import { Freeze } from "./Freeze"
import { Icon } from "./Icon"
import { forgetSession } from "./keep"
import type { Room } from "./room"
import { mayWrite } from "./standing"
import { StateLine } from "./StateLine"
import { useStore } from "./store"
import { words } from "./words"

/** Where I am, who I am, where my words are, who else is here, and where else I can go. */
export function Header({ room }: { room: Room }) {
  const session = useSession()
  const plan = useStore(room.plan)
  const access = useStore(room.access)
  const path = `/plans/${encodeURIComponent(plan.id)}`
  return (
    <header className="site-header ws-header">
      <a className="site-name" href="/" aria-label={`${words.product}: ${words.opening.plans}`}>
        <Mark />
        <span className="site-name-text">{words.product}</span>
      </a>
      <h1 className="site-header-title ws-title">{plan.title}</h1>
      <nav aria-label={words.views.label}>
        <ul className="views">
          <li>
            <a href={path} aria-current="page">
              {mayWrite(access) ? words.views.write : words.views.discuss}
            </a>
          </li>
          <li>
            <a href={`${path}/read`}>{words.views.read}</a>
          </li>
          <li className="ws-calendar">
            <a href={`${path}/calendar`}>{words.views.calendar}</a>
          </li>
          <li>
            <a href={`${path}/replay`}>{words.views.replay}</a>
          </li>
        </ul>
      </nav>
      <StateLine room={room} />
      <div className="site-header-end">
        <a className="ws-mine" href="/">
          {words.mine.plans}
        </a>
        <a className="ws-mine" href="/me">
          {words.mine.page} <Waits waiting={session?.waiting} />
        </a>
        {session?.keepsPeople ? (
          <a className="ws-mine" href="/network">
            {words.mine.network}
          </a>
        ) : null}
        <HereList room={room} />
        <Account room={room} session={session} />
      </div>
    </header>
  )
}

/** What the server says of me now: asked for anew whenever I come back to this window. */
function useSession(): Session | null {
  const [session, set] = useState<Session | null>(null)
  useEffect(() => {
    let here = true
    const ask = () => {
      if (document.visibilityState === "hidden") return
      // Without an answer the figures stay as they are.
      void api.session().then(
        (session) => here && set(session),
        () => undefined,
      )
    }
    ask()
    document.addEventListener("visibilitychange", ask)
    return () => {
      here = false
      document.removeEventListener("visibilitychange", ask)
    }
  }, [])
  return session
}

/** How much waits on my page. */
function Waits({ waiting }: { waiting: Waiting | undefined }) {
  return (
    <>
      {waiting && waiting.tasks > 0 ? (
        <span className="badge badge-waiting">{words.mine.tasks(waiting.tasks)}</span>
      ) : null}{" "}
      {waiting && waiting.unseen > 0 ? (
        <span className="badge">{words.mine.unseen(waiting.unseen)}</span>
      ) : null}
    </>
  )
}

/** Enough members present: a ring of seats, most of them taken. The same as on the pages of the server. */
function Mark() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <g fill="currentColor">
        <circle cx="12" cy="3.5" r="2.6" />
        <circle cx="19.4" cy="7.75" r="2.6" />
        <circle cx="19.4" cy="16.25" r="2.6" />
        <circle cx="12" cy="20.5" r="2.6" />
        <circle cx="4.6" cy="16.25" r="2.6" />
      </g>
      <circle cx="4.6" cy="7.75" r="1.9" fill="none" stroke="currentColor" strokeWidth="1.4" />
    </svg>
  )
}

function initials(name: string): string {
  const parts = name.split(/\s+/).filter(Boolean)
  return ((parts[0]?.[0] ?? "") + (parts.length > 1 ? (parts.at(-1)?.[0] ?? "") : "")).toUpperCase()
}

/** Always beside the name, or named by the button that holds it. */
function Avatar({ room, person, name }: { room: Room; person: string; name: string }) {
  return (
    <span className={`avatar person-${room.number(person)}`} aria-hidden="true">
      {initials(name)}
    </span>
  )
}

function HereList({ room }: { room: Room }) {
  const here = useStore(room.here)
  useStore(room.people)
  const people = [...new Set(here.map((one) => one.person))].filter((person) => person !== room.me.id).sort()
  if (people.length === 0) return null
  return (
    <DialogTrigger>
      <Button className="here">
        <span className="visually-hidden">
          {words.here.label}: {people.map((person) => room.name(person)).join(", ")}
        </span>
        {people.slice(0, 4).map((person) => (
          <Avatar key={person} room={room} person={person} name={room.name(person)} />
        ))}
        {people.length > 4 ? (
          <span className="avatar avatar-more" aria-hidden="true">
            +{people.length - 4}
          </span>
        ) : null}
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="popover-dialog" aria-label={words.here.label}>
          <p className="popover-title">{words.here.people(people.length + 1)}</p>
          <ul className="here-list">
            {[room.me.id, ...people].map((person) => (
              <li key={person}>
                <Avatar
                  room={room}
                  person={person}
                  name={person === room.me.id ? room.me.name : room.name(person)}
                />
                <span>
                  {person === room.me.id ? `${room.me.name} (${words.here.you})` : room.name(person)}
                  <span className="soft small here-role">{room.people.get().get(person)?.part}</span>
                </span>
              </li>
            ))}
          </ul>
        </Dialog>
      </Popover>
    </DialogTrigger>
  )
}

function Account({ room, session }: { room: Room; session: Session | null }) {
  const sync = useStore(room.connection.sync)
  const path = `/plans/${encodeURIComponent(room.plan.get().id)}`
  const { may, frozen } = useStore(room.access)
  const [freezing, setFreezing] = useState(false)
  useStore(room.people)
  return (
    <>
      <DialogTrigger>
        <Button className="account">
          <Avatar room={room} person={room.me.id} name={room.me.name} />
          <span className="visually-hidden">{words.account.signedInAs} </span>
          <span className="account-name">{room.me.name}</span>
          <Icon name="down" />
        </Button>
        <Popover className="popover" placement="bottom end">
          <Dialog className="popover-dialog" aria-label={`${words.account.signedInAs} ${room.me.name}`}>
            {({ close }) => (
              <>
                <p className="popover-title">{room.me.name}</p>
                <p className="soft small">{room.me.part}</p>
                <ul className="account-links">
                  <li>
                    <a href="/">{words.mine.plans}</a>
                  </li>
                  <li>
                    <a href={`${path}/calendar`}>{words.views.calendar}</a>
                  </li>
                  <li>
                    <a href="/me">
                      {words.mine.page} <Waits waiting={session?.waiting} />
                    </a>
                  </li>
                  {session?.keepsPeople ? (
                    <li>
                      <a href="/network">{words.mine.network}</a>
                    </li>
                  ) : null}
                </ul>
                {sync.unsaved > 0 ? (
                  <p className="notice notice-waiting small">{words.account.signOutKept(sync.unsaved)}</p>
                ) : null}
                {may.includes("freeze") ? (
                  <Button
                    className="button ws-full"
                    onPress={() => {
                      close()
                      setFreezing(true)
                    }}
                  >
                    {frozen ? words.plan.unfreeze : words.plan.freeze}
                  </Button>
                ) : null}
                <form method="post" action="/api/session/end" onSubmit={() => void forgetSession()}>
                  <button className="button ws-full" type="submit">
                    {words.account.signOut}
                  </button>
                </form>
              </>
            )}
          </Dialog>
        </Popover>
      </DialogTrigger>
      <Freeze room={room} isOpen={freezing} close={() => setFreezing(false)} />
    </>
  )
}
