/** The document as the editor reads it, and the narrow door through which it is met. */
import * as A from "@automerge/automerge"
import { Duplicates, type PlacedBlock, readBlocks, type Span, string, VALID_ID } from "./blocks"

/** The document of a plan. What peers wrote may be anything: read it through the functions here. */
export interface PlanDoc {
  schema: number
  title: unknown
  sections: Record<string, SectionDoc>
  tables?: Record<string, unknown>
}

export interface SectionDoc {
  parent: unknown
  order: unknown
  removed?: unknown
  text: string
}

/** What a change event tells. A `DocHandle` of automerge-repo tells more, and fits. */
export interface PlanChange {
  doc: A.Doc<PlanDoc>
  patches: A.Patch[]
}

/** The part of a document handle that the editor uses; a `DocHandle<PlanDoc>` of automerge-repo fits. */
export interface PlanHandle {
  doc(): A.Doc<PlanDoc>
  change(write: (doc: PlanDoc) => void): void
  on(event: "change", heard: (change: PlanChange) => void): unknown
  off(event: "change", heard: (change: PlanChange) => void): unknown
}

export interface SectionPlace {
  id: string
  /** "" at the top level; as it counts for reading, so a parent that is unknown or goes in a circle is "". */
  parent: string
  order: string
  depth: number
}

export type TextPath = ["sections", string, "text"]

export function textPath(section: string): TextPath {
  return ["sections", section, "text"]
}

/** Compares as bytes of UTF-8, as the server does. */
export function compareBytes(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

interface Entry {
  parent: string
  order: string
  removed: boolean
}

function entries(doc: PlanDoc): Map<string, Entry> {
  const found = new Map<string, Entry>()
  const sections = doc.sections
  if (typeof sections !== "object" || sections === null) return found
  for (const id of Object.keys(sections)) {
    const section = sections[id]
    if (!VALID_ID.test(id) || typeof section !== "object" || section === null) continue
    found.set(id, {
      parent: string(section.parent) ?? "",
      order: string(section.order) ?? "",
      removed: section.removed === true,
    })
  }
  for (const [id, entry] of found) if (!found.has(entry.parent)) found.set(id, { ...entry, parent: "" })
  cutCycles(found)
  return found
}

/** Two moves made apart can put two sections into each other: the one with the smallest id is then at the top. */
function cutCycles(found: Map<string, Entry>): void {
  const settled = new Set<string>([""])
  for (const start of [...found.keys()]) {
    const walked = new Set<string>()
    let at = start
    while (!settled.has(at) && !walked.has(at)) {
      walked.add(at)
      at = found.get(at)?.parent ?? ""
    }
    if (!settled.has(at)) {
      const path = [...walked]
      const circle = path.slice(path.indexOf(at))
      const cut = circle.reduce((least, id) => (compareBytes(id, least) < 0 ? id : least))
      const entry = found.get(cut)
      if (entry) found.set(cut, { ...entry, parent: "" })
    }
    for (const id of walked) settled.add(id)
  }
}

function childrenOf(found: Map<string, Entry>): Map<string, string[]> {
  const children = new Map<string, string[]>()
  for (const [id, entry] of found) {
    const siblings = children.get(entry.parent)
    if (siblings) siblings.push(id)
    else children.set(entry.parent, [id])
  }
  for (const siblings of children.values()) {
    siblings.sort(
      (a, b) => compareBytes(found.get(a)?.order ?? "", found.get(b)?.order ?? "") || compareBytes(a, b),
    )
  }
  return children
}

/** All sections that are read, in reading order. */
export function readingOrder(doc: PlanDoc): SectionPlace[] {
  const found = entries(doc)
  const children = childrenOf(found)
  const places: SectionPlace[] = []
  // By a list and not by calls: sections may be nested as deep as a peer likes.
  const waiting = (children.get("") ?? []).map((id) => ({ id, depth: 0 })).reverse()
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { id, depth } = next
    const entry = found.get(id)
    if (!entry || entry.removed) continue
    places.push({ id, parent: entry.parent, order: entry.order, depth })
    for (const child of [...(children.get(id) ?? [])].reverse()) waiting.push({ id: child, depth: depth + 1 })
  }
  return places
}

/** The sections that were removed themselves (not those that went with them), for bringing back. */
export function removedSections(doc: PlanDoc): string[] {
  return [...entries(doc)].filter(([, entry]) => entry.removed).map(([id]) => id)
}

/** All siblings in order, removed ones too: a new order key is to be between its real neighbours. */
export function siblingsOf(doc: PlanDoc, parent: string): SectionPlace[] {
  const found = entries(doc)
  return (childrenOf(found).get(parent) ?? []).map((id) => ({
    id,
    parent,
    order: found.get(id)?.order ?? "",
    depth: 0,
  }))
}

/** The place behind the character that begins here: a cursor names a character, which may take two code units. */
export function afterCharacter(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
}

export function spansOf(doc: A.Doc<PlanDoc>, section: string): Span[] {
  // A peer may have put something else in a text's place: then there are no words.
  if (typeof doc.sections[section]?.text !== "string") return []
  return A.spans(doc, textPath(section)) as unknown as Span[]
}

/** Every section that is read, with its blocks; ids told apart over the whole plan. */
export function readPlan(doc: A.Doc<PlanDoc>): { place: SectionPlace; blocks: PlacedBlock[] }[] {
  const duplicates = new Duplicates()
  return readingOrder(doc).map((place) => {
    const blocks = readBlocks(place.id, spansOf(doc, place.id))
    duplicates.rename(blocks)
    return { place, blocks }
  })
}
