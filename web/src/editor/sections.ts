/** Sections come, move and go as changes of the document, so they work offline as well. Each returns how to undo it. */
import * as A from "@automerge/automerge"
import { generateKeyBetween } from "fractional-indexing"
import { string } from "./blocks"
import {
  compareBytes,
  type PlanDoc,
  type PlanHandle,
  readingOrder,
  type SectionPlace,
  siblingsOf,
  textPath,
} from "./plan"
import { randomId } from "./tidy"
import { marker } from "./write"

/** Where a section is put: below a parent ("" for none), behind a sibling ("" for the first place). */
export interface Place {
  parent: string
  after: string
}

/** What was done, and the way back; `undo` gives the way forward again. */
export interface SectionChange {
  section: string
  undo: (handle: PlanHandle) => SectionChange
}

export function addSection(
  handle: PlanHandle,
  place: Place,
  heading: string,
  ids: { section?: string; block?: string } = {},
): SectionChange {
  const section = ids.section ?? randomId()
  const order = orderAt(handle.doc(), place)
  handle.change((doc) => {
    doc.sections[section] = { parent: plainString(place.parent), order: plainString(order), text: "" }
    const path = textPath(section)
    const at = doc as A.Doc<PlanDoc>
    A.splitBlock(at, path, 0, marker(ids.block ?? randomId(), { type: "section-heading", attrs: {} }))
    if (heading !== "") A.splice(at, path, 1, 0, heading)
  })
  return { section, undo: (to) => removeSection(to, section) }
}

/** What others write in it meanwhile is kept, and is there when it is brought back. */
export function removeSection(handle: PlanHandle, section: string): SectionChange {
  put(handle, section, (entry) => {
    entry.removed = true
  })
  return { section, undo: (to) => restoreSection(to, section) }
}

export function restoreSection(handle: PlanHandle, section: string): SectionChange {
  put(handle, section, (entry) => {
    entry.removed = false
  })
  return { section, undo: (to) => removeSection(to, section) }
}

/** Null where it cannot be moved there: into itself, or where it is already. */
export function moveSection(handle: PlanHandle, section: string, place: Place): SectionChange | null {
  const places = readingOrder(handle.doc())
  for (let at = place.parent; at !== ""; at = places.find(({ id }) => id === at)?.parent ?? "") {
    if (at === section) return null
  }
  if (place.after === section) return null
  return putPlace(handle, section, place.parent, orderAt(handle.doc(), place, section))
}

function putPlace(handle: PlanHandle, section: string, parent: string, order: string): SectionChange {
  const old = handle.doc().sections[section]
  const was = { parent: string(old?.parent) ?? "", order: string(old?.order) ?? "" }
  put(handle, section, (entry) => {
    if (parent !== was.parent) entry.parent = plainString(parent)
    if (order !== was.order) entry.order = plainString(order)
  })
  return { section, undo: (to) => putPlace(to, section, was.parent, was.order) }
}

/** Where a step takes a section, or null where there is no such step. */
export function stepPlace(doc: PlanDoc, section: string, step: "up" | "down" | "in" | "out"): Place | null {
  const places = readingOrder(doc)
  const here = places.find(({ id }) => id === section)
  if (!here) return null
  const siblings = places.filter(({ parent }) => parent === here.parent).map(({ id }) => id)
  const index = siblings.indexOf(section)
  const before = siblings[index - 1]
  switch (step) {
    case "up":
      return before === undefined ? null : { parent: here.parent, after: siblings[index - 2] ?? "" }
    case "down":
      return index + 1 < siblings.length ? { parent: here.parent, after: siblings[index + 1] ?? "" } : null
    case "in": {
      if (before === undefined) return null
      const below = places.filter(({ parent }) => parent === before)
      return { parent: before, after: below[below.length - 1]?.id ?? "" }
    }
    case "out": {
      if (here.parent === "") return null
      const parent = places.find(({ id }) => id === here.parent)
      return { parent: parent?.parent ?? "", after: here.parent }
    }
  }
}

function put(handle: PlanHandle, section: string, write: (entry: PlanDoc["sections"][string]) => void): void {
  handle.change((doc) => {
    const entry = doc.sections[section]
    if (entry) write(entry)
  })
}

/** A key behind the sibling and before whatever comes next, removed sections included. */
function orderAt(doc: PlanDoc, place: Place, except?: string): string {
  const siblings = siblingsOf(doc, place.parent).filter(({ id }) => id !== except)
  const low = siblings.find(({ id }) => id === place.after)?.order ?? null
  const high = siblings.find(({ order }) => low === null || compareBytes(order, low) > 0)?.order ?? null
  try {
    return generateKeyBetween(low, high)
  } catch {
    // A peer wrote a key that is none: any text that sorts behind it will do.
    return `${low ?? ""}V`
  }
}

/** As a plain string, which is replaced as a whole; a text would be merged letter by letter. */
function plainString(text: string): unknown {
  return new A.ImmutableString(text)
}

export type { SectionPlace }
