/** Paste, drop and copy. What is copied is plain HTML with real lists, without ids or anything of the editor's. */
import { DOMSerializer, type Fragment, type Node as PmNode, type Slice } from "prosemirror-model"
import { type EditorState, Plugin, TextSelection, type Transaction } from "prosemirror-state"
import type { EditorView } from "prosemirror-view"
import { type FlatBlock, isItem, type List, type Run, tree, type TreeNode } from "./blocks"
import { deleteInside } from "./confine"
import { blocksFromHtml, blocksFromText, type PastedBlock } from "./paste"
import { blockOf, marksOf, nodeOf, schema } from "./schema"

const { nodes } = schema

export function clipboard(): Plugin {
  return new Plugin({
    props: {
      handlePaste(view, event) {
        const data = event.clipboardData
        return data ? put(view, data) : false
      },
      handleDrop(view, event, _slice, moved) {
        if (moved || !event.dataTransfer) return false
        const at = view.posAtCoords({ left: event.clientX, top: event.clientY })
        if (!at) return false
        view.dispatch(view.state.tr.setSelection(TextSelection.near(view.state.doc.resolve(at.pos))))
        const done = put(view, event.dataTransfer)
        if (done) event.preventDefault()
        return done
      },
      clipboardSerializer: new TreeSerializer(schema),
      clipboardTextSerializer: (slice) => textOf(slice),
    },
  })
}

function put(view: EditorView, data: DataTransfer): boolean {
  if (!view.editable) return false
  const html = data.getData("text/html")
  const fromHtml = html === "" ? [] : blocksFromHtml(html)
  const blocks = fromHtml.length > 0 ? fromHtml : blocksFromText(data.getData("text/plain"))
  if (blocks.length > 0) view.dispatch(insertBlocks(view.state, blocks))
  return true
}

/**
 * In place of the selection. Words that are one paragraph go into the block at the caret; more go in as blocks:
 * the first into the block where it is a paragraph, the last takes what stood behind the caret likewise. The
 * block that the caret stands at the start of stays whole, with its id, behind what is pasted.
 */
export function insertBlocks(state: EditorState, blocks: readonly PastedBlock[]): Transaction {
  const tr = state.tr
  if (!state.selection.empty) deleteInside(tr, state.selection.from, state.selection.to)
  const start = TextSelection.near(tr.doc.resolve(tr.mapping.map(state.selection.from, -1)))
  let { $from } = start
  if (!$from.parent.isTextblock) return state.tr
  const rest = [...blocks]
  const only = rest.length === 1 && rest[0]?.type === "paragraph" ? rest[0] : null
  if (only) {
    insertRuns(tr, $from.pos, only.runs)
    return tr.setStoredMarks(null).scrollIntoView()
  }
  const heading = $from.parent.type === nodes.sectionHeading
  if ($from.parent.content.size === 0 && !heading) {
    const first = rest.shift() as PastedBlock
    const made = nodeOf({ ...first, id: $from.parent.attrs.id }, 0)
    tr.replaceWith($from.before(), $from.after(), made)
    return insertAll(tr, $from.before() + made.nodeSize, rest)
  }
  if ($from.parentOffset === 0 && !heading) return insertAll(tr, $from.before(), rest)
  const behind = $from.parentOffset < $from.parent.content.size
  if (behind) {
    const next = heading ? nodes.paragraph : $from.parent.type
    tr.split($from.pos, 1, [{ type: next, attrs: { ...(heading ? {} : $from.parent.attrs), id: null } }])
    $from = tr.doc.resolve($from.pos)
  }
  const last = rest[rest.length - 1]
  if (behind && last?.type === "paragraph") {
    rest.pop()
    insertRuns(tr, $from.after() + 1, last.runs)
  }
  if (rest[0]?.type === "paragraph") {
    insertRuns(tr, $from.pos, rest.shift()?.runs ?? [])
    $from = tr.doc.resolve($from.pos)
  }
  const caret = behind && last?.type === "paragraph" ? last.text.length : 0
  const at = tr.doc.resolve($from.pos).after()
  insertAll(tr, at, rest)
  if (caret > 0) tr.setSelection(TextSelection.create(tr.doc, at + sizeOf(rest) + 1 + caret))
  return tr
}

