// A stock automerge-repo client, with the few helpers that the tests need.

import { next as A } from "@automerge/automerge"
import { Repo } from "@automerge/automerge-repo"
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket"

/** Keeps what a browser would keep in IndexedDB. */
export class MemoryStorage {
  #kept = new Map()

  async load(key) {
    return this.#kept.get(key.join("\u0000"))?.data
  }
  async save(key, data) {
    this.#kept.set(key.join("\u0000"), { key, data })
  }
  async remove(key) {
    this.#kept.delete(key.join("\u0000"))
  }
  async loadRange(prefix) {
    return [...this.#kept.values()].filter(({ key }) => prefix.every((part, at) => key[at] === part))
  }
  async removeRange(prefix) {
    for (const { key } of await this.loadRange(prefix)) await this.remove(key)
  }
}

/** `readyState` of a socket that takes messages. */
const OPEN = 1

export class Client {
  /** Counts the messages in both directions. */
  messages = 0

  constructor(sync, { storage, retryInterval = 100 } = {}) {
    this.sync = sync
    this.adapter = new WebSocketClientAdapter(sync, retryInterval)
    this.adapter.on("message", () => this.messages++)
    const send = this.adapter.send.bind(this.adapter)
    this.adapter.send = (message) => {
      this.messages++
      // Into a socket that is closing it would throw while it reads a message, and be stuck with that document.
      if ([undefined, OPEN].includes(this.adapter.socket?.readyState)) send(message)
    }
    this.repo = new Repo({ network: [this.adapter], storage })
  }

  async find(url) {
    this.handle = await this.repo.find(url)
    return this.handle
  }

  /** Types at the end of the first section. */
  type(text) {
    this.handle.change((doc) => {
      const [section] = Object.keys(doc.sections)
      A.splice(doc, ["sections", section, "text"], doc.sections[section].text.length, 0, text)
    })
  }

  get text() {
    const [section] = Object.values(this.handle.doc().sections)
    return section.text
  }

  get heads() {
    return A.getHeads(this.handle.doc()).sort().join()
  }

  /** Waits until the server says that it has what is here. */
  async onServer() {
    await until("the server has it", () => {
      const storage = this.repo.getStorageIdOfPeer(this.adapter.remotePeerId)
      const info = storage && this.handle.getSyncInfo(storage)
      return info && [...info.lastHeads].sort().join() === [...this.handle.heads()].sort().join()
    })
  }

  /** Cuts the connection. The client comes back by itself. */
  cut() {
    this.adapter.socket.close()
  }

  close() {
    return this.repo.shutdown()
  }
}

/** Waits until `holds` does, looking whenever something can have changed. */
export async function until(what, holds, milliseconds = 10_000) {
  for (const end = Date.now() + milliseconds; ; await new Promise((done) => setTimeout(done, 10))) {
    if (await holds()) return
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`)
  }
}

export const equal = (clients) => clients.every((client) => client.heads === clients[0].heads)

/** All have the same, and for as long as a client's throttle is long nobody says anything. */
export async function atRest(clients) {
  await until("all clients have the same heads", () => equal(clients))
  const count = () => clients.reduce((sum, client) => sum + client.messages, 0)
  let before = count()
  await until("silence", async () => {
    await new Promise((done) => setTimeout(done, 300))
    const now = count()
    const silent = now === before
    before = now
    return silent
  })
  await new Promise((done) => setTimeout(done, 1_200))
  if (count() !== before) throw new Error(`${count() - before} messages after silence`)
}
