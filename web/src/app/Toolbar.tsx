import { type ReactNode, useState } from "react"
import {
  Button,
  Dialog,
  DialogTrigger,
  FieldError,
  Form,
  Group,
  Input,
  Label,
  Menu,
  MenuItem,
  MenuTrigger,
  Popover,
  Separator,
  Text,
  TextField,
  ToggleButton,
  Toolbar as AriaToolbar,
  Tooltip,
  TooltipTrigger,
} from "react-aria-components"
import type { Desk, Kind as BlockKind } from "./desk"
import { afterMenu } from "./focus"
import { Icon, type IconName } from "./Icon"
import { linkAddress } from "./links"
import { useStore } from "./store"
import { words } from "./words"

const mac = /Mac|iPhone|iPad/.test(navigator.platform)
const key = (keys: string) =>
  mac ? keys.replace("Ctrl", "⌘").replace("Alt", "⌥").replace("Shift", "⇧") : keys
export const SHORTCUTS = {
  strong: key("Ctrl+B"),
  em: key("Ctrl+I"),
  link: key("Ctrl+K"),
  bullets: key("Ctrl+Shift+8"),
  numbers: key("Ctrl+Shift+7"),
  quote: key("Ctrl+Shift+9"),
  indent: "Tab",
  outdent: "Shift+Tab",
  undo: key("Ctrl+Z"),
  redo: key("Ctrl+Shift+Z"),
  comment: key("Ctrl+Alt+M"),
}

const KINDS: BlockKind[] = [
  "paragraph",
  "heading-2",
  "heading-3",
  "heading-4",
  "blockquote",
  "bulleted-list",
  "numbered-list",
]

/** How the words at the caret are set. One stop for the Tab key; the arrows walk inside. */
export function Toolbar({ desk }: { desk: Desk }) {
  const format = useStore(desk.formatting)
  const editable = useStore(desk.editable)
  const mayComment = useStore(desk.mayComment)
  const off = !editable || format.kind === null
  const plain = off || format.kind === "section-heading"
  return (
    <AriaToolbar className="toolbar" aria-label={words.toolbar.label}>
      <Group className="toolbar-group" aria-label={`${words.toolbar.undo}, ${words.toolbar.redo}`}>
        <Action
          icon="undo"
          name={words.toolbar.undo}
          keys={SHORTCUTS.undo}
          isDisabled={!editable || !format.canUndo}
          run={() => desk.undo()}
        />
        <Action
          icon="redo"
          name={words.toolbar.redo}
          keys={SHORTCUTS.redo}
          isDisabled={!editable || !format.canRedo}
          run={() => desk.redo()}
        />
      </Group>
      <Separator orientation="vertical" />
      <Group className="toolbar-group" aria-label={words.toolbar.block}>
        <Kind desk={desk} kind={format.kind} isDisabled={plain} />
      </Group>
      <Separator orientation="vertical" />
      <Group className="toolbar-group" aria-label={words.toolbar.label}>
        <Action
          icon="bold"
          name={words.toolbar.strong}
          keys={SHORTCUTS.strong}
          on={format.strong}
          isDisabled={off}
          run={() => desk.toggle("strong")}
        />
        <Action
          icon="italic"
          name={words.toolbar.em}
          keys={SHORTCUTS.em}
          on={format.em}
          isDisabled={off}
          run={() => desk.toggle("em")}
        />
        <LinkButton desk={desk} isDisabled={off} />
      </Group>
      <Separator orientation="vertical" />
      <Group className="toolbar-group" aria-label={words.toolbar.blocks["bulleted-list"]}>
        <Action
          icon="bullets"
          name={words.toolbar.bullets}
          keys={SHORTCUTS.bullets}
          on={format.kind === "bulleted-list"}
          isDisabled={plain}
          run={() => desk.toggleKind("bulleted-list")}
        />
        <Action
          icon="numbers"
          name={words.toolbar.numbers}
          keys={SHORTCUTS.numbers}
          on={format.kind === "numbered-list"}
          isDisabled={plain}
          run={() => desk.toggleKind("numbered-list")}
        />
        <Action
          icon="outdent"
          name={words.toolbar.outdent}
          keys={SHORTCUTS.outdent}
          isDisabled={off || !format.canOutdent}
          run={() => desk.indent(-1)}
        />
        <Action
          icon="indent"
          name={words.toolbar.indent}
          keys={SHORTCUTS.indent}
          isDisabled={off || !format.canIndent}
          run={() => desk.indent(1)}
        />
        <Action
          icon="quote"
          name={words.toolbar.quote}
          keys={SHORTCUTS.quote}
          on={format.kind === "blockquote"}
          isDisabled={plain}
          run={() => desk.toggleKind("blockquote")}
        />
      </Group>
      {mayComment ? (
        <>
          <Separator orientation="vertical" />
          <Group className="toolbar-group" aria-label={words.toolbar.comment}>
            <Action
              icon="comment"
              name={words.toolbar.comment}
              label
              keys={SHORTCUTS.comment}
              isDisabled={!format.canComment}
              run={() => desk.startComment()}
            />
          </Group>
        </>
      ) : null}
    </AriaToolbar>
  )
}

