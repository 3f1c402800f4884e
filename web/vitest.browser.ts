import { defineConfig } from "vitest/config"

/** Journeys through the running product in Chromium. One file at a time: the machine has two cores. */
export default defineConfig({
  test: {
    include: ["browser/**/*.test.ts"],
    globalSetup: ["browser/setup.ts"],
    fileParallelism: false,
    // Generous, so that a busy machine fails nothing; nothing waits for time to pass.
    testTimeout: 180_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 100 } },
  },
})
