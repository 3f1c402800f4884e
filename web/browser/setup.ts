import type { TestProject } from "vitest/node"
// @ts-expect-error: plain JavaScript, shared with the tour and the benchmark
import { startServer } from "./server.mjs"

declare module "vitest" {
  interface ProvidedContext {
    url: string
  }
}

/** One demonstration network for all journeys; each makes what it needs in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.QUORATE_URL
  if (given) {
    project.provide("url", given)
    return async () => {}
  }
  const server = await startServer()
  project.provide("url", server.url)
  return () => server.stop()
}
