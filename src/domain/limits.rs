//! How much is taken of whom: every bound on what comes from outside stands here. Who goes over one learns
//! which, by a refusal, a status or the reason of a close; nobody else notices. `docs/security.md` lists them
//! with what happens at each.
//!
//! They lie far above what people do. A paste of 100 pages is a change of 300,000 bytes; the whole history of
//! a paper of 260,000 keystrokes is a document of 0.5 MB, or 29 MB as single changes.

use std::time::Duration;

use super::Timestamp;

// Words in commands, in characters.

/// Longest title, heading or name.
pub const TITLE: usize = 300;
/// Longest comment, reason or quoted selection.
pub const TEXT: usize = 10_000;

/// Longest reason why a comment is withheld or shown: it stands where the comment stood.
pub const REASON: usize = 500;

/// Longest e-mail address, in bytes (RFC 5321, as its erratum 1690 has it).
pub const EMAIL_BYTES: usize = 254;

// The network.

/// Votes of one member.
pub const WEIGHT: u32 = 1_000;
/// Seats of one organisation.
pub const SEATS: u32 = 100;
/// People and organisations who write one section, where it is not for all.
pub const GROUP: usize = 100;
/// Sections of one plan that are for some people alone.
pub const ASSIGNED: usize = 500;
/// Phases of one process.
pub const PHASES: usize = 40;
/// The latest date of a phase: 1 January 2200.
pub const LATEST: Timestamp = Timestamp(7_258_118_400_000);
/// Templates of processes that a network keeps for itself.
pub const TEMPLATES: usize = 50;
/// For how long the log of access is kept.
pub const JOURNAL_KEPT: Duration = Duration::from_secs(180 * DAY);
/// Entries of the log of access: above it, the oldest go.
pub const JOURNAL: usize = 20_000;
/// For how long a guest's link, with what was begun by it, is kept after the invitation has ended.
pub const GUEST_LINK_KEPT: Duration = Duration::from_secs(30 * DAY);
/// For how long comments are kept after a process, if not for ever: fifty years, in days.
pub const RETENTION_DAYS: u32 = 18_262;
/// Guests who join by one invitation: more than a body has people who answer for it.
pub const GUESTS: usize = 200;
/// Tasks that are open for one person, or for one organisation.
pub const TASKS: usize = 200;
/// Notices that are kept of one plan, and of one person or organisation: the newest ones. Who was away for longer
/// reads the record.
pub const NOTICES_KEPT: usize = 500;
/// Notices that are shown to one person at once.
pub const NOTICES: usize = 100;
/// Bytes of a list of people and organisations that is taken in at once.
pub const LIST_BYTES: usize = 1 << 20;
/// Lines of such a list, the one that names the columns not counted.
pub const LIST_ROWS: usize = 10_000;
/// Bytes of a form with such a list in it: its line ends may have become longer on the way.
pub const LIST_FORM_BYTES: usize = 2 * LIST_BYTES + (64 << 10);

// One change. What is counted is counted before anything is decoded.

/// Bytes of one change, uncompressed.
pub const CHANGE_BYTES: u64 = 8 << 20;
/// Changes that a change says it builds on.
pub const DEPENDENCIES: u64 = 256;
/// Other actors that a change names.
pub const ACTORS: u64 = 4_096;
pub const ACTOR_BYTES: u64 = 64;
/// Bytes of the message that comes with a change.
pub const MESSAGE_BYTES: u64 = 1_024;
/// Operations of one change.
pub const ROWS: u64 = 200_000;
/// Operations that the operations of one change replace.
pub const PREDECESSORS: u64 = 400_000;
pub const KEY_BYTES: u64 = 256;
pub const MARK_NAME_BYTES: u64 = 64;
/// Sequence numbers and operation counters stay below it.
pub const COUNTER: u64 = 1 << 31;
/// The time that a change bears, in seconds since 1970, stays below it.
pub const TIME: i64 = 1 << 40;
pub const FOOTER_BYTES: u64 = 256;

// What one change puts into a document, in bytes of UTF-8 where nothing else is said.

/// Marks that one change sets: to find whether one is in order costs a little more than other operations do.
pub const MARKS: u32 = 2_000;
/// One element of a text. A character has at most 4; the longest that people write as one have some 30.
pub const ELEMENT_BYTES: usize = 64;
/// A plan's title as the document has it: room for [`TITLE`] characters of any script.
pub const TITLE_BYTES: usize = 4_096;
/// An id of a section or a provision, the name of an attribute, the kind of a block.
pub const ID_BYTES: usize = 64;
/// A section's place among its siblings. It grows by a byte with every few sections put into the same gap.
pub const ORDER_BYTES: usize = 1_024;
/// The text of an attribute that no reader here knows.
pub const ATTRIBUTE_BYTES: usize = 1_024;
/// The address of a link: what browsers and servers still take.
pub const LINK_BYTES: usize = 8_192;
/// Numbers lie between it and its negative: JavaScript has no other integers.
pub const INTEGER: i64 = (1 << 53) - 1;

