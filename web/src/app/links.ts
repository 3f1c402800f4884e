/** An address as it is kept in the document, or null where it is none. */
export function linkAddress(text: string): string | null {
  const typed = text.trim()
  const whole = /^[^\s@/:]+@[^\s@/]+\.[^\s@/]+$/.test(typed)
    ? `mailto:${typed}`
    : /^[a-z][a-z0-9+.-]*:/i.test(typed)
      ? typed
      : `https://${typed}`
  try {
    const url = new URL(whole)
    if (!["http:", "https:", "mailto:"].includes(url.protocol) || whole.length > 2048) return null
    if (url.protocol !== "mailto:" && !url.hostname.includes(".") && url.hostname !== "localhost") return null
    return whole
  } catch {
    return null
  }
}
