/** Every word that the workspace shows, in one place, so that it can be translated and kept in one voice. */

const count = (n: number, one: string, many: string) => (n === 1 ? `1 ${one}` : `${n} ${many}`)

export const words = {
  product: "Quorate",
  views: {
    label: "Views of this plan",
    write: "Write",
    discuss: "Discuss",
    read: "Read",
    calendar: "Calendar",
    replay: "Replay",
  },
  skip: { plan: "Skip to the plan", comments: "Skip to the comments" },

  state: {
    saved: "Saved",
    saving: "Saving",
    savingSlow: "Saving takes longer than usual. Keep writing: nothing is lost.",
    connecting: "Connecting…",
    offline: "Offline",
    offlineKept: (n: number) => `Offline: ${count(n, "change", "changes")} kept on this device`,
    readOnly: "Read only",
    frozen: (by: string, reason: string) => `Read only: frozen by ${by}. ${reason}`,
    may: (comments: boolean) => (comments ? "Read and comment" : "Read only"),
    /** Completes the line above for ears and for whoever points at it. */
    phase: (title: string) => `: the phase “${title}” is open`,
    part: (part: string) => `: as ${part} you do not write here`,
    kept: (n: number) =>
      `${count(n, "change", "changes")} of yours ${n === 1 ? "is" : "are"} kept on this device and will be sent if you may write again.`,
  },

  opening: {
    plan: "Opening the plan…",
    long: "Still opening. A long history takes a moment the first time.",
    unavailableTitle: "This plan cannot be opened",
    unavailable: "There is no such plan, or you may not read it.",
    offlineTitle: "This plan is not on this device yet",
    offline: "You are offline. The plan opens here by itself as soon as the network is back.",
    failedTitle: "The plan could not be opened",
    retry: "Try again",
    plans: "All plans",
  },

  here: {
    label: "Who is here",
    alone: "Only you are here",
    people: (n: number) => `${count(n, "person", "people")} here`,
    you: "you",
  },

  mine: {
    plans: "Plans",
    page: "My page",
    network: "Network",
    tasks: (n: number) => `${n} to do`,
    unseen: (n: number) => `${n} new`,
  },

  account: {
    signedInAs: "Signed in as",
    signOut: "Sign out",
    signedOut:
      "You are signed out. What you typed stays on this device for you, and is sent when you sign in here again.",
    signIn: "Sign in",
    signOutKept: (n: number) =>
      `${count(n, "change", "changes")} not sent yet. They stay on this device for you and are sent when you sign in here again.`,
  },

  outline: {
    title: "Outline",
    open: "Outline",
    close: "Close the outline",
    untitled: "Untitled section",
    add: "Add section",
    addFirst: "Write the first section",
    empty: "This plan has no sections yet.",
    menu: (heading: string) => `Actions for “${heading}”`,
    rename: "Rename",
    renameLabel: "Heading of the section",
    addAfter: "Add a section after",
    addInside: "Add a section inside",
    up: "Move up",
    down: "Move down",
    nest: "Nest under the one before",
    out: "Move out one level",
    remove: "Remove",
    removed: (heading: string) => `Removed “${heading}” with everything in it.`,
    moved: (heading: string) => `Moved “${heading}”.`,
    added: "Added a section.",
    undo: "Undo",
  },

  toolbar: {
    label: "Formatting",
    block: "Kind of paragraph",
    blocks: {
      paragraph: "Paragraph",
      "heading-2": "Heading",
      "heading-3": "Sub-heading",
      "heading-4": "Minor heading",
      "section-heading": "Section heading",
      blockquote: "Quote",
      "bulleted-list": "Bulleted list",
      "numbered-list": "Numbered list",
      table: "Table",
    } as Record<string, string>,
    strong: "Bold",
    em: "Italic",
    link: "Link",
    bullets: "Bulleted list",
    numbers: "Numbered list",
    indent: "Indent",
    outdent: "Outdent",
    quote: "Quote",
    undo: "Undo",
    redo: "Redo",
    comment: "Comment",
    linkTitle: "Link",
    linkAddress: "Address",
    linkHint: "A web address (https://…) or an e-mail address.",
    linkBad:
      "This is not a web or e-mail address. It should look like https://example.org or name@example.org.",
    linkSet: "Set link",
    linkRemove: "Remove link",
    cancel: "Cancel",
  },

  moderation: {
    open: "Moderate",
    choose: "What is to become of this comment?",
    does: {
      hidden: "Hide it: others see that a comment was hidden, by whom and why",
      "held-back": "Hold it back until somebody has looked at it",
      shown: "Show it again",
    },
    hidden: "Hidden",
    "held-back": "Held back",
    reason: "The reason",
    reasonHint: "Everybody sees the reason, for ever: name nobody in it.",
    save: "Record it",
    because: (by: string, reason: string) => `by ${by}: ${reason}`,
    disputed: "The author asks for it to be looked at again.",
    says: (name: string) => `${name} says:`,
    dispute: "Ask for it to be looked at again",
    why: "Why it should be shown",
    whyHint: "Read by whoever decides disputes, and by those who moderate.",
    send: "Send",
    rules: "How we discuss",
  },

  comments: {
    title: "Comments",
    open: (n: number) => (n === 0 ? "Comments" : `Comments, ${n} open`),
    close: "Close the comments",
    loading: "Loading the comments…",
    none: "No open comments.",
    howTo: "Select words in the plan, then choose Comment.",
    newOn: "Comment on these words",
    text: "Your comment",
    send: "Comment",
    sending: "Sending…",
    cancel: "Discard",
    cancelReply: "Discard",
    reply: "Reply",
    replyText: "Your reply",
    resolve: "Resolve",
    reopen: "Reopen",
    copyLink: "Copy link",
    copied: "Link copied",
    copyFailed: "Copying is not allowed here. The address bar has the link.",
    resolvedList: (n: number) => `Resolved (${n})`,
    resolvedBy: (name: string) => `Resolved by ${name}`,
    edited: "Edited",
    editedThen: "Then",
    editedNow: "Now",
    gone: "Words gone",
    goneHint: "These words are no longer in the plan.",
    show: "Show in the plan",
    erased: "The text of this comment was erased.",
    thread: (name: string, quote: string) => `Thread by ${name} on “${quote}”`,
    replies: (n: number) => count(n, "reply", "replies"),
    offline: "You are offline. Your words are kept here: send them when the network is back.",
    mayNot: "You can read the comments here, not write any.",
    linked: "The comment that the link points to",
    missing: "The comment that this link points to is not part of this plan.",
    selectFirst: "Select some words of one section first.",
  },

  strays: {
    title: (n: number) => `Stray words (${n})`,
    what: "These words were typed in a paragraph that was deleted meanwhile.",
    by: (names: string) => `Typed by ${names}`,
    keep: "Keep here",
    remove: "Remove",
  },

  refused: {
    title: "An edit was not accepted",
    kept: "It stays on this device.",
    dismiss: "Close this message",
  },

  plan: {
    writtenBy: (names: string) => `Written by ${names}. You can read it and comment on it.`,
    writtenHint: "What you typed was not taken.",
    frozen: (by: string, reason: string) => `${by} froze this plan: ${reason}`,
    unfrozen: "This plan is open for writing again.",
    phaseOpened: (title: string) => `The phase “${title}” is open now.`,
    phaseClosed: (title: string) => `The phase “${title}” is over.`,
    freeze: "Freeze the plan",
    unfreeze: "Unfreeze the plan",
    freezeTitle: "Freeze the plan",
    unfreezeTitle: "Unfreeze the plan",
    freezeHint:
      "Nobody can write until it is unfrozen. Comments stay open. The reason is shown to everybody and recorded.",
    unfreezeHint: "Everybody who may write can write again. The reason is recorded.",
    reason: "Reason",
    cancel: "Cancel",
  },

  problem: {
    unreachable: "The server could not be reached.",
    unreachableHint: "Check your connection; this page tries again by itself.",
    unexpected: (status: number) => `The server answered with an error (${status}).`,
  },

  program: "Quorate",
  someone: "Someone",
  when: (iso: string, now: Date = new Date()): string => {
    const at = new Date(iso)
    const minutes = Math.round((now.getTime() - at.getTime()) / 60_000)
    if (minutes < 1) return "just now"
    if (minutes < 60) return `${minutes} min ago`
    const sameYear = at.getFullYear() === now.getFullYear()
    return at.toLocaleString("en-GB", {
      day: "numeric",
      month: "short",
      ...(sameYear ? {} : { year: "numeric" }),
      hour: "2-digit",
      minute: "2-digit",
    })
  },
  whenExact: (iso: string): string =>
    new Date(iso).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "short" }),
}