// A document.

/// Changes of a document that stand side by side without any that has seen them. The next change names them
/// all, and no change names more than [`DEPENDENCIES`].
pub const HEADS: usize = 200;
/// Bytes of all columns of a whole saved document, inflated.
pub const DOCUMENT_BYTES: u64 = 128 << 20;
/// Operations, and changes, of a whole saved document.
pub const DOCUMENT_ROWS: u64 = 2_000_000;
pub const DOCUMENT_ACTORS: u64 = 65_536;
pub const DOCUMENT_COLUMNS: u64 = 64;

// One connection of the sync protocol.

/// Bytes of one frame.
pub const FRAME_BYTES: usize = 16 << 20;
/// Bytes of one message that are read off a socket at all: twice what a session takes, so that what is somewhat
/// too large is refused there, with a reason.
pub const SOCKET_BYTES: usize = 2 * FRAME_BYTES;
/// Changes and documents in one sync message.
pub const CHUNKS_PER_MESSAGE: usize = 100_000;
/// Hashes in one list of a sync message: heads, needs, or the heads of the last sync.
pub const HASHES_PER_LIST: usize = 4_096;
/// Summaries of what a peer has. The protocol knows one; older clients may send more.
pub const HAVES_PER_MESSAGE: usize = 8;
/// Bits for each entry of the Bloom filter in such a summary, and places that are looked at for each hash. Clients
/// use 10 and 7; a peer may choose others, within reason: more only cost time.
pub const FILTER_BITS: u64 = 64;
pub const FILTER_PROBES: u64 = 64;
/// Documents that one connection has open or waits for.
pub const DOCUMENTS_PER_CONNECTION: usize = 256;
/// Bytes of one presence message.
pub const EPHEMERAL_BYTES: usize = 8 << 10;
/// Presence messages of one connection: so many at once, and so many a second after that. What is over it is
/// dropped, since the next one says where the cursor stands then.
pub const EPHEMERAL: Rate = Rate { burst: 100, per_second: 25 };
/// Presence messages of others that wait for one connection. The oldest go first, since newer ones say more.
pub const EPHEMERAL_WAITING: usize = 64;
/// Arrays and maps within each other in one frame, unknown keys included.
pub const FRAME_DEPTH: usize = 16;
/// Bytes of a peer id or a session id.
pub const NAME_BYTES: usize = 256;
/// Bytes of all messages of a connection that wait until the host has opened their documents.
pub const WAITING_BYTES: usize = 2 * FRAME_BYTES;
/// Messages for one document that wait until the host has opened it.
pub const WAITING_MESSAGES: usize = 16;
/// Submissions of all its connections that wait for one document's room; after that their senders wait too,
/// and nothing more is read from them.
pub const SUBMISSIONS_WAITING: usize = 1_024;
/// Changes whose dependencies have not come yet are kept up to this size. Beyond it they are dropped, and the
/// peer is asked to begin anew.
pub const ORPHAN_BYTES: usize = 1 << 20;
/// How often a peer that has told of heads is asked for them without giving them, before it is left be.
pub const ASKS: u8 = 3;
/// How long a request for a document that is not there (or not for this peer) waits before the answer: its
/// creator's first message may be on its way, since clients hold theirs back for 100 ms.
pub const UNAVAILABLE_AFTER: Duration = Duration::from_millis(500);
/// A peer that has said nothing for this long is gone. It is pinged three times in it.
pub const SILENCE: Duration = Duration::from_secs(65);
/// A peer that takes nothing of what waits for it for this long is gone.
pub const SLOW: Duration = Duration::from_secs(30);
/// Where much waits for it, it has longer: a second for each of so many bytes.
pub const SLOWEST: usize = 8 << 10;
/// Connections, of one kind, that one person has open: windows, devices, tools.
pub const CONNECTIONS_PER_PERSON: usize = 256;

// A stream of what happens around a plan.

/// Messages that wait for one stream. After that it misses states, never the last one.
pub const STREAM_WAITING: usize = 16;
/// Refusals of one plan's edits that wait for a stream until it has been looked whom they are for. Who is slower
/// misses the oldest; the edits stay on their author's device all the same.
pub const NOTICES_WAITING: usize = 32;

// Requests.

