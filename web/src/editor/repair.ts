/**
 * A text that no editor made (no markers, ids that are none, characters that are never shown) is shown as it
 * reads, but positions in it do not follow from positions in the editor. Before it is first edited here, it is
 * brought to what it is read as, with as few operations as will do.
 */
import * as A from "@automerge/automerge"
import { hiddenAt, type PlacedBlock, visible } from "./blocks"
import { type PlanDoc, textPath } from "./plan"
import { marker } from "./write"

/** Inside `handle.change`. `blocks` are the section's, as read from the same document. */
export function repairSection(document: PlanDoc, section: string, blocks: readonly PlacedBlock[]): void {
  const path = textPath(section)
  const doc = document as A.Doc<PlanDoc>
  const entry = document.sections[section]
  if (entry && typeof entry.text !== "string") entry.text = ""
  const text = entry?.text ?? ""
  const heading = blocks[0]
  const lead = blocks[1]?.implied ? blocks[1] : undefined
  for (const block of [...blocks].filter((block) => !block.implied).reverse()) {
    dropHidden(doc, path, text, block.start, block.length)
    if (block.odd) A.updateBlock(doc, path, block.start - 1, marker(block.ownId, block))
  }
  if (!lead) {
    if (heading?.implied) A.splitBlock(doc, path, 0, marker(heading.ownId, heading))
    return
  }
  dropHidden(doc, path, text, 0, lead.length)
  const kept = visible(text.slice(0, lead.length))
  if (heading?.implied) {
    A.splitBlock(doc, path, 0, marker(lead.ownId, lead))
    A.splitBlock(doc, path, 0, marker(heading.ownId, heading))
    return
  }
  // The words stand before the heading and are read behind it: they are put where they are read.
  A.splice(doc, path, 0, kept.length)
  const behind = 1 + visible(heading?.text ?? "").length
  A.splitBlock(doc, path, behind, marker(lead.ownId, lead))
  A.splice(doc, path, behind + 1, 0, kept)
}

function dropHidden(
  doc: A.Doc<PlanDoc>,
  path: ReturnType<typeof textPath>,
  text: string,
  from: number,
  length: number,
): void {
  for (const index of hiddenAt(text.slice(from, from + length))) A.splice(doc, path, from + index, 1)
}
