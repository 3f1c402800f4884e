import { describe, expect, test } from "vitest"
import { editor, paste, saved, stage, unique, writeAtEnd } from "./journey"

describe("paste from a web page", () => {
  const room = stage()

  test("keeps headings, lists, emphasis and links, and no scripts, styles or hidden text", async () => {
    const page = await room.enter("member-1")
    await writeAtEnd(page, unique("Pasted below."))
    await page.keyboard.press("Enter")
    const mark = unique("Pasted heading")
    await paste(page, {
      "text/html": `<meta charset="utf-8"><style>p{color:red}</style><script>window.bad=1</script>
        <h2>${mark}</h2><p style="color:red">Plain <b>bold</b> and <i>italic</i> and
        <a href="https://example.org/" onclick="bad()">linked</a>.</p>
        <ul><li>one<ul><li>under one</li></ul></li><li>two</li></ul>
        <div hidden>never seen</div><span style="display:none">nor this</span>
        <table><tr><td>cell one</td><td>cell two</td></tr></table>
        <p><a href="javascript:bad()">no such link</a></p>`,
      "text/plain": "plain",
    })
    await editor(page).getByText(mark).waitFor()
    await saved(page)
    const html = await editor(page).innerHTML()
    expect(html).toMatch(/<strong>bold<\/strong>/)
    expect(html).toMatch(/<em>italic<\/em>/)
    expect(html).toMatch(/href="https:\/\/example\.org\/"/)
    expect(html).not.toMatch(/javascript:/)
    const text = (await editor(page).textContent()) ?? ""
    for (const kept of ["under one", "cell one", "cell two", "no such link"]) expect(text).toContain(kept)
    for (const gone of ["never seen", "nor this", "window.bad", "color:red"]) expect(text).not.toContain(gone)
    expect(
      await page.locator(".ProseMirror .item").filter({ hasText: "under one" }).getAttribute("data-indent"),
    ).toBe("1")
  })
})
