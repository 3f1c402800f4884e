import { describe, expect, test } from "vitest"
import { faults } from "./axe"
import { caretToEnd, editor, saved, select, stage, unique, url, writeAtEnd } from "./journey"

describe("every screen", () => {
  const room = stage()
  const sizes = [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]

  test("of the workspace passes axe and fits its width", async () => {
    for (const viewport of sizes) {
      const page = await room.enter("secretariat", "", { viewport })
      await saved(page)
      expect(await faults(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
        viewport.width,
      )
      await page.getByRole("button", { name: /^Signed in as/ }).click()
      expect(await faults(page)).toEqual([])
      await page.getByRole("button", { name: "Freeze the plan" }).click()
      await page.getByLabel("Reason").waitFor()
      expect(await faults(page)).toEqual([])
      await page.keyboard.press("Escape")
      if (viewport.width < 600) {
        for (const sheet of ["Outline", /^Comments/]) {
          await page.getByRole("button", { name: sheet }).first().click()
          await page.getByRole("dialog").waitFor()
          expect(await faults(page)).toEqual([])
          await page.keyboard.press("Escape")
          await page.getByRole("dialog").waitFor({ state: "detached" })
        }
      }
    }
  })

  test("that the server makes passes axe and fits its width", async () => {
    for (const viewport of sizes) {
      const out = await room.browser.newContext({ viewport })
      const page = await out.newPage()
      await page.goto(url)
      expect(await faults(page)).toEqual([])
      const context = await room.context("member-1", { viewport })
      const inside = await context.newPage()
      for (const path of ["/", `/plans/${room.plan.id}/read`, `/plans/${room.plan.id}/replay`]) {
        await inside.goto(`${url}${path}`)
        expect(await faults(inside), path).toEqual([])
        expect(await inside.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(
          viewport.width,
        )
      }
      await out.close()
    }
  })

  test("on which the network is kept passes axe and fits a narrow phone, also with something wrong", async () => {
    for (const viewport of [...sizes, { width: 360, height: 740 }]) {
      const context = await room.context("administrator", { viewport, javaScriptEnabled: true })
      const page = await context.newPage()
      const looks = async (what: string) => {
        expect(await faults(page), what).toEqual([])
        const width = await page.evaluate(() => document.documentElement.scrollWidth)
        expect(width, what).toBeLessThanOrEqual(viewport.width)
      }
      const name = unique("Equality office")
      await page.goto(`${url}/network/add-organisation`)
      await looks("add an organisation")
      // By keyboard: what is wrong is where one is, and leads to its field.
      await page.getByLabel("Name").fill(name)
      await page.getByLabel("Votes").fill("0")
      await page.keyboard.press("Enter")
      await page.getByRole("alert").waitFor()
      await looks("an organisation that is refused")
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("wrong")
      await page.keyboard.press("Tab")
      await page.keyboard.press("Enter")
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("weight")
      expect(await page.getByLabel("Name").inputValue()).toBe(name)
      await page.keyboard.press("Control+a")
      await page.keyboard.type("2")
      await page.keyboard.press("Enter")
      await page.getByRole("status").waitFor()
      await looks("the network")
      await page.getByRole("link", { name, exact: true }).click()
      await looks("an organisation")
      const list = `organisation,standing,name,roles\n${name},,Ada ${name},representative\nX,none,,\n`
      await page.goto(`${url}/network/import`)
      await looks("a list to import")
      await page.getByLabel("Or pasted here").fill(list)
      await page.getByRole("button", { name: "See what it would do" }).click()
      await page.getByRole("heading", { name: "What this list would do" }).waitFor()
      await looks("what a list would do")
      await page.getByRole("button", { name: "Import the 1 line that is right" }).click()
      await page.getByRole("status").waitFor()
      await page.getByRole("link", { name: `Ada ${name}` }).click()
      await looks("a person")
      await page.getByRole("button", { name: "Has left the network" }).click()
      await page.getByRole("alert").waitFor()
      await looks("a person who is not said to have left")
      for (const path of ["add-person", "policy"]) {
        await page.goto(`${url}/network/${path}`)
        await looks(path)
      }
    }
  })

  test("is walked with the keyboard alone: write, format, comment, and out of it again", async () => {
    const page = await room.enter("member-1")
    await saved(page)
    // The first stop leads past everything else.
    await page.keyboard.press("Tab")
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the plan")
    await page.keyboard.press("Enter")
    for (let stop = 0; stop < 6; stop += 1) {
      await page.keyboard.press("Tab")
      if (await editor(page).evaluate((node) => node === document.activeElement)) break
    }
    expect(await editor(page).evaluate((node) => node === document.activeElement)).toBe(true)
    const words = unique("By keyboard.")
    await writeAtEnd(page, words)
    await select(page, words)
    await page.keyboard.press("Control+b")
    await page.locator(".ProseMirror strong").filter({ hasText: words }).waitFor()
    await page.keyboard.press("Control+Alt+m")
    await page.keyboard.type("Said without a mouse.")
    await page.keyboard.press("Control+Enter")
    await page.locator(".thread").filter({ hasText: words }).waitFor()
    // A list takes the Tab key; a paragraph lets it leave the text.
    await caretToEnd(page)
    await page.keyboard.press("Tab")
    expect(await editor(page).evaluate((node) => node === document.activeElement)).toBe(false)
  })
})
