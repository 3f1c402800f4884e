/**
 * One open plan as the workspace sees it: who I am, the document, what I may
 * do, who is here, the threads. Components read its stores and call it; it
 * alone talks to the server.
 */
import type { DocHandle } from "@automerge/automerge-repo/slim"
import {
  api,
  type Access,
  type Person,
  type PlanInfo,
  Problem,
  type Session,
  type Stray,
  type Thread,
} from "./api"
import { Connection, type PlanDocument, Unavailable } from "./connection"
import { type Draft, Drafts } from "./drafts"
import { Keep, keepSession, keptSession } from "./keep"
import { type Here, listen, type Refused } from "./live"
import { Store } from "./store"
import type { Settled } from "./strays"
import { words } from "./words"

export type Opening =
  | { state: "opening" }
  | { state: "open"; handle: DocHandle<PlanDocument> }
  | { state: "failed"; problem: Problem }

/** A line that tells what just happened, with at most one thing to do about it. */
export type Notice = {
  id: number
  kind: "info" | "alert"
  text: string
  hint?: string
  action?: { label: string; run: () => void }
}

export class Room {
  readonly opening = new Store<Opening>({ state: "opening" })
  readonly plan: Store<PlanInfo>
  readonly access: Store<Access>
  readonly people = new Store<ReadonlyMap<string, Person>>(new Map())
  readonly here = new Store<Here[]>([])
  readonly threads = new Store<Thread[]>([])
  /** Set once the threads of this plan are known, from the server or from this device. */
  readonly threadsKnown = new Store(false)
  readonly strays = new Store<Stray[]>([])
  readonly notices = new Store<Notice[]>([])
  readonly drafts: Drafts
  private noticeCount = 0

  private constructor(
    readonly me: Person,
    readonly session: Session,
    readonly connection: Connection,
    private readonly keep: Keep,
    info: PlanInfo,
  ) {
    this.plan = new Store(info)
    this.access = new Store<Access>({
      may: info.may,
      frozen: info.frozen,
      phase: info.phase ?? null,
      sections: info.sections ?? [],
    })
    this.drafts = new Drafts(keep, info.id)
  }

  /**
   * Finds out who is here and what the plan is, from the server or, without it,
   * from what this device keeps for the person who was signed in last.
   */
  static async enter(plan: string): Promise<Room> {
    let session: Session | null
    try {
      session = await api.session()
      await keepSession(session)
    } catch (error) {
      session = error instanceof Problem && error.unreachable ? await keptSession() : null
      if (!session) throw error
    }
    const me = session.person
    if (!me) {
      location.assign("/")
      throw new Problem("signed_out", 401, words.opening.unavailable)
    }
    const network = session.network ?? "network"
    const keep = new Keep(network, me.id)
    let info: PlanInfo | null
    try {
      info = await api.plan(plan)
      keep.write(`plan:${plan}`, info)
    } catch (error) {
      info = error instanceof Problem && error.unreachable ? keep.read<PlanInfo>(`plan:${plan}`) : null
      if (!info) throw error
    }
    return new Room(me, session, new Connection(network, me.id, keep), keep, info)
  }

  get id(): string {
    return this.plan.get().id
  }

  /** Null is the server itself. */
  name(person: string | null): string {
    if (person === null) return words.program
    return this.people.get().get(person)?.name ?? words.someone
  }

  /** 1 to 8: the person's colour and manner of line, the same on every screen. */
  number(person: string): number {
    const ids = [...this.people.get().keys()].sort()
    const at = ids.indexOf(person)
    return at < 0 ? 8 : (at % 8) + 1
  }

  /** Begins to listen and to open the document; Automerge's wasm must be there. */
  start(): void {
    const kept = this.keep.read<Person[]>("people")
    if (kept) this.setPeople(kept)
    const threads = this.keep.read<Thread[]>(`threads:${this.id}`)
    if (threads) {
      this.threads.set(threads)
      this.threadsKnown.set(true)
    }
    void this.openDocument()
    void this.loadPeople()
    void this.loadThreads()
    void this.loadStrays()
    listen(this.id, {
      here: (people) => this.here.set(people),
      access: (access) => this.setAccess(access),
      refused: (refused) => this.tellRefused(refused),
      threads: () => void this.loadThreads(),
      strays: () => void this.loadStrays(),
      opened: () => {
        void this.loadPeople()
        void this.loadThreads()
        void this.loadStrays()
      },
      denied: () => void this.noteSignedOut(),
    })
    this.connection.sync.subscribe(() => this.noteUnsaved())
  }

