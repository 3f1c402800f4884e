/**
 * How the workspace feels, in figures, on a plan of 50 pages. Prints a table and adds its rows to
 * `target/bench/latest.json`, which the server's benchmark writes: `[{name, unit, value, goal, yardstick}]`.
 *
 * Key to paint: from the key event to the frame after it, in the workspace and,
 * as the yardstick, in a bare ProseMirror with the same text in the same browser.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { launch, openPlan, signIn } from "./chromium.mjs"
import { startServer } from "./server.mjs"

const PAGES = 50
/** A page of a plan, set as ours are. */
const WORDS_A_PAGE = 400
const KEYS = 150
const SENTENCE =
  "Equality bodies share what they learn so that each of them can do more for the people they serve. "

const dist = new URL("../dist/", import.meta.url).pathname
const out = new URL("../../target/bench/", import.meta.url).pathname
const rows = []

/** Takes down a figure and shows it at once. The goal is what it should be at most; the yardstick, what to hold it against. */
function row(name, unit, value, goal = null, yardstick = "") {
  rows.push({ name, unit, value, goal, yardstick })
  const shown = goal === null ? "-" : goal.toFixed(2)
  console.log(
    `${name.padEnd(58)} ${value.toFixed(2).padStart(10)} ${unit.padEnd(8)} goal ${shown.padStart(8)}  ${yardstick}`,
  )
}

function at(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

/** What the workspace loads to start, without the wasm. */
function scriptSize() {
  const manifest = JSON.parse(readFileSync(`${dist}manifest.json`, "utf8"))
  const seen = new Set()
  const take = (key) => {
    if (seen.has(key)) return
    seen.add(key)
    for (const other of manifest[key].imports ?? []) take(other)
  }
  take("src/app/main.tsx")
  return (
    [...seen].reduce((sum, key) => sum + gzipSync(readFileSync(dist + manifest[key].file)).length, 0) / 1000
  )
}

/** Presses keys one by one and measures each in the page: from the event to the frame that shows it. */
async function keyToPaint(page) {
  await page.evaluate(() => {
    window.paints = []
    window.addEventListener(
      "keydown",
      (event) => {
        const from = event.timeStamp
        // The frame is made after the callback; a message sent from it arrives when it is on its way.
        requestAnimationFrame(() => {
          const channel = new MessageChannel()
          channel.port1.onmessage = () => window.paints.push(performance.now() - from)
          channel.port2.postMessage(0)
        })
      },
      true,
    )
  })
  for (let key = 0; key < KEYS; key += 1) {
    await page.keyboard.press("abcdefgh "[key % 9])
    await page.waitForFunction((count) => window.paints.length > count, key, { polling: 5 })
  }
  return page.evaluate(() => window.paints.slice(20))
}

async function makePlan(server, secretariat) {
  const command = async (body) => {
    const answer = await secretariat.request.post(`${server.url}/api/commands`, {
      data: { id: crypto.randomUUID(), ...body },
    })
    if (!answer.ok()) throw new Error(`${body.type}: ${answer.status()} ${await answer.text()}`)
  }
  await command({ type: "plan.create", title: "Fifty pages" })
  const plans = await (await secretariat.request.get(`${server.url}/api/plans`)).json()
  const plan = plans.find((one) => one.title === "Fifty pages")
  for (let section = 1; section <= 20; section += 1) {
    await command({ type: "section.create", plan: plan.id, heading: `Section ${section}` })
  }
  return plan
}

/** Fills the sections by pasting, as a person would bring in an existing text. */
async function fill(page) {
  const words = SENTENCE.trim().split(" ").length
  const sentences = Math.ceil((PAGES * WORDS_A_PAGE) / words / 20)
  const sections = await page.locator(".ProseMirror > section").count()
  const paragraphs = []
  for (let done = 0; done < sentences; done += 5) paragraphs.push(`<p>${SENTENCE.repeat(5).trim()}</p>`)
  for (let section = 0; section < sections; section += 1) {
    const place = page.locator(".ProseMirror > section").nth(section)
    await place.locator(".section-heading").click()
    await page.keyboard.press("End")
    await page.evaluate(
      async (html) => {
        // The editor hears of the caret by an event of the document.
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
        const data = new DataTransfer()
        data.setData("text/html", html)
        document
          .querySelector(".ProseMirror")
          .dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
          )
      },
      `<h2>Part</h2>${paragraphs.join("")}`,
    )
    await place
      .locator("p")
      .nth(paragraphs.length - 1)
      .waitFor()
  }
  await page.locator('.state-line[data-kind="saved"]').waitFor()
}

