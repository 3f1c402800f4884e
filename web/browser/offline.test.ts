import { describe, expect, test } from "vitest"
import { editor, openPlan, saved, stage, state, times, unique, url, writeAtEnd } from "./journey"

describe("without the network", () => {
  const room = stage()

  test("what is typed is kept over a reload, arrives once, and doubles nothing", async () => {
    const other = await room.enter("member-2")
    const page = await room.enter("member-1")
    await saved(page)
    // The worker that opens the page without the network has to be in charge first.
    await page.evaluate(() => navigator.serviceWorker.ready)
    await expect
      .poll(() => page.evaluate(async () => (await caches.match(location.pathname)) !== undefined))
      .toBe(true)

    await page.context().setOffline(true)
    const first = unique("Typed on the train.")
    await writeAtEnd(page, first)
    await state(page)
      .getByText(/^Offline: \d+ changes kept on this device$/)
      .waitFor()
    await page.evaluate(() => new Promise((done) => setTimeout(done, 400)))
    await page.reload()
    await editor(page).getByText(first).waitFor()
    const second = unique("And after the reload.")
    await writeAtEnd(page, second)
    await state(page)
      .getByText(/^Offline: \d+ changes kept on this device$/)
      .waitFor()
    expect(await times(other, first)).toBe(0)

    await page.context().setOffline(false)
    await editor(other).getByText(second).waitFor()
    await saved(page)
    for (const reader of [page, other]) {
      expect(await times(reader, first)).toBe(1)
      expect(await times(reader, second)).toBe(1)
    }
    // A fresh copy from the server says the same.
    const fresh = await room.enter("chair")
    expect(await times(fresh, first)).toBe(1)
    expect(await times(fresh, second)).toBe(1)
  })

  test("a line that is back before its socket has closed brings others' words again", async () => {
    const [page, other] = await Promise.all([room.enter("member-1"), room.enter("member-2")])
    await saved(page)
    await page.evaluate(() => {
      window.dispatchEvent(new Event("offline"))
      window.dispatchEvent(new Event("online"))
    })
    const words = unique("Written while a reader was in a tunnel.")
    await writeAtEnd(other, words)
    await editor(page).getByText(words).waitFor()
    await saved(page)
  })

  test("another person on the same device neither sees nor sends it", async () => {
    const context = await room.context("member-1")
    const page = await openPlan(context, url, room.plan.id)
    await saved(page)
    await context.setOffline(true)
    const secret = unique("Not yet for others.")
    await writeAtEnd(page, secret)
    await state(page)
      .getByText(/^Offline: \d+ changes/)
      .waitFor()
    await page.evaluate(() => new Promise((done) => setTimeout(done, 400)))
    await page.close()
    await context.setOffline(false)

    await context.request.post(`${url}/api/demo/sign-in`, { data: { person: "member-2" } })
    const second = await openPlan(context, url, room.plan.id)
    await saved(second)
    expect(await times(second, secret)).toBe(0)
    await writeAtEnd(second, unique("Mine alone."))
    await saved(second)
    const elsewhere = await room.enter("secretariat")
    expect(await times(elsewhere, secret)).toBe(0)
    await second.close()

    await context.request.post(`${url}/api/demo/sign-in`, { data: { person: "member-1" } })
    const back = await openPlan(context, url, room.plan.id)
    await saved(back)
    expect(await times(back, secret)).toBe(1)
    await editor(elsewhere).getByText(secret).waitFor()
  })
})
