import "../styles/tokens.css"
import "../styles/base.css"
import "../editor/editor.css"
import "./workspace.css"
import { initializeWasm } from "@automerge/automerge/slim"
import wasm from "@automerge/automerge/automerge.wasm?url"
import { StrictMode } from "react"
import { createRoot, type Root } from "react-dom/client"
import { Problem } from "./api"
import { Room } from "./room"
import { Waiting, Workspace } from "./Workspace"
import { words } from "./words"

/** The plan is named by the address: `/plans/{plan}`. */
function planOfAddress(): string {
  return decodeURIComponent(location.pathname.split("/")[2] ?? "")
}

function keepShell(): void {
  if (!("serviceWorker" in navigator)) return
  void navigator.serviceWorker
    .register("/service-worker.js")
    .then(() => navigator.serviceWorker.ready)
    .then((registration) => registration.active?.postMessage({ keep: location.pathname }))
    .catch(() => {
      // Without it the workspace works as before, only not from a reload without the network.
    })
}

async function start(root: Root): Promise<void> {
  root.render(<Waiting long={false} />)
  try {
    const [room] = await Promise.all([Room.enter(planOfAddress()), initializeWasm(wasm)])
    room.start()
    root.render(
      <StrictMode>
        <Workspace room={room} />
      </StrictMode>,
    )
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem("failed", 0, words.opening.failedTitle)
    root.render(<Failed problem={problem} again={() => void start(root)} />)
  }
}

function Failed({ problem, again }: { problem: Problem; again: () => void }) {
  return (
    <main id="plan" className="ws-message">
      <section className="sheet" role="alert">
        <h1>{problem.unreachable ? words.opening.failedTitle : words.opening.unavailableTitle}</h1>
        <p>{problem.message}</p>
        {problem.hint ? <p className="soft">{problem.hint}</p> : null}
        <p className="ws-message-buttons">
          <button type="button" className="button button-primary" onClick={again}>
            {words.opening.retry}
          </button>
          <a className="button" href="/">
            {words.opening.plans}
          </a>
        </p>
      </section>
    </main>
  )
}

/**
 * The component library writes a `<style>` into the page, which the content
 * policy refuses, unless an element of that name is there. The one rule that
 * it holds stands in `workspace.css`.
 */
function standInForStyle(): void {
  const meta = document.createElement("meta")
  meta.id = "react-aria-pressable-style"
  document.head.append(meta)
}

const place = document.getElementById("workspace")
if (place) {
  standInForStyle()
  keepShell()
  void start(createRoot(place))
}
