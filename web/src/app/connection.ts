/**
 * One plan's document, kept on the device and in step with the server through
 * the stock automerge-repo client; and the truth about where its changes are.
 *
 * A change counts as saved when the server's heads hold it: the server speaks
 * of heads only after its log has them on disk, under its own storage id.
 */
import * as Automerge from "@automerge/automerge/slim"
import type { AutomergeUrl, DocHandle, PeerId, StorageId, UrlHeads } from "@automerge/automerge-repo/slim"
import { decodeHeads, parseAutomergeUrl, Repo } from "@automerge/automerge-repo/slim"
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket"
import { IndexedDBStorageAdapter } from "@automerge/automerge-repo-storage-indexeddb"
import type { Keep } from "./keep"
import { Store } from "./store"

export type PlanDocument = {
  schema: number
  title: string
  sections: Record<string, { parent: string; order: string; removed?: boolean; text: string }>
}

export type Sync = {
  link: "connecting" | "online" | "offline"
  /** Changes made on this device that the server's log does not hold yet. */
  unsaved: number
  /** Saving takes longer than anybody should wait without a word. */
  slow: boolean
}

/** There is no such document, or it is not for this person: the server gives one answer for both. */
export class Unavailable extends Error {}

/** The stock client asks for a new socket this often while it has none. */
const RETRY_MS = 3_000
const SLOW_MS = 5_000
const COUNT_MS = 250

/**
 * After a break the stock adapter opens a socket by its own clock, whether or not there is one again by then, and
 * from there on hears only the new one, on which neither side says anything until somebody types.
 */
class OneSocket extends WebSocketClientAdapter {
  override connect(...who: Parameters<WebSocketClientAdapter["connect"]>): void {
    const state = this.socket?.readyState
    if (state === WebSocket.OPEN || state === WebSocket.CONNECTING) return
    // Nobody listens to the old one from here on, so its end is said now: the
    // client begins to sync anew only with a server that it knows to have gone.
    if (state === WebSocket.CLOSING && this.remotePeerId) {
      this.emit("peer-disconnected", { peerId: this.remotePeerId })
    }
    super.connect(...who)
  }

  /**
   * Into a socket that is closing nothing is sent, as into none: the client
   * would throw in the middle of reading a message, and take no change of that
   * document any more. What is missing is sent when the next socket opens.
   */
  override send(...what: Parameters<WebSocketClientAdapter["send"]>): void {
    const state = this.socket?.readyState
    if (state === undefined || state === WebSocket.OPEN) super.send(...what)
  }
}

export class Connection {
  readonly repo: Repo
  readonly sync = new Store<Sync>({ link: "connecting", unsaved: 0, slow: false })
  private readonly adapter: WebSocketClientAdapter
  private server: StorageId | null = null
  /** The newest heads of the server that this document contains. */
  private serverHeads: Automerge.Heads | null = null
  private learned: UrlHeads | null = null
  private handle: DocHandle<PlanDocument> | null = null
  private plan = ""
  private countTimer: ReturnType<typeof setTimeout> | undefined
  private waitingSince: number | null = null

  constructor(
    network: string,
    person: string,
    private readonly keep: Keep,
  ) {
    const scheme = location.protocol === "https:" ? "wss" : "ws"
    this.adapter = new OneSocket(`${scheme}://${location.host}/sync`, RETRY_MS)
    this.adapter.on("peer-candidate", ({ peerMetadata }) => {
      this.server = peerMetadata.storageId ?? null
      this.setLink("online")
    })
    this.adapter.on("peer-disconnected", () => this.setLink("offline"))
    this.repo = new Repo({
      peerId: `${person}-${crypto.randomUUID()}` as PeerId,
      network: [this.adapter],
      storage: new IndexedDBStorageAdapter(`quorate-${network}-${person}`),
    })
    window.addEventListener("offline", this.cut)
    window.addEventListener("online", this.mend)
    if (!navigator.onLine) this.setLink("offline")
    setInterval(this.tick, 1_000)
  }

  get peerId(): string {
    return this.repo.peerId
  }

