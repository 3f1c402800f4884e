// A mail server of its own: prints the port that it listens on, then each mail that it takes, a line of JSON each.
// usage: node mailbox.mjs user password file-with-key-and-certificate [tls]

import { readFileSync } from "node:fs"
import { SMTPServer } from "smtp-server"

const [user, password, identity, tls] = process.argv.slice(2)
const pem = readFileSync(identity)
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)

const server = new SMTPServer({
  key: pem,
  cert: pem,
  // Otherwise it offers STARTTLS.
  secure: tls === "tls",
  allowInsecureAuth: true,
  onAuth({ username, password: given }, _, done) {
    if (username === user && given === password) done(null, { user })
    else done(new Error("not this user, or not this password"))
  },
  onData(stream, session, done) {
    const parts = []
    stream.on("data", (part) => parts.push(part))
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope
      const raw = Buffer.concat(parts).toString("utf8")
      say({ from: mailFrom.address, to: rcptTo.map((to) => to.address), secure: session.secure, raw })
      done()
    })
  },
})

server.on("error", () => {})
server.listen(0, "127.0.0.1", () => say({ port: server.server.address().port }))
// It ends with whoever started it.
process.stdin.on("end", () => process.exit(0)).resume()