type ActionProps = {
  icon: IconName
  name: string
  keys: string
  isDisabled: boolean
  run: () => void
  /** For what is on or off where the caret stands. */
  on?: boolean
  /** The name is shown beside the picture. */
  label?: boolean
}

function Action({ icon, name, keys, isDisabled, run, on, label }: ActionProps) {
  const shared = {
    className: label ? "button button-quiet" : "button button-quiet icon-button",
    "aria-label": `${name} (${keys})`,
    isDisabled,
    onPress: run,
    children: (
      <>
        <Icon name={icon} />
        {label ? <span className="toolbar-word">{name}</span> : null}
      </>
    ),
  }
  return (
    <Hinted name={name} keys={keys}>
      {on === undefined ? <Button {...shared} /> : <ToggleButton {...shared} isSelected={on} />}
    </Hinted>
  )
}

function Hinted({ name, keys, children }: { name: string; keys: string; children: ReactNode }) {
  return (
    <TooltipTrigger delay={600}>
      {children}
      <Tooltip className="tooltip" offset={6}>
        {name} <kbd>{keys}</kbd>
      </Tooltip>
    </TooltipTrigger>
  )
}

function Kind({ desk, kind, isDisabled }: { desk: Desk; kind: BlockKind | null; isDisabled: boolean }) {
  const shown = kind ? words.toolbar.blocks[kind] : words.toolbar.blocks.paragraph
  return (
    <MenuTrigger>
      <Button
        className="button button-quiet toolbar-kind"
        isDisabled={isDisabled}
        aria-label={`${words.toolbar.block}: ${shown}`}
      >
        <span>{shown}</span>
        <Icon name="down" />
      </Button>
      <Popover className="popover" placement="bottom start">
        <Menu
          className="menu"
          selectionMode="single"
          selectedKeys={kind ? [kind] : []}
          onAction={(chosen) => afterMenu(() => desk.setKind(chosen as BlockKind))}
        >
          {KINDS.map((one) => (
            <MenuItem key={one} id={one} className={`kind-${one}`}>
              {words.toolbar.blocks[one] ?? one}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}

function LinkButton({ desk, isDisabled }: { desk: Desk; isDisabled: boolean }) {
  const { link } = useStore(desk.formatting)
  const open = useStore(desk.linking)
  const [address, setAddress] = useState<string | null>(null)
  const [bad, setBad] = useState(false)
  const close = () => {
    desk.linking.set(false)
    setAddress(null)
    setBad(false)
  }
  return (
    <DialogTrigger isOpen={open} onOpenChange={(now) => (now ? desk.linking.set(true) : close())}>
      <Hinted name={words.toolbar.link} keys={SHORTCUTS.link}>
        <Button
          className="button button-quiet icon-button"
          aria-label={`${words.toolbar.link} (${SHORTCUTS.link})`}
          aria-pressed={link !== null}
          isDisabled={isDisabled}
        >
          <Icon name="link" />
        </Button>
      </Hinted>
      <Popover className="popover" placement="bottom start">
        <Dialog className="popover-dialog" aria-label={words.toolbar.linkTitle}>
          <Form
            onSubmit={(event) => {
              event.preventDefault()
              const href = linkAddress(address ?? link ?? "")
              if (!href) return setBad(true)
              close()
              desk.setLink(href)
            }}
          >
            <TextField
              className="field"
              value={address ?? link ?? ""}
              onChange={(now) => {
                setAddress(now)
                setBad(false)
              }}
              isInvalid={bad}
              autoFocus
            >
              <Label>{words.toolbar.linkAddress}</Label>
              <Input className="input" />
              {bad ? (
                <FieldError className="field-error">{words.toolbar.linkBad}</FieldError>
              ) : (
                <Text slot="description" className="field-hint">
                  {words.toolbar.linkHint}
                </Text>
              )}
            </TextField>
            <div className="modal-buttons">
              {link ? (
                <Button
                  className="button button-quiet"
                  onPress={() => {
                    close()
                    desk.setLink(null)
                  }}
                >
                  {words.toolbar.linkRemove}
                </Button>
              ) : null}
              <Button className="button button-primary" type="submit">
                {words.toolbar.linkSet}
              </Button>
            </div>
          </Form>
        </Dialog>
      </Popover>
    </DialogTrigger>
  )
}
