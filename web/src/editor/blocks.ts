/**
 * A section's text as flat blocks. Total: whatever a peer has put into the document, it yields blocks with which
 * the editor can work. The server has the same function; the files in `tests/golden/blocks` keep both in step.
 */

export type BlockType =
  | "section-heading"
  | "paragraph"
  | "heading"
  | "unordered-list-item"
  | "ordered-list-item"
  | "blockquote"
  | "table"

export interface Link {
  href: string
  title?: string
}

/** Characters that bear the same marks: never empty, and never beside a run with the same marks. */
export interface Run {
  text: string
  link?: Link
  strong?: true
  em?: true
}

export interface FlatBlock {
  /** The provision's id; with `~2`, `~3`… behind it where an earlier block has the same. */
  id: string
  type: BlockType
  /** `level` 2 to 4 of a heading, `indent` 0 to 8 of a list item, nothing else. */
  attrs: { level?: number; indent?: number }
  /** What is shown; a line feed is a line break. */
  text: string
  runs: Run[]
  /** No marker in the document stands for it. */
  implied?: true
  /** Its id is not the one in the document, since an earlier block has that. */
  derived?: true
}

/** A block with its place in the section's text, in UTF-16 code units; a marker counts as one. */
export interface PlacedBlock extends FlatBlock {
  /** Where its first character stands, or would stand. */
  start: number
  /** How much of the text is its own: more than `text.length` where there are characters that are never shown. */
  length: number
  /** The id before duplicates are told apart. */
  ownId: string
  /** The marker does not say what it is read as: it has no valid id, or is one section heading too many. */
  odd?: true
}

/** What `spans` of the document library yields for a text. */
export type Span =
  | { type: "text"; value: string; marks?: Record<string, unknown> }
  | { type: "block"; value: Record<string, unknown> }

/** Of blocks and of sections. */
export const VALID_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/
const TYPES: ReadonlySet<string> = new Set([
  "section-heading",
  "paragraph",
  "heading",
  "unordered-list-item",
  "ordered-list-item",
  "blockquote",
  "table",
])
// Controls other than tab and line feed, the character that stands for an object in a text, and half characters
// (which no document holds, but an edit can leave).
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters meant.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\ufffc]|\p{Surrogate}/gu

/** The text without what is never shown. */
export function visible(text: string): string {
  return text.replace(HIDDEN, "")
}

/** Where in the text the characters are that are never shown, last one first. */
export function hiddenAt(text: string): number[] {
  return Array.from(text.matchAll(HIDDEN), (match) => match.index).reverse()
}

export function isItem(block: { type: BlockType }): boolean {
  return block.type === "unordered-list-item" || block.type === "ordered-list-item"
}

/** The blocks of one section: a section heading, then whatever the text holds. Never empty. */
export function normalise(section: string, spans: readonly Span[]): FlatBlock[] {
  const blocks = readBlocks(section, spans)
  new Duplicates().rename(blocks)
  return blocks.map(plain)
}

/** Without the place. */
export function plain(block: PlacedBlock): FlatBlock {
  const { start: _start, length: _length, ownId: _ownId, odd: _odd, ...flat } = block
  return flat
}

/** Counts the ids of a plan, in reading order, so that each stands for one block only. */
export class Duplicates {
  private readonly seen = new Map<string, number>()

  /** Gives the second block of an id `~2` behind it, the third `~3`. */
  rename(blocks: PlacedBlock[]): void {
    for (const block of blocks) {
      const count = (this.seen.get(block.ownId) ?? 0) + 1
      this.seen.set(block.ownId, count)
      if (count > 1) {
        block.id = `${block.ownId}~${count}`
        block.derived = true
      }
    }
  }
}

/** Like `normalise`, with the places, and ids that may occur more than once. */
export function readBlocks(section: string, spans: readonly Span[]): PlacedBlock[] {
  const blocks: PlacedBlock[] = []
  let lead: PlacedBlock | null = null
  let offset = 0
  for (const span of spans) {
    if (span.type === "block") {
      offset += 1
      blocks.push(readMarker(section, blocks.length, span.value, offset))
      continue
    }
    if (span.value === "") continue
    let block = blocks[blocks.length - 1]
    if (!block) {
      lead ??= implied(section, "lead", "paragraph")
      block = lead
    }
    block.length += span.value.length
    offset += span.value.length
    pushText(block.runs, span.value, span.marks ?? {})
  }
  if (blocks[0]?.type !== "section-heading") blocks.unshift(implied(section, "heading", "section-heading"))
  if (lead) blocks.splice(1, 0, lead)
  for (const [index, block] of blocks.entries()) {
    if (index > 0 && block.type === "section-heading") {
      block.type = "heading"
      block.attrs = { level: 2 }
      block.odd = true
    }
    block.text = block.runs.map((run) => run.text).join("")
  }
  return blocks
}

function implied(section: string, what: string, type: BlockType): PlacedBlock {
  const id = `${section}-${what}`
  return { id, ownId: id, type, attrs: {}, text: "", runs: [], implied: true, start: 0, length: 0 }
}

