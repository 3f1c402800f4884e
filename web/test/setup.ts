// The code imports "@automerge/automerge/slim", whose wasm the page loads by
// itself; in Node the full package loads it into the same module.
import "@automerge/automerge"
