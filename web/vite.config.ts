import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import react from "@vitejs/plugin-react"
import type { Plugin } from "vite"
import { defineConfig } from "vitest/config"

const at = (path: string) => new URL(path, import.meta.url).pathname

/**
 * The service worker needs the names of the files that the workspace is built
 * into, which are known only at the end of the build: its source is taken as it
 * is, with the list put in front. The version is a digest of both, so an
 * unchanged build is not fetched again.
 */
function serviceWorker(source: string): Plugin {
  return {
    name: "quorate-service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const files = new Set<string>()
      const take = (name: string): void => {
        const chunk = bundle[name]
        if (chunk?.type !== "chunk" || files.has(name)) return
        files.add(name)
        for (const css of chunk.viteMetadata?.importedCss ?? []) files.add(css)
        for (const asset of chunk.viteMetadata?.importedAssets ?? []) files.add(asset)
        for (const other of [...chunk.imports, ...chunk.dynamicImports]) take(other)
      }
      const app = Object.values(bundle).find(
        (one) => one.type === "chunk" && one.isEntry && one.name === "app",
      )
      if (!app) throw new Error("the workspace is not part of this build")
      take(app.fileName)
      const list = [...files].sort().map((name) => `/${name}`)
      const code = readFileSync(source, "utf8")
      const version = createHash("sha256").update(code).update(list.join("\n")).digest("hex").slice(0, 12)
      this.emitFile({
        type: "asset",
        fileName: "service-worker.js",
        source: `const VERSION = "${version}"\nconst FILES = ${JSON.stringify(list)}\n${code}`,
      })
    },
  }
}

/** Pages without the workspace load only what is theirs. */
const entries = {
  app: "src/app/main.tsx",
  replay: "src/replay/main.ts",
  pages: "src/styles/pages.css",
  times: "src/pages/main.ts",
  passkeys: "src/pages/passkeys.ts",
}

export default defineConfig({
  plugins: [react(), serviceWorker(at("src/app/service-worker.js"))],
  // There is one Automerge, the one whose wasm is a file of its own.
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
      input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, at(path)])),
    },
  },
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx", "src/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
  },
})