function readMarker(section: string, ordinal: number, marker: unknown, start: number): PlacedBlock {
  const fields = record(marker)
  const attrs = record(fields.attrs)
  const named = string(attrs.id)
  const valid = named !== null && VALID_ID.test(named)
  const id = valid ? named : `${section}-${ordinal}`
  const type = blockType(string(fields.type))
  const block: PlacedBlock = { id, ownId: id, type, attrs: {}, text: "", runs: [], start, length: 0 }
  if (type === "heading") block.attrs = { level: whole(attrs.level, 2, 4) }
  if (isItem(block)) block.attrs = { indent: whole(attrs.indent, 0, 8) }
  if (!valid) block.odd = true
  return block
}

function blockType(name: string | null): BlockType {
  return name !== null && TYPES.has(name) ? (name as BlockType) : "paragraph"
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

/** A string, whether the document holds it as text or as a plain string (which the library wraps). */
export function string(value: unknown): string | null {
  if (typeof value === "string") return value
  if (typeof value === "object" && value !== null && "val" in value && typeof value.val === "string")
    return value.val
  return null
}

/** A whole number, brought into the range; anything else is the least. */
function whole(value: unknown, least: number, most: number): number {
  const number = typeof value === "bigint" ? Number(value) : value
  if (typeof number !== "number" || !Number.isInteger(number)) return least
  return Math.min(Math.max(number, least), most)
}

function pushText(runs: Run[], value: string, marks: Record<string, unknown>): void {
  const text = visible(value)
  if (text === "") return
  const run: Run = { text, ...readMarks(marks) }
  const last = runs[runs.length - 1]
  if (last && sameMarks(last, run)) last.text += text
  else runs.push(run)
}

export function readMarks(marks: Record<string, unknown>): Omit<Run, "text"> {
  const run: Omit<Run, "text"> = {}
  const link = readLink(marks.link)
  if (link) run.link = link
  if (marks.strong === true) run.strong = true
  if (marks.em === true) run.em = true
  return run
}

export function sameMarks(a: Omit<Run, "text">, b: Omit<Run, "text">): boolean {
  return a.strong === b.strong && a.em === b.em && sameLink(a.link, b.link)
}

export function sameLink(a: Link | undefined, b: Link | undefined): boolean {
  return a?.href === b?.href && a?.title === b?.title
}

/** A link that a reader may safely follow, or none. The mark's value is JSON: `{"href", "title"?}`. */
function readLink(mark: unknown): Link | null {
  const json = string(mark)
  if (json === null) return null
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === "object" && value !== null ? safeLink(value) : null
  } catch {
    return null
  }
}

/** Only `http`, `https` and `mailto`, at most 2,048 characters. */
export function safeLink(value: { href?: unknown; title?: unknown }): Link | null {
  if (typeof value.href !== "string") return null
  const href = value.href.trim()
  if (!/^(https?|mailto):/i.test(href) || href.length > 2048) return null
  return typeof value.title === "string" && value.title !== "" ? { href, title: value.title } : { href }
}

export type TreeNode =
  | { type: "section-heading" | "paragraph" | "blockquote" | "table"; id: string; runs: Run[] }
  | { type: "heading"; level: number; id: string; runs: Run[] }
  | List

export interface List {
  type: "list"
  ordered: boolean
  items: { id: string; runs: Run[]; children: List[] }[]
}

/** Flat blocks as a tree: list items gathered into lists by their depth. Keeps every character, in order. */
export function tree(blocks: readonly FlatBlock[]): TreeNode[] {
  const nodes: TreeNode[] = []
  let run: FlatBlock[] = []
  for (const block of blocks) {
    if (isItem(block)) {
      run.push(block)
      continue
    }
    nodes.push(...lists(withDepths(run), 0))
    run = []
    const { id, runs } = block
    if (block.type === "heading") nodes.push({ type: "heading", level: block.attrs.level ?? 2, id, runs })
    else nodes.push({ type: block.type as "paragraph", id, runs })
  }
  nodes.push(...lists(withDepths(run), 0))
  return nodes
}

interface Deep {
  block: FlatBlock
  depth: number
}

/** An item is at most one step deeper than the one before it, and the first of a run is not indented at all. */
function withDepths(items: FlatBlock[]): Deep[] {
  let most = 0
  return items.map((block) => {
    const depth = Math.min(block.attrs.indent ?? 0, most)
    most = depth + 1
    return { block, depth }
  })
}

/** The lists at one depth; what is deeper goes below the item before it. */
function lists(items: Deep[], depth: number): List[] {
  const found: List[] = []
  let at = 0
  while (at < items.length) {
    const item = items[at] as Deep
    let end = at + 1
    while (end < items.length && (items[end] as Deep).depth > depth) end += 1
    const ordered = item.block.type === "ordered-list-item"
    let list = found[found.length - 1]
    if (list?.ordered !== ordered) {
      list = { type: "list", ordered, items: [] }
      found.push(list)
    }
    list.items.push({
      id: item.block.id,
      runs: item.block.runs,
      children: lists(items.slice(at + 1, end), depth + 1),
    })
    at = end
  }
  return found
}
