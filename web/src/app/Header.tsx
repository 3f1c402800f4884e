import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { forgetSession } from "./keep";
import { Icon } from "./Icon";
import type { Room } from "./room";
import { StateLine } from "./StateLine";
import { useStore } from "./store";
import { Freeze } from "./Freeze";
import { words } from "./words";

/** Where I am, who I am, where my words are, who else is here, and where else I can go. */
export function Header({ room }: { room: Room }) {
  const plan = useStore(room.plan);
  const path = `/plans/${encodeURIComponent(plan.id)}`;
  return (
    <header className="site-header ws-header">
      <a className="site-name" href="/" aria-label={`${words.product}: ${words.opening.plans}`}>
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
          <path
            d="M12 3a9 9 0 1 0 5.600 16.050l2.300 2.300 1.400-1.400-2.300-2.300A9 9 0 0 0 12 3Zm0 2.200a6.800 6.800 0 1 1 0 13.600 6.800 6.800 0 0 1 0-13.600Z"
            fill="currentColor"
          />
        </svg>
        <span className="site-name-text">{words.product}</span>
      </a>
      <h1 className="site-header-title ws-title">{plan.title}</h1>
      <nav aria-label={words.views.label}>
        <ul className="views">
          <li>
            <a href={path} aria-current="page">
              {words.views.write}
            </a>
          </li>
          <li>
            <a href={`${path}/read`}>{words.views.read}</a>
          </li>
          <li>
            <a href={`${path}/replay`}>{words.views.replay}</a>
          </li>
        </ul>
      </nav>
      <StateLine room={room} />
      <div className="site-header-end">
        <HereList room={room} />
        <Account room={room} />
      </div>
    </header>
  );
}

function initials(name: string): string {
  const parts = name.split(/\s+/).filter(Boolean);
  return ((parts[0]?.[0] ?? "") + (parts.length > 1 ? (parts.at(-1)?.[0] ?? "") : "")).toUpperCase();
}

function HereList({ room }: { room: Room }) {
  const here = useStore(room.here);
  useStore(room.people);
  const people = [...new Set(here.map((one) => one.person))].filter((person) => person !== room.me.id).sort();
  if (people.length === 0) return null;
  return (
    <DialogTrigger>
      <Button className="here" aria-label={`${words.here.label}: ${people.map((person) => room.name(person)).join(", ")}`}>
        {people.slice(0, 4).map((person) => (
          <span key={person} className={`avatar person-${room.number(person)}`} aria-hidden="true">
            {initials(room.name(person))}
          </span>
        ))}
        {people.length > 4 ? <span className="avatar avatar-more">+{people.length - 4}</span> : null}
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="popover-dialog" aria-label={words.here.label}>
          <p className="popover-title">{words.here.people(people.length + 1)}</p>
          <ul className="here-list">
            {[room.me.id, ...people].map((person) => (
              <li key={person}>
                <span className={`avatar person-${room.number(person)}`} aria-hidden="true">
                  {initials(person === room.me.id ? room.me.name : room.name(person))}
                </span>
                <span>
                  {person === room.me.id ? `${room.me.name} (${words.here.you})` : room.name(person)}
                  <span className="soft small here-role">
                    {words.roles(room.people.get().get(person)?.roles ?? [])}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Account({ room }: { room: Room }) {
  const sync = useStore(room.connection.sync);
  useStore(room.people);
  return (
    <DialogTrigger>
      <Button className="account" aria-label={words.account.menu(room.me.name)}>
        <span className={`avatar person-${room.number(room.me.id)}`} aria-hidden="true">
          {initials(room.me.name)}
        </span>
        <span className="account-name">{room.me.name}</span>
        <Icon name="down" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="popover-dialog" aria-label={words.account.menu(room.me.name)}>
          <p className="popover-title">{room.me.name}</p>
          <p className="soft small">{words.roles(room.me.roles)}</p>
          {sync.unsaved > 0 ? <p className="notice notice-waiting small">{words.account.signOutKept(sync.unsaved)}</p> : null}
          <Freeze room={room} />
          <form
            method="post"
            action="/api/session/end"
            onSubmit={() => {
              void forgetSession();
            }}
          >
            <button className="button ws-full" type="submit">
              {words.account.signOut}
            </button>
          </form>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
