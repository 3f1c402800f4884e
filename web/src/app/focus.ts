/** A closing menu gives the focus back to its button, in the frame after it is gone: what takes the focus waits. */
export function afterMenu(run: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(run)))
}
