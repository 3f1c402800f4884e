import { useState } from "react"
import { Button, Dialog, Heading, Label, Modal, TextArea, TextField } from "react-aria-components"
import type { Problem } from "./api"
import type { Room } from "./room"
import { useStore } from "./store"
import { words } from "./words"

/** Closing the plan to edits and opening it again; always with a reason, which everybody sees. */
export function Freeze({ room, isOpen, close }: { room: Room; isOpen: boolean; close: () => void }) {
  const { frozen } = useStore(room.access)
  const [reason, setReason] = useState("")
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const title = frozen ? words.plan.unfreezeTitle : words.plan.freezeTitle

  const send = async () => {
    setBusy(true)
    try {
      await room.command({ type: frozen ? "plan.unfreeze" : "plan.freeze", reason: reason.trim() })
      setReason("")
      setProblem(null)
      close()
    } catch (error) {
      setProblem(error as Problem)
    } finally {
      setBusy(false)
    }
  }

  return (
    // A click beside it leaves it open: a reason may be half written.
    <Modal className="modal" isOpen={isOpen} onOpenChange={(open) => (open ? undefined : close())}>
      <Dialog className="modal-dialog">
        <form
          className="modal-form"
          onSubmit={(event) => {
            event.preventDefault()
            void send()
          }}
        >
          <Heading slot="title">{title}</Heading>
          <p className="soft">{frozen ? words.plan.unfreezeHint : words.plan.freezeHint}</p>
          <TextField className="field" value={reason} onChange={setReason} isRequired autoFocus>
            <Label>{words.plan.reason}</Label>
            <TextArea rows={3} />
          </TextField>
          {problem ? <ProblemLine problem={problem} /> : null}
          <div className="modal-buttons">
            <Button className="button button-quiet" onPress={close}>
              {words.plan.cancel}
            </Button>
            <Button className="button button-primary" type="submit" isDisabled={busy || reason.trim() === ""}>
              {title}
            </Button>
          </div>
        </form>
      </Dialog>
    </Modal>
  )
}

export function ProblemLine({ problem }: { problem: Problem }) {
  return (
    <p className="field-error" role="alert">
      {problem.message}
      {problem.hint ? <span className="soft"> {problem.hint}</span> : null}
    </p>
  )
}
