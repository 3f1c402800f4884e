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

  test("somebody is picked without a script", async () => {
    const context = await room.browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(url)
    await page.locator('button[value="member-1"], button[name="person"]').first().click()
    await page.getByText(room.plan.title).first().waitFor()
    await context.close()
  })
})
