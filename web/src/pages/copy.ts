/// Buttons that copy the words of an element, and say so.

/// Selects them, to be copied by hand.
function select(element: Element): void {
  const range = document.createRange()
  range.selectNodeContents(element)
  const selection = getSelection()
  selection?.removeAllRanges()
  selection?.addRange(range)
}

/// Shows the buttons below: where no script runs they do nothing, and are hidden.
export function offerCopies(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    const { copy: id = "", copied = "", failed = "" } = button.dataset
    const from = document.getElementById(id)
    const line = button.parentElement?.querySelector('[role="status"]')
    if (!from || !line) continue
    button.hidden = false
    button.addEventListener("click", async () => {
      // A second press is announced too.
      line.textContent = ""
      try {
        await navigator.clipboard.writeText(from.textContent ?? "")
        line.textContent = copied
      } catch {
        // Forbidden, or not there: pages that came without https have no clipboard.
        select(from)
        line.textContent = failed
      }
    })
  }
}
