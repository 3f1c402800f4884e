/** The machine's own Chromium; `CHROMIUM=path` names another. */
import { existsSync } from "node:fs"
import { chromium } from "playwright-core"

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

export async function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium"
  if (!existsSync(executablePath)) {
    throw new Error(
      `No Chromium at ${executablePath}. Install Debian's package "chromium", or name one: CHROMIUM=path`,
    )
  }
  return chromium.launch({ executablePath, headless: true, args: FLAGS })
}

/** A browser of one person: its own cookies and its own storage. */
export async function signIn(browser, url, person, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  context.setDefaultTimeout(90_000)
  const answer = await context.request.post(`${url}/api/demo/sign-in`, { data: { person } })
  if (!answer.ok())
    throw new Error(`Signing in as ${person} failed: ${answer.status()} ${await answer.text()}`)
  return context
}

/** The plan in drafting is the first of the list. */
export async function draftingPlan(context, url) {
  const plans = await (await context.request.get(`${url}/api/plans`)).json()
  return plans[0]
}

/** Opens the workspace and waits until the plan can be written or read in it. */
export async function openPlan(context, url, plan, hash = "") {
  const page = await context.newPage()
  await page.goto(`${url}/plans/${plan}${hash}`)
  await page.locator(".ProseMirror").waitFor()
  return page
}

/** Puts the caret behind the last word of the plan. Just after focus the editor may set its own caret once more. */
export async function caretToEnd(page) {
  const editor = page.locator(".ProseMirror")
  for (let tries = 0; tries < 100; tries += 1) {
    await editor.focus()
    await page.keyboard.press("Control+End")
    const there = await page.evaluate(
      () =>
        new Promise((done) =>
          requestAnimationFrame(() =>
            requestAnimationFrame(() => {
              const last = document.querySelector(".ProseMirror > section:last-of-type > :last-child")
              done(last?.contains(document.getSelection()?.anchorNode ?? null) ?? false)
            }),
          ),
        ),
    )
    if (there) return
  }
  throw new Error("the caret does not go to the end of the plan")
}
