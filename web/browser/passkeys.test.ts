import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Browser, CDPSession, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { isFine as passes } from "./axe"
// @ts-expect-error: plain JavaScript, shared with the tour and the benchmark
import { launch } from "./chromium.mjs"
import { url as demonstration } from "./journey"
// @ts-expect-error: plain JavaScript, shared with the tour and the benchmark
import { startServer } from "./server.mjs"

let server: { url: string; said: () => string; stop: () => Promise<void> }
let browser: Browser

beforeAll(async () => {
  server = await startServer({ verb: "serve" })
  browser = (await launch()) as Browser
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function newest(what: RegExp, not = ""): Promise<string> {
  const all = () => [...server.said().matchAll(new RegExp(what, "gm"))].at(-1)?.[1] ?? not
  await expect.poll(all).not.toBe(not)
  return all()
}

/** A device of the page's own that keeps passkeys, and checks who is there. */
async function withDevice(page: Page): Promise<[CDPSession, string]> {
  const session = await page.context().newCDPSession(page)
  await session.send("WebAuthn.enable")
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return [session, authenticatorId]
}

/** The page passes axe and fits its width, on a desk and on a phone. */
async function isFine(page: Page, name: string): Promise<void> {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height })
    await passes(page)
    const folder = process.env.QUORATE_PICTURES
    if (folder) await page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: true })
  }
  await page.setViewportSize({ width: 1280, height: 800 })
}

