/** Starts a server, of the demonstration network if nothing else is said, on a port of its own with a data folder of its own, and stops it again. */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

export function binary() {
  const path = resolve(
    process.env.QUORATE_BIN ?? new URL("../../target/release/quorate", import.meta.url).pathname,
  )
  if (!existsSync(path)) {
    throw new Error(`No server binary at ${path}. Build it with "make build", or name one: QUORATE_BIN=path`)
  }
  return path
}

function freePort() {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once("error", failed)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** Answers `{url, stop, restart}` once the server says that it is ready. `more`: arguments beside the usual, by its address. */
export async function startServer({ data, verb = "demo", more = () => [] } = {}) {
  const folder = data ?? mkdtempSync(join(tmpdir(), "quorate-browser-"))
  const port = await freePort()
  // A name, not an address: sign-in with passkeys needs one, and cookies are then as in real use.
  const url = `http://localhost:${port}`
  let child
  let said = ""
  let refused = 0

  const run = async () => {
    said = ""
    child = spawn(
      binary(),
      [
        verb,
        "--data",
        join(folder, "data"),
        "--listen",
        `127.0.0.1:${port}`,
        "--public-url",
        url,
        ...(await more(url)),
      ],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        said = (said + chunk).slice(-8_000)
      })
    }
    for (let tries = 0; tries < 2_400; tries += 1) {
      if (child.exitCode !== null) throw new Error(`The server stopped at once:\n${said}`)
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      )
      if (ready) return
      await new Promise((done) => setTimeout(done, 50))
    }
    throw new Error(`The server was not ready after 2 minutes:\n${said}`)
  }
  // Browsers send honest edits only: whatever else happens in a journey, none may be refused but for a freeze.
  const countRefused = async () => {
    const counters = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (answer) => answer.text(),
      () => "",
    )
    refused += Number(/^quorate_submissions_refused_total (\d+)$/m.exec(counters)?.[1] ?? 0)
  }
  const end = async () => {
    await countRefused()
    await new Promise((done) => {
      const ending = child
      if (!ending || ending.exitCode !== null) return done()
      // The one that is ending only: after a restart another is running.
      const patience = setTimeout(() => ending.kill("SIGKILL"), 5_000)
      ending.once("exit", () => {
        clearTimeout(patience)
        done()
      })
      ending.kill("SIGTERM")
    })
  }

  await run()
  return {
    url,
    said: () => said,
    async restart() {
      await end()
      await run()
    },
    async stop() {
      await end()
      if (!data) rmSync(folder, { recursive: true, force: true })
      if (refused > 0) throw new Error(`${refused} submissions of honest edits were refused:\n${said}`)
    },
  }
}
