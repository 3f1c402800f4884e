import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { editor, frames, openPlan, saved, select, stage, times, unique, url, writeAtEnd } from "./journey"

describe("comments on exact words", () => {
  const room = stage()

  test("comment, reply, resolve, reopen, and a link to the thread", async () => {
    const [one, two] = await Promise.all([room.enter("member-1"), room.enter("chair")])
    const words = unique("Words to be discussed.")
    await writeAtEnd(one, words)
    await saved(one)
    await select(one, words)
    await one.keyboard.press("Control+Alt+m")
    const said = unique("Is this agreed?")
    await one.getByLabel("Your comment").fill(said)
    await one.getByRole("button", { name: "Comment", exact: true }).click()

    const focused = () => one.evaluate(() => document.activeElement?.className)
    await expect.poll(focused).toBe("thread")

    const card = two.locator(".thread").filter({ hasText: said })
    await card.waitFor()
    await two.locator(".ProseMirror .commented").filter({ hasText: words }).waitFor()
    await card.getByRole("button", { name: "Reply" }).click()
    await two.getByLabel("Your reply").fill("It is.")
    await card.locator("form").getByRole("button", { name: "Reply" }).click()
    const mine = one.locator(".thread").filter({ hasText: said })
    await mine.getByText("It is.").waitFor()

    await mine.getByRole("button", { name: "Resolve" }).click()
    await two
      .locator('.thread[data-state="resolved"]')
      .filter({ hasText: said })
      .waitFor({ state: "attached" })
    // The one that is looked at stays in sight: its list has unfolded.
    await expect.poll(focused).toBe("thread")
    await mine.getByRole("button", { name: "Reopen" }).click()
    await two.locator('.thread[data-state="open"]').filter({ hasText: said }).waitFor()

    const id = await mine.getAttribute("id")
    const linked = await openPlan(one.context(), url, room.plan.id, `#${id?.replace("thread-", "thread=")}`)
    await linked.locator(`#${id}[data-active]`).waitFor()
    await linked.locator(".ProseMirror .commented-active").filter({ hasText: words }).waitFor()
    expect(await linked.evaluate(() => document.activeElement?.id)).toBe(id)
  })

  test("words that change are shown then and now; words that go stay quoted", async () => {
    const page = await room.enter("member-1")
    const words = unique("We support all members")
    await writeAtEnd(page, words)
    await saved(page)
    await select(page, words)
    await page.getByRole("button", { name: /^Comment \(/ }).click()
    const said = unique("Which members?")
    await page.getByLabel("Your comment").fill(said)
    // The answer comes late: whoever has gone on to write meanwhile keeps writing.
    let answer = () => {}
    const late = new Promise<void>((done) => {
      answer = done
    })
    await page.route("**/api/commands", async (route) => {
      const response = await route.fetch()
      await late
      await route.fulfill({ response })
    })
    await page.getByRole("button", { name: "Comment", exact: true }).click()
    const card = page.locator(".thread").filter({ hasText: said })
    await card.waitFor()

    await select(page, words.slice(3, 10))
    answer()
    await page.locator(".thread[data-active]").filter({ hasText: said }).waitFor()
    await frames(page)
    await page.keyboard.type("strengthen")
    await page.unroute("**/api/commands")
    await card.getByText("Edited").waitFor()
    await card.getByText(words, { exact: true }).waitFor()
    await card.getByText(words.replace(words.slice(3, 10), "strengthen"), { exact: true }).waitFor()

    await select(page, words.replace(words.slice(3, 10), "strengthen"))
    await page.keyboard.press("Backspace")
    await card.getByText("Words gone").waitFor()
    await card.getByText(words, { exact: true }).waitFor()
    expect(await times(page, words.slice(-8))).toBe(0)
  })

  test("two threads on the same words both stay", async () => {
    const [one, two] = await Promise.all([room.enter("member-1"), room.enter("member-2")])
    const words = unique("Twice discussed.")
    await writeAtEnd(one, words)
    await editor(two).getByText(words).waitFor()
    const said: string[] = []
    for (const page of [one, two]) {
      await select(page, words)
      await page.getByRole("button", { name: /^Comment \(/ }).click()
      const text = unique("A thought.")
      said.push(text)
      await page.getByLabel("Your comment").fill(text)
      await page.getByRole("button", { name: "Comment", exact: true }).click()
      await page.locator(".thread").filter({ hasText: text }).waitFor()
    }
    for (const text of said) await one.locator(".thread").filter({ hasText: text }).waitFor()
  })

  test("what is not sent yet is kept in its box", async () => {
    const page = await room.enter("member-1")
    const words = unique("Half a thought.")
    await writeAtEnd(page, words)
    await saved(page)
    await select(page, words)
    await page.getByRole("button", { name: /^Comment \(/ }).click()
    const half = unique("Before I was")
    await page.getByLabel("Your comment").fill(half)
    await page.reload()
    await expect.poll(() => page.getByLabel("Your comment").inputValue()).toBe(half)
    await page.getByRole("button", { name: "Discard" }).click()
  })

  test("what is begun in two windows of a plan is kept of both", async () => {
    const one = await room.enter("member-1")
    const words = unique("Looked at in two windows.")
    await writeAtEnd(one, words)
    await saved(one)
    const two = await openPlan(one.context(), url, room.plan.id)
    await editor(two).getByText(words).waitFor()
    const begun: [Page, string][] = []
    for (const page of [one, two]) {
      await select(page, words)
      await page.getByRole("button", { name: /^Comment \(/ }).click()
      const half = unique("Begun in this window")
      await page.getByLabel("Your comment").fill(half)
      begun.push([page, half])
    }
    // Each window keeps what was begun in it.
    for (const [page, half] of begun) {
      await page.reload()
      await expect.poll(() => page.getByLabel("Your comment").inputValue()).toBe(half)
    }
    // What a window that is gone has left is in the next one, one comment after the other.
    await Promise.all([one.close(), two.close()])
    const next = await openPlan(one.context(), url, room.plan.id)
    const found: string[] = []
    for (const _ of begun) {
      await next.getByLabel("Your comment").waitFor()
      found.push(await next.getByLabel("Your comment").inputValue())
      await next.getByRole("button", { name: "Discard" }).click()
    }
    expect(found.sort()).toEqual(begun.map(([, half]) => half).sort())
    expect(await next.getByLabel("Your comment").count()).toBe(0)
  })
})
