//! How much one person, or one address, may ask at a time (`domain::limits`).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::Clock as _;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::auth::SignedIn;
use super::problem::Problem;
use super::{Shared, listen};
use crate::domain::limits::{self, Rate};
use crate::domain::{Email, PersonId};

/// After how many callers those who have been quiet are forgotten.
const FORGET_AFTER: usize = 4_096;

/// What takes a processor a while each time: whole texts, as they are or were, and their differences.
const COSTLY: [&str; 7] = [
    "/api/plans/{plan}/at/{position}",
    "/api/plans/{plan}/at/{position}/since/{from}",
    "/plans/{plan}/read",
    "/plans/{plan}/replay",
    "/plans/{plan}/replay/fragment",
    "/plans/{plan}/sections",
    "/guest/own/{own}",
];

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Caller {
    Person(PersonId),
    Address(IpAddr),
}

/// What kinds of connections stay open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// `/sync`
    Sync,
    /// A stream of server-sent events.
    Stream,
}

type Open = Arc<Mutex<HashMap<(PersonId, Kind), usize>>>;

pub(super) struct Bounds {
    requests: DefaultKeyedRateLimiter<Caller>,
    /// Attempts to sign in.
    sign_ins: DefaultKeyedRateLimiter<IpAddr>,
    /// Mails to sign in, by the address that was typed, whether or not anybody has it.
    mails: DefaultKeyedRateLimiter<String>,
    open: Open,
    /// Refusals that the operator is told of one by one.
    told: DefaultDirectRateLimiter,
    /// Who has costly work under way, or waits for it.
    costly: Mutex<HashMap<Caller, Arc<Semaphore>>>,
}

impl Default for Bounds {
    fn default() -> Self {
        let mails = NonZeroU32::new(limits::SIGN_IN_MAILS).expect("some mails may be sent");
        let mails = Quota::with_period(limits::SIGN_IN_MAIL_EVERY).map(|quota| quota.allow_burst(mails));
        Self {
            requests: RateLimiter::keyed(quota(limits::REQUESTS)),
            sign_ins: RateLimiter::keyed(quota(limits::SIGN_INS)),
            mails: RateLimiter::keyed(mails.expect("the time between two mails is one")),
            open: Open::default(),
            told: RateLimiter::direct(quota(limits::TOLD)),
            costly: Mutex::default(),
        }
    }
}

impl Bounds {
    /// How long to wait, when this caller has asked too often.
    fn ask(&self, caller: &Caller) -> Result<(), Duration> {
        check(&self.requests, caller)
    }

    /// Whether one more refusal is told to the operator by itself.
    pub(super) fn tells(&self) -> bool {
        self.told.check().is_ok()
    }

    /// Does costly work when the caller's earlier work leaves room for it. Once begun, it keeps its place until it is
    /// done, also when whoever asked has gone meanwhile.
    async fn in_turn<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let places = {
            let mut costly = self.costly.lock();
            costly.retain(|_, places| Arc::strong_count(places) > 1);
            let places = costly.entry(caller.clone());
            places.or_insert_with(|| Arc::new(Semaphore::new(limits::COSTLY_AT_ONCE))).clone()
        };
        let place = places.acquire_owned().await.ok()?;
        let working = tokio::spawn(async move {
            let done = work.await;
            drop(place);
            done
        });
        // Only a panic in the work itself ends it otherwise, and its hook has told the operator.
        working.await.ok()
    }

    /// How long to wait, when too many attempts to sign in came from there.
    pub(super) fn sign_in(&self, from: IpAddr) -> Result<(), Duration> {
        check(&self.sign_ins, &network(from))
    }

    /// Whether one more mail may go to an address now.
    pub(super) fn mail(&self, to: &Email) -> bool {
        check(&self.mails, &to.key()).is_ok()
    }

    /// A connection for a person, counted until what is given is dropped.
    pub(super) fn enter(&self, person: &PersonId, kind: Kind) -> Result<Entered, Problem> {
        let key = (person.clone(), kind);
        let mut open = self.open.lock();
        let count = open.entry(key.clone()).or_default();
        if *count >= limits::CONNECTIONS_PER_PERSON {
            return Err(Problem::too_many_connections());
        }
        *count += 1;
        Ok(Entered { key, open: self.open.clone() })
    }
}

