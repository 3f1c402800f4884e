import { useRef, useState } from "react"
import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components"
import { Icon } from "./Icon"
import type { Desk, Move, OutlineEntry } from "./desk"
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

  return (
    <div className="outline">
      {entries.length === 0 ? <p className="soft">{words.outline.empty}</p> : null}
      <Level
        desk={desk}
        level={branches(entries)}
        renaming={renaming}
        setRenaming={setRenaming}
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

type LevelProps = {
  desk: Desk
  level: Branch[]
  renaming: string | null
  setRenaming: (id: string | null) => void
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

function Row({ branch, desk, renaming, setRenaming, onGo }: { branch: Branch } & Omit<LevelProps, "level">) {
  const current = useStore(desk.current)
  const editable = useStore(desk.editable)
  const heading = branch.heading.trim() || words.outline.untitled
  if (renaming === branch.id) return <Rename branch={branch} desk={desk} done={() => setRenaming(null)} />
  return (
    <div className="outline-row" data-current={current === branch.id || undefined}>
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
        <Actions branch={branch} heading={heading} desk={desk} rename={() => setRenaming(branch.id)} />
      ) : null}
    </div>
  )
}

function Actions({
  branch,
  heading,
  desk,
  rename,
}: {
  branch: Branch
  heading: string
  desk: Desk
  rename: () => void
}) {
  const moves: Move[] = ["up", "down", "in", "out"]
  const disabled = moves.filter((move) => !desk.canMove(branch.id, move))
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
            if (key === "rename") rename()
            else if (key === "after") desk.addSection(branch.id, "after")
            else if (key === "inside") desk.addSection(branch.id, "inside")
            else if (key === "remove") desk.removeSection(branch.id)
            else desk.moveSection(branch.id, key as Move)
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

function Rename({ branch, desk, done }: { branch: Branch; desk: Desk; done: () => void }) {
  const [heading, setHeading] = useState(branch.heading)
  const left = useRef(false)
  const finish = (keep: boolean) => {
    if (left.current) return
    left.current = true
    if (keep && heading !== branch.heading) desk.renameSection(branch.id, heading)
    done()
  }
  return (
    <form
      className="outline-rename"
      onSubmit={(event) => {
        event.preventDefault()
        finish(true)
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
        onBlur={() => finish(true)}
        onKeyDown={(event) => {
          if (event.key === "Escape") finish(false)
        }}
      />
    </form>
  )
}
