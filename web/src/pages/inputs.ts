/// Dates in forms, as the reader's own clock has them. The server's pages hold them in UTC, and so does what is sent:
/// where no script runs, nothing else is shown either.

const FIELD = /^(\d{4,6})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?$/
const DAY = 24 * 3_600_000

/// Of a `datetime-local` field: milliseconds, as if its clock stood at UTC. Null where it is empty or no time.
function read(field: string): number | null {
  const parts = FIELD.exec(field)
  if (!parts) return null
  const [year = 0, month = 1, ...rest] = parts.slice(1).map((part) => Number(part ?? 0))
  const [day = 1, hour = 0, minute = 0, second = 0] = rest
  const at = new Date(0)
  // Years before 100 are taken at their word.
  at.setUTCFullYear(year, month - 1, day)
  at.setUTCHours(hour, minute, second)
  return at.getTime()
}

/// As such a field has it. Seconds only where there are any: without them they need not be typed.
function write(clock: number): string {
  const at = new Date(clock)
  const two = (number: number) => String(number).padStart(2, "0")
  const day = `${String(at.getUTCFullYear()).padStart(4, "0")}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`
  const seconds = at.getUTCSeconds() ? `:${two(at.getUTCSeconds())}` : ""
  return `${day}T${two(at.getUTCHours())}:${two(at.getUTCMinutes())}${seconds}`
}

/// What a clock in a zone shows at an instant: milliseconds, as if it stood at UTC.
function clockAt(instant: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    calendar: "iso8601",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  })
  const parts = format.formatToParts(instant)
  const of = (kind: string) => Number(parts.find(({ type }) => type === kind)?.value)
  const at = new Date(0)
  at.setUTCFullYear(of("year"), of("month") - 1, of("day"))
  at.setUTCHours(of("hour"), of("minute"), of("second"))
  return at.getTime()
}

/// A field in UTC as the clock of a zone has it; what is no time stays as it is.
export function localOf(utc: string, zone: string): string {
  const instant = read(utc)
  return instant === null ? utc : write(clockAt(instant, zone))
}

/// And back. A time that comes twice, as the clocks go back, is the first of the two; one that the clocks leap over
/// as they go forward is as much later as they leap.
export function utcOf(local: string, zone: string): string {
  const clock = read(local)
  if (clock === null) return local
  // What the clocks differ by, before and after any change near by.
  const [before, after] = [clock - DAY, clock + DAY].map((near) => clockAt(near, zone) - near)
  const candidates = [clock - (before ?? 0), clock - (after ?? 0)]
  const shown = candidates.filter((instant) => clockAt(instant, zone) === clock)
  return write(shown.length > 0 ? Math.min(...shown) : Math.max(...candidates))
}

/// Whether the clocks of a zone leap over this time.
export function isLeaptOver(local: string, zone: string): boolean {
  return read(local) !== null && localOf(utcOf(local, zone), zone) !== write(read(local) ?? 0)
}

/// Nine o'clock of the day after, in a zone.
export function nextMorning(now: number, zone: string): string {
  const clock = clockAt(now, zone)
  return write(Math.floor(clock / DAY) * DAY + DAY + 9 * 3_600_000)
}

/// How a zone is called beside a field.
export function zoneWords(zone: string): string {
  return zone.replaceAll("_", " ")
}

/// Turns the fields below into the reader's own time; what their forms send stays in UTC.
export function takeLocalTimes(
  root: ParentNode,
  zone = Intl.DateTimeFormat().resolvedOptions().timeZone,
  now = Date.now(),
): void {
  for (const input of root.querySelectorAll<HTMLInputElement>('input[type="datetime-local"][name]')) {
    const note = input.closest(".field")?.querySelector<HTMLElement>("[data-zone]")
    const sent = input.value
    input.value = "preset" in input.dataset ? nextMorning(now, zone) : localOf(sent, zone)
    // As the browser writes it.
    const shown = input.value
    if (note) note.textContent = `(${note.dataset.zone}, ${zoneWords(zone)})`
    const isThere = () => {
      const isMissing = isLeaptOver(input.value, zone)
      input.setCustomValidity(isMissing ? (input.dataset.leapt ?? "") : "")
    }
    input.addEventListener("input", isThere)
    input.form?.addEventListener("formdata", ({ formData }) => {
      // What nobody touched goes back as it came: an hour that comes twice is not taken for its other half.
      const untouched = input.value === shown && !("preset" in input.dataset)
      formData.set(input.name, untouched ? sent : utcOf(input.value, zone))
    })
  }
}