  /**
   * Resolves once the document is here, from this device or from the server,
   * however long that takes; rejects when the server says that there is none.
   */
  async open(plan: string, url: string): Promise<DocHandle<PlanDocument>> {
    const { documentId } = parseAutomergeUrl(url as AutomergeUrl)
    const denied = new Promise<never>((_, reject) => {
      this.adapter.on("message", (message) => {
        if (message.type === "doc-unavailable" && message.documentId === documentId) {
          reject(new Unavailable())
        }
      })
    })
    const handle = await Promise.race([this.find(url as AutomergeUrl), denied])
    this.handle = handle
    this.plan = plan
    const kept = this.keep.read<Automerge.Heads>(`heads:${plan}`)
    if (kept && Automerge.hasHeads(handle.doc(), kept)) this.serverHeads = kept
    handle.on("heads-changed", this.schedule)
    handle.on("remote-heads", this.count)
    this.count()
    return handle
  }

  /**
   * The client calls a document unavailable when no server answered at once;
   * the server's answer may still come, when the line is slow or down.
   */
  private async find(url: AutomergeUrl): Promise<DocHandle<PlanDocument>> {
    const handle = await this.repo.find<PlanDocument>(url, { allowableStates: ["ready", "unavailable"] })
    // Its own patience ends after a minute, with nothing said against the document.
    for (;;) {
      if (handle.isReady()) return handle
      await handle.whenReady(["ready"]).catch(() => {})
    }
  }

  /** Hands in what this person wrote in other plans while away; nothing shows of it. */
  async handIn(urls: string[]): Promise<void> {
    await Promise.allSettled(urls.map((url) => this.find(url as AutomergeUrl)))
  }

  /** What the server has may name changes that are still on their way here: then the older heads hold. */
  private learn(doc: Automerge.Doc<PlanDocument>): void {
    const info = this.server && this.handle?.getSyncInfo(this.server)
    if (!info || info.lastHeads === this.learned) return
    const heads = decodeHeads(info.lastHeads)
    if (heads.length === 0 || !Automerge.hasHeads(doc, heads)) return
    this.learned = info.lastHeads
    this.serverHeads = heads
    this.keep.write(`heads:${this.plan}`, heads)
  }

  private schedule = (): void => {
    const { unsaved } = this.sync.get()
    // The first unsaved change shows at once; counting them can wait a moment.
    if (unsaved === 0) this.count()
    else this.countTimer ??= setTimeout(this.count, COUNT_MS)
  }

  private count = (): void => {
    clearTimeout(this.countTimer)
    this.countTimer = undefined
    if (!this.handle) return
    const doc = this.handle.doc()
    this.learn(doc)
    const heads = Automerge.getHeads(doc)
    const same =
      this.serverHeads !== null &&
      heads.length === this.serverHeads.length &&
      heads.every((head) => this.serverHeads?.includes(head))
    const unsaved = same ? 0 : this.changesSince(doc)
    if (unsaved === 0) this.waitingSince = null
    else this.waitingSince ??= Date.now()
    this.sync.update((now) =>
      now.unsaved === unsaved ? now : { ...now, unsaved, slow: unsaved > 0 && now.slow },
    )
  }

  /** Without any word from the server only this session's own changes are known to be unsaved. */
  private changesSince(doc: Automerge.Doc<PlanDocument>): number {
    if (this.serverHeads) return Automerge.getChangesMetaSince(doc, this.serverHeads).length
    const actor = Automerge.getActorId(doc)
    return Automerge.getChangesMetaSince(doc, []).filter((change) => change.actor === actor).length
  }

  private tick = (): void => {
    const slow = this.waitingSince !== null && Date.now() - this.waitingSince > SLOW_MS
    this.sync.update((now) => (now.slow === slow ? now : { ...now, slow }))
  }

  private setLink(link: Sync["link"]): void {
    this.sync.update((now) => (now.link === link ? now : { ...now, link }))
    this.count()
  }

  /** The device says that it is offline: the socket may take minutes to notice by itself. */
  private cut = (): void => {
    this.setLink("offline")
    this.adapter.socket?.close()
  }

  private mend = (): void => {
    this.adapter.connect(this.repo.peerId)
  }

  /** Everything typed is in this device's storage when this resolves. */
  flush(): Promise<void> {
    return this.repo.flush()
  }
}
