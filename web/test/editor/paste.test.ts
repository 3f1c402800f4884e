// @vitest-environment jsdom
import * as A from "@automerge/automerge"
import { Fragment, Slice } from "prosemirror-model"
import { TextSelection } from "prosemirror-state"
import { describe, expect, it } from "vitest"
import { createEditor } from "../../src/editor"
import { insertBlocks } from "../../src/editor/clipboard"
import { blocksFromHtml, blocksFromText, type PastedBlock } from "../../src/editor/paste"
import { Peer, plan } from "./room"

/** One line a block: `kind|text`, with `*strong*`, `_em_` and `[link](href)`. */
function lines(blocks: PastedBlock[]): string[] {
  return blocks.map((block) => {
    const text = block.runs
      .map((run) => {
        let words = run.text
        if (run.em) words = `_${words}_`
        if (run.strong) words = `*${words}*`
        return run.link ? `[${words}](${run.link.href})` : words
      })
      .join("")
    const kind = {
      paragraph: "p",
      heading: `h${block.attrs.level}`,
      "unordered-list-item": `ul${block.attrs.indent}`,
      "ordered-list-item": `ol${block.attrs.indent}`,
      blockquote: "q",
    }[block.type as "paragraph"]
    return `${kind}|${text}`
  })
}

const from = (html: string) => lines(blocksFromHtml(html))

describe("from a web page", () => {
  it("keeps headings, lists, emphasis, links and quotes", () => {
    expect(
      from(`<article><h1>Aims</h1><p>We <strong>must</strong> <em>act</em>,
        see <a href="https://example.org/a?b=1&amp;c=2" onclick="x()">the page</a>.</p>
        <ul><li>one<ul><li>below</li></ul></li><li><p>two</p><p>more of two</p></li></ul>
        <ol start="4"><li>first</li></ol><blockquote><p>Said.</p><p>Again.</p></blockquote><h5>Small</h5></article>`),
    ).toEqual([
      "h2|Aims",
      "p|We *must* _act_, see [the page](https://example.org/a?b=1&c=2).",
      "ul0|one",
      "ul1|below",
      "ul0|two\nmore of two",
      "ol0|first",
      "q|Said.",
      "q|Again.",
      "h4|Small",
    ])
  })
  it("never takes scripts, styles, comments or hidden text", () => {
    expect(
      from(`<!-- secret --><style>p{}</style><script>alert(1)</script><p>seen<span style="display:none">no</span><span hidden>no</span>
        <span style="visibility: hidden">no</span><span style="font-size:0">no</span><svg><text>no</text></svg><img src=x onerror=alert(1)>
        <a href="javascript:alert(1)">words</a><template><p>no</p></template><noscript>no</noscript><iframe>no</iframe></p>`),
    ).toEqual(["p|seen words"])
  })
  it("keeps the words of everything else as paragraphs", () => {
    expect(
      from(`<div><div>one<div>two</div>three<br>four<br><br>five</div><table><caption>Table 1</caption><tr><th>Body</th><th>Aim</th></tr>
        <tr><td><p>A</p></td><td><b>B</b></td></tr><tr><td><p>x</p><p>y</p></td><td>z</td></tr></table>
        <dl><dt>Term</dt><dd>Meaning</dd></dl><pre>a\n  b</pre><button>Press</button></div>`),
    ).toEqual([
      "p|one",
      "p|two",
      "p|three\nfour",
      "p|five",
      "p|Table 1",
      "p|Body | Aim",
      "p|A | *B*",
      "p|x",
      "p|y",
      "p|z",
      "p|Term",
      "p|Meaning",
      "p|a\n  b",
      "p|Press",
    ])
  })
})

