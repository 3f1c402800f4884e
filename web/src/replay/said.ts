/// What a moment is, in words for ears, and where the eye should go.

/// More sentences than this are not read out.
const SENTENCES = 4

/// `Saturday 14 March 2026, 09:30:05 UTC. Member 1 added 12 words in Members.`
export function summary(moment: ParentNode, label: string): string {
  const all = [...moment.querySelectorAll(".changes > li")]
  const sentences = all.slice(0, SENTENCES).map((item) => words(item))
  if (all.length > SENTENCES) sentences.push(`And ${all.length - SENTENCES} more`)
  if (all.length === 0) sentences.push("No words changed in this step")
  return [label, ...sentences]
    .map((sentence) => (/[.!?]”?$/.test(sentence) ? sentence : `${sentence}.`))
    .join(" ")
}

/// The text of an element, on one line. The marks around a quotation are the style sheet's, so they are put here.
function words(element: Element): string {
  const copy = element.cloneNode(true) as Element
  for (const quotation of copy.querySelectorAll("q")) quotation.textContent = `“${quotation.textContent}”`
  return (copy.textContent ?? "").replace(/\s+/g, " ").trim()
}

/// The first place that changed, unless it is in view already.
export function firstChange(moment: ParentNode): Element | undefined {
  const change = moment.querySelector(".reading ins, .reading del, .reading [data-fate]")
  if (!change) return undefined
  const { top, bottom } = change.getBoundingClientRect()
  return top >= 0 && bottom <= window.innerHeight ? undefined : change
}
