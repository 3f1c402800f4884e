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
    try {
      const text = localStorage.getItem(this.prefix + key)
      return text === null ? null : (JSON.parse(text) as T)
    } catch {
      return null
    }
  }

  /** Storage may be full or forbidden: then the thing simply is not kept. */
  write(key: string, value: unknown): void {
    try {
      if (value === null || value === undefined) localStorage.removeItem(this.prefix + key)
      else localStorage.setItem(this.prefix + key, JSON.stringify(value))
    } catch {
      // Nothing depends on it while the network is there.
    }
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
