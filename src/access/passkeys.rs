//! Passkeys: keys that people's devices keep for them. Here lie only the public halves, which open nothing.
//!
//! They stand beside sessions in the table of access and belong to people, whichever way those come in: also in the
//! demonstration, where people are picked, one can add a passkey and come in by it.

use std::collections::{HashMap, HashSet};

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::secret::{Digest, Secret};
use super::waiting::Waiting;
use super::{Entry, Error, Refused, What, entries};
use crate::domain::{PersonId, Timestamp, limits};
use crate::engine::Engine;
use crate::log::{AccessChange, Failure};

/// How the keys of these entries begin.
const PREFIX: &[u8] = b"passkey/";
/// How the keys of those entries begin that say whom a mail alone does not let in.
const ALONE: &[u8] = b"passkeys-alone/";
/// The name of the service, as devices show it beside a passkey.
const SERVICE: &str = "Quorate";

/// A passkey of a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    pub person: PersonId,
    pub name: String,
    pub made: Timestamp,
    pub used: Option<Timestamp>,
    /// By what the device knows whose it is; it says nothing of the person.
    handle: Uuid,
    key: Passkey,
}

/// What the network asks of those whose account would do the most harm in other hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asked {
    /// They are offered to add a passkey.
    #[default]
    Offered,
    /// They can do nothing before they have added one, and come in by nothing else afterwards.
    Required,
}

/// What was begun, and by whom.
enum Begun {
    Adding(PersonId, Box<PasskeyRegistration>),
    SigningIn(Box<DiscoverableAuthentication>),
}

/// Where passkeys hold: they are bound to a name, and browsers know them on safe connections alone.
struct Site {
    webauthn: Webauthn,
    origin: String,
}

/// Keeps passkeys and lets people in by them. Whatever changes here is on disk before it counts.
pub struct Passkeys {
    engine: Engine,
    site: Option<Site>,
    asked: Asked,
    /// Who has chosen that nothing but a passkey lets them in.
    alone: RwLock<HashSet<PersonId>>,
    /// By the digest of the id that the device gave a passkey.
    held: RwLock<HashMap<Digest, Kept>>,
    /// Held while something is decided and recorded.
    writing: Mutex<()>,
    begun: Mutex<Waiting<Begun>>,
}

impl Passkeys {
    /// Reads all passkeys.
    pub fn open(engine: Engine, public_url: &str) -> Result<Self, Failure> {
        let held = entries::read(&**engine.log(), PREFIX)?;
        let alone: HashMap<Digest, PersonId> = entries::read(&**engine.log(), ALONE)?;
        Ok(Self {
            engine,
            site: site(public_url),
            asked: Asked::default(),
            alone: RwLock::new(alone.into_values().collect()),
            held: RwLock::new(held),
            writing: Mutex::default(),
            begun: Mutex::new(Waiting::new(limits::PASSKEY_WITHIN, limits::PASSKEYS_BEGUN)),
        })
    }

    /// The same, with what the network asks for.
    pub fn asking(self, asked: Asked) -> Self {
        Self { asked, ..self }
    }

    /// The address at which passkeys hold; none where they cannot.
    pub fn origin(&self) -> Option<&str> {
        self.site.as_ref().map(|site| &*site.origin)
    }

    fn site(&self) -> Result<&Site, Refused> {
        self.site.as_ref().ok_or(Refused::PasskeysNotHere)
    }

    fn now(&self) -> Timestamp {
        (self.engine.clock())()
    }

    fn is_known(&self, person: &PersonId) -> bool {
        self.engine.views().state.people.get(person).is_some_and(|person| !person.left)
    }

    /// A person's own, the newest first.
    pub fn of(&self, person: &PersonId) -> Vec<(Digest, Kept)> {
        let held = self.held.read();
        let own = held.iter().filter(|(_, kept)| kept.person == *person);
        let mut own: Vec<_> = own.map(|(digest, kept)| (*digest, kept.clone())).collect();
        own.sort_by_key(|(digest, kept)| (std::cmp::Reverse(kept.made), *digest));
        own
    }

