import type { BrowserContext, Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { isFine } from "./axe"
import { editor, openPlan, saved, select, stage, state, times, unique, url, writeAtEnd } from "./journey"

/** A command in the name of whoever the context is signed in as. */
async function give(context: BrowserContext, command: object): Promise<void> {
  const answer = await context.request.post(`${url}/api/commands`, {
    headers: { origin: url },
    data: { id: crypto.randomUUID(), ...command },
  })
  expect(await answer.text()).toContain("position")
}

/** A plan of its own with one section, and dates in milliseconds from now. */
async function planned(
  context: BrowserContext,
  phases: { phase: string; kind: string; from: number; to: number }[],
): Promise<string> {
  const plan = crypto.randomUUID()
  await give(context, { type: "plan.create", plan, title: unique("A plan with dates") })
  await give(context, { type: "section.create", plan, section: "aims", heading: "Aims" })
  const now = Date.now()
  const at = (millis: number) => new Date(now + millis).toISOString()
  const dated = phases.map(({ phase, kind, from, to }) => ({
    phase,
    kind,
    title: phase,
    opens: at(from),
    closes: at(to),
  }))
  await give(context, { type: "process.start", plan, template: "own", phases: dated })
  return plan
}

/** What stands in the plan, without the names at others' carets. */
async function wordsOf(page: Page): Promise<string> {
  const text = await editor(page).evaluate((shown) => {
    const copy = shown.cloneNode(true) as HTMLElement
    for (const caret of copy.querySelectorAll(".peer-caret")) caret.remove()
    return copy.textContent ?? ""
  })
  return text.trim()
}

const HOUR = 3_600_000

describe("a plan on its way", () => {
  const room = stage()

  test("a phase closes under somebody who types: what was saved stays, and nothing comes after", async () => {
    const secretariat = await room.context("secretariat")
    const closes = 12_000
    const plan = await planned(secretariat, [
      { phase: "Drafting", kind: "drafting", from: -1_000, to: closes },
      { phase: "Consultation", kind: "consultation", from: closes + 500, to: HOUR },
    ])
    const member = await room.context("member-1")
    const page = await openPlan(member, url, plan)
    await writeAtEnd(page, "Words in time. ")
    await saved(page)
    const typing = (async () => {
      for (let n = 0; n < 400; n += 1) {
        await page.keyboard.type(`w${n} `)
        if ((await editor(page).getAttribute("aria-readonly")) === "true") return n
      }
      return -1
    })()
    expect(await typing).toBeGreaterThan(3)
    await state(page).getByText("the phase “Consultation” is open").waitFor()
    // Writing is over: the tab says what is left to do here, as the pages of the server do.
    await page.getByRole("link", { name: "Discuss", exact: true }).waitFor()
    expect(await page.getByRole("link", { name: "Write", exact: true }).count()).toBe(0)
    await isFine(page)
    expect(await times(page, "Words in time.")).toBe(1)
    // What others see is a beginning of what was typed: nothing came after the end, and nothing is mixed up.
    const other = await openPlan(await room.context("chair"), url, plan)
    await editor(other).getByText("Words in time.").waitFor()
    const [seen, typed] = await Promise.all([wordsOf(other), wordsOf(page)])
    expect(typed.slice(0, seen.length)).toBe(seen)
    const list: { position: number; type: string }[] = []
    for (let more = true; more; ) {
      const after = list.at(-1)?.position ?? 0
      const page = await secretariat.request.get(`${url}/api/plans/${plan}/events?after=${after}`)
      const { events } = await page.json()
      list.push(...events)
      more = events.length > 0
    }
    const end = list.findIndex((event) => event.type === "phase.closed")
    expect(end).toBeGreaterThan(0)
    expect(list.slice(end).some((event) => event.type === "document.changed")).toBe(false)
  })

  test("a guest comes by a link, begins a comment, comes back to it on another device and hands it in", async () => {
    const secretariat = await room.context("secretariat")
    const plan = await planned(secretariat, [
      { phase: "Consultation", kind: "consultation", from: -1_000, to: HOUR },
    ])
    const desk = await secretariat.newPage()
    await expect
      .poll(async () => {
        await desk.goto(`${url}/plans/${plan}/guests`)
        return desk.getByLabel("To whom").or(desk.locator("#to")).count()
      })
      .toBeGreaterThan(0)
    await isFine(desk)
    await desk.locator("#to").fill("Forum of Associations")
    await desk.locator('main form button[type="submit"]').first().click()
    const link = (await desk.locator(".guest-address").textContent()) ?? ""
    expect(link).toContain("/guest/")
    await isFine(desk)

    const phone = await room.browser.newContext({ viewport: { width: 390, height: 844 } })
    const page = await phone.newPage()
    await page.goto(link)
    await isFine(page)
    await page.getByLabel("Your name").fill("Ada")
    await page.getByLabel("For myself").check()
    await page.getByRole("button", { name: "Open the text" }).click()
    const own = (await page.locator(".guest-link a").textContent()) ?? ""
    await isFine(page)
    await page.locator(".guest-comment a").first().click()
    const words = unique("What about those who live far away?")
    await page.locator("#text").fill(words)
    await isFine(page)
    await page.getByRole("button", { name: "Keep" }).or(page.locator('button[value="draft"]')).first().click()
    await phone.close()

    // Another device, without scripts, by one's own link.
    const other = await room.browser.newContext({ javaScriptEnabled: false })
    const again = await other.newPage()
    await again.goto(own)
    await again.locator('a[href*="on="][href*="#comment"]').first().click()
    expect(await again.locator("#text").inputValue()).toBe(words)
    await again.locator('button[value="comment"]').click()
    await again.locator(".guest-comments").getByText(words).waitFor()
    await other.close()

    const workspace = await openPlan(secretariat, url, plan)
    const card = workspace.locator(".thread").filter({ hasText: words })
    await card.waitFor()
    // To others, who consented to be named by nobody is a guest.
    const member = await openPlan(await room.context("member-1"), url, plan)
    await member.locator(".thread").filter({ hasText: words }).getByText("A guest").waitFor()
  })

  test("a comment is hidden with a reason, disputed, and shown again by whoever decides", async () => {
    const [one, desk, other] = await Promise.all([
      room.enter("member-1"),
      room.enter("secretariat"),
      room.enter("consultant"),
    ])
    const words = unique("Words that are discussed.")
    await writeAtEnd(one, words)
    await saved(one)
    await select(one, words)
    await one.keyboard.press("Control+Alt+m")
    const said = unique("Somebody has not done their work.")
    await one.getByLabel("Your comment").fill(said)
    await one.getByRole("button", { name: "Comment", exact: true }).click()
    const of = (page: Page) => page.locator(".thread").filter({ hasText: words.slice(-12) })
    await of(other).getByText(said).waitFor()

    await of(desk)
      .getByRole("button", { name: /^Moderate/ })
      .click()
    await of(desk)
      .getByLabel(/Hide it/)
      .check()
    await of(desk).getByLabel("The reason").fill("It is about a person.")
    await isFine(desk)
    await of(desk).getByRole("button", { name: "Record it" }).click()
    await of(other).getByText("It is about a person.").waitFor()
    expect(await of(other).getByText(said).count()).toBe(0)
    expect(await of(desk).getByText(said).count()).toBe(1)

    await of(one).getByText("Hidden", { exact: true }).waitFor()
    await of(one).getByRole("button", { name: "Ask for it to be looked at again" }).click()
    await of(one).getByLabel("Why it should be shown").fill("It names an office.")
    await isFine(one)
    await of(one).getByRole("button", { name: "Send" }).click()
    await of(desk).getByText("It names an office.").waitFor()
    await of(desk)
      .getByRole("button", { name: /^Moderate/ })
      .click()
    await of(desk).getByLabel("Show it again").check()
    await of(desk).getByLabel("The reason").fill("It is about an office.")
    await of(desk).getByRole("button", { name: "Record it" }).click()
    await of(other).getByText(said).waitFor()

    const rules = await desk.context().newPage()
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 390, height: 844 },
    ]) {
      await rules.setViewportSize(viewport)
      await rules.goto(`${url}/conduct`)
      await isFine(rules)
      await rules.goto(`${url}/me/data`)
      await isFine(rules)
    }
  })

  test("a section that a working group writes is closed to others before they type", async () => {
    const secretariat = await room.context("secretariat")
    const plan = await planned(secretariat, [{ phase: "Drafting", kind: "drafting", from: -1_000, to: HOUR }])
    const [mine, other] = await Promise.all([
      openPlan(await room.context("member-1"), url, plan),
      openPlan(await room.context("member-2"), url, plan),
    ])
    await writeAtEnd(other, "Open to all. ")
    await saved(other)

    const page = await secretariat.newPage()
    await page.goto(`${url}/plans/${plan}/sections`)
    await page.getByText("Change who writes it").click()
    await isFine(page)
    await page.locator('details[open] input[value="p/member-1"]').check()
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByText("Who writes it is set.").waitFor()

    await other.locator(".section-note").waitFor()
    await isFine(other)
    await writeAtEnd(other, "Not taken.")
    await other.getByText("What you typed was not taken.").waitFor()
    expect(await times(other, "Not taken.")).toBe(0)
    await writeAtEnd(mine, "By the group.")
    await saved(mine)
    await editor(other).getByText("By the group.").waitFor()
    expect(await times(mine, "Not taken.")).toBe(0)
  })
})