test("invited, in by a link, asked for a passkey, out, and in by it", async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  await page.goto(await newest(/(http:\S+\/first\/\S+)/))
  await page.getByLabel("Your name").fill("Ada")
  await page.getByLabel("Your e-mail address").fill("ada@example.org")
  await page.getByRole("button", { name: "Begin" }).click()
  await page.getByRole("link", { name: "Later" }).click()
  await page.getByRole("heading", { name: "Plans" }).waitFor()
  // Invited as administrators do it.
  await page.goto(`${server.url}/network/add-person`)
  await page.getByLabel("Name", { exact: true }).fill("Eve")
  await page.getByLabel("E-mail address").fill("eve@example.org")
  await page.getByLabel("Chair of the board", { exact: true }).check()
  await page.getByRole("button", { name: "Add a person" }).click()
  await page.getByText("The person was added.").waitFor()
  const path = await page.getByRole("link", { name: "Eve" }).getAttribute("href")
  for (const [at, name] of [
    [path, "person"],
    ["/me/address", "address"],
    ["/me/sessions", "sessions"],
  ] as const) {
    await page.goto(`${server.url}${at}`)
    await isFine(page, name)
  }
  await context.close()

  // The invited one: the mail that says so, the page that it names, another mail, its link, and the question.
  const welcome = await newest(/^(http:\S+\/sign-in)$/)
  expect(server.said()).toMatch(/Hello Eve,\s+Ada has added you to the network at localhost/)
  const own = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const eve = await own.newPage()
  const [device, id] = await withDevice(eve)
  await eve.goto(welcome)
  await isFine(eve, "sign-in")
  await eve.getByLabel("Your e-mail address").fill("eve@example.org")
  await eve.getByRole("button", { name: "Send me a mail" }).click()
  await eve.goto(await newest(/(http:\S+\/sign-in\/\S+)/))
  await eve.getByRole("button", { name: "Sign in as Eve" }).click()
  await eve.getByRole("heading", { name: "Would you add a passkey?" }).waitFor()
  await isFine(eve, "offer")

  // A device on which nobody shows who they are: nothing is done, and one may try again, by the keyboard alone.
  await device.send("WebAuthn.setUserVerified", { authenticatorId: id, isUserVerified: false })
  await eve.getByLabel("What is it to be called?").fill("Eve's telephone")
  await eve.keyboard.press("Enter")
  await eve.getByRole("alert").filter({ hasText: "Nothing was done" }).waitFor()
  await isFine(eve, "cancelled")
  await device.send("WebAuthn.setUserVerified", { authenticatorId: id, isUserVerified: true })
  await eve.keyboard.press("Tab")
  expect(await eve.evaluate(() => document.activeElement?.textContent)).toBe("Add a passkey")
  await eve.keyboard.press("Enter")
  await eve.getByRole("heading", { name: "Plans" }).waitFor()

  const signOut = async () => {
    await eve.locator(".account").click()
    await eve.getByRole("button", { name: "Sign out" }).click()
    // What the device keeps goes first.
    await eve.getByRole("link", { name: "Sign in" }).waitFor()
  }
  await signOut()
  await eve.getByRole("link", { name: "Sign in" }).click()
  await eve.getByRole("button", { name: "Sign in with a passkey" }).click()
  await eve.getByText("You are Eve").waitFor()

  // Only the passkey, from now on: the mail says so, and lets nobody in.
  await eve.goto(`${server.url}/me/passkeys`)
  await eve.getByRole("button", { name: "Let only my passkey in" }).click()
  await eve.getByText("Only your passkey lets you in; a mail alone does not.").waitFor()
  await isFine(eve, "alone")
  await eve.getByRole("button", { name: /Remove.*telephone/ }).click()
  await eve.getByRole("alert").filter({ hasText: "This is your last passkey" }).waitFor()
  await isFine(eve, "last")
  await signOut()
  const links = () => [...server.said().matchAll(/\/sign-in\/\S+/g)].length
  const before = links()
  await eve.goto(`${server.url}/sign-in`)
  await eve.getByLabel("Your e-mail address").fill("eve@example.org")
  await eve.getByRole("button", { name: "Send me a mail" }).click()
  await eve.getByLabel("The code from the mail").waitFor()
  await expect.poll(() => server.said()).toContain("Only your passkey lets you in there")
  expect(links()).toBe(before)
  await eve.goto(welcome)
  await eve.getByRole("button", { name: "Sign in with a passkey" }).click()
  await eve.getByText("You are Eve").waitFor()
  await eve.goto(`${server.url}/me/passkeys`)
  await eve.getByRole("button", { name: "Let a mail be enough again" }).click()
  await eve.getByRole("button", { name: "Let only my passkey in" }).waitFor()
  await eve.goto(`${server.url}/`)

  // A second one for the same device is not needed; one that is removed lets nobody in.
  await eve.locator(".account").click()
  await eve.getByRole("link", { name: "My account" }).click()
  await eve.getByRole("link", { name: "My passkeys" }).click()
  await eve.getByRole("rowheader", { name: "Eve's telephone" }).waitFor()
  await isFine(eve, "passkeys")
  await eve.getByRole("button", { name: "Add a passkey" }).click()
  await eve.getByRole("alert").filter({ hasText: "keeps a passkey of yours" }).waitFor()
  await eve.getByRole("button", { name: /Remove.*telephone/ }).click()
  await eve.getByText("You have none yet.").waitFor()
  await isFine(eve, "none")
  await signOut()
  await eve.goto(`${server.url}/sign-in`)
  await eve.getByRole("button", { name: "Sign in with a passkey" }).click()
  await eve.getByRole("alert").filter({ hasText: "This passkey lets nobody in here." }).waitFor()
  await isFine(eve, "removed")

  // By another name of the same machine there are none.
  await eve.goto(`${server.url.replace("localhost", "127.0.0.1")}/sign-in`)
  await eve.getByRole("link", { name: server.url }).waitFor()
  await isFine(eve, "elsewhere")
  await own.close()
})

