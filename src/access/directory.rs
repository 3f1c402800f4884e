//! Signing in by a directory that the network trusts (OpenID Connect): whoever the directory says is there, and is known
//! here by the address that it vouches for, comes in. It makes nobody known.
//!
//! The first time an account of the directory lets somebody in, it is bound to them: from then on that account, whatever
//! its address, is that person, and no other account with their address is.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
};
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::secret::{Digest, Secret};
use super::waiting::Waiting;
use super::{Error, Refused, entries};
use crate::domain::{Email, PersonId, Timestamp, limits};
use crate::engine::Engine;
use crate::log::{AccessChange, Failure};

/// How the keys of these entries begin.
const PREFIX: &[u8] = b"directory/";
/// Where the directory sends people back to.
const BACK: &str = "/sign-in/directory/back";

/// Which directory, and as whom the server speaks to it.
pub struct Settings {
    /// The address by which it is known, from which all others follow.
    pub issuer: String,
    pub client: String,
    pub secret: String,
    /// What people call it.
    pub name: String,
}

/// To whom an account of the directory belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Bound {
    person: PersonId,
    made: Timestamp,
}

/// Somebody who was sent to the directory.
struct Begun {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    /// Of the secret that their browser keeps meanwhile.
    browser: Digest,
    /// As the directory described itself when they left.
    about: Box<CoreProviderMetadata>,
}

/// Lets people in by the directory. Whatever changes here is on disk before it counts.
pub struct Directory {
    engine: Engine,
    settings: Settings,
    issuer: IssuerUrl,
    back: RedirectUrl,
    http: Http,
    /// By the digest of issuer and account.
    bound: RwLock<HashMap<Digest, Bound>>,
    /// Held while something is decided and recorded.
    writing: Mutex<()>,
    begun: Mutex<Waiting<Begun>>,
}

