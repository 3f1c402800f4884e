import { Button } from "react-aria-components"
import type { Stray } from "./api"
import { useAttempt } from "./attempt"
import type { Desk } from "./desk"
import { ProblemLine } from "./Freeze"
import type { Room } from "./room"
import { useStore } from "./store"
import type { Settled } from "./strays"
import { words } from "./words"

/** The words that wait for somebody to say whether they stay, above the comments. Nearly always none. */
export function Strays({ room, desk, onShow }: { room: Room; desk: Desk; onShow?: () => void }) {
  const open = useStore(room.strays).filter((stray) => stray.open)
  if (open.length === 0) return null
  return (
    <section className="strays" aria-label={words.strays.title(open.length)}>
      <h3 className="strays-title">{words.strays.title(open.length)}</h3>
      {open.map((stray) => (
        <Card key={stray.provision} stray={stray} room={room} desk={desk} onShow={onShow} />
      ))}
    </section>
  )
}

function Card({
  stray,
  room,
  desk,
  onShow,
}: {
  stray: Stray
  room: Room
  desk: Desk
  onShow: (() => void) | undefined
}) {
  const mayEdit = useStore(desk.editable)
  const { problem, busy, attempt } = useAttempt()
  useStore(room.people)
  const by = stray.people.map((person) => room.name(person)).join(", ")

  const settle = (settled: Settled) => attempt(() => room.settleStray(stray.provision, settled))

  return (
    <article className="thread stray-card" aria-label={words.strays.by(by)}>
      <p className="small">{words.strays.what}</p>
      <blockquote className="thread-quote">
        <button
          type="button"
          aria-label={`${words.comments.show}: ${stray.now ?? stray.quote}`}
          onClick={() => {
            desk.showProvision(stray.section, stray.provision)
            onShow?.()
          }}
        >
          {stray.now ?? stray.quote}
        </button>
      </blockquote>
      <p className="soft small">{words.strays.by(by)}</p>
      {mayEdit ? (
        <p className="thread-buttons">
          <Button className="button button-small" isDisabled={busy} onPress={() => void settle("kept")}>
            {words.strays.keep}
          </Button>
          <Button className="button button-small" isDisabled={busy} onPress={() => void settle("removed")}>
            {words.strays.remove}
          </Button>
        </p>
      ) : null}
      {problem ? <ProblemLine problem={problem} /> : null}
    </article>
  )
}
