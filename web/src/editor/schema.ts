/**
 * The plan as the editor shows it: sections in reading order, each a heading and flat blocks. The nesting of
 * sections and of list items is an attribute (`depth`, `indent`), never a nesting of nodes, so that no
 * concurrent edit can make a tree that is not allowed.
 */
import { type DOMOutputSpec, type Mark, type Node as PmNode, Schema } from "prosemirror-model"
import { type FlatBlock, type Link, type Run, safeLink } from "./blocks"

const id = { id: { default: null as string | null } }
const blockDom = (node: PmNode, more: Record<string, string> = {}) => ({
  "data-block": node.attrs.id ?? "",
  dir: "auto",
  ...more,
})

/** A section's heading: h2 at the top level, then a level a step of nesting, as far as HTML goes. */
function headingTag(depth: number, level: number): string {
  return `h${Math.min(6, depth + level)}`
}

/** Parsing is for the editor's own content only; what is pasted goes through `paste.ts` first. */
export const schema = new Schema({
  nodes: {
    doc: { content: "section*" },
    section: {
      content: "sectionHeading block*",
      attrs: { id: {}, depth: { default: 0 } },
      isolating: true,
      defining: true,
      selectable: false,
      toDOM: (node): DOMOutputSpec => [
        "section",
        { "data-section": node.attrs.id, "data-depth": String(node.attrs.depth) },
        0,
      ],
      parseDOM: [
        {
          tag: "section[data-section]",
          getAttrs: (dom) => ({ id: dom.dataset.section, depth: Number(dom.dataset.depth) || 0 }),
        },
      ],
    },
    sectionHeading: {
      content: "text*",
      whitespace: "pre",
      // `depth` is the section's, kept here as well since the tag depends on it; the document does not hold it.
      attrs: { ...id, depth: { default: 0 } },
      defining: true,
      toDOM: (node): DOMOutputSpec => [
        headingTag(node.attrs.depth, 2),
        blockDom(node, { class: "section-heading", "data-section-heading": "" }),
        0,
      ],
      parseDOM: [{ tag: "[data-section-heading]", priority: 60 }],
    },
    paragraph: {
      content: "text*",
      group: "block",
      whitespace: "pre",
      attrs: id,
      toDOM: (node): DOMOutputSpec => ["p", blockDom(node), 0],
      parseDOM: [{ tag: "p" }],
    },
    heading: {
      content: "text*",
      group: "block",
      whitespace: "pre",
      attrs: { ...id, level: { default: 2 }, depth: { default: 0 } },
      defining: true,
      toDOM: (node): DOMOutputSpec => [
        headingTag(node.attrs.depth, node.attrs.level + 1),
        blockDom(node, { "data-level": String(node.attrs.level) }),
        0,
      ],
      parseDOM: [1, 2, 3, 4, 5, 6].map((n) => ({
        tag: `h${n}`,
        getAttrs: (dom: HTMLElement) => ({ level: Number(dom.dataset.level) || Math.min(Math.max(n, 2), 4) }),
      })),
    },
    listItem: {
      content: "text*",
      group: "block",
      whitespace: "pre",
      attrs: { ...id, ordered: { default: false }, indent: { default: 0 } },
      toDOM: (node): DOMOutputSpec => [
        node.attrs.ordered ? "ol" : "ul",
        blockDom(node, { class: "item", "data-indent": String(node.attrs.indent) }),
        ["li", 0],
      ],
      parseDOM: [
        {
          tag: "li",
          getAttrs: (dom) => ({
            ordered: dom.parentElement?.nodeName === "OL",
            indent: Number(dom.parentElement?.dataset.indent) || 0,
          }),
        },
      ],
    },
    blockquote: {
      content: "text*",
      group: "block",
      whitespace: "pre",
      attrs: id,
      defining: true,
      toDOM: (node): DOMOutputSpec => ["blockquote", blockDom(node), ["p", 0]],
      parseDOM: [
        {
          tag: "blockquote",
          contentElement: (dom) => (dom as HTMLElement).querySelector("p") ?? (dom as HTMLElement),
        },
      ],
    },
    table: {
      content: "text*",
      group: "block",
      whitespace: "pre",
      attrs: id,
      toDOM: (node): DOMOutputSpec => ["p", blockDom(node, { class: "table" }), 0],
      parseDOM: [{ tag: "p.table", priority: 60 }],
    },
    text: {},
  },
  marks: {
    link: {
      attrs: { href: {}, title: { default: null } },
      inclusive: false,
      toDOM: (mark) => {
        const { href, title } = mark.attrs
        return ["a", { href, ...(title ? { title } : {}), rel: "noopener noreferrer nofollow" }, 0]
      },
      parseDOM: [
        {
          tag: "a[href]",
          getAttrs: (dom) => {
            const link = safeLink({ href: dom.getAttribute("href"), title: dom.getAttribute("title") })
            return link ? { href: link.href, title: link.title ?? null } : false
          },
        },
      ],
    },
    strong: { toDOM: () => ["strong", 0], parseDOM: [{ tag: "strong" }, { tag: "b" }] },
    em: { toDOM: () => ["em", 0], parseDOM: [{ tag: "em" }, { tag: "i" }] },
  },
})