describe("from word processors", () => {
  it("Word: its lists are paragraphs with a style, its numbers are text", () => {
    expect(
      from(`<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- /* Font Definitions */ p.MsoNormal {margin:0} --></style></head><body>
        <!--StartFragment--><p class=MsoTitle>Plan<o:p></o:p></p><h2 style='mso-list:none'><b>Part</b></h2>
        <p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>one <b>bold</b><o:p></o:p></p>
        <p class=MsoListParagraphCxSpLast style='mso-list:l0 level2 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>o<span>&nbsp;&nbsp; </span></span><![endif]>below</p>
        <p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><![if !supportLists]><span style='mso-list:Ignore'>1.<span>&nbsp; </span></span><![endif]>first</p>
        <p class=MsoNormal><span style='mso-hide:all'>hidden</span>Text<i style='mso-bidi-font-style:normal'> in italics</i></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>
        <!--EndFragment--></body></html>`),
    ).toEqual(["h2|Plan", "h2|Part", "ul0|one *bold*", "ul1|below", "ol0|first", "p|Text_ in italics_"])
  })
  it("Google Docs: everything in a b that is not bold, emphasis in spans", () => {
    expect(
      from(`<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><h1 dir="ltr"><span style="font-weight:700">Head</span></h1>
        <p dir="ltr"><span style="font-weight:400;font-style:normal">plain </span><span style="font-weight:700;font-style:italic">both</span></p>
        <ul><li dir="ltr" aria-level="1"><p dir="ltr" role="presentation"><span>one</span></p></li><ul><li aria-level="2"><p role="presentation"><span>below</span></p></li></ul></ul>
        <br><p><span><a href="https://example.org/">link</a></span></p></b>`),
    ).toEqual(["h2|Head", "p|plain *_both_*", "ul0|one", "ul1|below", "p|[link](https://example.org/)"])
  })
  it("LibreOffice: fonts and paragraphs in list items", () => {
    expect(
      from(`<body lang="en-GB"><p style="margin-bottom: 0cm"><font face="Liberation Serif"><b>Bold</b> text</font></p>
        <ol><li><p>first</p></li><ol type="a"><li><p>inner</p></li></ol></ol><h3 class="western">Three</h3></body>`),
    ).toEqual(["p|*Bold* text", "ol0|first", "ol1|inner", "h3|Three"])
  })
})

it("plain text, by lines", () => {
  expect(lines(blocksFromText("one\r\n\r\n two\u0000 \nthree"))).toEqual(["p|one", "p|two", "p|three"])
})

describe("into the text", () => {
  const open = (caret: number) => {
    const peer = new Peer(plan({ s: ["# Aims", "hello world", "", "end"] }))
    const place = document.body.appendChild(document.createElement("div"))
    const editor = createEditor({ place, handle: peer })
    editor.binding.dispatch(editor.state.tr.setSelection(TextSelection.create(editor.state.doc, caret)))
    const shown = () =>
      editor.state.doc.child(0).children.map((node) => `${node.attrs.id.slice(0, 2)}|${node.textContent}`)
    return {
      peer,
      editor,
      shown,
      paste: (html: string) => editor.binding.dispatch(insertBlocks(editor.state, blocksFromHtml(html))),
    }
  }
  it("in the middle of a block", () => {
    const { paste, shown, editor } = open(13)
    paste("<p>A</p><h2>B</h2><p>C</p>")
    const text = shown().map((line) => line.replace(/^[^s].\|/, "?|"))
    expect(text).toEqual([
      "s0|Aims",
      "s1|helloA",
      expect.stringMatching(/\|B$/),
      expect.stringMatching(/\|C world$/),
      "s2|",
      "s3|end",
    ])
    expect(editor.state.selection.$from.parent.textContent).toBe("C world")
    expect(editor.state.selection.$from.parentOffset).toBe(1)
  })
  it("at the start of a block, which keeps its id", () => {
    const { paste, shown } = open(8)
    paste("<ul><li>A</li><li>B</li></ul>")
    expect(shown()[3]).toBe("s1|hello world")
  })
  it("into an empty block, which becomes the first", () => {
    const { paste, shown } = open(21)
    paste("<h2>A</h2><p>B</p>")
    expect(shown()[2]).toBe("s2|A")
    expect(shown()).toHaveLength(5)
  })
  it("words go into the words", () => {
    const { paste, shown, peer } = open(13)
    paste("<b>bold</b> x")
    expect(shown()[1]).toBe("s1|hellobold x world")
    expect(A.marks(peer.doc(), ["sections", "s", "text"])).toHaveLength(1)
  })
})

it("copies as clean HTML with real lists", () => {
  const peer = new Peer(plan({ s: ["# Aims", "hello", "- one", "- two", "1. three"] }))
  const place = document.body.appendChild(document.createElement("div"))
  const { view } = createEditor({ place, handle: peer })
  const { doc } = view.state
  const { dom } = view.serializeForClipboard(new Slice(Fragment.from(doc.child(0)), 0, 0))
  dom.querySelectorAll("[data-pm-slice]").forEach((node) => {
    node.removeAttribute("data-pm-slice")
  })
  expect(dom.innerHTML).toBe(
    "<h2>Aims</h2><p>hello</p><ul><li>one</li><li>two</li></ul><ol><li>three</li></ol>",
  )
})