function sizeOf(blocks: readonly PastedBlock[]): number {
  return blocks.reduce((size, block) => size + block.text.length + 2, 0)
}

function insertRuns(tr: Transaction, at: number, runs: readonly Run[]): void {
  const texts = runs.map((run) => schema.text(run.text, marksOf(run)))
  if (texts.length === 0) return
  tr.insert(at, texts)
  tr.setSelection(TextSelection.create(tr.doc, at + runs.reduce((size, run) => size + run.text.length, 0)))
}

function insertAll(tr: Transaction, at: number, blocks: readonly PastedBlock[]): Transaction {
  const made = blocks.map((block) => nodeOf({ ...block, id: null as unknown as string }, 0))
  if (made.length > 0) tr.insert(at, made)
  const end = at + made.reduce((size, node) => size + node.nodeSize, 0)
  return tr.setSelection(TextSelection.near(tr.doc.resolve(end), -1)).scrollIntoView()
}

/** Sections and blocks of a copied piece, as flat blocks. */
function blocksIn(fragment: Fragment, depth = 0): { block: FlatBlock; depth: number }[] {
  const found: { block: FlatBlock; depth: number }[] = []
  fragment.forEach((node: PmNode) => {
    if (node.type === nodes.section) found.push(...blocksIn(node.content, node.attrs.depth))
    else if (node.isTextblock) found.push({ block: blockOf(node), depth })
  })
  return found
}

function textOf(slice: Slice): string {
  const blocks = blocksIn(slice.content)
  if (blocks.length === 0) return slice.content.textBetween(0, slice.content.size, "\n")
  return blocks
    .map(({ block }) =>
      isItem(block) ? `${"  ".repeat(block.attrs.indent ?? 0)}- ${block.text}` : block.text,
    )
    .join("\n")
}

class TreeSerializer extends DOMSerializer {
  constructor(of: typeof schema) {
    super(DOMSerializer.nodesFromSchema(of), DOMSerializer.marksFromSchema(of))
  }

  override serializeFragment(fragment: Fragment): DocumentFragment {
    const out = document.createDocumentFragment()
    const blocks = blocksIn(fragment)
    if (blocks.length === 0) {
      const words: Run[] = blockOf(nodes.paragraph.create(null, fragment)).runs
      out.append(...words.flatMap(inline))
      return out
    }
    let run: FlatBlock[] = []
    let depth = 0
    const flush = () => {
      for (const node of tree(run)) out.append(htmlOf(node, depth))
      run = []
    }
    for (const { block, depth: at } of blocks) {
      if (at !== depth) flush()
      depth = at
      run.push(block)
    }
    flush()
    return out
  }
}

function htmlOf(node: TreeNode, depth: number): HTMLElement {
  switch (node.type) {
    case "list":
      return listOf(node)
    case "section-heading":
      return element(`h${Math.min(6, depth + 2)}`, node.runs)
    case "heading":
      return element(`h${Math.min(6, depth + node.level + 1)}`, node.runs)
    case "blockquote": {
      const quote = document.createElement("blockquote")
      quote.append(element("p", node.runs))
      return quote
    }
    case "paragraph":
    case "table":
      return element("p", node.runs)
  }
}

function listOf(list: List): HTMLElement {
  const made = document.createElement(list.ordered ? "ol" : "ul")
  for (const item of list.items) {
    const entry = element("li", item.runs)
    entry.append(...item.children.map(listOf))
    made.append(entry)
  }
  return made
}

function element(name: string, runs: readonly Run[]): HTMLElement {
  const made = document.createElement(name)
  made.append(...runs.flatMap(inline))
  return made
}

function inline(run: Run): Node[] {
  const parts: Node[] = run.text
    .split("\n")
    .flatMap((line, index) => [
      ...(index > 0 ? [document.createElement("br")] : []),
      document.createTextNode(line),
    ])
  const wrap = (inner: Node[], name: string): HTMLElement => {
    const made = document.createElement(name)
    made.append(...inner)
    return made
  }
  let nodes = parts
  if (run.em) nodes = [wrap(nodes, "em")]
  if (run.strong) nodes = [wrap(nodes, "strong")]
  if (run.link) {
    const link = wrap(nodes, "a")
    link.setAttribute("href", run.link.href)
    if (run.link.title) link.setAttribute("title", run.link.title)
    nodes = [link]
  }
  return nodes
}
