/** Dates in forms: the reader's own time where scripts run, UTC where none does, and the same instant on the server. */
import type { BrowserContext } from "playwright-core"
import { expect, test } from "vitest"
import { isFine } from "./axe"
import { stage, unique, url } from "./journey"

const world = stage()
const ATHENS = { timezoneId: "Europe/Athens", viewport: { width: 1280, height: 800 } }

/** A plan without dates. */
async function unplanned(context: BrowserContext): Promise<string> {
  const plan = crypto.randomUUID()
  const answer = await context.request.post(`${url}/api/commands`, {
    headers: { origin: url },
    data: { id: crypto.randomUUID(), type: "plan.create", plan, title: unique("A plan in Athens") },
  })
  expect(await answer.text()).toContain("position")
  return plan
}

test("a date is set in the reader's time, and stands so in the calendar", async () => {
  const context = await world.context("secretariat", ATHENS)
  const plan = await unplanned(context)
  const page = await context.newPage()
  await page.goto(`${url}/plans/${plan}/calendar`)
  const begins = page.getByLabel("The first phase opens (your time, Europe/Athens)")
  expect(await begins.inputValue()).toMatch(/^\d{4}-\d\d-\d\dT09:00$/)
  await isFine(page)
  // The clocks of Athens leap over it.
  await begins.fill("2027-03-28T03:30")
  await page.getByRole("button", { name: "Set the dates" }).click()
  expect(await begins.evaluate((input: HTMLInputElement) => input.validationMessage)).toMatch(/go forward/)
  await begins.fill("2027-03-05T10:30")
  await page.getByRole("button", { name: "Set the dates" }).click()
  await page.getByRole("status").getByText("The dates are set.").waitFor()
  const card = page.locator(".phase-card").first()
  await card.getByText(/^5 March 2027, 10:30/).waitFor()
  const phases = async () => {
    const { phases } = await (await context.request.get(`${url}/api/plans/${plan}/process`)).json()
    return phases
  }
  expect((await phases())[0].opens).toBe("2027-03-05T08:30:00Z")

  // What is refused comes back as it was typed, and is right once the rest is.
  await card.getByText("Move the dates").click()
  const [opens, closes] = [card.getByLabel(/^Opens/), card.getByLabel(/^Closes/)]
  expect(await opens.inputValue()).toBe("2027-03-05T10:30")
  await opens.fill("2027-03-06T11:15")
  await closes.fill("2027-03-06T11:00")
  await card.getByRole("button", { name: "Save the dates" }).click()
  await page.getByRole("alert").waitFor()
  expect([await opens.inputValue(), await closes.inputValue()]).toEqual([
    "2027-03-06T11:15",
    "2027-03-06T11:00",
  ])
  await isFine(page)
  await closes.fill("2027-03-09T18:00")
  await card.getByRole("button", { name: "Save the dates" }).click()
  await page.getByRole("status").getByText("The dates are moved.").waitFor()
  expect((await phases())[0]).toMatchObject({ opens: "2027-03-06T09:15:00Z", closes: "2027-03-09T16:00:00Z" })

  // Without scripts all is in UTC, and says so.
  const plain = await world.context("secretariat", { ...ATHENS, javaScriptEnabled: false })
  const still = await plain.newPage()
  await still.goto(`${url}/plans/${plan}/calendar`)
  await still.getByText("Move the dates").first().click()
  expect(await still.getByLabel("Opens (UTC)").first().inputValue()).toBe("2027-03-06T09:15")
})
