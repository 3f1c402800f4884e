import { type FormEvent, type ReactNode, useId, useState } from "react"
import { Button } from "react-aria-components"
import type { Comment, Thread } from "./api"
import { useAttempt } from "./attempt"
import { ProblemLine } from "./Freeze"
import type { Room } from "./room"
import { useStore } from "./store"
import { words } from "./words"

type Props = { room: Room; thread: Thread; comment: Comment }

/** One comment of a thread; where it is withheld, why, and what can be done about it. */
export function Said({ room, thread, comment }: Props) {
  const access = useStore(room.access)
  useStore(room.people)
  const { withheld } = comment
  const mayModerate = access.may.includes("moderate")
  const isOwn = comment.by === room.me.id
  return (
    <li>
      <p className="comment-by">
        <span className={`person person-${room.number(comment.by)}`}>{room.name(comment.by)}</span>{" "}
        <time className="soft small" dateTime={comment.at} title={words.whenExact(comment.at)}>
          {words.when(comment.at)}
        </time>
      </p>
      {withheld ? (
        <p className="small comment-withheld">
          <span className="badge badge-waiting">{words.moderation[withheld.measure]}</span>{" "}
          {words.moderation.because(withheld.by ? room.name(withheld.by) : words.someone, withheld.reason)}{" "}
          {withheld.disputed ? words.moderation.disputed : null}
        </p>
      ) : null}
      {comment.text ? <p className="comment-text">{comment.text}</p> : null}
      {!comment.text && !withheld ? <p className="comment-text soft">{words.comments.erased}</p> : null}
      {comment.disputes?.map((dispute) => (
        <p key={dispute.position} className="small comment-dispute">
          {words.moderation.says(room.name(comment.by))} <q>{dispute.text}</q>
        </p>
      ))}
      {mayModerate ? <Moderating room={room} thread={thread} comment={comment} /> : null}
      {withheld && isOwn && !withheld.disputed ? (
        <Disputing room={room} thread={thread} comment={comment} />
      ) : null}
    </li>
  )
}

function Moderating({ room, thread, comment }: Props) {
  const [chosen, setChosen] = useState<"hidden" | "held-back" | "shown">("hidden")
  const now = comment.withheld?.measure ?? "shown"
  const disputed = comment.withheld?.disputed ?? false
  const choices = (["hidden", "held-back", "shown"] as const).filter(
    (one) => one !== now || (disputed && one !== "shown"),
  )
  const measure = choices.includes(chosen) ? chosen : choices[0]
  const name = useId()
  return (
    <Act
      open={words.moderation.open}
      of={room.name(comment.by)}
      label={words.moderation.reason}
      hint={words.moderation.reasonHint}
      limit={500}
      send={words.moderation.save}
      run={(reason) =>
        room.command({
          ...place(thread, comment),
          ...(measure === "shown"
            ? { type: "comment.show", reason }
            : { type: "comment.withhold", measure, reason }),
        })
      }
    >
      <fieldset className="comment-measures">
        <legend className="small">{words.moderation.choose}</legend>
        {choices.map((one) => (
          <label key={one} className="small">
            <input type="radio" name={name} checked={one === measure} onChange={() => setChosen(one)} />{" "}
            {words.moderation.does[one]}
          </label>
        ))}
      </fieldset>
    </Act>
  )
}

function Disputing({ room, thread, comment }: Props) {
  return (
    <Act
      open={words.moderation.dispute}
      of={null}
      label={words.moderation.why}
      hint={words.moderation.whyHint}
      limit={10_000}
      send={words.moderation.send}
      run={(text) => room.command({ ...place(thread, comment), type: "comment.dispute", text })}
    />
  )
}

function place(thread: Thread, comment: Comment) {
  return { thread: thread.id, comment: comment.id }
}

type ActProps = {
  open: string
  /** Of whom the comment is, for ears that hear the button many times. */
  of: string | null
  label: string
  hint: string
  limit: number
  send: string
  run: (text: string) => Promise<unknown>
  children?: ReactNode
}

/** A button that unfolds a small form with some words to write. */
function Act({ open, of, label, hint, limit, send, run, children }: ActProps) {
  const [text, setText] = useState<string | null>(null)
  const { problem, busy, attempt } = useAttempt()
  const hintId = useId()
  if (text === null)
    return (
      <Button className="button button-quiet button-small" onPress={() => setText("")}>
        {open}
        {of ? <span className="visually-hidden">: {of}</span> : null}
      </Button>
    )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (busy || text.trim() === "") return
    void attempt(async () => {
      await run(text.trim())
      setText(null)
    })
  }
  return (
    <form className="comment-box" onSubmit={submit}>
      {children}
      <label>
        <span className="small">{label}</span>
        <textarea
          rows={2}
          maxLength={limit}
          value={text}
          // biome-ignore lint/a11y/noAutofocus: it unfolds in answer to the button that had the focus
          autoFocus
          aria-describedby={hintId}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <p className="small soft" id={hintId}>
        {hint} <a href="/conduct">{words.moderation.rules}</a>
      </p>
      {problem ? <ProblemLine problem={problem} /> : null}
      <div className="modal-buttons">
        <Button className="button button-quiet button-small" onPress={() => setText(null)}>
          {words.comments.cancel}
        </Button>
        <Button
          className="button button-primary button-small"
          type="submit"
          isDisabled={busy || text.trim() === ""}
        >
          {send}
        </Button>
      </div>
    </form>
  )
}
