/// Times as the reader's own clock shows them. The server says all in UTC, which stays where no script runs.

/// `14 March 2026, 10:30 CET`; `zone` is the reader's own if none is named.
export function momentWords(at: Date, zone?: string): string {
  return [
    at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: zone }),
    clock(at, { hour: "2-digit", minute: "2-digit", timeZone: zone }),
  ].join(", ")
}

/// `Saturday 14 March 2026, 10:30:05 CET`
export function exactWords(at: Date, zone?: string): string {
  return [
    at.toLocaleDateString("en-GB", { weekday: "long", timeZone: zone }),
    " ",
    at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: zone }),
    ", ",
    clock(at, { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: zone }),
  ].join("")
}

function clock(at: Date, parts: Intl.DateTimeFormatOptions): string {
  return at.toLocaleTimeString("en-GB", { ...parts, hourCycle: "h23", timeZoneName: "short" })
}

/// `14 Mar 2026`
export function dayWords(at: Date, zone?: string): string {
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: zone })
}

/// Puts the reader's time into every `<time datetime>` below; what is no time stays as it is.
export function showLocalTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const at = new Date(element.dateTime)
    if (Number.isNaN(at.getTime())) continue
    element.textContent = "day" in element.dataset ? dayWords(at) : momentWords(at)
  }
}
