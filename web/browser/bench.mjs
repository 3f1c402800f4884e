/**
 * How the workspace feels, in figures, on a plan of 50 pages. Writes one JSON
 * line a measure to `target/bench/browser.json`: `{name, unit, value, goal, yardstick}`.
 *
 * Key to paint: from the key event to the frame after it, in the workspace and,
 * as the yardstick, in a bare ProseMirror with the same text in the same browser.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
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

function row(name, unit, value, goal, yardstick) {
  rows.push({
    name,
    unit,
    value: Math.round(value * 10) / 10,
    goal,
    ...(yardstick === undefined ? {} : { yardstick }),
  })
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
  for (let section = 0; section < sections; section += 1) {
    await page.evaluate(
      ({ section, sentences, sentence }) => {
        const heading = document
          .querySelectorAll(".ProseMirror > section")
          [section].querySelector(".section-heading")
        document.querySelector(".ProseMirror").focus()
        document.getSelection().selectAllChildren(heading)
        document.getSelection().collapseToEnd()
        const paragraphs = []
        for (let done = 0; done < sentences; done += 5) paragraphs.push(`<p>${sentence.repeat(5).trim()}</p>`)
        const data = new DataTransfer()
        data.setData("text/html", `<h2>Part</h2>${paragraphs.join("")}`)
        return new Promise((done) =>
          requestAnimationFrame(() => {
            document
              .querySelector(".ProseMirror")
              .dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
              )
            done()
          }),
        )
      },
      { section, sentences, sentence: SENTENCE },
    )
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
  row("workspace script, gzip", "kB", scriptSize(), 300)

  const secretariat = await signIn(browser, server.url, "secretariat")
  const plan = await makePlan(server, secretariat)
  const writer = await openPlan(secretariat, server.url, plan.id)
  await fill(writer)
  const pages =
    ((await writer.locator(".ProseMirror").textContent()) ?? "").split(/\s+/).length / WORDS_A_PAGE
  row("pages of the plan", "pages", pages, PAGES)

  const member = await signIn(browser, server.url, "member-1")
  const started = performance.now()
  const reader = await openPlan(member, server.url, plan.id)
  await reader.getByText("Section 20").last().waitFor()
  row("first open", "ms", performance.now() - started, 2000)

  const caretIn = async (page, section) => {
    await page.locator(".ProseMirror > section").nth(section).locator("p").nth(3).click()
    await page.keyboard.press("End")
  }
  await caretIn(writer, 10)
  const ours = await keyToPaint(writer)
  const bare = await plain(browser, server, await writer.locator(".ProseMirror").innerHTML())
  row("key to paint above plain ProseMirror, p95", "ms", at(ours, 0.95) - at(bare, 0.95), 16, at(bare, 0.95))
  row("key to paint, p50", "ms", at(ours, 0.5), undefined, at(bare, 0.5))
  row("key to paint, p95", "ms", at(ours, 0.95), undefined, at(bare, 0.95))

  // From the arrival of the message at the socket to the frame that shows the words.
  const probe = await member.newPage()
  await probe.addInitScript(() => {
    const Native = WebSocket
    window.WebSocket = class extends Native {
      constructor(...all) {
        super(...all)
        this.addEventListener("message", () => {
          window.arrived = performance.now()
        })
      }
    }
  })
  await probe.goto(`${server.url}/plans/${plan.id}`)
  await probe.locator(".ProseMirror").waitFor()
  await probe.evaluate(() => {
    window.shown = []
    window.arrived = 0
    new MutationObserver(() => {
      if (!window.arrived) return
      const from = window.arrived
      window.arrived = 0
      requestAnimationFrame(() => window.shown.push(performance.now() - from))
    }).observe(document.querySelector(".ProseMirror"), {
      childList: true,
      characterData: true,
      subtree: true,
    })
  })
  for (let edit = 0; edit < 40; edit += 1) {
    const before = await probe.evaluate(() => window.shown.length)
    await writer.keyboard.press("x")
    await probe.waitForFunction((count) => window.shown.length > count, before)
  }
  const shown = await probe.evaluate(() => window.shown)
  row("remote edit shown after its arrival, p95", "ms", at(shown, 0.95), 50)
} finally {
  await browser.close()
  await server.stop()
}

mkdirSync(out, { recursive: true })
writeFileSync(`${out}browser.json`, rows.map((one) => `${JSON.stringify(one)}\n`).join(""))
for (const { name, value, unit, goal, yardstick } of rows) {
  const notes = [
    goal === undefined ? "" : `goal ${goal}`,
    yardstick === undefined ? "" : `plain ${Math.round(yardstick * 10) / 10}`,
  ]
  console.log(
    `${name.padEnd(48)} ${String(value).padStart(8)} ${unit.padEnd(6)} ${notes.filter(Boolean).join(", ")}`,
  )
}
