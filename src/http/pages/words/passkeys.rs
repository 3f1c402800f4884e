//! The words around passkeys.

pub(in super::super) const TITLE: &str = "Your passkeys";
pub(in super::super) const WHAT: &str = "A passkey is a key that your phone, your computer or your password manager keeps for you. You sign in with a \
    fingerprint, your face or the device's PIN, and wait for no mail. Nobody can talk you out of it, since it works on \
    this site alone; fingerprint, face and PIN never leave your device.";
pub(in super::super) const NONE: &str = "You have none yet.";
pub(in super::super) const NAME: &str = "Passkey";
pub(in super::super) const MADE: &str = "Added";
pub(in super::super) const USED: &str = "Last used";
pub(in super::super) const REMOVE: &str = "Remove";
pub(in super::super) const REMOVING: &str = "One that is removed lets nobody in any more. Your device may go on to show it until you delete it there too.";
pub(in super::super) const ADDED: &str = "The passkey is added. From now on you can sign in by it.";
pub(in super::super) const ADD: &str = "Add a passkey";
pub(in super::super) const CALLED: &str = "What is it to be called?";
pub(in super::super) const CALLED_HINT: &str =
    "So that you know it again in the list: for example the device that keeps it.";
pub(in super::super) const SIGN_IN_TITLE: &str = "With a passkey";
pub(in super::super) const SIGN_IN_LEAD: &str = "If you have added a passkey before, no mail is needed.";
pub(in super::super) const SIGN_IN: &str = "Sign in with a passkey";
pub(in super::super) const OFFER_TITLE: &str = "Would you add a passkey?";
pub(in super::super) const OFFER: &str = "You can do much here, so somebody else in your place could do much harm. Whoever can read your mail can sign in \
    as you; with a passkey you need no mail. It takes a minute.";
pub(in super::super) const REQUIRED_TITLE: &str = "Add a passkey to go on";
pub(in super::super) const REQUIRED: &str = "You can do much here, so this network lets nobody act in your part without a passkey. Add one now; from then on you \
    sign in by it, and a mail alone lets nobody in as you.";
pub(in super::super) const ALONE_TITLE: &str = "A passkey alone";
pub(in super::super) const ALONE_WHAT: &str = "Whoever can read your mail can sign in as you, unless you choose that only your passkey lets you in. Then you get \
    no links and no codes by mail any more. If you lose the passkey, whoever runs the server can let you in: have two, on \
    two devices.";
pub(in super::super) const ALONE_CHOSEN: &str = "Only your passkey lets you in; a mail alone does not.";
pub(in super::super) const ALONE_BY_NETWORK: &str =
    "In this network, only a passkey lets in whoever holds your part; a mail alone does not.";
pub(in super::super) const ALONE_NONE: &str = "To choose this, add a passkey first.";
pub(in super::super) const ALONE: &str = "Let only my passkey in";
pub(in super::super) const NOT_ALONE: &str = "Let a mail be enough again";
pub(in super::super) const LATER: &str = "Later";
pub(in super::super) const LATER_HINT: &str = "You will be asked again when you next sign in by mail.";
pub(in super::super) const NOT_HERE: &str = "Passkeys cannot be used at the address of this server: they need a name and https, such as \
    https://plan.example.org, or http://localhost for trying out. Whoever runs the server sets it.";
pub(in super::super) const ADD_NEEDS_SCRIPT: &str =
    "To add a passkey, this page needs JavaScript, which is switched off in this browser or was not loaded.";
pub(in super::super) const SIGN_IN_NEEDS_SCRIPT: &str = "To sign in with a passkey, this page needs JavaScript, which is switched off in this browser or was not loaded.";

/// What the script may have to say, by a word for each that it knows.
pub(in super::super) const SAID: [(&str, &str); 6] = [
    ("elsewhere", "Passkeys work at one address alone. Open this page there to use one: "),
    ("unable", "This browser knows no passkeys. A newer one does."),
    (
        "cancelled",
        "Nothing was done: it was cancelled, or took too long, or there is no passkey for this site on this device. You \
        can try again.",
    ),
    ("there", "This device or password manager keeps a passkey of yours for this site already."),
    ("offline", "The server cannot be reached. Look whether you are connected, then try again."),
    ("wait", "Your device asks you now …"),
];
