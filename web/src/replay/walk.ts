/// The walk through the moments of a plan.
///
/// The server says where a moment lies and where one can go from it, in data attributes of the fragment;
/// nothing of the history is known here.

import { exactWords, showLocalTimes } from "../pages/times"
import { firstChange, summary } from "./said"

/// While the slider moves, the moment is asked for when it has rested this long.
const REST_MS = 90
/// Between two steps of playing: long enough to find what changed.
const PLAY_MS = 1400

type Way = "first" | "previous" | "next" | "last"
const WAYS: readonly Way[] = ["first", "previous", "next", "last"]

/// Which moment: a position, or a place on the slider.
type Asked = { at: string } | { x: string }

export class Walk {
  private step: string
  private authors: boolean
  private playing: number | undefined
  private resting: number | undefined
  private fetching: AbortController | undefined

  constructor(
    private readonly place: HTMLElement,
    private readonly slider: HTMLInputElement,
    private readonly said: HTMLElement,
  ) {
    const asked = new URLSearchParams(location.search)
    this.step = asked.get("step") === "event" ? "event" : "burst"
    this.authors = Boolean(asked.get("authors"))
  }

  begin(): void {
    this.slider.addEventListener("input", () => {
      this.pause()
      window.clearTimeout(this.resting)
      this.resting = window.setTimeout(() => this.show({ x: this.slider.value }, "slide"), REST_MS)
      this.drawNow()
    })
    this.slider.addEventListener("keydown", (event) => this.key(event))
    this.slider.form?.addEventListener("submit", (event) => {
      event.preventDefault()
      this.show({ x: this.slider.value }, "slide")
    })
    document.addEventListener("click", (event) => this.click(event))
    document.querySelector(".lanes")?.addEventListener("click", (event) => this.point(event as MouseEvent))
    window.addEventListener("popstate", () => location.reload())
    const play = this.button("play")
    if (play) play.hidden = false
    showLocalTimes(document)
    if (this.now) this.slider.setAttribute("aria-valuetext", labelOf(this.now))
    this.copyable()
  }

  private get now(): HTMLElement | null {
    return this.place.querySelector<HTMLElement>(".moment")
  }

  private button(way: string): HTMLElement | null {
    return document.querySelector<HTMLElement>(`[data-go="${way}"]`)
  }

