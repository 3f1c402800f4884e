// node test/editor/measure.mjs
import { createServer } from "vite"

const server = await createServer({ server: { middlewareMode: true }, appType: "custom", logLevel: "error" })
try {
  const { measure } = await server.ssrLoadModule("/test/editor/measure.ts")
  for (const line of measure()) console.log(line)
} finally {
  await server.close()
}
