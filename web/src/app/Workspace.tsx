import { useEffect, useState, useSyncExternalStore } from "react"
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components"
import { Comments } from "./Comments"
import { Desk } from "./desk"
import { Header } from "./Header"
import { Icon } from "./Icon"
import { Notices } from "./Notices"
import { Outline } from "./Outline"
import type { Opening, Room } from "./room"
import { useStore } from "./store"
import { Toolbar } from "./Toolbar"
import { words } from "./words"

/** Below this the outline and the comments come as sheets over the plan. */
const WIDE = window.matchMedia("(min-width: 68rem)")

function useWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      WIDE.addEventListener("change", listener)
      return () => WIDE.removeEventListener("change", listener)
    },
    () => WIDE.matches,
  )
}

export function Workspace({ room }: { room: Room }) {
  const opening = useStore(room.opening)
  const plan = useStore(room.plan)
  useEffect(() => {
    document.title = `${plan.title} · ${words.product}`
  }, [plan.title])
  return (
    <>
      <a className="skip-link" href="#plan">
        {words.skip.plan}
      </a>
      <Header room={room} />
      <Notices room={room} />
      {opening.state === "open" ? (
        <Open room={room} opening={opening} />
      ) : (
        <NotOpen room={room} opening={opening} />
      )}
    </>
  )
}

function NotOpen({ room, opening }: { room: Room; opening: Exclude<Opening, { state: "open" }> }) {
  const { link } = useStore(room.connection.sync)
  const [long, setLong] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 3_000)
    return () => clearTimeout(timer)
  }, [])
  const waiting = opening.state === "opening" && link === "offline"
  if (opening.state === "opening" && !waiting) return <Waiting long={long} />
  return (
    <main id="plan" className="ws-message">
      <section className="sheet" role="alert">
        {opening.state === "failed" ? (
          <>
            <h2>{words.opening.unavailableTitle}</h2>
            <p>{opening.problem.message}</p>
            <p className="ws-message-buttons">
              <Button className="button button-primary" onPress={() => location.reload()}>
                {words.opening.retry}
              </Button>
              <a className="button" href="/">
                {words.opening.plans}
              </a>
            </p>
          </>
        ) : (
          <>
            <h2>{words.opening.offlineTitle}</h2>
            <p>{words.opening.offline}</p>
          </>
        )}
      </section>
    </main>
  )
}

export function Waiting({ long }: { long: boolean }) {
  return (
    <main id="plan" className="ws-message" aria-busy="true">
      <div className="waiting" role="status">
        <progress aria-label={words.opening.plan} />
        <p>{long ? words.opening.long : words.opening.plan}</p>
      </div>
    </main>
  )
}

type Sheet = "outline" | "comments" | null

function Open({ room, opening }: { room: Room; opening: Extract<Opening, { state: "open" }> }) {
  const wide = useWide()
  const [desk] = useState(() => new Desk(room, opening.handle))
  const [sheet, setSheet] = useState<Sheet>(null)
  const [place, setPlace] = useState<HTMLElement | null>(null)
  const panel = useStore(desk.panel)

  useEffect(() => (place ? desk.mount(place) : undefined), [desk, place])
  // A comment that is begun, or a thread that a link names, needs its panel in sight.
  useEffect(() => {
    if (panel > 0) setSheet("comments")
  }, [panel])

  return (
    <div className="ws" data-wide={wide || undefined}>
      {wide ? (
        <nav className="ws-side" aria-label={words.outline.title} data-scrolls>
          <h2 className="ws-side-title">{words.outline.title}</h2>
          <Outline desk={desk} />
        </nav>
      ) : null}
      <main id="plan" className="ws-main" tabIndex={-1}>
        <div className="ws-tools">
          {wide ? null : (
            <>
              <Button
                className="button button-quiet icon-button"
                aria-label={words.outline.open}
                onPress={() => setSheet("outline")}
              >
                <Icon name="outline" />
              </Button>
              <CommentsButton room={room} open={() => setSheet("comments")} />
            </>
          )}
          <Toolbar desk={desk} />
        </div>
        <div className="ws-page">
          <div ref={setPlace} className="reading ws-editor" />
        </div>
      </main>
      {wide ? (
        <aside className="ws-side ws-comments" aria-label={words.comments.title}>
          <h2 className="ws-side-title">{words.comments.title}</h2>
          <Comments room={room} desk={desk} />
        </aside>
      ) : (
        <>
          <SheetOver
            title={words.outline.title}
            close={words.outline.close}
            isOpen={sheet === "outline"}
            onClose={() => setSheet(null)}
          >
            <Outline desk={desk} onGo={() => setSheet(null)} />
          </SheetOver>
          <SheetOver
            title={words.comments.title}
            close={words.comments.close}
            isOpen={sheet === "comments"}
            onClose={() => setSheet(null)}
          >
            <Comments room={room} desk={desk} onShow={() => setSheet(null)} />
          </SheetOver>
        </>
      )}
    </div>
  )
}

function CommentsButton({ room, open }: { room: Room; open: () => void }) {
  const count = useStore(room.threads).filter((thread) => thread.state === "open").length
  return (
    <Button
      className="button button-quiet comments-button"
      aria-label={words.comments.open(count)}
      onPress={open}
    >
      <Icon name="comments" />
      {count > 0 ? <span aria-hidden="true">{count}</span> : null}
    </Button>
  )
}

type SheetProps = {
  title: string
  close: string
  isOpen: boolean
  onClose: () => void
  children: React.ReactNode
}

function SheetOver({ title, close, isOpen, onClose, children }: SheetProps) {
  return (
    <ModalOverlay
      className="sheet-overlay"
      isOpen={isOpen}
      onOpenChange={(now) => (now ? undefined : onClose())}
      isDismissable
    >
      <Modal className="sheet-over">
        <Dialog className="sheet-dialog">
          <div className="sheet-head">
            <Heading slot="title">{title}</Heading>
            <Button className="button button-quiet icon-button" aria-label={close} onPress={onClose}>
              <Icon name="close" />
            </Button>
          </div>
          <div className="sheet-body" data-scrolls>
            {children}
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
