import { useState } from "react";
import { Button, Dialog, DialogTrigger, Heading, Label, Modal, TextArea, TextField } from "react-aria-components";
import { Problem } from "./api";
import type { Room } from "./room";
import { useStore } from "./store";
import { words } from "./words";

/** Closing the plan to edits and opening it again, for those who may; always with a reason. */
export function Freeze({ room }: { room: Room }) {
  const { may, frozen } = useStore(room.access);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  if (!may.includes("freeze")) return null;
  const title = frozen ? words.plan.unfreezeTitle : words.plan.freezeTitle;

  const send = async (close: () => void) => {
    try {
      await room.command({ type: frozen ? "plan.unfreeze" : "plan.freeze", reason: reason.trim() });
      setReason("");
      setProblem(null);
      close();
    } catch (error) {
      setProblem(error as Problem);
    }
  };

  return (
    <DialogTrigger>
      <Button className="button ws-full">{frozen ? words.plan.unfreeze : words.plan.freeze}</Button>
      <Modal className="modal" isDismissable>
        <Dialog className="modal-dialog">
          {({ close }) => (
            <form
              className="modal-form"
              onSubmit={(event) => {
                event.preventDefault();
                void send(close);
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
                <Button className="button button-primary" type="submit" isDisabled={reason.trim() === ""}>
                  {title}
                </Button>
              </div>
            </form>
          )}
        </Dialog>
      </Modal>
    </DialogTrigger>
  );
}

export function ProblemLine({ problem }: { problem: Problem }) {
  return (
    <p className="field-error" role="alert">
      {problem.message}
      {problem.hint ? <span className="soft"> {problem.hint}</span> : null}
    </p>
  );
}
