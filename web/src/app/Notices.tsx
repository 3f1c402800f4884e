import { Button } from "react-aria-components"
import { Icon } from "./Icon"
import type { Room } from "./room"
import { useStore } from "./store"
import { words } from "./words"

/** What just happened, above everything else; refusals are alerts and stay until closed. */
export function Notices({ room }: { room: Room }) {
  const notices = useStore(room.notices)
  return (
    <div className="notices">
      {notices.map((notice) => (
        <div
          key={notice.id}
          className={notice.kind === "alert" ? "notice notice-bad" : "notice"}
          role={notice.kind === "alert" ? "alert" : "status"}
        >
          <div className="notice-words">
            {notice.kind === "alert" ? <strong>{words.refused.title}. </strong> : null}
            {notice.text}
            {notice.hint ? <span className="soft"> {notice.hint}</span> : null}
          </div>
          {notice.action ? (
            <Button
              className="button button-small"
              onPress={() => {
                notice.action?.run()
                room.dismiss(notice.id)
              }}
            >
              {notice.action.label}
            </Button>
          ) : null}
          <Button
            className="button button-quiet icon-button"
            aria-label={words.refused.dismiss}
            onPress={() => room.dismiss(notice.id)}
          >
            <Icon name="close" />
          </Button>
        </div>
      ))}
    </div>
  )
}
