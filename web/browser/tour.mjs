/**
 * A walk through the running product that saves a picture of every main screen,
 * at 1280 and 390 pixels wide, under `target/tour/`.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { caretToEnd, draftingPlan, launch, openPlan, signIn } from "./chromium.mjs"
import { startServer } from "./server.mjs"

const folder = new URL("../../target/tour/", import.meta.url).pathname
const sizes = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

mkdirSync(folder, { recursive: true })
const given = process.env.QUORATE_URL
const server = given ? { url: given, stop: async () => {} } : await startServer()
const browser = await launch()
let pictures = 0

/** Fonts and the last animation are there before the picture is taken. */
async function picture(page, size, name) {
  await page.evaluate(() => document.fonts.ready)
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))))
  pictures += 1
  await page.screenshot({ path: join(folder, `${String(pictures).padStart(2, "0")}-${name}-${size}.png`) })
}

async function saved(page) {
  await page.locator('.state-line[data-kind="saved"]').waitFor()
}

async function writeAtEnd(page, words) {
  await caretToEnd(page)
  await page.keyboard.press("Enter")
  await page.keyboard.type(words)
}

async function freeze(page, button, reason) {
  await page.getByRole("button", { name: /^Signed in as/ }).click()
  await page.getByRole("button", { name: button }).click()
  await page.getByLabel("Reason").fill(reason)
  return page.getByRole("dialog").getByRole("button", { name: button })
}

const lists = {
  wide: `organisation,standing,weight,seats,name,roles
Equality Office Athens,member,2,2,Dimitra Ioannou,representative
Equality Office Athens,,,,Kostas Vlahos,representative; board
Women's Network Sofia,member,1,1,Boyana Petrova,representative
Observatory Vienna,observer,,1,Sepp Gruber,representative
Ministry Desk Oslo,stakeholder,,0,Liv Dahl,representative
Centre Graz,guest,many,1,Resi Moser,boss
Centre Linz,member,0,200,Mia Huber,representative
`,
  phone: `organisation,standing,weight,seats,name,roles
Rights Forum Porto,member,1,2,Rita Alves,representative
Rights Forum Porto,,,,Rui Costa,representative
Archive Leiden,guest,,,Jan de Vries,representative
`,
}

/** Who belongs to the network, and how that is changed. */
async function network(size, viewport) {
  const keeper = await signIn(browser, server.url, "secretariat", { viewport })
  const page = await keeper.newPage()
  await page.goto(`${server.url}/network/import`)
  await picture(page, size, "list")
  await page.getByLabel("Or pasted here").fill(lists[size])
  await page.getByRole("button", { name: "See what it would do" }).click()
  await page.getByRole("heading", { name: "What this list would do" }).waitFor()
  await picture(page, size, "list-checked")
  await page.getByRole("button", { name: /^Import the \d+ lines? that/ }).click()
  await page.getByRole("status").waitFor()
  await picture(page, size, "network")
  await page.goto(`${server.url}/network/add-organisation`)
  await page.getByLabel("Name", { exact: true }).fill("Equality Office Riga")
  await page.getByLabel("Votes", { exact: true }).fill("0")
  await page.getByRole("button", { name: "Add an organisation" }).click()
  await page.getByRole("alert").waitFor()
  await picture(page, size, "organisation-refused")
  await page.goto(`${server.url}/network`)
  await page.getByRole("link", { name: size === "wide" ? "Dimitra Ioannou" : "Rita Alves" }).click()
  await picture(page, size, "person")
  await page.goto(`${server.url}/network/policy`)
  await picture(page, size, "who-can-do-what")
  await keeper.close()
}

async function walk(size) {
  const viewport = sizes[size]
  const out = await browser.newContext({ viewport })
  const door = await out.newPage()
  await door.goto(server.url)
  await picture(door, size, "sign-in")
  await out.close()

  const member = await signIn(browser, server.url, "member-1", { viewport })
  const plan = await draftingPlan(member, server.url)
  const home = await member.newPage()
  await home.goto(server.url)
  await picture(home, size, "plans")
  await home.goto(`${server.url}/plans/${plan.id}/read`)
  await picture(home, size, "reading")
  const timeline = await (await member.request.get(`${server.url}/api/plans/${plan.id}/timeline`)).json()
  const middle = timeline.bursts[Math.floor(timeline.bursts.length / 2)]?.last ?? timeline.head
  await home.goto(`${server.url}/plans/${plan.id}/replay?at=${middle}&step=burst`)
  await picture(home, size, "replay")
  await home.close()

  const page = await openPlan(member, server.url, plan.id)
  await saved(page)
  await picture(page, size, "workspace")

  const other = await signIn(browser, server.url, "secretariat", { viewport })
  const beside = await openPlan(other, server.url, plan.id)
  await writeAtEnd(beside, `A sentence for the ${size} picture.`)
  await page.getByText(`A sentence for the ${size} picture.`).waitFor()
  await writeAtEnd(page, "And one by another hand, written at the same time.")
  await page.locator(".peer-caret").first().waitFor({ state: "attached" })
  await saved(page)
  await picture(page, size, "together")

  if (size === "phone") {
    await page.getByRole("button", { name: "Outline" }).click()
    await page.getByRole("dialog").waitFor()
    await picture(page, size, "outline")
    await page.keyboard.press("Escape")
  } else {
    await page.locator(".outline-row").nth(2).hover()
    await page.locator(".outline-row").nth(2).getByRole("button").click()
    await page.getByRole("menu").waitFor()
    await picture(page, size, "outline")
    await page.keyboard.press("Escape")
  }

  await caretToEnd(page)
  for (const _ of "at the same time.") await page.keyboard.press("Shift+ArrowLeft")
  await page.keyboard.press("Control+Alt+m")
  await page.getByLabel("Your comment").fill("Shall we say so in the introduction as well?")
  await picture(page, size, "comment-begun")
  await page.getByRole("button", { name: "Comment", exact: true }).click()
  await page.locator(".thread[data-active]").waitFor()
  await picture(page, size, "comments")
  if (size === "phone") await page.keyboard.press("Escape")

  await member.setOffline(true)
  await writeAtEnd(page, "Typed on the train.")
  await page.getByText(/^Offline: \d+ changes kept/).waitFor()
  await picture(page, size, "offline")
  await member.setOffline(false)
  await saved(page)

  const send = await freeze(
    beside,
    "Freeze the plan",
    "The board meets on Thursday and decides on this text.",
  )
  await picture(beside, size, "freezing")
  await send.click()
  await page.getByText(/^Read only: frozen by/).waitFor()
  await picture(page, size, "frozen")
  await (await freeze(beside, "Unfreeze the plan", "The board has decided.")).click()
  await saved(page)
  await member.close()
  await other.close()

  await network(size, viewport)

  const reader = await signIn(browser, server.url, "administrator", { viewport })
  const lost = await reader.newPage()
  await lost.goto(`${server.url}/plans/no-such-plan`)
  await picture(lost, size, "no-such-plan")
  await reader.close()
}

try {
  await walk("wide")
  await walk("phone")
  console.log(`${pictures} pictures in ${folder}`)
} finally {
  await browser.close()
  await server.stop()
}
