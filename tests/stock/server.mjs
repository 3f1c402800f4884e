// Starts the server on a data folder of its own, and speaks to its HTTP interface.

import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const binary =
  process.env.QUORATE_BIN ?? fileURLToPath(new URL("../../target/debug/quorate", import.meta.url))

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  await once(server, "close")
  return port
}

export class Server {
  static async start() {
    const server = new Server()
    server.data = mkdtempSync(join(tmpdir(), "quorate-stock-"))
    // A demonstration that was built before saves the time of building one: it is copied, not touched.
    if (process.env.QUORATE_DEMONSTRATION) cpSync(process.env.QUORATE_DEMONSTRATION, server.data, { recursive: true })
    server.port = await freePort()
    await server.run()
    return server
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  async run() {
    const listen = `127.0.0.1:${this.port}`
    this.log = ""
    this.process = spawn(binary, ["demo", "--data", this.data, "--listen", listen, "--public-url", this.url])
    this.process.stderr.on("data", (data) => (this.log += data))
    for (const until = Date.now() + 120_000; ; await new Promise((done) => setTimeout(done, 50))) {
      if (this.process.exitCode !== null) throw new Error(`the server ended:\n${this.log}`)
      if (Date.now() > until) throw new Error(`the server does not answer:\n${this.log}`)
      const ready = await fetch(`${this.url}/readyz`).catch(() => undefined)
      if (ready?.ok) return
    }
  }

  /** At once, as a power cut would. */
  async kill() {
    const gone = once(this.process, "exit")
    this.process.kill("SIGKILL")
    await gone
  }

  async end() {
    await this.kill()
    rmSync(this.data, { recursive: true })
  }

  async signIn(person) {
    const { token } = await this.#send("POST", "/api/demo/sign-in", { person })
    return { token, sync: `ws://127.0.0.1:${this.port}/sync?access_token=${token}` }
  }

  get(path, token) {
    return this.#send("GET", path, undefined, token)
  }

  command(token, command) {
    return this.#send("POST", "/api/commands", { id: randomUUID(), ...command }, token)
  }

  async #send(method, path, body, token) {
    const headers = { "content-type": "application/json" }
    if (token) headers.authorization = `Bearer ${token}`
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
}
