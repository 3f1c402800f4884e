import { defineConfig } from "vitest/config"

/** Journeys through the running product in Chromium. One file at a time: the machine has two cores. */
export default defineConfig({
  test: {
    include: ["browser/**/*.test.ts"],
    globalSetup: ["browser/setup.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