    fn has_any(&self, person: &PersonId) -> bool {
        self.held.read().values().any(|kept| kept.person == *person)
    }

    /// Whether a person holds a part in which much can be done.
    fn is_to_have(&self, person: &PersonId) -> bool {
        let views = self.engine.views();
        let known = views.state.people.get(person);
        known.is_some_and(|known| known.office.roles.iter().any(|role| role.asks_for_passkey()))
    }

    /// Whether a person is to be asked to add one: who holds a part in which much can be done, and has none.
    pub fn is_asked(&self, person: &PersonId) -> bool {
        self.site.is_some() && self.is_to_have(person) && !self.has_any(person)
    }

    /// Whether a person can do nothing before they have added one.
    pub fn is_required(&self, person: &PersonId) -> bool {
        self.asked == Asked::Required && self.is_asked(person)
    }

    /// Whether nothing but a passkey lets a person in: by their own choice, or by the network's.
    pub fn alone_let_in(&self, person: &PersonId) -> bool {
        // Where browsers keep none for this address, nobody could come in.
        self.site.is_some()
            && (self.is_chosen(person)
                || self.asked == Asked::Required && self.is_to_have(person) && self.has_any(person))
    }

    /// Whether a person has chosen so themselves.
    pub fn is_chosen(&self, person: &PersonId) -> bool {
        self.alone.read().contains(person)
    }

    /// A person chooses whether nothing but a passkey lets them in.
    pub fn choose(&self, person: &PersonId, alone: bool) -> Result<(), Error> {
        let _writing = self.writing.lock();
        if alone && !self.has_any(person) {
            return Err(Refused::NoPasskey.into());
        }
        Ok(self.put_alone(person, alone)?)
    }

    pub(super) fn set_alone(&self, person: &PersonId, alone: bool) -> Result<(), Failure> {
        let _writing = self.writing.lock();
        self.put_alone(person, alone)
    }

    fn put_alone(&self, person: &PersonId, alone: bool) -> Result<(), Failure> {
        if self.is_chosen(person) == alone {
            return Ok(());
        }
        let key = entries::key(ALONE, &Digest(Sha256::digest(person.as_str()).into()));
        let value = serde_json::to_vec(person).map_err(|error| Failure::Write(error.to_string()))?;
        let change = AccessChange { key, value: alone.then(|| value.into()) };
        let what = if alone { What::PasskeysAlone } else { What::PasskeysNotAlone };
        self.engine.log().change_access(&[change, Entry::new(self.now(), person, what).put()?])?;
        let mut held = self.alone.write();
        let _ = if alone { held.insert(person.clone()) } else { held.remove(person) };
        Ok(())
    }

    /// What a device is asked to make a passkey of, and the secret by which it is handed in.
    pub fn begin_adding(&self, person: &PersonId) -> Result<Value, Error> {
        let site = self.site()?;
        let own = self.of(person);
        has_room(own.len())?;
        let name = self.engine.about(person).map_or_else(|| person.to_string(), |about| about.name);
        let there = own.iter().map(|(_, kept)| kept.key.cred_id().clone()).collect();
        let handle = self.handle(person);
        let begun = site.webauthn.start_passkey_registration(handle, &name, &name, Some(there));
        let (asked, state) = begun.map_err(|error| misfit(&error))?;
        let mut asked = json!(asked);
        // The crate leaves open whether the device can find it again by itself. Here it must: nobody types an address
        // to sign in by it.
        let select = &mut asked["publicKey"]["authenticatorSelection"];
        select["residentKey"] = json!("required");
        select["requireResidentKey"] = json!(true);
        self.begin(asked, Begun::Adding(person.clone(), Box::new(state)))
    }

    fn begin(&self, mut asked: Value, begun: Begun) -> Result<Value, Error> {
        let secret = Secret::draw()?;
        self.begun.lock().put(secret.digest(), begun, self.now());
        asked["request"] = json!(secret.text());
        Ok(asked)
    }

