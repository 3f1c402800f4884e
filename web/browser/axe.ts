/** What keeps people with assistive technology out of a page, as far as a program can find it. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Page } from "playwright-core"
import { expect } from "vitest"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** What the rules of WCAG 2.2, levels A and AA, find wrong, one line each. */
export async function faults(page: Page): Promise<string[]> {
  // The page's content policy refuses scripts put into the page; this is evaluated beside it.
  await page.evaluate(axe)
  return page.evaluate(async () => {
    type Axe = {
      run: (
        root: Document,
        options: object,
      ) => Promise<{
        violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[]
      }>
    }
    const found = await (window as unknown as { axe: Axe }).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      // What opens over the page stands beside the landmarks, with buttons of its own for closing it.
      rules: { region: { enabled: false } },
    })
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target }) => `${id}: ${target.join(" ")}`),
    )
  })
}

/** The page passes axe and fits its width. */
export async function isFine(page: Page): Promise<void> {
  expect(await faults(page)).toEqual([])
  const width = page.viewportSize()?.width ?? 0
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
}
