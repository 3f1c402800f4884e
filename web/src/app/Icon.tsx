/** Drawn in the text's colour, 20 by 20, hidden from ears: the button that holds one has a name. */
const PATHS = {
  bold: "M6 4h5a3.2 3.2 0 0 1 0 6.4H6zM6 10.4h5.8a3.1 3.1 0 0 1 0 6.2H6z",
  italic: "M12 4h-3M11 16H8M11 4 9 16",
  link: "M8.5 11.5a3 3 0 0 0 4.2 0l2.4-2.4a3 3 0 0 0-4.2-4.2L9.8 6M11.5 8.5a3 3 0 0 0-4.2 0l-2.4 2.4a3 3 0 0 0 4.2 4.2l1.1-1.1",
  bullets: "M8 5.5h8M8 10h8M8 14.5h8M4 5.5h.01M4 10h.01M4 14.5h.01",
  numbers: "M9 5.5h7M9 10h7M9 14.5h7M3.6 4.4l1-.6v3.4M3.4 12.8c.4-1 2-1 2 .1 0 .8-2 1.4-2 2.5h2.1",
  indent: "M4 5h12M10 10h6M4 15h12M4 8l2.5 2L4 12",
  outdent: "M4 5h12M10 10h6M4 15h12M6.5 8 4 10l2.5 2",
  quote: "M5 6v8M9 6.5h7M9 10h7M9 13.5h4",
  undo: "M7.5 5 4 8.5 7.5 12M4.5 8.5H12a4 4 0 0 1 0 8H9",
  redo: "M12.5 5 16 8.5 12.5 12M15.5 8.5H8a4 4 0 0 0 0 8h3",
  comment: "M4 5h12v8.5H10L6.5 16.5v-3H4zM10 7.5v3.5M8.2 9.25h3.6",
  comments: "M4 5h12v8.5H10L6.5 16.5v-3H4z",
  outline: "M4 5h12M7 10h9M7 15h9",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  plus: "M10 4.5v11M4.5 10h11",
  close: "m5.5 5.5 9 9M14.5 5.5l-9 9",
  down: "m6 8 4 4 4-4",
  saved: "m5 10.5 3.2 3.2L15 7",
  saving: "M10 4a6 6 0 1 0 6 6",
  offline: "M3.5 9a9.5 9.5 0 0 1 13 0M6.2 11.8a5.6 5.6 0 0 1 7.6 0M10 15h.01M4 4l12 12",
  locked: "M6 9.5V7.3a4 4 0 0 1 8 0v2.2M5 9.5h10v6.5H5z",
  person: "M10 10a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM4.5 16c.7-2.6 2.8-4 5.500-4s4.800 1.400 5.500 4",
  go: "M5 10h10M11 6l4 4-4 4",
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.6 : 1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