    fn take(&self, request: &str) -> Result<Begun, Refused> {
        let digest = Secret::read(request).map(|secret| secret.digest());
        let begun = digest.and_then(|digest| self.begun.lock().take(&digest, self.now()));
        begun.ok_or(Refused::PasskeyTooLate)
    }

    /// Keeps the passkey that a device has made.
    pub fn add(&self, person: &PersonId, request: &str, name: &str, made: &Value) -> Result<(), Error> {
        let site = self.site()?;
        let state = match self.take(request)? {
            Begun::Adding(whose, state) if whose == *person => state,
            Begun::Adding(..) | Begun::SigningIn(_) => return Err(Refused::PasskeyTooLate.into()),
        };
        let name = name.trim();
        if name.is_empty() || name.chars().count() > limits::TITLE {
            return Err(Refused::PasskeyNameNotValid.into());
        }
        if made["clientExtensionResults"]["credProps"]["rk"] == json!(false) {
            return Err(Refused::PasskeyNotFound.into());
        }
        let made: RegisterPublicKeyCredential =
            serde_json::from_value(made.clone()).map_err(|_| Refused::PasskeyNotValid)?;
        let key = site.webauthn.finish_passkey_registration(&made, &state).map_err(|error| misfit(&error))?;
        let digest = digest(key.cred_id().as_slice());
        let _alone = self.writing.lock();
        has_room(self.of(person).len())?;
        if self.held.read().contains_key(&digest) {
            return Err(Refused::PasskeyNotValid.into());
        }
        let (made, handle) = (self.now(), self.handle(person));
        let kept = Kept { person: person.clone(), name: name.to_owned(), made, used: None, handle, key };
        self.put(digest, kept)?;
        Ok(self.log(person, What::PasskeyAdded)?)
    }

    /// What a device is asked to answer by a passkey, whichever it has.
    pub fn begin_sign_in(&self) -> Result<Value, Error> {
        let begun = self.site()?.webauthn.start_discoverable_authentication();
        let (asked, state) = begun.map_err(|error| misfit(&error))?;
        // A person presses a button: the browser need not wait for a field to be touched.
        let asked = json!({ "publicKey": asked.public_key });
        self.begin(asked, Begun::SigningIn(Box::new(state)))
    }

    /// Whom an answer lets in.
    pub fn sign_in(&self, request: &str, answer: &Value) -> Result<PersonId, Error> {
        let site = self.site()?;
        let Begun::SigningIn(state) = self.take(request)? else {
            return Err(Refused::PasskeyTooLate.into());
        };
        let answer: PublicKeyCredential =
            serde_json::from_value(answer.clone()).map_err(|_| Refused::PasskeyNotValid)?;
        let handle = site.webauthn.identify_discoverable_authentication(&answer);
        let (handle, id) = handle.map_err(|error| misfit(&error))?;
        let digest = digest(id);
        // From the look at the count of uses until the new one is recorded.
        let _alone = self.writing.lock();
        let kept = self.held.read().get(&digest).cloned();
        let known = kept.filter(|kept| kept.handle == handle && self.is_known(&kept.person));
        let mut kept = known.ok_or(Refused::PasskeyVoid)?;
        let done = site.webauthn.finish_discoverable_authentication_v2(&answer, *state, &kept.key);
        let done = done.map_err(|error| misfit(&error))?;
        kept.key.update_credential(&done);
        kept.used = Some(self.now());
        let person = kept.person.clone();
        self.put(digest, kept)?;
        Ok(person)
    }

    /// Removes one of a person's passkeys, named as in the list of them.
    pub fn remove(&self, person: &PersonId, short: &str) -> Result<(), Error> {
        let _alone = self.writing.lock();
        let own = self.of(person);
        let (digest, _) =
            own.iter().find(|(digest, _)| digest.short() == short).ok_or(Refused::EntryUnknown)?;
        if own.len() == 1 && self.alone_let_in(person) {
            return Err(Refused::LastPasskey.into());
        }
        self.take_away(&[*digest])?;
        Ok(self.log(person, What::PasskeyRemoved)?)
    }

