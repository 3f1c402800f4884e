/**
 * What is pasted, as blocks: headings, lists with their indents, quotes, emphasis and links are kept, the words
 * of everything else stay as paragraphs. Never scripts, styles, comments or hidden text. The HTML is read in a
 * document of its own, where nothing runs and nothing is fetched.
 */
import { type BlockType, type FlatBlock, type Run, safeLink, sameMarks, visible } from "./blocks"

/** A block without an id: it gets one where it is put. */
export type PastedBlock = Omit<FlatBlock, "id">

/** Each line a paragraph; empty lines only part them. */
export function blocksFromText(text: string): PastedBlock[] {
  const lines = text.split(/\r\n?|\n/).map((line) => visible(line).trim())
  return lines.filter((line) => line !== "").map((line) => block("paragraph", {}, [{ text: line }]))
}

export function blocksFromHtml(html: string): PastedBlock[] {
  const { body } = new DOMParser().parseFromString(html, "text/html")
  const reader = new Reader()
  reader.children(body, { kind: { type: "paragraph", attrs: {} }, list: null, pre: false, marks: {} })
  return reader.finish()
}

function block(type: BlockType, attrs: FlatBlock["attrs"], runs: Run[]): PastedBlock {
  return { type, attrs, runs, text: runs.map((run) => run.text).join("") }
}

type Kind = Pick<FlatBlock, "type" | "attrs">
type Marks = Omit<Run, "text">

interface Context {
  /** What the next block is. */
  kind: Kind
  /** The list that we are in: its kind and depth. */
  list: { ordered: boolean; depth: number } | null
  pre: boolean
  marks: Marks
}

// Nothing of these is for reading. (Word puts its own data into `xml`.)
const SKIPPED = new Set(
  "SCRIPT STYLE HEAD TITLE META LINK TEMPLATE NOSCRIPT IFRAME OBJECT EMBED SVG MATH AUDIO VIDEO CANVAS SELECT TEXTAREA INPUT XML".split(
    " ",
  ),
)
const BLOCKS = new Set(
  "P DIV SECTION ARTICLE ASIDE HEADER FOOTER MAIN NAV FIGURE FIGCAPTION ADDRESS DL DT DD FORM FIELDSET LEGEND DETAILS SUMMARY CENTER CAPTION TABLE TBODY THEAD TFOOT TR TD TH HR UL OL LI PRE BLOCKQUOTE H1 H2 H3 H4 H5 H6 MENU DIALOG HGROUP SEARCH".split(
    " ",
  ),
)

class Reader {
  private readonly found: PastedBlock[] = []
  private kind: Kind = { type: "paragraph", attrs: {} }
  private runs: Run[] = []
  /** White space that has been met and is only shown if something follows in the same block. */
  private space: Marks | null = null
  /** The block is a list item's: another block inside of it is a line of it, not a block. */
  private inItem = false

  finish(): PastedBlock[] {
    this.close()
    return this.found
  }

  children(parent: Node, context: Context): void {
    for (const child of Array.from(parent.childNodes)) {
      if (child.nodeType === 3) this.text(child.nodeValue ?? "", context)
      else if (child.nodeType === 1) this.element(child as HTMLElement, context)
    }
  }

  private element(element: HTMLElement, outer: Context): void {
    const name = element.nodeName.toUpperCase()
    const style = styleOf(element)
    if (SKIPPED.has(name) || isHidden(element, style) || /mso-list:\s*ignore/i.test(style)) return
    const context: Context = { ...outer, marks: marksOf(name, element, style, outer) }
    if (name === "BR") this.lineBreak()
    else if (name === "UL" || name === "OL" || name === "MENU") this.listOf(element, name === "OL", context)
    else if (name === "LI") this.item(element, context)
    else if (name === "TR") this.row(element, context)
    else if (BLOCKS.has(name) || /^(block|flex|grid)$/.test(property(style, "display")))
      this.block(element, name, style, context, outer)
    else this.children(element, context)
  }

