/** One's own page: what is asked, by whom, and what became of it; with the keyboard, without scripts, on a phone. */
import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { isFine as passes } from "./axe"
import { openPlan, stage, unique, url } from "./journey"

const world = stage()

/** The page passes axe and fits its width. */
async function isFine(page: Page, name: string): Promise<void> {
  await passes(page)
  const width = page.viewportSize()?.width ?? 0
  const folder = process.env.QUORATE_PICTURES
  if (folder)
    await page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: !name.startsWith("workspace") })
}

/** How much the head of the page says is to be done. */
async function toDo(page: Page): Promise<number> {
  const text = (await page.locator(".site-header a[href='/me']").first().textContent()) ?? ""
  return Number(/(\d+) to do/.exec(text)?.[1] ?? 0)
}

test("what is asked of somebody stands on their page until they have done it", async () => {
  const words = unique("Send us your figures")
  const desk = await world.context("secretariat", { viewport: { width: 1280, height: 800 } })
  const asks = await desk.newPage()
  await asks.goto(`${url}/plans/${world.plan.id}/calendar`)
  await asks.getByRole("link", { name: "Tasks" }).click()
  await isFine(asks, "tasks")

  const phone = await world.context("member-1", {
    viewport: { width: 360, height: 740 },
    javaScriptEnabled: false,
  })
  const does = await phone.newPage()
  await does.goto(`${url}/me`)
  const before = await toDo(does)

  await asks.getByLabel("Of whom?").selectOption("person/member-1")
  await asks.getByLabel("What is asked?").fill(words)
  await asks.getByLabel("By when?").fill("2099-04-10T12:00")
  await asks.getByRole("button", { name: "Ask", exact: true }).click()
  await asks.getByRole("status").getByText("It is asked.").waitFor()
  await asks.getByRole("rowheader", { name: words }).waitFor()

  // Without scripts, in the head of every page and on one's own.
  await does.goto(url)
  expect(await toDo(does)).toBe(before + 1)
  await does.getByRole("link", { name: /^My page/ }).click()
  const card = does.getByRole("listitem").filter({ hasText: words })
  await card.getByText("By 10 April 2099, 12:00 UTC").waitFor()
  await card.getByText("asked by Ilse").waitFor()

  // With a script: the workspace's head says so too, and axe looks at the page.
  const wide = await world.context("member-1", { viewport: { width: 1280, height: 800 } })
  const workspace = await openPlan(wide, url, world.plan.id)
  await workspace.locator(".ws-mine", { hasText: `${before + 1} to do` }).waitFor()
  await isFine(workspace, "workspace")
  const page = await wide.newPage()
  for (const size of [
    { width: 1280, height: 800 },
    { width: 360, height: 740 },
  ]) {
    await page.setViewportSize(size)
    await page.goto(`${url}/me`)
    await isFine(page, "me")
    await page.goto(`${url}/me/mail`)
    await isFine(page, "mail")
    await workspace.setViewportSize(size)
    await isFine(workspace, "workspace")
  }
  // On a phone the links stand behind one's name.
  await workspace.locator(".account").click()
  await workspace
    .getByRole("dialog")
    .getByRole("link", { name: /^My page/ })
    .waitFor()

  // By the keyboard alone.
  await page.goto(`${url}/me`)
  await page.getByRole("button", { name: new RegExp(`^It is done.*${words}`) }).focus()
  await page.keyboard.press("Enter")
  await page.getByRole("status").getByText("It is noted that this is done.").waitFor()
  expect(await toDo(page)).toBe(before)

  await asks.reload()
  const row = asks.getByRole("row").filter({ hasText: words })
  await row.getByText(/^Done by /).waitFor()
  await asks.goto(`${url}/me`)
  await asks.getByText(words).first().waitFor()
  await asks.getByRole("button", { name: "I have seen all this" }).click()
  await asks.getByText("Nothing is new any more.").waitFor()
  await isFine(asks, "me-of-secretariat")
})
