/**
 * What the server says of a plan beside the document: who is here, what this
 * person may do now, what was refused, and that a thread or stray words changed.
 */
import type { Access } from "./api"

export type Here = { peer: string; person: string }
export type Refused = { code: string; sentence: string; hint?: string }

export type LiveEvents = {
  here: (people: Here[]) => void
  access: (access: Access) => void
  refused: (refused: Refused) => void
  threads: () => void
  strays: () => void
  /** The line is back after a break: whatever was missed must be asked for. */
  opened: () => void
  /** The server answered, and lets nobody listen: perhaps because nobody is signed in any more. */
  denied: () => void
}

const RETRY_MS = 3_000

/** Listens until the returned function is called; comes back by itself after a break. */
export function listen(plan: string, on: LiveEvents): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  const open = () => {
    source = new EventSource(`/api/plans/${encodeURIComponent(plan)}/live`)
    const data = <T>(name: string, then: (value: T) => void) =>
      source?.addEventListener(name, (event) => {
        try {
          then(JSON.parse((event as MessageEvent<string>).data) as T)
        } catch {
          // A newer server may say more than this page understands.
        }
      })
    source.onopen = () => on.opened()
    source.onerror = () => {
      on.here([])
      // The browser retries a broken line by itself, but not one that was answered with an error.
      if (source?.readyState === EventSource.CLOSED && !stopped) {
        on.denied()
        timer = setTimeout(open, RETRY_MS)
      }
    }
    data<{ people: Here[] }>("here", ({ people }) => on.here(people))
    data<Access>("access", on.access)
    data<Refused>("refused", on.refused)
    data("threads", () => on.threads())
    data("strays", () => on.strays())
  }
  open()
  const wake = () => {
    if (source?.readyState === EventSource.CLOSED) {
      clearTimeout(timer)
      open()
    }
  }
  window.addEventListener("online", wake)
  return () => {
    stopped = true
    clearTimeout(timer)
    window.removeEventListener("online", wake)
    source?.close()
  }
}
