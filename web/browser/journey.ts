/** What the journeys share: people with a browser each, and what they do again and again. */
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, inject } from "vitest"
// @ts-expect-error: plain JavaScript, shared with the tour and the benchmark
import { caretToEnd, draftingPlan, launch, openPlan, signIn } from "./chromium.mjs"

export type Plan = { id: string; title: string; document: string }

export const url = inject("url")

/** One browser for the file; whoever is let in gets a context, closed again at the end. */
export function stage() {
  let browser: Browser
  let plan: Plan
  const contexts: BrowserContext[] = []

  beforeAll(async () => {
    browser = await launch()
    const context = await signIn(browser, url, "secretariat")
    plan = await draftingPlan(context, url)
    await context.close()
  })
  afterAll(async () => {
    await Promise.all(contexts.map((context) => context.close()))
    await browser?.close()
  })

  return {
    get plan() {
      return plan
    },
    get browser() {
      return browser
    },
    async context(person: string, options: object = {}): Promise<BrowserContext> {
      const context: BrowserContext = await signIn(browser, url, person, options)
      contexts.push(context)
      return context
    },
    async enter(person: string, hash = "", options: object = {}): Promise<Page> {
      const context = await this.context(person, options)
      return openPlan(context, url, plan.id, hash)
    },
  }
}

let count = 0
/** Words that stand nowhere else. */
export function unique(words: string): string {
  count += 1
  return `${words} ${process.pid.toString(36)}${Date.now().toString(36)}${count}`
}

export const editor = (page: Page) => page.locator(".ProseMirror")
export const state = (page: Page) => page.locator(".state-line")

/** A paragraph of its own at the very end of the plan, with the caret behind the words. */
export async function writeAtEnd(page: Page, words: string): Promise<void> {
  await caretToEnd(page)
  await page.keyboard.press("Enter")
  await page.keyboard.type(words)
}

export async function saved(page: Page): Promise<void> {
  await page.locator('.state-line[data-kind="saved"]').waitFor()
}

/** Selects the words where they stand in the editor, as a double click or a drag would. */
export async function select(page: Page, words: string): Promise<void> {
  await editor(page).focus()
  await page.evaluate((wanted) => {
    const root = document.querySelector(".ProseMirror")
    if (!root) throw new Error("no editor")
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    const parts: { node: Text; start: number }[] = []
    let all = ""
    while (walker.nextNode()) {
      const node = walker.currentNode as Text
      parts.push({ node, start: all.length })
      all += node.data
    }
    const at = all.lastIndexOf(wanted)
    if (at < 0) throw new Error(`not in the editor: ${wanted}`)
    const place = (offset: number): [Text, number] => {
      const part = parts.findLast(({ start }) => start <= offset)
      if (!part) throw new Error("no text")
      return [part.node, offset - part.start]
    }
    const [startNode, startOffset] = place(at)
    const [endNode, endOffset] = place(at + wanted.length - 1)
    document.getSelection()?.setBaseAndExtent(startNode, startOffset, endNode, endOffset + 1)
  }, words)
  // The editor hears of the selection by an event of the document.
  await frames(page)
}

/** Waits until what was set going has been drawn. */
export async function frames(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

/** How many times the words stand in the editor. */
export async function times(page: Page, words: string): Promise<number> {
  const text = (await editor(page).textContent()) ?? ""
  return text.split(words).length - 1
}

/** Pastes as the clipboard would: the same content in several formats. */
export async function paste(page: Page, content: Record<string, string>): Promise<void> {
  await page.evaluate((formats) => {
    const data = new DataTransfer()
    for (const [type, text] of Object.entries(formats)) data.setData(type, text)
    document
      .querySelector(".ProseMirror")
      ?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))
  }, content)
}

export { caretToEnd, openPlan, signIn }
