import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { editor, saved, stage, state, times, unique, writeAtEnd } from "./journey"

describe("words typed in a paragraph that somebody else deletes", () => {
  const room = stage()

  for (const [settle, stays] of [
    ["Keep here", 1],
    ["Remove", 0],
  ] as const) {
    test(`stand by themselves until somebody says: ${settle}`, async () => {
      const deleter = await room.enter("member-2")
      const typist = await room.enter("member-1")
      const paragraph = unique("A paragraph of two people.")
      await writeAtEnd(deleter, paragraph)
      await editor(typist).getByText(paragraph).waitFor()
      await saved(deleter)
      const before = (await editor(typist).locator("p").count()) - 1

      await typist.context().setOffline(true)
      const words = unique("Words from the train.")
      await editor(typist).getByText(paragraph).click()
      await typist.keyboard.press("End")
      await typist.keyboard.type(words)
      await state(typist)
        .getByText(/^Offline: \d+ changes kept on this device$/)
        .waitFor()

      // The caret is at the paragraph's end: all of it is selected, then its mark goes too.
      await deleter.keyboard.press("Shift+Home")
      await deleter.keyboard.press("Backspace")
      await deleter.keyboard.press("Backspace")
      await expect.poll(() => times(deleter, paragraph)).toBe(0)
      await saved(deleter)

      await typist.context().setOffline(false)
      const stray = editor(deleter).locator("p.stray", { hasText: words })
      await stray.waitFor()
      await expect.poll(() => stray.textContent()).toBe(words)
      expect(await editor(deleter).locator("p").count()).toBe(before + 1)
      const card = (page: Page) =>
        page.getByRole("article", { name: /^Typed by / }).filter({ hasText: words })
      await card(deleter)
        .getByText("These words were typed in a paragraph that was deleted meanwhile.")
        .waitFor()

      // Whoever only reads sees them, and decides nothing.
      const reader = await room.enter("chair")
      await card(reader).waitFor()
      expect(await reader.getByRole("button", { name: settle }).count()).toBe(0)

      await editor(typist).getByRole("note").last().getByRole("button", { name: settle }).click()
      for (const page of [deleter, typist, reader]) {
        await expect.poll(() => card(page).count()).toBe(0)
        await expect.poll(() => editor(page).locator(".stray", { hasText: words }).count()).toBe(0)
        await expect.poll(() => times(page, words)).toBe(stays)
      }
    })
  }
})
