import { initializeWasm } from "@automerge/automerge/slim"
import wasm from "@automerge/automerge/automerge.wasm?url"
import { createRoot } from "react-dom/client"

await initializeWasm(wasm)
const root = document.getElementById("workspace")
if (root) createRoot(root).render(<p>Quorate</p>)
