import { describe, expect, test } from "vitest"
import { editor, saved, stage, state, times, unique, writeAtEnd } from "./journey"

describe("a freeze by the secretariat", () => {
  const room = stage()

  test("makes the other's editor read only with the reason, and loses nothing", async () => {
    const [member, secretariat] = await Promise.all([room.enter("member-1"), room.enter("secretariat")])
    const before = unique("Before the freeze.")
    await writeAtEnd(member, before)
    await saved(member)
    await member.context().setOffline(true)
    const away = unique("Typed while away.")
    await writeAtEnd(member, away)

    const reason = unique("The board meets.")
    await secretariat.getByRole("button", { name: /^Signed in as/ }).click()
    await secretariat.getByRole("button", { name: "Freeze the plan" }).click()
    await secretariat.getByLabel("Reason").fill(reason)
    await secretariat.getByRole("dialog").getByRole("button", { name: "Freeze the plan" }).click()
    await state(secretariat).getByText(reason).waitFor()

    await member.context().setOffline(false)
    await state(member).getByText(reason).waitFor()
    expect(await editor(member).getAttribute("aria-readonly")).toBe("true")
    // The words typed while away are still in front of their author, and nobody else has them.
    expect(await times(member, away)).toBe(1)
    expect(await times(secretariat, away)).toBe(0)

    await secretariat.getByRole("button", { name: /^Signed in as/ }).click()
    await secretariat.getByRole("button", { name: "Unfreeze the plan" }).click()
    await secretariat.getByLabel("Reason").fill("It has met.")
    await secretariat.getByRole("dialog").getByRole("button", { name: "Unfreeze the plan" }).click()
    await editor(secretariat).getByText(away).waitFor()
    await saved(member)
    expect(await times(secretariat, away)).toBe(1)
    expect(await times(secretariat, before)).toBe(1)
  })
})
