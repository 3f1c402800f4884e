/**
 * The server's JSON interface, as far as the workspace uses it. Whatever goes
 * wrong becomes a `Problem`: a sentence a person can read, and what to do.
 */
import { words } from "./words"

/** `part`: what they are in the network, in words; missing in what a device kept from before it was told. */
export type Person = { id: string; name: string; roles: string[]; part?: string }
/** How much waits on one's own page. */
export type Waiting = { tasks: number; unseen: number }
export type Session = {
  person: Person | null
  network?: string
  /** Whether they may change people and organisations. */
  keepsPeople?: boolean
  waiting?: Waiting
}
/** `by` is null where the server itself has frozen the plan. */
export type Frozen = { reason: string; by: string | null; at: string }
export type May = "read" | "comment" | "edit" | "decide" | "freeze" | "process" | "moderate"
/** The phase that is open; its dates are times in ISO form. */
export type Phase = { phase: string; title: string; closes: string }
/** A section that a working group writes; `may`: the one who asks is of them. */
export type Assigned = { section: string; people: string[]; organisations: string[]; may: boolean }
/** What one may do with a plan now. */
export type Access = { may: May[]; frozen: Frozen | null; phase: Phase | null; sections?: Assigned[] }
export type PlanInfo = {
  id: string
  title: string
  document: string
  frozen: Frozen | null
  may: May[]
  phase: Phase | null
  /** Missing in what a device kept from before there were any. */
  sections?: Assigned[]
}
export type Anchor = { section: string; start: string; end: string; heads: string[]; quote: string }
/** Why a comment is not shown. `by` is null where the server itself withheld it. */
export type Ruling = {
  measure: "held-back" | "hidden"
  reason: string
  by: string | null
  at: string
  disputed: boolean
}
/** The text is empty once erased, and for whom it is withheld from. */
export type Comment = {
  id: string
  position: number
  at: string
  by: string
  text: string
  withheld?: Ruling
  disputes?: { position: number; at: string; text: string }[]
}
export type Thread = {
  id: string
  state: "open" | "resolved"
  anchor: Anchor
  anchorState: "exact" | "edited" | "deleted"
  now: string | null
  comments: Comment[]
  resolved: { at: string; by: string } | null
}
export type Threads = { threads: Thread[]; head: number }

/** Words that were typed in a paragraph that somebody else deleted meanwhile. */
export type Stray = {
  /** The paragraph in which they stand now. */
  provision: string
  section: string
  people: string[]
  quote: string
  /** Null: they are not there any more. */
  now: string | null
  /** Somebody is still to say whether they stay. */
  open: boolean
}
export type Strays = { strays: Stray[]; head: number }

export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly hint: string | undefined

  constructor(code: string, status: number, sentence: string, hint?: string) {
    super(sentence)
    this.code = code
    this.status = status
    this.hint = hint
  }

  /** The server was not reached, as against: it answered no. */
  get unreachable(): boolean {
    return this.status === 0
  }
}

async function call(path: string, init?: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(15_000) })
  } catch {
    throw new Problem("unreachable", 0, words.problem.unreachable, words.problem.unreachableHint)
  }
  if (response.ok) return response
  const body = (await response.json().catch(() => null)) as {
    code?: string
    detail?: string
    title?: string
    hint?: string
  } | null
  throw new Problem(
    body?.code ?? `http_${response.status}`,
    response.status,
    body?.detail ?? body?.title ?? words.problem.unexpected(response.status),
    body?.hint,
  )
}

async function read<T>(path: string): Promise<T> {
  return (await (await call(path, { headers: { accept: "application/json" } })).json()) as T
}

export const api = {
  session: () => read<Session>("/api/session"),
  people: () => read<Person[]>("/api/people"),
  plan: (plan: string) => read<PlanInfo>(`/api/plans/${encodeURIComponent(plan)}`),
  threads: (plan: string) => read<Threads>(`/api/plans/${encodeURIComponent(plan)}/threads`),
  strays: (plan: string) => read<Strays>(`/api/plans/${encodeURIComponent(plan)}/strays`),
  /** `id` names the attempt: sending the same one again never does the thing twice. */
  command: async (id: string, command: { type: string } & Record<string, unknown>) => {
    const response = await call("/api/commands", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id, ...command }),
    })
    return (await response.json()) as { position: number }
  },
}
