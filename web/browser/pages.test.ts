import { describe, expect, test } from "vitest"
import { saved, stage, unique, url, writeAtEnd } from "./journey"

describe("pages that need no script", () => {
  const room = stage()

  test("the plan is read, and replayed at a moment that a link names", async () => {
    const writer = await room.enter("member-1")
    const words = unique("For the readers.")
    await writeAtEnd(writer, words)
    await saved(writer)
    const context = await room.context("chair", { javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${url}/plans/${room.plan.id}/read`)
    await page.getByText(words).waitFor()
    expect(await page.locator("h1").count()).toBe(1)

    const timeline = await (await context.request.get(`${url}/api/plans/${room.plan.id}/timeline`)).json()
    const early = timeline.bursts[0].last
    await page.goto(`${url}/plans/${room.plan.id}/replay?at=${early}`)
    await page.locator("main").waitFor()
    expect(await page.getByText(words).count()).toBe(0)
    await page.goto(`${url}/plans/${room.plan.id}/replay?at=${timeline.head}`)
    await page.getByText(words).first().waitFor()
  })

  test("the header takes two rows of a phone at most, with one's account behind one's name", async () => {
    const context = await room.context("secretariat", {
      viewport: { width: 360, height: 740 },
      javaScriptEnabled: false,
    })
    const page = await context.newPage()
    await page.goto(`${url}/plans/${room.plan.id}/calendar`)
    const tops = await page
      .locator(".site-header a:visible, .site-header button:visible")
      .evaluateAll((parts) => parts.map((part) => Math.round(part.getBoundingClientRect().bottom / 44)))
    expect(new Set(tops).size).toBeLessThanOrEqual(2)
    expect(await page.getByRole("link", { name: "Network", exact: true }).count()).toBe(0)
    await page.locator(".account").click()
    await page.getByRole("link", { name: "Network", exact: true }).waitFor()
    await page.getByRole("button", { name: "Change person" }).waitFor()
    await page.getByRole("link", { name: "My account" }).click()
    await page.getByRole("heading", { name: "My account" }).waitFor()
  })

  test("somebody is picked without a script", async () => {
    const context = await room.browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(url)
    await page.locator('button[value="member-1"], button[name="person"]').first().click()
    await page.getByText(room.plan.title).first().waitFor()
    await context.close()
  })
})
