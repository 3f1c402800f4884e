//! Commands about people and organisations that are recorded together or not at all: each is decided on what those
//! before it would make.

use super::Error;
use super::checks;
use super::record::{self, Source};
use super::writer::{Decided, Made};
use crate::domain::{self, Actor, Command, Fact, PersonId, Request, State};
use crate::log::Append;

/// One append for all of them, with what to keep apart of people.
pub(super) fn decide(
    state: &State,
    person: &PersonId,
    requests: &[Request],
    source: &Source,
) -> Result<Made, Decided> {
    let actor = Actor { person: person.clone() };
    // All that rules over these commands looks at.
    let mut scratch = state.network();
    let mut append =
        Append { events: Vec::new(), checks: vec![checks::people(state), checks::organisations(state)] };
    let mut people = Vec::new();
    for request in requests {
        let (Command::PersonAdd { .. } | Command::OrganisationAdd { .. }) = &request.command else {
            let why = "only new people and organisations are recorded together";
            return Err(Error::Failed(why.into()).into());
        };
        let decision = domain::decide(&scratch, &actor, request.id, &request.command)?;
        people.extend(decision.learned);
        let source = Source { cause: Some(request.id), ..source.clone() };
        for (n, event) in decision.events.into_iter().enumerate() {
            let n = u32::try_from(n).unwrap_or(u32::MAX);
            let id = if n == 0 { request.id } else { record::derived_id(request.id, n) };
            append.events.push(record::propose(&event, id, &source));
            scratch.apply(&Fact { position: 0, at: source.at, actor: Some(person.clone()), event });
        }
    }
    Ok((append, 0, 0, people))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Engine;
    use super::*;
    use crate::domain::{
        EventId, Office, OrganisationId, PersonId, Profile, Refusal, Role, Standing, Timestamp,
    };
    use crate::log::{Log as _, Options, RedbLog};

    fn id(n: u128) -> EventId {
        EventId(uuid::Builder::from_random_bytes(n.to_be_bytes()).into_uuid())
    }

    fn with_address(mut request: Request, address: &str) -> Request {
        if let Command::PersonAdd { email, .. } = &mut request.command {
            *email = Some(address.to_owned());
        }
        request
    }

    fn person(n: u128, role: Role, organisation: Option<&OrganisationId>, seat: bool) -> Request {
        let office = Office { roles: vec![role], organisation: organisation.cloned(), seat };
        let person = PersonId::new(format!("person-{n}")).unwrap();
        Request {
            id: id(n),
            command: Command::PersonAdd { person, office, name: format!("Person {n}"), email: None },
        }
    }

    #[tokio::test]
    async fn all_of_them_are_recorded_in_one_commit_or_none_is() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(RedbLog::open(folder.path(), &Options::default()).unwrap());
        let engine = Engine::open(log.clone(), Arc::new(|| Timestamp(1))).unwrap();
        let asker = PersonId::new("person-1").unwrap();
        let first = person(1, Role::Administrator, None, false);
        engine.command(asker.clone(), first, None, None).await.unwrap();

        let athens = OrganisationId::new("athens").unwrap();
        let profile = Profile { name: "Athens".into(), standing: Standing::Member, weight: 1, seats: 1 };
        let organisation = Request {
            id: id(2),
            command: Command::OrganisationAdd { organisation: athens.clone(), profile },
        };
        // Each stands on those before it: the organisation is new, and so is who holds its only seat.
        let seated = person(3, Role::Representative, Some(&athens), true);
        let second_seat = person(4, Role::Representative, Some(&athens), true);
        let before = log.head();
        let too_many = vec![organisation.clone(), seated.clone(), second_seat];
        let refused = engine.together(asker.clone(), too_many).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal::SeatsTaken)), "{refused:?}");
        assert_eq!(log.head(), before);
        assert!(log.get_person(&PersonId::new("person-3").unwrap()).unwrap().is_none());

        let list = vec![organisation, seated, person(5, Role::Board, None, false)];
        let receipt = engine.together(asker.clone(), list.clone()).await.unwrap();
        assert_eq!((receipt.position, log.head()), (before + 1, before + 3));
        let names = log.get_person(&PersonId::new("person-5").unwrap()).unwrap().unwrap();
        assert_eq!(names, r#"{"name":"Person 5"}"#.as_bytes());
        assert!(engine.views().state.people[&PersonId::new("person-3").unwrap()].office.seat);

        // Repeated, they are found; in another's name they are not.
        let again = engine.together(asker.clone(), list.clone()).await.unwrap();
        assert_eq!((again.position, again.repeated, log.head()), (before + 1, true, before + 3));
        let other = engine.together(PersonId::new("person-5").unwrap(), list).await.unwrap_err();
        assert!(matches!(other, Error::Refused(Refusal::IdTaken)), "{other:?}");
        let not_allowed = vec![person(6, Role::Board, None, false)];
        let refused = engine.together(PersonId::new("person-5").unwrap(), not_allowed).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal::NotPermitted { .. })), "{refused:?}");

        // No two have one address, also of the same list.
        let ada = |n| with_address(person(n, Role::Board, None, false), "ada@example.org");
        let refused = engine.together(asker.clone(), vec![ada(7), ada(8)]).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal::EmailTaken)), "{refused:?}");
        engine.together(asker.clone(), vec![ada(7)]).await.unwrap();
        let refused = engine.together(asker, vec![ada(8)]).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal::EmailTaken)), "{refused:?}");
        engine.close();
    }
}
