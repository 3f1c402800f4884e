import { describe, expect, test } from "vitest"
import { editor, saved, select, stage, times, unique, writeAtEnd } from "./journey"

describe("two people in one plan", () => {
  const room = stage()

  test("see each other's words, and only then read Saved", async () => {
    const [one, two] = await Promise.all([room.enter("member-1"), room.enter("member-2")])
    const mine = unique("Written by the first.")
    const yours = unique("Written by the second.")
    await writeAtEnd(one, mine)
    await editor(two).getByText(mine).waitFor()
    await writeAtEnd(two, yours)
    await editor(one).getByText(yours).waitFor()
    await saved(one)
    await saved(two)
    expect(await times(one, mine)).toBe(1)
    expect(await times(two, mine)).toBe(1)
  })

  test("see who is here and where their caret is", async () => {
    const [one, two] = await Promise.all([room.enter("member-1"), room.enter("secretariat")])
    await one.getByRole("button", { name: /^Who is here/ }).waitFor()
    await writeAtEnd(two, unique("Here I stand."))
    await one.locator(".ProseMirror .peer-caret").first().waitFor()
  })

  test("undo only their own edits", async () => {
    const [one, two] = await Promise.all([room.enter("member-1"), room.enter("member-2")])
    const mine = unique("Qzx to be undone.")
    const yours = unique("To be kept.")
    await writeAtEnd(one, mine)
    await editor(two).getByText(mine).waitFor()
    await writeAtEnd(two, yours)
    await editor(one).getByText(yours).waitFor()
    await editor(one).focus()
    // Slow typing is undone in more than one step.
    let steps = 0
    while ((await times(one, "Qzx")) > 0 && steps < 80) {
      await one.keyboard.press("Control+z")
      steps += 1
    }
    await expect.poll(() => times(two, mine)).toBe(0)
    expect(await times(two, yours)).toBe(1)
    for (; steps > 0; steps -= 1) await one.keyboard.press("Control+Shift+z")
    await expect.poll(() => times(two, mine)).toBe(1)
    expect(await times(two, yours)).toBe(1)
  })

  test("add, rename, nest and remove a section, and bring it back", async () => {
    const [one, two] = await Promise.all([room.enter("member-1"), room.enter("member-2")])
    const heading = unique("New section")
    const outline = one.getByRole("navigation", { name: "Outline" })
    await outline.getByRole("button", { name: "Add section" }).click()
    await one.keyboard.type(heading)
    await two.getByRole("navigation", { name: "Outline" }).getByText(heading).waitFor()
    const menu = () => outline.getByRole("button", { name: `Actions for “${heading}”` })
    await menu().click()
    await one.getByRole("menuitem", { name: "Nest under the one before" }).click()
    await expect
      .poll(() => two.locator(`section[data-depth="1"]`).filter({ hasText: heading }).count())
      .toBe(1)
    await menu().click()
    await one.getByRole("menuitem", { name: "Remove" }).click()
    await expect.poll(() => times(two, heading)).toBe(0)
    await one.locator(".notices").getByRole("button", { name: "Undo" }).last().click()
    await expect.poll(() => times(two, heading)).toBe(1)
  })

  test("set words in bold and link them, for both", async () => {
    const [one, two] = await Promise.all([room.enter("member-1"), room.enter("member-2")])
    const words = unique("A strong point.")
    await writeAtEnd(one, words)
    await select(one, words)
    await one.getByRole("button", { name: /^Bold/ }).click()
    await two.locator(".ProseMirror strong").filter({ hasText: words }).waitFor()
    await select(one, words)
    await one.getByRole("button", { name: /^Link/ }).click()
    await one.getByLabel("Address").fill("example.org/strategy")
    await one.getByRole("button", { name: "Set link" }).click()
    await two.locator('.ProseMirror a[href="https://example.org/strategy"]').waitFor()
  })

  test("find the caret where they have just said that they will write", async () => {
    const one = await room.enter("member-1")
    const outline = one.getByRole("navigation", { name: "Outline" })
    const row = (heading: string) => outline.locator(".outline-row").filter({ hasText: heading })
    const choose = async (heading: string, item: string) => {
      await outline.getByRole("button", { name: `Actions for “${heading}”` }).click()
      await one.getByRole("menuitem", { name: item }).click()
    }
    const focused = (selector: string) =>
      expect
        .poll(() => one.evaluate((wanted) => document.activeElement?.matches(wanted), selector))
        .toBe(true)

    const first = unique("First name")
    await outline.getByRole("button", { name: "Add section" }).click()
    await one.keyboard.type(first)
    await row(first).waitFor()

    await choose(first, "Rename")
    await focused(".outline-rename input")
    const second = unique("Second name")
    await one.keyboard.type(second)
    await one.keyboard.press("Enter")
    await row(second).waitFor()
    await focused(".outline-row[data-current] a")

    await choose(second, "Move up")
    await focused(".outline-row[data-current] a")

    await choose(second, "Add a section inside")
    await focused(".ProseMirror")
    const inside = unique("Inside")
    await one.keyboard.type(inside)
    await row(inside).waitFor()

    await one.keyboard.press("Enter")
    await one.getByRole("button", { name: /^Kind of paragraph/ }).click()
    await one.getByRole("menuitemradio", { name: "Quote", exact: true }).click()
    await focused(".ProseMirror")
    const quoted = unique("Quoted")
    await one.keyboard.type(quoted)
    await editor(one).locator("blockquote").filter({ hasText: quoted }).waitFor()
  })
})
