import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { isFine } from "./axe"
import { caretToEnd, editor, saved, stage, unique, url, writeAtEnd } from "./journey"

const phone = { viewport: { width: 390, height: 844 } }

/** What is there to see of a page is seen without moving it sideways. */
async function isNotMovedSideways(page: Page): Promise<void> {
  const moved = await page.locator("main, main *").evaluateAll((parts) =>
    parts
      .filter((part) => /auto|scroll/.test(getComputedStyle(part).overflowX))
      .filter((part) => part.scrollWidth > part.clientWidth)
      .map((part) => part.className),
  )
  expect(moved).toEqual([])
}

describe("how the pages are laid out", () => {
  const room = stage()

  test("on a phone each row of a table stands by itself, with the words of the head", async () => {
    const context = await room.context("secretariat", { ...phone, javaScriptEnabled: false })
    const page = await context.newPage()
    const headOf = (cell: string) =>
      page
        .locator(cell)
        .first()
        .evaluate((part) => getComputedStyle(part, "::before").content)

    await page.goto(`${url}/plans/${room.plan.id}/tasks`)
    await isNotMovedSideways(page)
    expect(await headOf("main td")).toContain("Of whom")
    await page.goto(`${url}/network/policy`)
    await isNotMovedSideways(page)
    expect(await headOf("main td")).toContain("No process")
    await page.goto(`${url}/me/passkeys`)
    await isNotMovedSideways(page)
  })

  test("all pages begin at the same edge", async () => {
    const page = await (await room.context("secretariat")).newPage()
    const edges = new Set<number | undefined>()
    const plan = `/plans/${room.plan.id}`
    for (const path of ["/", "/me", "/me/data", "/conduct", "/network", "/templates", `${plan}/calendar`]) {
      await page.goto(url + path)
      edges.add((await page.locator("main h1").boundingBox())?.x)
    }
    expect([...edges]).toHaveLength(1)
  })

  test("every page leads to the plans, on a phone too", async () => {
    const desk = await (await room.context("secretariat")).newPage()
    for (const path of ["/me", "/network", `/plans/${room.plan.id}/read`, `/plans/${room.plan.id}`]) {
      await desk.goto(url + path)
      await desk.getByRole("banner").getByRole("link", { name: "Plans", exact: true }).waitFor()
      // One row: what stands in the head ends where it began.
      const head = await desk.getByRole("banner").boundingBox()
      expect(head?.height).toBeLessThan(70)
    }
    const small = await (await room.context("secretariat", phone)).newPage()
    for (const path of ["/me", `/plans/${room.plan.id}`]) {
      await small.goto(url + path)
      const account = small.locator(".account")
      await account.click()
      await small.getByRole("link", { name: "Plans", exact: true }).filter({ visible: true }).waitFor()
      await isFine(small)
    }
  })

  test("what was saved is said, where the focus is", async () => {
    const page = await (await room.context("secretariat")).newPage()
    const said = (words: string) =>
      expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(words)

    await page.goto(`${url}/conduct`)
    // What holds now is what one begins from.
    expect(await page.locator("#rules").inputValue()).toContain("Speak about the text")
    await page.getByRole("button", { name: "Save" }).click()
    await said("The rules are saved.")
    await isFine(page)

    await page.goto(`${url}/plans/${room.plan.id}/calendar`)
    await page.getByText("Change it", { exact: true }).click()
    await page.locator("#days").fill("1095")
    await page
      .locator("form")
      .filter({ has: page.locator("#days") })
      .getByRole("button")
      .click()
    await said("How long comments are kept is set.")
    await page.getByText("For 3 years after the last phase").waitFor()

    await page.goto(`${url}/plans/${room.plan.id}/phases`)
    const review = page.locator("section").filter({ has: page.getByRole("heading", { name: "Review" }) })
    await review.locator("summary").click()
    await review.getByLabel("Title").fill("Review of the plan")
    await review.getByRole("button", { name: "Save this phase" }).click()
    await said("The phase is saved.")
    await isFine(page)

    for (const path of ["/me/data", "/me/passkeys"]) {
      await page.goto(url + path)
      await page.locator("main").getByRole("link", { name: "My page" }).click()
      await page.getByRole("heading", { name: "My page" }).waitFor()
    }
  })

  test("the name at somebody's caret stays on the screen of a phone", async () => {
    const [writer, reader] = [await room.enter("member-1"), await room.enter("member-2", "", phone)]
    // As long as a line of the phone, so that the caret comes to stand at its end.
    await writeAtEnd(writer, unique("Words up to the end of a line"))
    await saved(writer)
    const name = editor(reader).locator(".peer-name").first()
    await name.waitFor({ state: "attached" })
    for (let typed = 0; typed < 12; typed += 1) {
      await caretToEnd(writer)
      await writer.keyboard.type(" far")
      await saved(writer)
      await editor(reader)
        .getByText(`${" far".repeat(typed + 1)}`)
        .last()
        .waitFor()
      const box = await name.boundingBox()
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390)
      expect(await reader.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    }
  })

  test("a guest's link is copied by a button that says so", async () => {
    const context = await room.context("secretariat")
    await context.grantPermissions(["clipboard-read", "clipboard-write"])
    const page = await context.newPage()
    await page.goto(`${url}/plans/${room.plan.id}/guests`)
    await page.locator("#to").fill(unique("Forum"))
    await page.getByRole("button", { name: "Make the link" }).click()
    const link = (await page.locator(".guest-address").textContent()) ?? ""
    await page.getByRole("button", { name: "Copy the link" }).click()
    await page.getByRole("status").filter({ hasText: "It is copied." }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link)
    await isFine(page)

    // Taking it back is asked once more.
    const row = page.getByRole("row").filter({ hasText: "Forum" }).last()
    await row.getByText("Take back").first().click()
    await row.getByText("The link stops working at once").waitFor()
    await isFine(page)
    await row.getByRole("button", { name: "Yes, take it back" }).click()
    await page.getByRole("status").filter({ hasText: "It is taken back" }).waitFor()
  })
})