/// The client as the directory's own description makes it.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Directory {
    /// `public_url`: the address under which people come, without which the directory does not send them back.
    pub fn open(engine: Engine, settings: Settings, public_url: &str, ask: Ask) -> Result<Self, String> {
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|error| format!("--oidc-issuer is no address ({error})"))?;
        let is_here = is_loopback(&issuer);
        if issuer.url().scheme() != "https" && !is_here {
            return Err(
                "--oidc-issuer is not https: what people sign in with would travel in the clear".into()
            );
        }
        let back = format!("{}{BACK}", public_url.trim_end_matches('/'));
        let back = RedirectUrl::new(back).map_err(|error| format!("--public-url is no address ({error})"))?;
        let bound = entries::read(&**engine.log(), PREFIX).map_err(|failure| failure.to_string())?;
        let begun = Waiting::new(limits::DIRECTORY_WITHIN, limits::DIRECTORY_BEGUN);
        Ok(Self {
            engine,
            issuer,
            back,
            http: Http(ask),
            settings,
            bound: RwLock::new(bound),
            writing: Mutex::default(),
            begun: Mutex::new(begun),
        })
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    fn now(&self) -> Timestamp {
        (self.engine.clock())()
    }

    fn client(&self, about: &CoreProviderMetadata) -> Client {
        let (id, secret) = (self.settings.client.clone(), self.settings.secret.clone());
        CoreClient::from_provider_metadata(about.clone(), ClientId::new(id), Some(ClientSecret::new(secret)))
            .set_redirect_uri(self.back.clone())
    }

    /// Where a browser is to go, and the secret that it keeps until it is back.
    pub async fn begin(&self) -> Result<(String, Secret), Error> {
        let about = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await;
        let about = about.map_err(|error| unreachable("describe itself", &error))?;
        let (state, nonce, browser) = (Secret::draw()?, Secret::draw()?, Secret::draw()?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state_text, nonce) = (CsrfToken::new(state.text()), Nonce::new(nonce.text()));
        let asked = nonce.clone();
        let client = self.client(&about);
        let (address, _, _) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state_text, || asked)
            .add_scope(Scope::new("email".into()))
            .set_pkce_challenge(challenge)
            .url();
        let begun = Begun { nonce, verifier, browser: browser.digest(), about: Box::new(about) };
        self.begun.lock().put(state.digest(), begun, self.now());
        Ok((address.into(), browser))
    }

    /// Whom the directory vouches for, when a browser has come back with a code.
    pub async fn finish(&self, state: &str, code: String, browser: &str) -> Result<PersonId, Error> {
        let state = Secret::read(state).ok_or(Refused::DirectoryTooLate)?.digest();
        let browser = Secret::read(browser).ok_or(Refused::DirectoryTooLate)?.digest();
        let begun = self.begun.lock().take(&state, self.now());
        // Whoever was sent a link to come back by has not begun here.
        let begun = begun.filter(|begun| begun.browser == browser).ok_or(Refused::DirectoryTooLate)?;
        let account = self.account(begun, code).await?;
        self.person(&account)
    }

    /// Which account it is, shown by the directory's signature.
    async fn account(&self, begun: Begun, code: String) -> Result<Account, Error> {
        let client = self.client(&begun.about);
        let exchange = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| wrong(&error))?;
        let tokens = exchange.set_pkce_verifier(begun.verifier).request_async(&self.http).await;
        let tokens = tokens.map_err(|error| unreachable("take a code", &error))?;
        let signed = tokens.id_token().ok_or_else(|| wrong(&"it says of nobody who they are"))?;
        let verifier = client.id_token_verifier();
        let claims = signed.claims(&verifier, &begun.nonce).map_err(|error| wrong(&error))?;
        if let Some(said) = claims.access_token_hash() {
            let (alg, key) = (signed.signing_alg(), signed.signing_key(&verifier));
            let (alg, key) = (alg.map_err(|error| wrong(&error))?, key.map_err(|error| wrong(&error))?);
            let own = AccessTokenHash::from_token(tokens.access_token(), alg, key);
            if own.map_err(|error| wrong(&error))? != *said {
                return Err(wrong(&"its token is not the one that it signed for"));
            }
        }
        let subject = claims.subject().clone();
        let mut email = claims.email().cloned().zip(claims.email_verified());
        if email.is_none() {
            // Many say more of a person only where they are asked once more.
            let asked = client.user_info(tokens.access_token().clone(), Some(subject.clone()));
            if let Ok(asked) = asked {
                let more: Result<CoreUserInfoClaims, _> = asked.request_async(&self.http).await;
                let more = more.map_err(|error| unreachable("say more of somebody", &error))?;
                email = more.email().cloned().zip(more.email_verified());
            }
        }
        let email = email.filter(|(_, verified)| *verified);
        let email = email.and_then(|(email, _)| Email::new(email.as_str()).ok());
        let id =
            Sha256::new_with_prefix(self.issuer.as_str()).chain_update([0]).chain_update(subject.as_str());
        Ok(Account { digest: Digest(id.finalize().into()), email })
    }

    /// The person to whom an account belongs; the first time, it is bound to them.
    fn person(&self, account: &Account) -> Result<PersonId, Error> {
        let _alone = self.writing.lock();
        if let Some(bound) = self.bound.read().get(&account.digest) {
            let person = Some(bound.person.clone()).filter(|person| self.is_known(person));
            return person.ok_or_else(|| Refused::DirectoryUnknown.into());
        }
        let person = account
            .email
            .as_ref()
            .and_then(|email| self.engine.person_at(email))
            .filter(|person| self.is_known(person));
        let person = person.ok_or(Refused::DirectoryUnknown)?;
        if self.bound.read().values().any(|bound| bound.person == person) {
            // Somebody else has been given the address there.
            return Err(Refused::DirectoryUnknown.into());
        }
        let bound = Bound { person: person.clone(), made: self.now() };
        let value = serde_json::to_vec(&bound).map_err(|error| Failure::Write(error.to_string()))?;
        let change = AccessChange { key: entries::key(PREFIX, &account.digest), value: Some(value.into()) };
        self.engine.log().change_access(&[change])?;
        self.bound.write().insert(account.digest, bound);
        Ok(person)
    }

    /// Lets go of a person's account: somebody who may has set another address for them. The next time it is the address
    /// again by which they are known.
    pub fn unbind(&self, person: &PersonId) -> Result<(), Failure> {
        self.let_go(|bound| bound.person == *person)
    }

    /// Lets go of the accounts of people who have left. Until then they let nobody in all the same.
    pub fn sweep(&self) -> Result<(), Failure> {
        self.let_go(|bound| !self.is_known(&bound.person))
    }

    fn let_go(&self, which: impl Fn(&Bound) -> bool) -> Result<(), Failure> {
        let _alone = self.writing.lock();
        let gone: Vec<_> = {
            let bound = self.bound.read();
            bound.iter().filter(|(_, bound)| which(bound)).map(|(digest, _)| *digest).collect()
        };
        if gone.is_empty() {
            return Ok(());
        }
        let changes =
            gone.iter().map(|digest| AccessChange { key: entries::key(PREFIX, digest), value: None });
        self.engine.log().change_access(&changes.collect::<Vec<_>>())?;
        self.bound.write().retain(|digest, _| !gone.contains(digest));
        Ok(())
    }

    fn is_known(&self, person: &PersonId) -> bool {
        self.engine.views().state.people.get(person).is_some_and(|person| !person.left)
    }
}

/// An account of the directory, with the address that it vouches for.
struct Account {
    digest: Digest,
    email: Option<Email>,
}

/// A directory on this machine, for trying out.
fn is_loopback(issuer: &IssuerUrl) -> bool {
    match issuer.url().host() {
        Some(openidconnect::url::Host::Domain(name)) => name == "localhost",
        Some(openidconnect::url::Host::Ipv4(address)) => address.is_loopback(),
        Some(openidconnect::url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The directory gave no answer that helps. The operator hears what was asked of it, and of nobody.
fn unreachable(what: &str, error: &dyn std::error::Error) -> Error {
    let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    tracing::warn!("the directory was asked to {what}, and: {error}{why}");
    Refused::DirectoryAway.into()
}

/// The directory answered what cannot be believed.
fn wrong(why: &dyn fmt::Display) -> Error {
    tracing::warn!("the directory's answer was not taken: {why}");
    Refused::DirectoryUnknown.into()
}

/// By what the directory is asked: within bounds of time and size, and not followed elsewhere.
pub type Ask = Arc<dyn Fn(HttpRequest) -> Answer + Send + Sync>;
/// What it answers, or why it does not.
pub type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse, String>> + Send>>;

struct Http(Ask);

/// Why there was no answer.
#[derive(Debug)]
struct NoAnswer(String);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoAnswer {}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let answer = (self.0)(request);
        Box::pin(async move { answer.await.map_err(NoAnswer) })
    }
}