  private click(event: MouseEvent): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>("a, button") : null
    if (!target) return
    const { go, step, authors } = target.dataset
    if (go === "play") {
      event.preventDefault()
      if (this.playing === undefined) this.play()
      else this.pause()
    } else if (go) {
      event.preventDefault()
      this.pause()
      this.go(go as Way)
    } else if (step) {
      event.preventDefault()
      this.step = step
      this.again()
    } else if (authors !== undefined) {
      event.preventDefault()
      this.authors = authors === "1"
      this.again()
    } else if ("copy" in target.dataset) {
      event.preventDefault()
      void this.copy(target as HTMLAnchorElement)
    }
  }

  /// On the slider, arrows go step by step; so do they, with Page keys and ends, for those who cannot drag.
  private key(event: KeyboardEvent): void {
    const ways: Record<string, Way> = {
      ArrowLeft: "previous",
      ArrowDown: "previous",
      PageDown: "previous",
      ArrowRight: "next",
      ArrowUp: "next",
      PageUp: "next",
      Home: "first",
      End: "last",
    }
    const way = ways[event.key]
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    this.pause()
    this.go(way)
  }

  /// A click in the lanes goes to that place.
  private point(event: MouseEvent): void {
    const line = document.querySelector(".lane-days .lane-line")?.getBoundingClientRect()
    if (!line?.width) return
    const share = Math.min(Math.max((event.clientX - line.left) / line.width, 0), 1)
    this.pause()
    this.show({ x: String(Math.round(share * Number(this.slider.max))) }, "slide")
  }

  private go(way: Way): void {
    const at = this.now?.dataset[way]
    if (at && at !== this.now?.dataset.at) this.show({ at }, "step")
  }

  /// The same moment, set differently.
  private again(): void {
    const at = this.now?.dataset.at
    if (at) this.show({ at }, "set")
  }

  private play(): void {
    const start = this.now?.dataset.next ? "next" : "first"
    this.playing = window.setTimeout(() => this.tick(), start === "next" ? 0 : PLAY_MS)
    if (start === "first") this.go("first")
    this.label()
  }

  /// One step, and once it is shown the wait for the next.
  private async tick(): Promise<void> {
    const at = this.now?.dataset.next
    if (!at) return this.pause()
    await this.show({ at }, "step")
    if (this.playing === undefined) return
    this.playing = window.setTimeout(() => this.tick(), PLAY_MS)
  }

  private pause(): void {
    window.clearTimeout(this.playing)
    this.playing = undefined
    this.label()
  }

  private label(): void {
    const play = this.button("play")
    if (play) play.textContent = this.playing === undefined ? "Play" : "Pause"
  }

  /// Fetches the moment and puts it in place. A newer wish ends an older one.
  private async show(asked: Asked, why: "slide" | "step" | "set"): Promise<void> {
    window.clearTimeout(this.resting)
    this.fetching?.abort()
    const fetching = new AbortController()
    this.fetching = fetching
    const query = new URLSearchParams({ ...asked, step: this.step })
    if (this.authors) query.set("authors", "1")
    try {
      const answer = await fetch(`${location.pathname}/fragment?${query}`, { signal: fetching.signal })
      if (answer.redirected || !answer.ok) throw new Error(`${answer.status}`)
      const html = await answer.text()
      if (fetching.signal.aborted) return
      this.put(html, why)
    } catch (error) {
      if (fetching.signal.aborted) return
      this.pause()
      this.said.textContent = "This moment could not be fetched. Please try again."
      console.warn("replay:", error)
    }
  }

  private put(html: string, why: "slide" | "step" | "set"): void {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null
    const refocus = focused && this.place.contains(focused) && "authors" in focused.dataset
    this.place.innerHTML = html
    showLocalTimes(this.place)
    const now = this.now
    if (!now) return
    const { at = "", x = "0" } = now.dataset
    const label = labelOf(now)
    if (why !== "slide" || document.activeElement !== this.slider) this.slider.value = x
    this.slider.setAttribute("aria-valuetext", label)
    this.drawNow()
    this.controls(now)
    const query = new URLSearchParams({ at, step: this.step })
    if (this.authors) query.set("authors", "1")
    history.replaceState(null, "", `${location.pathname}?${query}`)
    if (refocus) this.place.querySelector<HTMLElement>("[data-authors]")?.focus()
    // A slider says its own value; the rest is said here.
    this.said.textContent = why === "set" ? "" : summary(now, label)
    if (why === "step") firstChange(now)?.scrollIntoView({ block: "center", behavior: "instant" })
    this.copyable()
  }

  /// The line of the moment, in all lanes: it follows the slider at once.
  private drawNow(): void {
    const x = `${(Number(this.slider.value) / Number(this.slider.max)) * 100}%`
    for (const line of document.querySelectorAll(".now")) {
      line.setAttribute("x1", x)
      line.setAttribute("x2", x)
    }
  }

  private controls(now: HTMLElement): void {
    const href = (at: string, step: string) => {
      const query = new URLSearchParams({ at, step })
      if (this.authors) query.set("authors", "1")
      return `${location.pathname}?${query}`
    }
    for (const way of WAYS) {
      const button = this.button(way)
      const at = now.dataset[way]
      if (!button) continue
      if (at && at !== now.dataset.at) {
        button.setAttribute("href", href(at, this.step))
        button.removeAttribute("aria-disabled")
      } else {
        button.removeAttribute("href")
        button.setAttribute("aria-disabled", "true")
      }
    }
    for (const button of document.querySelectorAll<HTMLElement>("[data-step]")) {
      const step = button.dataset.step ?? ""
      button.setAttribute("href", href(now.dataset.at ?? "", step))
      if (step === this.step) button.setAttribute("aria-current", "true")
      else button.removeAttribute("aria-current")
    }
  }

  /// Where the clipboard can be written, the link to the moment is copied at a click.
  private copyable(): void {
    if (!navigator.clipboard) return
    const link = this.place.querySelector<HTMLElement>("[data-copy]")
    if (link) link.textContent = "Copy the link to this moment"
  }

  private async copy(link: HTMLAnchorElement): Promise<void> {
    try {
      await navigator.clipboard.writeText(link.href)
      link.textContent = "Link copied"
      this.said.textContent = "Link copied"
    } catch {
      location.assign(link.href)
    }
  }
}

/// The time of a moment in words for ears, by the reader's clock.
function labelOf({ dataset }: HTMLElement): string {
  const at = new Date(dataset.time ?? "")
  return Number.isNaN(at.getTime()) ? (dataset.label ?? "") : exactWords(at)
}