/// Bytes of a request's body.
pub const BODY_BYTES: usize = 256 << 10;
/// Bytes of a request's line and headers together.
pub const HEAD_BYTES: usize = 32 << 10;
/// Headers of a request.
pub const HEADERS: usize = 64;
/// A request's headers come within this time; a connection on which no request comes ends after it.
pub const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Connections of all kinds and people together.
pub const CONNECTIONS: usize = 16_384;
/// Requests of one person, or from one address by nobody in particular. Pages' scripts and pictures, which
/// come from memory, do not count.
pub const REQUESTS: Rate = Rate { burst: 2_000, per_second: 100 };

/// Refused requests that the operator's log tells of one by one; what is over it is counted, so that nobody fills a disk
/// by asking for what they may not.
pub const TOLD: Rate = Rate { burst: 100, per_second: 5 };
/// Whole texts, states of the past and differences that one caller has made at the same time; what else they ask of
/// the kind waits. Each takes some 40 ms after 250,000 edits.
pub const COSTLY_AT_ONCE: usize = 2;

// Signing in. The figures follow what is at stake (ASVS 5.0, V7.3): what is lost with a session is what one person
// may do in one network, all of it recorded and none of it final.

/// How long a link and a code to sign in hold (ASVS 5.0, 6.5.5: no more than this).
pub const SIGN_IN_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Wrong codes after which a request to sign in is void: one guess in 20 million at 8 digits.
pub const CODE_TRIES: u32 = 5;
/// Asking for mail, opening links, typing codes and what guests send, from one address, by nobody in particular. Where a proxy stands
/// before the server and is not named to it (`--proxy`), everybody comes from the proxy's address.
pub const SIGN_INS: Rate = Rate { burst: 60, per_second: 1 };
/// Mails to one address: so many at once, and one more after each [`SIGN_IN_MAIL_EVERY`].
pub const SIGN_IN_MAILS: u32 = 5;
pub const SIGN_IN_MAIL_EVERY: Duration = Duration::from_secs(180);
/// A session in which nothing was asked for this long is over.
pub const SESSION_IDLE: Duration = Duration::from_secs(14 * DAY);
/// A session is over after this time, whatever was asked in it.
pub const SESSION_LIFE: Duration = Duration::from_secs(30 * DAY);
/// For so long after a sign-in can be changed what lets its person in: address and passkeys.
pub const SIGN_IN_FRESH: Duration = Duration::from_secs(15 * 60);
/// When the id of a session is renewed, the old one counts for this much longer: other tabs ask at the same time.
pub const SESSION_OVERLAP: Duration = Duration::from_secs(10);
/// Sessions of one person. One more ends the one that was not used for longest.
pub const SESSIONS_PER_PERSON: usize = 32;
/// What a browser says of itself is kept up to this length, in characters.
pub const AGENT: usize = 200;
/// Tokens for tools that one person has.
pub const TOKENS_PER_PERSON: usize = 32;
/// A token for tools holds this long at most.
pub const TOKEN_LIFE: Duration = Duration::from_secs(366 * DAY);
/// Passkeys of one person: a few devices and a password manager.
pub const PASSKEYS_PER_PERSON: usize = 16;
/// A device answers within this time what it was asked for by a passkey: what WebAuthn recommends, for those who have
/// to look for a key first.
pub const PASSKEY_WITHIN: Duration = Duration::from_secs(300);
/// Answers by passkeys that are waited for, of all people together.
pub const PASSKEYS_BEGUN: usize = 10_000;
/// Whoever was sent to the network's directory comes back within this time.
pub const DIRECTORY_WITHIN: Duration = Duration::from_secs(600);
/// People who have been sent there and are not back.
pub const DIRECTORY_BEGUN: usize = 10_000;
/// The directory answers within this time.
pub const DIRECTORY_ANSWERS: Duration = Duration::from_secs(10);
/// Bytes of one answer of the directory: descriptions have some 3,000, keys rarely more than 20,000.
pub const DIRECTORY_BYTES: usize = 256 << 10;
/// A ticket for one connection is used within this time.
pub const TICKET_WITHIN: Duration = Duration::from_secs(30);
/// Tickets of one person that wait to be used.
pub const TICKETS_WAITING: usize = 64;

// The server itself.

/// The writer comes to what is asked within this time, or the server is not ready.
pub const READY_WITHIN: Duration = Duration::from_secs(5);

// Mail.

/// Mails that wait to be sent.
pub const MAILS_WAITING: usize = 1_000;
/// For how long it is tried to send one.
pub const MAIL_WITHIN: Duration = Duration::from_secs(DAY);

const DAY: u64 = 24 * 3600;

/// So many at once, and so many a second after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub per_second: u32,
}
