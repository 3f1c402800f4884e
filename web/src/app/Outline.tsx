import { type RefObject, useEffect, useRef, useState } from "react"
import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components"
import { Icon } from "./Icon"
import type { Desk, Move, OutlineEntry } from "./desk"
import { afterMenu } from "./focus"
import { useStore } from "./store"
import { words } from "./words"

type Branch = OutlineEntry & { children: Branch[] }

/** The entries come in reading order with their depth; the nesting is for the list in the page. */
export function branches(entries: readonly OutlineEntry[]): Branch[] {
  const top: Branch[] = []
  const path: Branch[] = []
  for (const entry of entries) {
    const branch: Branch = { ...entry, children: [] }
    path.length = Math.min(entry.depth, path.length)
    ;(path.at(-1)?.children ?? top).push(branch)
    path.push(branch)
  }
  return top
}

/** The plan's sections: where I am, where I can go, and their order and nesting. */
export function Outline({ desk, onGo }: { desk: Desk; onGo?: () => void }) {
  const entries = useStore(desk.outline)
  const editable = useStore(desk.editable)
  const [renaming, setRenaming] = useState<string | null>(null)
  const list = useRef<HTMLDivElement>(null)
  useInSight(list, useStore(desk.current))

  /** A row that has moved is made anew, and so would leave whoever works by keyboard nowhere. */
  const focusRow = (id: string | undefined) =>
    afterMenu(() => {
      const row = id && list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"] a`)
      if (row) row.focus()
      else list.current?.querySelector<HTMLElement>("a, button")?.focus()
    })

  return (
    <div className="outline" ref={list}>
      {entries.length === 0 ? <p className="soft">{words.outline.empty}</p> : null}
      <Level
        desk={desk}
        level={branches(entries)}
        renaming={renaming}
        setRenaming={setRenaming}
        focusRow={focusRow}
        onGo={onGo}
      />
      {editable ? (
        <Button
          className="button button-quiet outline-add"
          onPress={() => {
            desk.addSection(null, "last")
            onGo?.()
          }}
        >
          <Icon name="plus" />
          {entries.length === 0 ? words.outline.addFirst : words.outline.add}
        </Button>
      ) : null}
    </div>
  )
}

/** Keeps the row of the section where the caret is within its list, and leaves the page where it is. */
function useInSight(list: RefObject<HTMLElement | null>, current: string | null): void {
  useEffect(() => {
    const row = current && list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(current)}"]`)
    const box = list.current?.closest<HTMLElement>("[data-scrolls]")
    // Whoever is at work in the outline moves it themselves.
    if (!row || !box || list.current?.contains(document.activeElement)) return
    const { top, bottom } = row.getBoundingClientRect()
    const edge = box.getBoundingClientRect()
    const margin = row.clientHeight
    if (top < edge.top + margin) box.scrollTop -= edge.top + margin - top
    else if (bottom > edge.bottom - margin) box.scrollTop += bottom - edge.bottom + margin
  }, [list, current])
}

type LevelProps = {
  desk: Desk
  level: Branch[]
  renaming: string | null
  setRenaming: (id: string | null) => void
  focusRow: (id: string | undefined) => void
  onGo: (() => void) | undefined
}

function Level({ level, ...rest }: LevelProps) {
  if (level.length === 0) return null
  return (
    <ol className="outline-level">
      {level.map((branch) => (
        <li key={branch.id}>
          <Row branch={branch} {...rest} />
          <Level level={branch.children} {...rest} />
        </li>
      ))}
    </ol>
  )
}

function Row({
  branch,
  desk,
  renaming,
  setRenaming,
  focusRow,
  onGo,
}: { branch: Branch } & Omit<LevelProps, "level">) {
  const current = useStore(desk.current)
  const editable = useStore(desk.editable)
  const heading = branch.heading.trim() || words.outline.untitled
  if (renaming === branch.id)
    return (
      <Rename
        branch={branch}
        desk={desk}
        done={(by) => {
          setRenaming(null)
          if (by === "key") focusRow(branch.id)
        }}
      />
    )
  return (
    <div className="outline-row" data-row={branch.id} data-current={current === branch.id || undefined}>
      <a
        href={`#section=${branch.id}`}
        aria-current={current === branch.id ? "location" : undefined}
        className={branch.heading.trim() ? "outline-link" : "outline-link soft"}
        onClick={(event) => {
          event.preventDefault()
          desk.goTo(branch.id)
          onGo?.()
        }}
      >
        {heading}
      </a>
      {editable ? (
        <Actions
          branch={branch}
          heading={heading}
          desk={desk}
          rename={() => setRenaming(branch.id)}
          focusRow={focusRow}
          onGo={onGo}
        />
      ) : null}
    </div>
  )
}

function Actions({
  branch,
  heading,
  desk,
  rename,
  focusRow,
  onGo,
}: {
  branch: Branch
  heading: string
  desk: Desk
  rename: () => void
} & Pick<LevelProps, "focusRow" | "onGo">) {
  const closed = useStore(desk.closed).has(branch.id)
  const moves: Move[] = ["up", "down", "in", "out"]
  const disabled = closed
    ? [...moves, "rename", "remove"]
    : moves.filter((move) => !desk.canMove(branch.id, move))
  return (
    <MenuTrigger>
      <Button
        className="button button-quiet icon-button outline-menu"
        aria-label={words.outline.menu(heading)}
      >
        <Icon name="more" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu
          className="menu"
          disabledKeys={disabled}
          onAction={(key) => {
            if (key === "rename") afterMenu(rename)
            else if (key === "after" || key === "inside")
              afterMenu(() => {
                desk.addSection(branch.id, key)
                onGo?.()
              })
            else if (key === "remove") {
              const rows = desk.outline.get()
              const at = rows.findIndex(({ id }) => id === branch.id)
              desk.removeSection(branch.id)
              focusRow(rows[at - 1]?.id)
            } else {
              desk.moveSection(branch.id, key as Move)
              focusRow(branch.id)
            }
          }}
        >
          <MenuItem id="rename">{words.outline.rename}</MenuItem>
          <MenuItem id="after">{words.outline.addAfter}</MenuItem>
          <MenuItem id="inside">{words.outline.addInside}</MenuItem>
          <Separator />
          <MenuItem id="up">{words.outline.up}</MenuItem>
          <MenuItem id="down">{words.outline.down}</MenuItem>
          <MenuItem id="in">{words.outline.nest}</MenuItem>
          <MenuItem id="out">{words.outline.out}</MenuItem>
          <Separator />
          <MenuItem id="remove">{words.outline.remove}</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}

function Rename({
  branch,
  desk,
  done,
}: {
  branch: Branch
  desk: Desk
  done: (by: "key" | "leaving") => void
}) {
  const [heading, setHeading] = useState(branch.heading)
  const left = useRef(false)
  const finish = (keep: boolean, by: "key" | "leaving") => {
    if (left.current) return
    left.current = true
    if (keep && heading !== branch.heading) desk.renameSection(branch.id, heading)
    done(by)
  }
  return (
    <form
      className="outline-rename"
      onSubmit={(event) => {
        event.preventDefault()
        finish(true, "key")
      }}
    >
      <input
        type="text"
        value={heading}
        aria-label={words.outline.renameLabel}
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here.
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => setHeading(event.currentTarget.value)}
        onBlur={() => finish(true, "leaving")}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return
          // On a narrow page the outline is a sheet, which Escape would close as well.
          event.stopPropagation()
          finish(false, "key")
        }}
      />
    </form>
  )
}