fn check<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Duration> {
    if limiter.len() > FORGET_AFTER {
        limiter.retain_recent();
        limiter.shrink_to_fit();
    }
    limiter.check_key(key).map_err(|until| until.wait_time_from(limiter.clock().now()))
}

/// Whoever has one address of IPv6 mostly has the 2^64 around it as well.
fn network(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(from) => IpAddr::from((u128::from(from) >> 64 << 64).to_be_bytes()),
    }
}

/// A connection that counts as one of its person's.
pub(super) struct Entered {
    key: (PersonId, Kind),
    open: Open,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        if let Some(count) = open.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.key);
            }
        }
    }
}

/// The presence messages of one connection.
pub(super) struct PresenceRate(DefaultDirectRateLimiter);

impl Default for PresenceRate {
    fn default() -> Self {
        Self(RateLimiter::direct(quota(limits::EPHEMERAL)))
    }
}

impl PresenceRate {
    /// Whether one more may pass.
    pub(super) fn passes(&self) -> bool {
        self.0.check().is_ok()
    }
}

fn quota(rate: Rate) -> Quota {
    let some = |count| NonZeroU32::new(count).expect("a rate of nothing would be no service");
    Quota::per_second(some(rate.per_second)).allow_burst(some(rate.burst))
}

/// Turns away who asks too often. What scripts and pictures a page loads comes from memory and does not count.
pub(super) async fn count(State(app): State<Shared>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/assets/") {
        return next.run(request).await;
    }
    let person = request.extensions().get::<SignedIn>().map(|signed| Caller::Person(signed.0.clone()));
    let caller = person.or_else(|| listen::address(&request).map(|from| Caller::Address(from.ip())));
    let Some(Err(wait)) = caller.as_ref().map(|caller| app.bounds.ask(caller)) else {
        let path = request.extensions().get::<MatchedPath>();
        let is_costly = path.is_some_and(|path| COSTLY.contains(&path.as_str()));
        let Some(caller) = caller.filter(|_| is_costly) else { return next.run(request).await };
        app.metrics.add("requests_costly", 1);
        let answer = app.bounds.in_turn(&caller, next.run(request)).await;
        return answer.unwrap_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    app.metrics.add("requests_too_many", 1);
    let mut response = Problem::too_many_requests().into_response();
    let seconds = HeaderValue::from(wait.as_secs() + 1);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> PersonId {
        PersonId::new(name).unwrap()
    }

    #[test]
    fn one_callers_haste_is_not_anothers_delay() {
        let bounds = Bounds::default();
        let hasty = Caller::Person(person("member-1"));
        let asked = (0..2 * limits::REQUESTS.burst).take_while(|_| bounds.ask(&hasty).is_ok()).count();
        assert!(asked >= limits::REQUESTS.burst as usize, "{asked}");
        assert!(asked < 2 * limits::REQUESTS.burst as usize, "it is turned away at some time");
        assert!(bounds.ask(&hasty).unwrap_err() <= Duration::from_secs(1), "and hears when to come again");
        assert_eq!(bounds.ask(&Caller::Person(person("member-2"))), Ok(()));
        assert_eq!(bounds.ask(&Caller::Address(IpAddr::from([127, 0, 0, 1]))), Ok(()));
    }

    #[test]
    fn signing_in_is_bounded_by_where_it_is_tried_and_for_whom() {
        let bounds = Bounds::default();
        let from = |text: &str| text.parse::<IpAddr>().unwrap();
        let tried =
            (0..2 * limits::SIGN_INS.burst).take_while(|_| bounds.sign_in(from("2001:db8::1")).is_ok());
        assert_eq!(tried.count(), limits::SIGN_INS.burst as usize);
        assert!(bounds.sign_in(from("2001:db8::ffff:2")).is_err(), "the same network");
        assert!(bounds.sign_in(from("2001:db8:0:1::1")).is_ok(), "another");
        assert!(bounds.sign_in(from("192.0.2.1")).is_ok());
        let ada = |text| Email::new(text).unwrap();
        let sent = (0..2 * limits::SIGN_IN_MAILS).take_while(|_| bounds.mail(&ada("ada@example.org")));
        assert_eq!(sent.count(), limits::SIGN_IN_MAILS as usize);
        assert!(!bounds.mail(&ada("Ada@EXAMPLE.org")), "however it is written");
        assert!(bounds.mail(&ada("eve@example.org")));
        assert!(limits::SIGN_IN_MAIL_EVERY * limits::SIGN_IN_MAILS >= limits::SIGN_IN_WITHIN);
    }

    #[tokio::test]
    async fn costly_work_waits_for_ones_own_earlier_work_and_for_nobody_elses() {
        let bounds = Arc::new(Bounds::default());
        let [one, other] = ["member-1", "member-2"].map(|name| Caller::Person(person(name)));
        let begun = Arc::new(Semaphore::new(0));
        let work = |caller: &Caller| {
            let (bounds, caller, begun) = (bounds.clone(), caller.clone(), begun.clone());
            let (end, ended) = tokio::sync::oneshot::channel::<()>();
            let work = async move {
                begun.add_permits(1);
                ended.await
            };
            (end, tokio::spawn(async move { bounds.in_turn(&caller, work).await }))
        };
        let mut under_way: Vec<_> = (0..=limits::COSTLY_AT_ONCE).map(|_| work(&one)).collect();
        let theirs = work(&other);
        let all_but_one = limits::COSTLY_AT_ONCE as u32 + 1;
        begun.acquire_many(all_but_one).await.unwrap().forget();
        assert_eq!(begun.available_permits(), 0, "one waits, and another's does not");
        // Who goes away gives no place free before the work is done.
        let (end, asking) = under_way.remove(0);
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        tokio::task::yield_now().await;
        assert_eq!(begun.available_permits(), 0, "it goes on");
        end.send(()).unwrap();
        begun.acquire().await.unwrap().forget();
        for (end, asking) in under_way.into_iter().chain([theirs]) {
            end.send(()).unwrap();
            assert!(asking.await.unwrap().is_some());
        }
        assert!(!work(&other).1.is_finished());
        begun.acquire().await.unwrap().forget();
        assert_eq!(bounds.costly.lock().len(), 1, "nobody is kept who has nothing under way");
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_ends() {
        let bounds = Bounds::default();
        let one = person("member-1");
        let mut open: Vec<Entered> = (0..limits::CONNECTIONS_PER_PERSON)
            .map(|_| bounds.enter(&one, Kind::Sync).unwrap_or_else(|_| panic!("within the bound")))
            .collect();
        assert!(bounds.enter(&one, Kind::Sync).is_err(), "one too many");
        assert!(bounds.enter(&one, Kind::Stream).is_ok(), "each kind is counted by itself");
        assert!(bounds.enter(&person("member-2"), Kind::Sync).is_ok(), "and each person");
        open.pop();
        assert!(bounds.enter(&one, Kind::Sync).is_ok());
        drop(open);
        assert!(bounds.open.lock().is_empty(), "nobody is kept who has gone");
    }

    #[test]
    fn the_operator_hears_of_so_many_refusals() {
        let bounds = Bounds::default();
        let told = (0..2 * limits::TOLD.burst).filter(|_| bounds.tells()).count();
        assert!((limits::TOLD.burst as usize..2 * limits::TOLD.burst as usize).contains(&told), "{told}");
    }

    #[test]
    fn presence_passes_up_to_its_rate() {
        let rate = PresenceRate::default();
        let passed = (0..2 * limits::EPHEMERAL.burst).filter(|_| rate.passes()).count();
        assert!((limits::EPHEMERAL.burst as usize..2 * limits::EPHEMERAL.burst as usize).contains(&passed));
    }
}