test("in the demonstration, a person who was picked adds a passkey and comes back by it", async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  await withDevice(page)
  await page.goto(demonstration)
  await isFine(page, "picker")
  await page.locator('button[name="person"]').first().click()
  const name = await page.locator(".account-menu strong").textContent()
  await page.locator(".account").click()
  await page.getByRole("link", { name: "My account" }).click()
  await page.getByRole("link", { name: "My passkeys" }).click()
  await page.getByRole("button", { name: "Add a passkey" }).click()
  await page.getByRole("status").waitFor()
  await isFine(page, "demonstration")
  await page.locator(".account").click()
  await page.getByRole("button", { name: "Change person" }).click()
  await page.getByRole("button", { name: "Sign in with a passkey" }).click()
  await page
    .locator(".account")
    .filter({ hasText: name ?? "?" })
    .waitFor()
  await context.close()
})

test("to a directory and back, past what the pages' policy forbids forms", async () => {
  const folder = mkdtempSync(join(tmpdir(), "quorate-directory-"))
  const directory = spawn("node", ["directory.mjs"], {
    cwd: new URL("../../tests/stock", import.meta.url).pathname,
    stdio: ["pipe", "pipe", "ignore"],
  })
  const lines = createInterface({ input: directory.stdout })[Symbol.asyncIterator]()
  const heard = async () => JSON.parse((await lines.next()).value)
  const tell = async (what: object) => {
    directory.stdin.write(`${JSON.stringify(what)}\n`)
    await heard()
  }
  const issuer = `http://127.0.0.1:${(await heard()).port}`
  writeFileSync(join(folder, "secret"), "a secret")
  const network: typeof server = await startServer({
    verb: "serve",
    more: async (url: string) => {
      await tell({ client: "quorate", secret: "a secret", redirect: `${url}/sign-in/directory/back` })
      const secret = ["--oidc-client-secret-file", join(folder, "secret")]
      return [
        "--oidc-issuer",
        issuer,
        "--oidc-client-id",
        "quorate",
        "--oidc-name",
        "Our directory",
        ...secret,
      ]
    },
  })
  await tell({ account: "a-1", email: "ada@example.org", verified: true })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  await expect.poll(() => network.said()).toMatch(/\/first\//)
  await page.goto(/(http:\S+\/first\/\S+)/.exec(network.said())?.[1] ?? "")
  await page.getByLabel("Your name").fill("Ada")
  await page.getByLabel("Your e-mail address").fill("ada@example.org")
  await page.getByRole("button", { name: "Begin" }).click()
  await page.getByRole("link", { name: "Later" }).click()
  await page.locator(".account").click()
  await page.getByRole("button", { name: "Sign out" }).click()
  await page.getByRole("link", { name: "Sign in" }).click()
  await isFine(page, "directory")
  await page.getByRole("link", { name: "Sign in with Our directory" }).click()
  await page.getByPlaceholder("Enter any login").fill("a-1")
  await page.getByPlaceholder("and password").fill("any")
  await page.getByRole("button", { name: "Sign-in" }).click()
  await page.getByRole("button", { name: "Continue" }).click()
  await page.getByText("You are Ada").waitFor()

  // Nobody here is known by it: the page says so, and leads on.
  await tell({ account: "m-1", email: "mallory@example.org", verified: true })
  const other = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const mallory = await other.newPage()
  await mallory.goto(`${network.url}/sign-in/directory`)
  await mallory.getByPlaceholder("Enter any login").fill("m-1")
  await mallory.getByPlaceholder("and password").fill("any")
  await mallory.getByRole("button", { name: "Sign-in" }).click()
  await mallory.getByRole("button", { name: "Continue" }).click()
  await mallory.getByRole("heading", { name: "You are not signed in" }).waitFor()
  await isFine(mallory, "directory-unknown")
  for (const one of [context, other]) await one.close()
  await network.stop()
  directory.kill()
  rmSync(folder, { recursive: true, force: true })
})

test("without a script the pages say what is missing", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(`${server.url}/sign-in`)
  await page.getByText("this page needs JavaScript").waitFor()
  expect(await page.getByRole("button", { name: "Sign in with a passkey" }).count()).toBe(0)
  await context.close()
})
