import { type ReactNode, useEffect, useRef, useState } from "react"
import { Button } from "react-aria-components"
import { Problem, type Thread } from "./api"
import { useAttempt } from "./attempt"
import type { Desk } from "./desk"
import { ProblemLine } from "./Freeze"
import type { Room } from "./room"
import { Said } from "./Said"
import { Strays } from "./Strays"
import { useStore } from "./store"
import { SHORTCUTS } from "./Toolbar"
import { words } from "./words"

const NEW = "new"

/** The plan's threads in the order of their words; the resolved ones below, folded. */
export function Comments({ room, desk, onShow }: { room: Room; desk: Desk; onShow?: () => void }) {
  const threads = useStore(room.threads)
  const places = useStore(desk.places)
  const drafts = useStore(room.drafts)
  const mayComment = useStore(desk.mayComment)
  const active = useStore(desk.thread)
  const known = useStore(room.threadsKnown)
  useStore(room.people)
  const resolvedHasActive = threads.some((thread) => thread.id === active && thread.state === "resolved")

  const at = (thread: Thread) => places.get(thread.id)?.order ?? Number.POSITIVE_INFINITY
  const inOrder = [...threads].sort((a, b) => at(a) - at(b))
  const open = inOrder.filter((thread) => thread.state === "open")
  const resolved = inOrder.filter((thread) => thread.state === "resolved")
  const draft = drafts[NEW]

  return (
    <div className="comments">
      <Strays room={room} desk={desk} onShow={onShow} />
      {draft?.anchor && mayComment ? (
        <section className="thread thread-draft" aria-label={words.comments.newOn}>
          <Quote text={draft.anchor.quote} />
          <Box
            key={draft.id}
            room={room}
            desk={desk}
            box={NEW}
            label={words.comments.text}
            send={words.comments.send}
            discard={words.comments.cancel}
          />
        </section>
      ) : null}
      {!mayComment ? <p className="soft small">{words.comments.mayNot}</p> : null}
      {known ? null : <p className="soft">{words.comments.loading}</p>}
      {known && open.length === 0 && !draft?.anchor ? (
        <p className="soft comments-none">
          {words.comments.none}
          {mayComment ? (
            <>
              {" "}
              {words.comments.howTo} (<kbd>{SHORTCUTS.comment}</kbd>)
            </>
          ) : null}
        </p>
      ) : null}
      {open.map((thread) => (
        <Card key={thread.id} thread={thread} room={room} desk={desk} onShow={onShow} />
      ))}
      {resolved.length > 0 ? (
        <Folded summary={words.comments.resolvedList(resolved.length)} unfold={resolvedHasActive}>
          {resolved.map((thread) => (
            <Card key={thread.id} thread={thread} room={room} desk={desk} onShow={onShow} />
          ))}
        </Folded>
      ) : null}
    </div>
  )
}

