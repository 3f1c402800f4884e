// @vitest-environment jsdom
import { beforeEach, describe, expect, it, test } from "vitest"
import { isLeaptOver, localOf, nextMorning, takeLocalTimes, utcOf } from "../../src/pages/inputs"

describe("a time in a zone, and back", () => {
  test.each([
    // The night in which the clocks go forward, and the one in which they go back.
    ["Europe/Brussels", "2026-03-29T00:59", "2026-03-29T01:59"],
    ["Europe/Brussels", "2026-03-29T01:00", "2026-03-29T03:00"],
    ["Europe/Brussels", "2026-10-25T00:30", "2026-10-25T02:30"],
    ["Europe/Brussels", "2026-10-25T02:00", "2026-10-25T03:00"],
    ["Asia/Kolkata", "2026-12-31T18:30", "2027-01-01T00:00"],
    ["America/St_Johns", "2026-01-01T03:00", "2025-12-31T23:30"],
    ["America/St_Johns", "2026-07-01T02:29:59", "2026-06-30T23:59:59"],
    ["Pacific/Chatham", "2026-11-22T10:20", "2026-11-23T00:05"],
    ["Pacific/Chatham", "2026-07-01T11:15", "2026-07-02T00:00"],
    ["UTC", "2026-03-14T09:30:05", "2026-03-14T09:30:05"],
    ["Europe/Athens", "12026-01-01T00:00", "12026-01-01T02:00"],
  ])("%s: %s is %s", (zone, utc, local) => {
    expect(localOf(utc, zone)).toBe(local)
    expect(utcOf(local, zone)).toBe(utc)
    expect(isLeaptOver(local, zone)).toBe(false)
  })

  it("takes the first of an hour that comes twice", () => {
    expect(localOf("2026-10-25T01:30", "Europe/Brussels")).toBe("2026-10-25T02:30")
    expect(utcOf("2026-10-25T02:30", "Europe/Brussels")).toBe("2026-10-25T00:30")
  })

  it("finds an hour that the clocks leap over", () => {
    expect(isLeaptOver("2026-03-29T02:30", "Europe/Brussels")).toBe(true)
    expect(localOf(utcOf("2026-03-29T02:30", "Europe/Brussels"), "Europe/Brussels")).toBe("2026-03-29T03:30")
    expect(isLeaptOver("2026-09-27T03:00", "Pacific/Chatham")).toBe(true)
    expect(isLeaptOver("2026-09-27T03:45", "Pacific/Chatham")).toBe(false)
  })

  it("leaves alone what is no time, and drops no seconds", () => {
    for (const text of ["", "tomorrow", "2026-03-14"]) {
      expect(localOf(text, "Asia/Kolkata")).toBe(text)
      expect(utcOf(text, "Asia/Kolkata")).toBe(text)
      expect(isLeaptOver(text, "Asia/Kolkata")).toBe(false)
    }
    expect(localOf("2026-03-14T09:30:00", "Asia/Kolkata")).toBe("2026-03-14T15:00")
    expect(localOf("2026-03-14T09:30:07", "Asia/Kolkata")).toBe("2026-03-14T15:00:07")
  })

  it("begins at nine on the reader's next day", () => {
    const now = Date.parse("2026-11-22T20:40:00Z")
    expect(nextMorning(now, "Europe/Athens")).toBe("2026-11-23T09:00")
    expect(nextMorning(now, "Pacific/Chatham")).toBe("2026-11-24T09:00")
    expect(nextMorning(now, "Pacific/Honolulu")).toBe("2026-11-23T09:00")
  })
})

describe("a form", () => {
  const now = Date.parse("2026-11-22T20:40:00Z")
  const page = (fields: string) => {
    document.body.innerHTML = `<form>${fields}</form>`
    takeLocalTimes(document, "Europe/Brussels", now)
    const form = document.querySelector("form")
    const input = document.querySelector("input")
    if (!form || !input) throw new Error("no form")
    return {
      input,
      // jsdom does not say when a form's data is put together.
      sent: () => {
        const formData = new FormData(form)
        form.dispatchEvent(Object.assign(new Event("formdata"), { formData }))
        return formData.get("opens")
      },
    }
  }
  const field = (value: string, more = "") =>
    `<p class="field"><label for="o">Opens <span data-zone="your time">(UTC)</span></label>
    <input id="o" name="opens" type="datetime-local" value="${value}" data-leapt="No such time." ${more}></p>`

  beforeEach(() => {
    document.body.innerHTML = ""
  })

  it("shows and takes the reader's time, and sends what the server reads", () => {
    const { input, sent } = page(field("2026-07-01T22:15:00"))
    expect(input.value).toContain("2026-07-02T00:15")
    expect(document.querySelector("label")?.textContent).toBe("Opens (your time, Europe/Brussels)")
    expect(sent()).toMatch(/^2026-07-01T22:15(:00)?$/)
    input.value = "2026-12-02T09:00"
    expect(sent()).toBe("2026-12-02T08:00")
    input.value = ""
    expect(sent()).toBe("")
  })

  it("sends what nobody touched as it came, also in an hour that comes twice", () => {
    const { input, sent } = page(field("2026-10-25T01:30:07", 'step="1"'))
    expect(input.value).toContain("2026-10-25T02:30:07")
    expect(sent()).toMatch(/^2026-10-25T01:30:07/)
  })

  it("puts the reader's morning where nobody chose", () => {
    const { input, sent } = page(field("2026-11-23T00:00:00", "data-preset"))
    expect(input.value).toBe("2026-11-23T09:00")
    expect(sent()).toBe("2026-11-23T08:00")
  })

  it("refuses a time that the clocks leap over, until another is chosen", () => {
    const { input } = page(field(""))
    const type = (value: string) => {
      input.value = value
      input.dispatchEvent(new Event("input"))
      return input.validationMessage
    }
    expect(type("2026-03-29T02:30")).toBe("No such time.")
    expect(type("2026-03-29T03:30")).toBe("")
  })
})