  private block(element: HTMLElement, name: string, style: string, context: Context, outer: Context): void {
    const kind = kindOf(name, element, style, outer)
    if (outer.list && this.inItem && !kind) {
      this.line()
      this.children(element, context)
      this.line()
      return
    }
    this.open(kind ?? outer.kind)
    // A heading's letters are strong by its being one.
    const marks = kind?.type === "heading" ? { ...context.marks, strong: undefined } : context.marks
    this.children(element, { ...context, kind: kind ?? outer.kind, marks, pre: outer.pre || name === "PRE" })
    this.open(outer.kind)
  }

  private listOf(element: HTMLElement, ordered: boolean, context: Context): void {
    this.close()
    const depth = context.list ? context.list.depth + 1 : 0
    this.inItem = false
    this.children(element, { ...context, list: { ordered, depth } })
    this.close()
    this.inItem = false
    this.kind = context.list ? itemKind(context.list.ordered, context.list.depth) : context.kind
  }

  private item(element: HTMLElement, context: Context): void {
    const list = context.list ?? { ordered: false, depth: 0 }
    const level = Number(element.getAttribute("aria-level"))
    const depth = Number.isInteger(level) && level > 0 ? level - 1 : list.depth
    this.open(itemKind(list.ordered, depth))
    this.inItem = true
    this.children(element, { ...context, list: { ...list, depth } })
    this.close()
    this.inItem = false
  }

  /** A row of words is one paragraph; a row of whole texts is these texts. */
  private row(element: HTMLElement, context: Context): void {
    const cells = Array.from(element.children).filter((cell) =>
      /^T[DH]$/i.test(cell.nodeName),
    ) as HTMLElement[]
    const shown = cells.filter((cell) => !isHidden(cell, styleOf(cell)))
    const parts = shown.map((cell) => {
      const reader = new Reader()
      reader.children(cell, { ...context, marks: cell.nodeName === "TH" ? {} : context.marks })
      return reader.finish()
    })
    this.open(context.kind)
    if (
      parts.some((part) => part.length > 1 || part[0]?.type !== (part.length ? context.kind.type : undefined))
    ) {
      for (const part of parts) this.found.push(...part)
      return
    }
    for (const part of parts.filter((part) => part.length > 0)) {
      if (this.runs.length > 0) this.push(" | ", {})
      for (const run of part[0]?.runs ?? []) this.push(run.text, run)
    }
    this.open(context.kind)
  }

  private text(value: string, context: Context): void {
    if (context.pre) {
      this.push(value.replace(/\r\n?/g, "\n"), context.marks)
      return
    }
    for (const part of value.split(/([ \t\r\n\f]+)/)) {
      if (part === "") continue
      if (/^[ \t\r\n\f]/.test(part)) {
        if (this.runs.length > 0 && !this.endsWithBreak()) this.space ??= context.marks
      } else {
        if (this.space)
          this.push(
            " ",
            sameMarks(this.space, context.marks) ? context.marks : shared(this.space, context.marks),
          )
        this.space = null
        this.push(part, context.marks)
      }
    }
  }

  private push(text: string, marks: Marks): void {
    const shown = visible(text)
    if (shown === "") return
    const run: Run = { text: shown }
    if (marks.link) run.link = marks.link
    if (marks.strong) run.strong = true
    if (marks.em) run.em = true
    const last = this.runs[this.runs.length - 1]
    if (last && sameMarks(last, run)) last.text += shown
    else this.runs.push(run)
  }

  /** One break is a line of the block; two part blocks. */
  private lineBreak(): void {
    this.space = null
    if (this.runs.length === 0) return
    if (this.endsWithBreak() && !this.inItem) this.open(this.kind)
    else if (!this.endsWithBreak()) this.push("\n", {})
  }

  /** In a list item: what follows is on a line of its own. */
  private line(): void {
    this.space = null
    if (this.runs.length > 0 && !this.endsWithBreak()) this.push("\n", {})
  }

  private endsWithBreak(): boolean {
    return this.runs[this.runs.length - 1]?.text.endsWith("\n") ?? false
  }

  private open(kind: Kind): void {
    this.close()
    this.kind = kind
    this.inItem = false
  }

  private close(): void {
    this.space = null
    const runs = trimmed(this.runs)
    this.runs = []
    if (runs.length > 0) this.found.push(block(this.kind.type, this.kind.attrs, runs))
  }
}

