/** Numbers of numbered items: each is a list of its own in the page, so each says where it starts. */
import type { Node as PmNode } from "prosemirror-model"
import { Plugin, PluginKey } from "prosemirror-state"
import { Decoration, DecorationSet } from "prosemirror-view"
import { schema } from "./schema"

const key = new PluginKey<DecorationSet>("quorate-numbers")
const { listItem } = schema.nodes

export function numbers(): Plugin {
  return new Plugin<DecorationSet>({
    key,
    state: {
      init: (_config, state) => DecorationSet.create(state.doc, sectionsOf(state.doc).flatMap(numbersIn)),
      apply(tr, shown, before, after) {
        if (!tr.docChanged) return shown
        const moved = shown.map(tr.mapping, tr.doc)
        const kept = new Set(before.doc.children)
        // Only sections that differ are counted again.
        return sectionsOf(after.doc)
          .filter(({ node }) => !kept.has(node))
          .reduce((set, section) => recount(set, after.doc, section), moved)
      },
    },
    props: { decorations: (state) => key.getState(state) },
  })
}

interface Placed {
  node: PmNode
  at: number
}

function sectionsOf(doc: PmNode): Placed[] {
  const found: Placed[] = []
  doc.forEach((node, at) => {
    found.push({ node, at })
  })
  return found
}

function recount(shown: DecorationSet, doc: PmNode, section: Placed): DecorationSet {
  const old = shown.find(section.at, section.at + section.node.nodeSize)
  const now = numbersIn(section)
  const same =
    old.length === now.length &&
    now.every((one, index) => one.from === old[index]?.from && one.spec.number === old[index]?.spec.number)
  return same ? shown : shown.remove(old).add(doc, now)
}

/** Counts as the tree does: by depth within a run of items; a bulleted item at the same depth begins anew. */
function numbersIn({ node, at }: Placed): Decoration[] {
  const found: Decoration[] = []
  let open: { ordered: boolean; count: number }[] = []
  let place = at + 1
  for (const block of node.children) {
    if (block.type !== listItem) {
      open = []
    } else {
      const { ordered, indent } = block.attrs
      const depth = Math.min(indent, open.length)
      open = open.slice(0, depth + 1)
      const list = open[depth]
      const count = list && list.ordered === ordered ? list.count + 1 : 1
      open[depth] = { ordered, count }
      if (ordered)
        found.push(
          Decoration.node(place, place + block.nodeSize, { start: String(count) }, { number: count }),
        )
    }
    place += block.nodeSize
  }
  return found
}