  async openDocument(): Promise<void> {
    const { document } = this.plan.get()
    this.opening.set({ state: "opening" })
    try {
      const handle = await this.connection.open(this.id, document)
      this.opening.set({ state: "open", handle })
      void this.connection.handIn(
        Object.values(this.keep.read<Record<string, string>>("unsaved") ?? {}).filter(
          (url) => url !== document,
        ),
      )
    } catch (error) {
      if (!(error instanceof Unavailable)) console.error(error)
      const problem =
        error instanceof Unavailable
          ? new Problem("unavailable", 404, words.opening.unavailable)
          : new Problem("failed", 0, words.opening.failedTitle)
      this.opening.set({ state: "failed", problem })
    }
  }

  /** Remembers which plans hold changes of mine that the server lacks, to send them whichever plan I open next. */
  private noteUnsaved(): void {
    const noted = this.keep.read<Record<string, string>>("unsaved") ?? {}
    const { unsaved, link } = this.connection.sync.get()
    const is = unsaved > 0 && link !== "online"
    if (is === this.id in noted) return
    if (!is && unsaved > 0) return
    if (is) noted[this.id] = this.plan.get().document
    else delete noted[this.id]
    this.keep.write("unsaved", noted)
  }

  private setPeople(people: Person[]): void {
    this.people.set(new Map(people.map((person) => [person.id, person])))
  }

  private async loadPeople(): Promise<void> {
    try {
      const people = await api.people()
      this.setPeople(people)
      this.keep.write("people", people)
    } catch {
      // Names that are not known yet are shown as someone's; the next opening of the line asks again.
    }
  }

  async loadThreads(): Promise<void> {
    try {
      const { threads } = await api.threads(this.id)
      this.threads.set(threads)
      this.threadsKnown.set(true)
      this.keep.write(`threads:${this.id}`, threads)
    } catch {
      // The ones that are known stay; the next opening of the line asks again.
    }
  }

  async loadStrays(): Promise<void> {
    try {
      this.strays.set((await api.strays(this.id)).strays)
    } catch {
      // Those that are known stay; the next opening of the line asks again.
    }
  }

  async settleStray(provision: string, settled: Settled): Promise<void> {
    await this.command({ type: "stray.settle", provision, settled })
    await this.loadStrays()
  }

  /** Says so when this person was signed out, by themselves elsewhere or in time. */
  private async noteSignedOut(): Promise<void> {
    const session = await api.session().catch(() => null)
    if (!session || session.person) return
    // What was typed is in this device's storage before the page goes. It asks to sign in, and comes back afterwards.
    const signIn = () => void this.connection.flush().finally(() => location.reload())
    this.tell({
      kind: "info",
      text: words.account.signedOut,
      action: { label: words.account.signIn, run: signIn },
    })
  }

  private setAccess(access: Access): void {
    const before = this.access.get()
    this.access.set(access)
    const info = { ...this.plan.get(), ...access }
    this.plan.set(info)
    this.keep.write(`plan:${this.id}`, info)
    if (access.frozen && !before.frozen)
      this.tell({ kind: "info", text: words.plan.frozen(this.name(access.frozen.by), access.frozen.reason) })
    if (!access.frozen && before.frozen) this.tell({ kind: "info", text: words.plan.unfrozen })
    if (access.phase?.phase !== before.phase?.phase) {
      const [over, open] = [before.phase?.title, access.phase?.title]
      this.tell({
        kind: "info",
        text: open ? words.plan.phaseOpened(open) : words.plan.phaseClosed(over ?? ""),
      })
    }
  }

  private tellRefused(refused: Refused): void {
    this.tell({ kind: "alert", text: refused.sentence, hint: refused.hint ?? words.refused.kept })
  }

  tell(notice: Omit<Notice, "id">): void {
    this.noticeCount += 1
    const id = this.noticeCount
    this.notices.update((now) =>
      [...now.filter((one) => one.text !== notice.text), { id, ...notice }].slice(-3),
    )
    if (notice.kind === "info") setTimeout(() => this.dismiss(id), 10_000)
  }

  dismiss(id: number): void {
    this.notices.update((now) => now.filter((notice) => notice.id !== id))
  }

  draft(key: string): Draft | undefined {
    return this.drafts.get()[key]
  }

  setDraft(key: string, draft: Draft | null): void {
    this.drafts.put(key, draft)
  }

  /** Sends a draft; it stays in its box until the server has said yes. */
  async sendDraft(key: string): Promise<void> {
    const draft = this.draft(key)
    if (!draft) return
    const text = draft.text.trim()
    await api.command(
      draft.id,
      draft.anchor
        ? { type: "thread.open", plan: this.id, thread: draft.thread, anchor: draft.anchor, text }
        : { type: "thread.reply", plan: this.id, thread: draft.thread, text },
    )
    this.setDraft(key, null)
    await this.loadThreads()
  }

  async command(command: { type: string } & Record<string, unknown>): Promise<void> {
    await api.command(crypto.randomUUID(), { ...command, plan: this.id })
    if (/^(thread|comment)\./.test(command.type)) await this.loadThreads()
  }
}