function itemKind(ordered: boolean, depth: number): Kind {
  return {
    type: ordered ? "ordered-list-item" : "unordered-list-item",
    attrs: { indent: Math.min(Math.max(depth, 0), 8) },
  }
}

/** What an element makes of its words, or null where it makes nothing special of them. */
function kindOf(name: string, element: HTMLElement, style: string, outer: Context): Kind | null {
  const heading = /^H([1-6])$/.exec(name)
  if (heading) return { type: "heading", attrs: { level: Math.min(Math.max(Number(heading[1]), 2), 4) } }
  const level = /mso-list:\s*l\d+\s+level(\d+)/i.exec(style)
  if (level) return itemKind(isNumbered(element), Number(level[1]) - 1)
  if (/\bMsoTitle\b/.test(element.className)) return { type: "heading", attrs: { level: 2 } }
  if (name === "BLOCKQUOTE" || /\bMso(Intense)?Quote\b/.test(element.className))
    return { type: "blockquote", attrs: {} }
  return outer.list ? null : outer.kind.type === "blockquote" ? outer.kind : null
}

/** Word writes a list's number or bullet into the text, marked as not part of it. */
function isNumbered(element: HTMLElement): boolean {
  const sign = Array.from(element.querySelectorAll("[style]")).find((part) =>
    /mso-list:\s*ignore/i.test(part.getAttribute("style") ?? ""),
  )
  return (
    /^\s*\(?(\d+|[a-z]|[ivxlcdm]+)([.)]|\s*$)/i.test(sign?.textContent ?? "") &&
    !/^\s*o\s*$/.test(sign?.textContent ?? "")
  )
}

function styleOf(element: HTMLElement): string {
  return element.getAttribute("style") ?? ""
}

function property(style: string, name: string): string {
  const found = new RegExp(`(?:^|;)\\s*${name}\\s*:\\s*([^;!]+)`, "i").exec(style)
  return found?.[1]?.trim().toLowerCase() ?? ""
}

/** Text that the eye does not see where it comes from. What is only hidden from screen readers is seen, and kept. */
function isHidden(element: HTMLElement, style: string): boolean {
  return (
    element.hasAttribute("hidden") ||
    property(style, "display") === "none" ||
    /^(hidden|collapse)$/.test(property(style, "visibility")) ||
    property(style, "mso-hide") === "all" ||
    /^0(px|pt|em|rem|%)?$/.test(property(style, "font-size")) ||
    /^0(\.0*)?%?$/.test(property(style, "opacity"))
  )
}

function marksOf(name: string, element: HTMLElement, style: string, outer: Context): Marks {
  const marks: Marks = { ...outer.marks }
  if (name === "STRONG" || name === "B") marks.strong = true
  if (name === "EM" || name === "I") marks.em = true
  // Google Docs wraps everything in a `b` that says of itself that it is not bold.
  const weight = property(style, "font-weight")
  if (/^(bold|bolder|[6-9]00)$/.test(weight)) marks.strong = true
  if (/^(normal|lighter|[1-5]00)$/.test(weight)) marks.strong = undefined
  const slant = property(style, "font-style")
  if (/^(italic|oblique)/.test(slant)) marks.em = true
  if (slant === "normal") marks.em = undefined
  if (outer.kind.type === "heading") marks.strong = undefined
  if (name === "A") {
    const link = safeLink({ href: element.getAttribute("href"), title: element.getAttribute("title") })
    if (link) marks.link = link
  }
  return marks
}

function shared(a: Marks, b: Marks): Marks {
  return { strong: a.strong && b.strong, em: a.em && b.em }
}

function trimmed(runs: Run[]): Run[] {
  const kept = [...runs]
  for (;;) {
    const last = kept[kept.length - 1]
    if (!last) return kept
    last.text = last.text.replace(/[\s\u200b\ufeff]+$/, "")
    if (last.text !== "") break
    kept.pop()
  }
  for (;;) {
    const first = kept[0]
    if (!first) return kept
    first.text = first.text.replace(/^[\s\u200b\ufeff]+/, "")
    if (first.text !== "") return kept
    kept.shift()
  }
}
