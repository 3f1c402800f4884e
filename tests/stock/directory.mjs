// A directory that people sign in by, of a package that is certified to be one (OpenID Connect). It prints the port that
// it listens on, then takes lines of JSON: first the client that it is to know, then accounts, any number of times.
// usage: node directory.mjs
//   {"client": "quorate", "secret": "…", "redirect": "http://…/sign-in/directory/back"}
//   {"account": "ada", "email": "ada@example.org", "verified": true}

import { createServer } from "node:http"
import { createInterface } from "node:readline"
import Provider from "oidc-provider"

// What the package has to say beside is for people, not for whoever reads lines.
console.info = console.warn = console.log = console.error
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)
const accounts = new Map()
let answer = (_, response) => response.writeHead(503).end()

const server = createServer((request, response) => answer(request, response))
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }))

function know({ client, secret, redirect }) {
  const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: [{ client_id: client, client_secret: secret, redirect_uris: [redirect] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    cookies: { keys: ["a key for tests"] },
    findAccount: (_, id) => {
      const { email, verified } = accounts.get(id) ?? {}
      return { accountId: id, claims: () => ({ sub: id, email, email_verified: verified }) }
    },
  })
  answer = provider.callback()
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const told = JSON.parse(line)
    if (told.client) know(told)
    else accounts.set(told.account, told)
    say({ done: true })
  })
  // It ends with whoever started it.
  .on("close", () => process.exit(0))
