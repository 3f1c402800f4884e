import type { Browser, BrowserContext } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { isFine } from "./axe"
// @ts-expect-error: plain JavaScript, shared with the tour and the benchmark
import { launch } from "./chromium.mjs"
import { openPlan, saved, writeAtEnd } from "./journey"
// @ts-expect-error: plain JavaScript, shared with the tour and the benchmark
import { startServer } from "./server.mjs"

let server: { url: string; said: () => string; stop: () => Promise<void> }
let browser: Browser

beforeAll(async () => {
  // Mails are written to standard error.
  server = await startServer({ verb: "serve" })
  browser = (await launch()) as Browser
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

/** The newest of what the server wrote for whoever runs it. */
async function newest(what: RegExp): Promise<string> {
  await expect.poll(() => what.exec(server.said())).toBeTruthy()
  return [...server.said().matchAll(new RegExp(what, `${what.flags}g`))].at(-1)?.[1] ?? ""
}

async function device(options = {}): Promise<BrowserContext> {
  return browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
}

test("the first person comes in, signs in on a phone, and signs the first device out", async () => {
  const desk = await device()
  const page = await desk.newPage()
  await page.goto(await newest(/(http:\S+\/first\/\S+)/))
  await isFine(page)
  await page.getByLabel("Your name").fill("Ada")
  await page.getByLabel("Your e-mail address").fill("ada@example.org")
  await page.getByRole("button", { name: "Begin" }).click()
  await page.getByRole("link", { name: "Later" }).click()
  await page.getByRole("heading", { name: "Plans" }).waitFor()

  // The session writes: the cookie opens the socket from a page of the server.
  const plan = crypto.randomUUID()
  const give = (data: object) =>
    desk.request.post(`${server.url}/api/commands`, {
      headers: { origin: server.url },
      data: { id: crypto.randomUUID(), ...data },
    })
  expect((await give({ type: "plan.create", plan, title: "A plan" })).ok()).toBe(true)
  expect((await give({ type: "section.create", plan, heading: "Aims" })).ok()).toBe(true)
  const workspace = await openPlan(desk, server.url, plan)
  await writeAtEnd(workspace, "Words of the desk.")
  await saved(workspace)

  // Without script: pages work as they come.
  const phone = await device({ viewport: { width: 390, height: 844 }, javaScriptEnabled: false })
  const small = await phone.newPage()
  await small.goto(`${server.url}/me/sessions`)
  await small.getByLabel("Your e-mail address").fill("ada@example.org")
  await small.getByRole("button", { name: "Send me a mail" }).click()
  await small.getByLabel("The code from the mail").fill("1")
  await small.getByRole("button", { name: "Sign in with this code" }).click()
  await small.getByRole("alert").waitFor()
  await small.getByLabel("The code from the mail").fill(await newest(/^(\d{4} \d{4})$/m))
  await small.getByRole("button", { name: "Sign in with this code" }).click()
  await small.getByText("this page needs JavaScript").waitFor()
  await small.locator(".account").click()
  await small.getByRole("link", { name: "My account" }).click()
  await small.getByRole("link", { name: "Where I am signed in" }).click()
  expect(await small.getByRole("row").count()).toBe(3)
  await small.getByRole("button", { name: "Sign out everywhere else" }).click()
  await small.getByText("this device, now").waitFor()
  expect(await small.getByRole("row").count()).toBe(2)

  await workspace.getByText("You are signed out.").waitFor()
  await writeAtEnd(workspace, " Typed afterwards.")
  await workspace.getByText("Typed afterwards.").waitFor()
  await workspace.getByRole("button", { name: "Sign in" }).click()

  // By the link, on the first device again: what was typed meanwhile is handed in.
  await workspace.getByLabel("Your e-mail address").waitFor()
  await isFine(workspace)
  await workspace.getByLabel("Your e-mail address").fill("ada@example.org")
  const before = await newest(/(http:\S+\/sign-in\/\S+)/)
  await workspace.getByRole("button", { name: "Send me a mail" }).click()
  await isFine(workspace)
  await expect.poll(() => newest(/(http:\S+\/sign-in\/\S+)/)).not.toBe(before)
  await workspace.goto(await newest(/(http:\S+\/sign-in\/\S+)/))
  await isFine(workspace)
  await workspace.getByRole("button", { name: "Sign in as Ada" }).click()
  await workspace.getByRole("link", { name: "Later" }).click()
  // Back where the words are.
  await workspace.getByText("Typed afterwards.").waitFor()
  await saved(workspace)
  await workspace.goto(before)
  await workspace.getByRole("heading", { name: "This link is over" }).waitFor()
  await isFine(workspace)

  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    await workspace.setViewportSize(viewport)
    await workspace.goto(`${server.url}/me/sessions`)
    await isFine(workspace)
    await workspace.getByRole("link", { name: "Tokens for tools" }).click()
    await isFine(workspace)
    await workspace.getByLabel("What is it for?").fill("A tool")
    await workspace.getByLabel("Read and write, as you may").check()
    await workspace.getByRole("button", { name: "Make the token" }).click()
    await isFine(workspace)
    const token = await workspace.locator("#token").textContent()
    const plans = await fetch(`${server.url}/api/plans`, { headers: { authorization: `Bearer ${token}` } })
    expect(plans.status).toBe(200)
    await workspace.getByRole("link", { name: "Go on" }).click()
    await isFine(workspace)
  }
})
