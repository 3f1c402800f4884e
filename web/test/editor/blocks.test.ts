import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { normalise, readBlocks, type Span, tree } from "../../src/editor/blocks"

const folder = join(import.meta.dirname, "../../../tests/golden/blocks")

describe("blocks agree with the server's", () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"))
  it("finds the golden files", () => expect(files.length).toBeGreaterThan(20))
  it.each(files)("%s", (name) => {
    const golden = JSON.parse(readFileSync(join(folder, name), "utf8")) as {
      section: string
      spans: Span[]
      blocks: unknown
      starts?: number[]
      tree: unknown
    }
    const blocks = normalise(golden.section, golden.spans)
    expect(blocks).toEqual(golden.blocks)
    expect(tree(blocks)).toEqual(golden.tree)
    if (golden.starts)
      expect(readBlocks(golden.section, golden.spans).map((b) => b.start)).toEqual(golden.starts)
  })
})
