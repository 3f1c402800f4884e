/**
 * What the workspace keeps on this device so that it opens without the network.
 * Every key names the person, so another sign-in here never reads it. The
 * answer to "who is signed in" lies in a cache of its own, which the service
 * worker empties whenever somebody signs in or out.
 */
import type { Session } from "./api"

const SESSION_CACHE = "quorate-session"

export class Keep {
  private readonly prefix: string

  constructor(network: string, person: string) {
    this.prefix = `quorate:${network}:${person}:`
  }

  read<T>(key: string): T | null {
    return ifPossible(() => JSON.parse(localStorage.getItem(this.prefix + key) ?? "null") as T | null)
  }

  write(key: string, value: unknown): void {
    ifPossible(() => {
      if (value === null || value === undefined) localStorage.removeItem(this.prefix + key)
      else localStorage.setItem(this.prefix + key, JSON.stringify(value))
    })
  }

  /** Noted for this window alone, until it is closed. */
  note(key: string, value: string): void {
    ifPossible(() => sessionStorage.setItem(this.prefix + key, value))
  }

  noted(key: string): string | null {
    return ifPossible(() => sessionStorage.getItem(this.prefix + key))
  }

  /** All that is kept under keys that begin so. */
  all<T>(beginning: string): T[] {
    const keys = ifPossible(() => Object.keys(localStorage)) ?? []
    const ours = keys.filter((key) => key.startsWith(this.prefix + beginning))
    return ours.flatMap((key) => this.read<T>(key.slice(this.prefix.length)) ?? [])
  }

  /** Tells of what other windows keep under keys that begin so: the rest of the key, and null for what is gone. */
  onChange(beginning: string, told: (rest: string, value: unknown) => void): void {
    const whole = this.prefix + beginning
    window.addEventListener("storage", ({ key }) => {
      if (key?.startsWith(whole)) told(key.slice(whole.length), this.read(key.slice(this.prefix.length)))
    })
  }
}

/** Storage may be full or forbidden: then the thing simply is not kept, and nothing depends on it while the network is there. */
function ifPossible<T>(run: () => T): T | null {
  try {
    return run()
  } catch {
    return null
  }
}

export async function keepSession(session: Session): Promise<void> {
  if (!("caches" in window)) return
  const cache = await caches.open(SESSION_CACHE)
  await cache.put("/api/session", new Response(JSON.stringify(session)))
}

export async function keptSession(): Promise<Session | null> {
  if (!("caches" in window)) return null
  const found = await caches.match("/api/session", { cacheName: SESSION_CACHE })
  return found ? ((await found.json()) as Session) : null
}

export async function forgetSession(): Promise<void> {
  if ("caches" in window) await caches.delete(SESSION_CACHE)
}