function Folded({ summary, unfold, children }: { summary: string; unfold: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(unfold)
  useEffect(() => {
    if (unfold) setOpen(true)
  }, [unfold])
  return (
    <details
      className="comments-resolved"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{summary}</summary>
      {children}
    </details>
  )
}

/** The words that a thread is about; where they stand in the plan, they lead there. */
function Quote({ text, show }: { text: string; show?: () => void }) {
  if (!show) return <blockquote className="thread-quote">{text}</blockquote>
  return (
    <blockquote className="thread-quote">
      <button
        type="button"
        title={words.comments.show}
        aria-label={`${words.comments.show}: ${text}`}
        onClick={show}
      >
        {text}
      </button>
    </blockquote>
  )
}

function Card({
  thread,
  room,
  desk,
  onShow,
}: {
  thread: Thread
  room: Room
  desk: Desk
  onShow: (() => void) | undefined
}) {
  const places = useStore(desk.places)
  const active = useStore(desk.thread) === thread.id
  const mayComment = useStore(desk.mayComment)
  const drafts = useStore(room.drafts)
  const { problem, busy, attempt } = useAttempt()
  const [copied, setCopied] = useState<string | null>(null)
  const card = useRef<HTMLElement>(null)
  const standing = places.get(thread.id)?.standing ?? standingOf(thread)
  const first = thread.comments[0]
  const replying = drafts[thread.id] !== undefined

  useEffect(() => {
    if (active) card.current?.scrollIntoView({ block: "nearest" })
  }, [active])

  const decide = (type: "thread.resolve" | "thread.reopen") =>
    attempt(async () => {
      const from = document.activeElement
      await room.command({ type, thread: thread.id })
      // The card is in another list now, and whoever pressed its button with it.
      desk.focusThread(thread.id, from)
    })

  const copy = async () => {
    const url = new URL(location.href)
    url.hash = `thread=${thread.id}`
    try {
      await navigator.clipboard.writeText(url.href)
      setCopied(words.comments.copied)
    } catch {
      history.replaceState(null, "", url)
      setCopied(words.comments.copyFailed)
    }
    setTimeout(() => setCopied(null), 4_000)
  }

  const show = () => {
    desk.showThread(thread.id)
    onShow?.()
  }

  return (
    <article
      ref={card}
      id={`thread-${thread.id}`}
      className="thread"
      tabIndex={-1}
      data-active={active || undefined}
      data-state={thread.state}
      aria-label={words.comments.thread(first ? room.name(first.by) : words.someone, thread.anchor.quote)}
      onFocus={() => desk.thread.set(thread.id)}
    >
      {standing.state === "deleted" ? (
        <>
          <p className="thread-standing">
            <span className="badge badge-bad">{words.comments.gone}</span>{" "}
            <span className="soft small">{words.comments.goneHint}</span>
          </p>
          <blockquote className="thread-quote thread-quote-gone">{thread.anchor.quote}</blockquote>
        </>
      ) : standing.state === "edited" ? (
        <>
          <p className="thread-standing">
            <span className="badge badge-waiting">{words.comments.edited}</span>
          </p>
          <dl className="thread-then-now">
            <dt>{words.comments.editedThen}</dt>
            <dd className="thread-quote">{thread.anchor.quote}</dd>
            <dt>{words.comments.editedNow}</dt>
            <dd>
              <Quote text={standing.now} show={show} />
            </dd>
          </dl>
        </>
      ) : (
        <Quote text={thread.anchor.quote} show={show} />
      )}
      <ol className="thread-comments">
        {thread.comments.map((comment) => (
          <Said key={comment.id} room={room} thread={thread} comment={comment} />
        ))}
      </ol>
      {thread.resolved ? (
        <p className="soft small">
          {words.comments.resolvedBy(room.name(thread.resolved.by))}, {words.when(thread.resolved.at)}
        </p>
      ) : null}
      {replying && mayComment ? (
        <Box
          key={drafts[thread.id]?.id}
          room={room}
          desk={desk}
          box={thread.id}
          label={words.comments.replyText}
          send={words.comments.reply}
          discard={words.comments.cancelReply}
        />
      ) : null}
      {problem ? <ProblemLine problem={problem} /> : null}
      <div className="thread-buttons">
        {mayComment && thread.state === "open" && !replying ? (
          <Button
            className="button button-quiet button-small"
            onPress={() => room.setDraft(thread.id, { id: crypto.randomUUID(), thread: thread.id, text: "" })}
          >
            {words.comments.reply}
          </Button>
        ) : null}
        {mayComment ? (
          <Button
            className="button button-quiet button-small"
            isDisabled={busy}
            onPress={() => void decide(thread.state === "open" ? "thread.resolve" : "thread.reopen")}
          >
            {thread.state === "open" ? words.comments.resolve : words.comments.reopen}
          </Button>
        ) : null}
        <Button className="button button-quiet button-small" onPress={() => void copy()}>
          {words.comments.copyLink}
        </Button>
      </div>
      <p className="small soft thread-copied" role="status">
        {copied}
      </p>
    </article>
  )
}

/** What the server said, until this device has worked it out from its own copy of the plan. */
function standingOf(
  thread: Thread,
): { state: "exact" } | { state: "edited"; now: string } | { state: "deleted" } {
  if (thread.anchorState === "edited") return { state: "edited", now: thread.now ?? "" }
  return { state: thread.anchorState }
}

type BoxProps = { room: Room; desk: Desk; box: string; label: string; send: string; discard: string }

/** Where a comment is written. Its words are kept on this device until the server has them. */
function Box({ room, desk, box, label, send, discard }: BoxProps) {
  const draft = useStore(room.drafts)[box]
  const sync = useStore(room.connection.sync)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => area.current?.focus(), [])
  if (!draft) return null
  const submit = async () => {
    if (busy || draft.text.trim() === "") return
    setBusy(true)
    setProblem(null)
    const from = document.activeElement
    try {
      const thread = draft.thread
      await room.sendDraft(box)
      desk.focusThread(thread, from)
    } catch (error) {
      setProblem(
        error instanceof Problem && error.unreachable
          ? new Problem(error.code, 0, words.comments.offline)
          : (error as Problem),
      )
      setBusy(false)
    }
  }
  return (
    <form
      className="comment-box"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <label>
        <span className="small">{label}</span>
        <textarea
          ref={area}
          rows={3}
          value={draft.text}
          maxLength={10_000}
          onChange={(event) => room.setDraft(box, { ...draft, text: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
              event.preventDefault()
              void submit()
            }
          }}
        />
      </label>
      <p className="small soft">
        <a href="/conduct">{words.moderation.rules}</a>
      </p>
      {problem ? <ProblemLine problem={problem} /> : null}
      {!problem && sync.link === "offline" ? <p className="small soft">{words.comments.offline}</p> : null}
      <div className="modal-buttons">
        <Button className="button button-quiet button-small" onPress={() => room.setDraft(box, null)}>
          {discard}
        </Button>
        <Button
          className="button button-primary button-small"
          type="submit"
          isDisabled={busy || draft.text.trim() === ""}
        >
          {busy ? words.comments.sending : send}
        </Button>
      </div>
    </form>
  )
}