    fn log(&self, person: &PersonId, what: What) -> Result<(), Failure> {
        self.engine.log().change_access(&[Entry::new(self.now(), person, what).put()?])
    }

    /// Removes those of people who have left. Until then they let nobody in all the same.
    pub fn sweep(&self) -> Result<(), Failure> {
        let _alone = self.writing.lock();
        let gone: Vec<_> = {
            let held = self.held.read();
            held.iter().filter(|(_, kept)| !self.is_known(&kept.person)).map(|(digest, _)| *digest).collect()
        };
        self.take_away(&gone)?;
        let left: Vec<_> =
            self.alone.read().iter().filter(|person| !self.is_known(person)).cloned().collect();
        left.iter().try_for_each(|person| self.put_alone(person, false))
    }

    fn put(&self, digest: Digest, kept: Kept) -> Result<(), Failure> {
        let value = serde_json::to_vec(&kept).map_err(|error| Failure::Write(error.to_string()))?;
        let change = AccessChange { key: entries::key(PREFIX, &digest), value: Some(value.into()) };
        self.engine.log().change_access(&[change])?;
        self.held.write().insert(digest, kept);
        Ok(())
    }

    fn take_away(&self, digests: &[Digest]) -> Result<(), Failure> {
        if digests.is_empty() {
            return Ok(());
        }
        let gone =
            digests.iter().map(|digest| AccessChange { key: entries::key(PREFIX, digest), value: None });
        self.engine.log().change_access(&gone.collect::<Vec<_>>())?;
        let mut held = self.held.write();
        for digest in digests {
            held.remove(digest);
        }
        Ok(())
    }

    /// The same for all passkeys of one person in one network, so that a device replaces an older one of theirs.
    fn handle(&self, person: &PersonId) -> Uuid {
        let digest = Sha256::new_with_prefix(self.engine.log().identity().log)
            .chain_update([0])
            .chain_update(person.as_str())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Uuid::from_bytes(bytes)
    }
}

/// A name by https, or this machine's own by http, is what browsers take.
fn site(public_url: &str) -> Option<Site> {
    let url = Url::parse(public_url).ok()?;
    let host = url.domain()?.to_owned();
    let is_safe = url.scheme() == "https" || host == "localhost" || host.ends_with(".localhost");
    let built = WebauthnBuilder::new(&host, &url).ok().filter(|_| is_safe)?;
    let webauthn = built.rp_name(SERVICE).timeout(limits::PASSKEY_WITHIN).build().ok()?;
    Some(Site { webauthn, origin: url.origin().ascii_serialization() })
}

fn has_room(count: usize) -> Result<(), Refused> {
    if count < limits::PASSKEYS_PER_PERSON { Ok(()) } else { Err(Refused::TooManyPasskeys) }
}

fn digest(id: &[u8]) -> Digest {
    Digest(Sha256::digest(id).into())
}

/// Why an answer of a device is not taken. The operator hears more than the person, and of nobody.
fn misfit(error: &WebauthnError) -> Refused {
    tracing::info!("an answer by a passkey was not taken: {error}");
    match error {
        WebauthnError::InvalidRPOrigin | WebauthnError::InvalidRPIDHash => Refused::PasskeyElsewhere,
        WebauthnError::UserNotVerified => Refused::PasskeyNotVerified,
        WebauthnError::CredentialPossibleCompromise => Refused::PasskeyCopied,
        _ => Refused::PasskeyNotValid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_need_a_name_and_a_safe_connection() {
        for (url, origin) in [
            ("http://localhost:8400", Some("http://localhost:8400")),
            ("https://plan.example.org/", Some("https://plan.example.org")),
            ("http://plan.example.org", None),
            ("http://127.0.0.1:8400", None),
            ("https://192.0.2.1", None),
            ("https://[::1]", None),
            ("nonsense", None),
        ] {
            assert_eq!(site(url).map(|site| site.origin).as_deref(), origin, "{url}");
        }
    }
}
