import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import react from "@vitejs/plugin-react"
import type { Plugin } from "vite"
import { defineConfig } from "vitest/config"

const at = (path: string) => new URL(path, import.meta.url).pathname

/// The service worker needs the names of the built files, which are known only
/// at the end of the build: its source is taken as it is, with the list put in
/// front. The version is a digest of the list, so an unchanged build is not
/// fetched again.
function serviceWorker(source: string): Plugin {
  return {
    name: "quorate-service-worker",
    apply: "build",
    generateBundle(_, bundle) {
      if (!existsSync(source)) return
      const files = Object.keys(bundle)
        .filter((name) => name.startsWith("assets/"))
        .sort()
      const code = readFileSync(source, "utf8")
      const version = createHash("sha256").update(code).update(files.join("\n")).digest("hex").slice(0, 12)
      this.emitFile({
        type: "asset",
        fileName: "service-worker.js",
        source: `const VERSION = ${JSON.stringify(version)}\nconst FILES = ${JSON.stringify(files.map((f) => `/${f}`))}\n${code}`,
      })
    },
  }
}

/// Entries that other parts of the client bring along; absent ones are left out.
const entries = {
  app: "src/app/main.tsx",
  replay: "src/replay/main.ts",
  pages: "src/styles/pages.css",
}

export default defineConfig({
  plugins: [react(), serviceWorker(at("src/app/service-worker.js"))],
  // One Automerge, and the one whose wasm is a file of its own.
  resolve: {
    alias: process.env.VITEST
      ? []
      : [{ find: /^@automerge\/(automerge|automerge-repo)$/, replacement: "@automerge/$1/slim" }],
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2023",
    // A file inlined as a data address would be refused by the content policy.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: Object.fromEntries(
        Object.entries(entries)
          .map(([name, path]) => [name, at(path)])
          .filter(([, path]) => path !== undefined && existsSync(path)),
      ),
    },
  },
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx", "src/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
  },
})