/** The same text in a bare editor: ProseMirror's own view on a plain page. */
async function plain(browser, server, html) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  await page.goto(`${server.url}/`)
  const bundle = await import("vite").then(({ build }) =>
    build({
      configFile: false,
      logLevel: "error",
      build: {
        write: false,
        lib: {
          entry: new URL("./plain-editor.js", import.meta.url).pathname,
          formats: ["iife"],
          name: "plain",
        },
      },
    }),
  )
  await page.evaluate(bundle[0].output[0].code)
  await page.evaluate((content) => window.plainEditor(content), html)
  await page.locator(".ProseMirror").focus()
  const figures = await keyToPaint(page)
  await context.close()
  return figures
}

const server = process.env.QUORATE_URL
  ? { url: process.env.QUORATE_URL, stop: async () => {} }
  : await startServer()
const browser = await launch()
try {
  row("the workspace's script, gzip, without the wasm", "kB", scriptSize(), 300)

  const secretariat = await signIn(browser, server.url, "secretariat")
  const plan = await makePlan(server, secretariat)
  const writer = await openPlan(secretariat, server.url, plan.id)
  await fill(writer)
  const pages =
    ((await writer.locator(".ProseMirror").textContent()) ?? "").split(/\s+/).length / WORDS_A_PAGE
  row("the browser's plan", "pages", pages, null, `at ${WORDS_A_PAGE} words a page, 20 sections`)

  const member = await signIn(browser, server.url, "member-1")
  const started = performance.now()
  const reader = await openPlan(member, server.url, plan.id)
  await reader.getByText("Section 20").last().waitFor()
  row(
    "first open, nothing kept on the device",
    "ms",
    performance.now() - started,
    2000,
    "to the last section shown",
  )

  const caretIn = async (page, section) => {
    await page.locator(".ProseMirror > section").nth(section).locator("p").nth(3).click()
    await page.keyboard.press("End")
  }
  // Whoever writes does not run the readers on the same machine.
  await reader.close()
  await caretIn(writer, 10)
  const ours = await keyToPaint(writer)
  const bare = await plain(browser, server, await writer.locator(".ProseMirror").innerHTML())
  const plainly = (share) => `${at(bare, share).toFixed(1)} in plain ProseMirror`
  row("key to paint, p50", "ms", at(ours, 0.5), null, plainly(0.5))
  row("key to paint, p95", "ms", at(ours, 0.95), null, plainly(0.95))
  row("key to paint above plain ProseMirror, p95", "ms", at(ours, 0.95) - at(bare, 0.95), 16, plainly(0.95))

  // From the arrival of the first sync message at the socket to the frame that shows the letter. Messages of
  // carets arrive too, and change the page: they count neither as arrival nor as shown.
  const probe = await member.newPage()
  await probe.addInitScript(() => {
    const Native = WebSocket
    window.arrived = 0
    window.WebSocket = class extends Native {
      constructor(...all) {
        super(...all)
        this.addEventListener("message", ({ data }) => {
          const now = performance.now()
          const start = String.fromCharCode(...new Uint8Array(data).subarray(0, 400))
          if (!window.arrived && start.includes("dsync")) window.arrived = now
        })
      }
    }
  })
  await probe.goto(`${server.url}/plans/${plan.id}`)
  await probe.getByText("Section 20").last().waitFor()
  await writer.keyboard.press("End")
  await probe.evaluate((section) => {
    window.shown = []
    const text = document.querySelectorAll(".ProseMirror > section")[section]
    const letters = () => text.textContent.split("\u{1d4b3}").length - 1
    let before = letters()
    new MutationObserver(() => {
      if (letters() === before) return
      before = letters()
      const from = window.arrived
      requestAnimationFrame(() => {
        const channel = new MessageChannel()
        channel.port1.onmessage = () => window.shown.push(performance.now() - from)
        channel.port2.postMessage(0)
      })
    }).observe(text, { childList: true, characterData: true, subtree: true })
  }, 10)
  for (let edit = 0; edit < 60; edit += 1) {
    await probe.evaluate(() => {
      window.arrived = 0
    })
    await writer.keyboard.insertText("\u{1d4b3}")
    await probe.waitForFunction((count) => window.shown.length > count, edit)
  }
  const shown = await probe.evaluate(() => window.shown)
  row(
    "a remote edit shown after its arrival, p95",
    "ms",
    at(shown, 0.95),
    50,
    `p50 ${at(shown, 0.5).toFixed(1)}`,
  )
} finally {
  await browser.close()
  await server.stop()
}

mkdirSync(out, { recursive: true })
const latest = `${out}latest.json`
const names = new Set(rows.map(({ name }) => name))
const others = existsSync(latest) ? JSON.parse(readFileSync(latest, "utf8")) : []
writeFileSync(latest, JSON.stringify([...others.filter(({ name }) => !names.has(name)), ...rows], null, 2))
console.log(`added to ${latest}`)