const { nodes, marks } = schema

export function marksOf(run: Omit<Run, "text">): Mark[] {
  const found: Mark[] = []
  if (run.link) found.push(marks.link.create({ href: run.link.href, title: run.link.title ?? null }))
  if (run.strong) found.push(marks.strong.create())
  if (run.em) found.push(marks.em.create())
  return found
}

export function linkOf(mark: Mark): Link {
  return mark.attrs.title ? { href: mark.attrs.href, title: mark.attrs.title } : { href: mark.attrs.href }
}

/** A block as a node of a section at this depth. */
export function nodeOf(block: FlatBlock, depth: number): PmNode {
  const content = block.runs.map((run) => schema.text(run.text, marksOf(run)))
  const { id } = block
  switch (block.type) {
    case "section-heading":
      return nodes.sectionHeading.create({ id, depth }, content)
    case "heading":
      return nodes.heading.create({ id, depth, level: block.attrs.level ?? 2 }, content)
    case "unordered-list-item":
    case "ordered-list-item":
      return nodes.listItem.create(
        { id, ordered: block.type === "ordered-list-item", indent: block.attrs.indent ?? 0 },
        content,
      )
    case "paragraph":
    case "blockquote":
    case "table":
      return nodes[block.type].create({ id }, content)
  }
}

/** A node's type and attributes in the document's words. */
export function kindOf(node: PmNode): Pick<FlatBlock, "type" | "attrs"> {
  switch (node.type) {
    case nodes.sectionHeading:
      return { type: "section-heading", attrs: {} }
    case nodes.heading:
      return { type: "heading", attrs: { level: node.attrs.level } }
    case nodes.listItem:
      return {
        type: node.attrs.ordered ? "ordered-list-item" : "unordered-list-item",
        attrs: { indent: node.attrs.indent },
      }
    case nodes.blockquote:
      return { type: "blockquote", attrs: {} }
    case nodes.table:
      return { type: "table", attrs: {} }
    default:
      return { type: "paragraph", attrs: {} }
  }
}

/** The node as a flat block, without saying whether it is implied. */
export function blockOf(node: PmNode): FlatBlock {
  const runs: Run[] = []
  node.forEach((child) => {
    const run: Run = { text: child.text ?? "" }
    for (const mark of child.marks) {
      if (mark.type === marks.link) run.link = linkOf(mark)
      if (mark.type === marks.strong) run.strong = true
      if (mark.type === marks.em) run.em = true
    }
    runs.push(run)
  })
  return { id: node.attrs.id, ...kindOf(node), text: node.textContent, runs }
}

/** The id that the document holds for a block whose shown id may tell duplicates apart (`p1~2`). */
export function ownId(node: PmNode): string {
  const shown: string = node.attrs.id ?? ""
  const mark = shown.indexOf("~")
  return mark < 0 ? shown : shown.slice(0, mark)
}
