//! Line by line: what it would make, or all that is wrong with it.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use super::read::{self, Row};
use super::{Column, Found, Known, Line, Makes, Report, Trouble, Unreadable};
use crate::domain::{
    Actor, Command, Decision, Email, EventId, Fact, Office, OrganisationId, PersonId, Profile, Refusal,
    Request, Role, Standing, State, Timestamp, decide,
};

/// How often a thing is mended to see what else is wrong with it.
const MENDED: usize = 4;

/// Reads a list and checks it. `asker`: in whose name it would be taken in. `seed`: the same list with the same
/// seed asks for the same commands, so that asking twice does nothing twice.
pub fn check(text: &str, known: Known<'_>, asker: &PersonId, seed: &[u8]) -> Result<Report, Unreadable> {
    let read = read::rows(text)?;
    let mut check = Check::new(known, asker, seed, text);
    let lines = read.rows.iter().map(|row| check.line(row)).collect();
    Ok(Report { lines, ignored: read.ignored, requests: check.requests })
}

struct Check<'a> {
    known: Known<'a>,
    /// People and organisations, with what the right lines so far would make.
    state: State,
    actor: Actor,
    seed: [u8; 32],
    organisations: HashMap<String, OrganisationId>,
    /// By name and organisation; the line in which they stand, where it is one of this list.
    people: HashMap<(String, Option<OrganisationId>), (PersonId, Option<u64>)>,
    /// In which line of this list each address stands.
    addresses: HashMap<String, u64>,
    /// How many seats of each organisation are held.
    held: HashMap<OrganisationId, usize>,
    requests: Vec<Request>,
}

impl<'a> Check<'a> {
    fn new(known: Known<'a>, asker: &PersonId, seed: &[u8], text: &str) -> Self {
        let rules = known.rules;
        let state = rules.network();
        let mut digest = Sha256::new_with_prefix((seed.len() as u64).to_be_bytes());
        digest.update(seed);
        digest.update(text);
        let organisations =
            state.organisations.iter().map(|(id, one)| (key(&one.profile.name), id.clone())).collect();
        let mut people = HashMap::new();
        let mut held = HashMap::new();
        for (id, person) in state.people.iter().filter(|(_, person)| !person.left) {
            let organisation = person.office.organisation.clone();
            if let Some(of) = organisation.clone().filter(|_| person.office.seat) {
                *held.entry(of).or_default() += 1;
            }
            if let Some(name) = known.names.get(id) {
                people.insert((key(name), organisation), (id.clone(), None));
            }
        }
        Self {
            state,
            actor: Actor { person: asker.clone() },
            seed: digest.finalize().into(),
            organisations,
            people,
            held,
            known,
            addresses: HashMap::new(),
            requests: Vec::new(),
        }
    }

    fn line(&mut self, row: &Row) -> Line {
        let mut troubles = Vec::new();
        if row.too_long {
            troubles.push(Trouble::TooManyCells);
        }
        let (organisation, name) = (row.cell(Column::Organisation), row.cell(Column::Name));
        if organisation.is_empty() && name.is_empty() {
            troubles.push(Trouble::Nothing);
        }
        let made = self.organisation(row, &mut troubles);
        let person = self.person(row, made.as_ref().map(|one| &one.id), &mut troubles);
        let is_new = made.as_ref().is_some_and(|one| one.is_new);
        let found = if troubles.is_empty() {
            let makes = Makes {
                organisation: is_new,
                person: person.is_some(),
                seat: person.as_ref().is_some_and(|person| person.office.seat),
            };
            self.requests.extend(made.and_then(|one| one.request));
            self.take(row, person);
            if makes == Makes::default() { Found::Unchanged } else { Found::Right(makes) }
        } else {
            // Nothing of a wrong line is kept for those that come after it.
            if let Some(id) = made.filter(|_| is_new).map(|one| one.id) {
                if let Some(one) = self.state.organisations.remove(&id) {
                    self.state.organisation_names.remove(&one.profile.name.to_lowercase());
                }
                self.organisations.remove(&key(organisation));
            }
            Found::Wrong(troubles)
        };
        Line { number: row.line, organisation: organisation.to_owned(), name: name.to_owned(), found }
    }

    /// The organisation of a line, already in the state; none where the line names none.
    fn organisation(&mut self, row: &Row, troubles: &mut Vec<Trouble>) -> Option<Made> {
        let name = row.cell(Column::Organisation);
        let said = Said::of(row, troubles);
        if name.is_empty() {
            let columns = [Column::Standing, Column::Weight, Column::Seats];
            let unnamed = columns.into_iter().filter(|column| !row.cell(*column).is_empty());
            troubles.extend(unnamed.map(Trouble::Unnamed));
            return None;
        }
        if let Some(id) = self.organisations.get(&key(name)) {
            if let Some(known) = self.state.organisations.get(id) {
                let profile = &known.profile;
                let differs = [
                    (Column::Standing, said.standing.is_some_and(|one| one != profile.standing)),
                    (Column::Weight, said.weight.is_some_and(|one| one != profile.weight)),
                    (Column::Seats, said.seats.is_some_and(|one| one != profile.seats)),
                ];
                let differs = differs.into_iter().filter(|(_, differs)| *differs);
                troubles.extend(differs.map(|(column, _)| Trouble::OrganisationDiffers(column)));
            }
            return Some(Made { id: id.clone(), is_new: false, request: None });
        }
        if row.cell(Column::Standing).is_empty() {
            troubles.push(Trouble::StandingMissing);
        }
        let id = self.id(row.line, "organisation");
        let organisation = OrganisationId::new(id.to_string()).expect("a UUID is an id");
        // Where the standing is not known, the one that the votes would suit: so what else is wrong is found.
        let guess = if said.weight == Some(0) { Standing::Observer } else { Standing::Member };
        let standing = said.standing.unwrap_or(guess);
        let mut profile = Profile {
            name: name.to_owned(),
            standing,
            weight: said.weight.unwrap_or(u32::from(standing == Standing::Member)),
            seats: said.seats.unwrap_or(1),
        };
        let mut request = None;
        for _ in 0..MENDED {
            let command =
                Command::OrganisationAdd { organisation: organisation.clone(), profile: profile.clone() };
            match self.decide(id, &command) {
                Ok(decision) => {
                    self.apply(decision);
                    request = Some(Request { id, command });
                    break;
                }
                Err(refusal) => {
                    let mended = mend(&mut profile, &refusal, &organisation);
                    troubles.push(Trouble::Refused(refusal));
                    if !mended {
                        break;
                    }
                }
            }
        }
        self.organisations.insert(key(name), organisation.clone());
        Some(Made { id: organisation, is_new: true, request })
    }

    /// The person of a line; none where it names none, or one who is there already.
    fn person(
        &mut self,
        row: &Row,
        organisation: Option<&OrganisationId>,
        troubles: &mut Vec<Trouble>,
    ) -> Option<Person> {
        let name = row.cell(Column::Name);
        let roles = roles(row.cell(Column::Roles), troubles);
        if name.is_empty() {
            let unnamed = [Column::Roles, Column::Email].into_iter().filter(|one| !row.cell(*one).is_empty());
            // A line with nothing in these columns is about the organisation alone.
            troubles.extend(unnamed.map(Trouble::Unnamed));
            return None;
        }
        let who = (key(name), organisation.cloned());
        if let Some((id, line)) = self.people.get_mut(&who) {
            let known = self.state.people.get(id).map(|known| &known.office.roles);
            let same = known.is_some_and(|known| known.iter().copied().collect::<BTreeSet<_>>() == roles);
            match line {
                Some(line) => troubles.push(Trouble::Twice(*line)),
                None if !roles.is_empty() && !same => troubles.push(Trouble::RolesDiffer),
                None => *line = Some(row.line),
            }
            let said = row.cell(Column::Email);
            let address = Email::new(said).map(|address| (self.known.person_at)(&address));
            match address {
                _ if said.is_empty() || line.is_some_and(|line| line != row.line) => {}
                Ok(Some(whose)) if whose == *id => {}
                Ok(_) => troubles.push(Trouble::EmailDiffers),
                Err(refusal) => troubles.push(Trouble::Refused(refusal)),
            }
            return None;
        }
        let id = self.id(row.line, "person");
        let person = PersonId::new(id.to_string()).expect("a UUID is an id");
        let seat =
            organisation.is_some_and(|one| self.has_free_seat(one)) && roles.contains(&Role::Representative);
        let mut office =
            Office { roles: roles.into_iter().collect(), organisation: organisation.cloned(), seat };
        let mut name = name.to_owned();
        let said = row.cell(Column::Email);
        let mut email = (!said.is_empty()).then(|| said.to_owned());
        if let Some(address) = email.as_deref().and_then(|email| Email::new(email).ok()) {
            if let Some(line) = self.addresses.get(&address.key()) {
                troubles.push(Trouble::EmailTwice(*line));
            } else if let Some(whose) = (self.known.person_at)(&address) {
                let name = self.known.names.get(&whose).cloned().unwrap_or_default();
                troubles.push(Trouble::AddressOf(name));
            }
        }
        // Where no role could be read, that has been said.
        if office.roles.is_empty() && !row.cell(Column::Roles).is_empty() {
            office.roles.push(Role::Teller);
        }
        for _ in 0..MENDED {
            let command = Command::PersonAdd {
                person: person.clone(),
                office: office.clone(),
                name: name.clone(),
                email: email.clone(),
            };
            match self.decide(id, &command) {
                Ok(decision) => {
                    return Some(Person { id: person, office, request: Request { id, command }, decision });
                }
                Err(refusal) => {
                    let mended = match &refusal {
                        Refusal::Empty { field: "list of roles" } => {
                            office.roles.push(Role::Teller);
                            true
                        }
                        Refusal::TooLong { .. } => {
                            name = "name".into();
                            true
                        }
                        Refusal::EmailNotValid => {
                            email = None;
                            true
                        }
                        _ => false,
                    };
                    troubles.push(Trouble::Refused(refusal));
                    if !mended {
                        break;
                    }
                }
            }
        }
        None
    }

    /// The state goes on with the person of a right line.
    fn take(&mut self, row: &Row, person: Option<Person>) {
        let Some(Person { id, office, request, decision }) = person else { return };
        let organisation = office.organisation;
        if let Some(of) = organisation.clone().filter(|_| office.seat) {
            *self.held.entry(of).or_default() += 1;
        }
        self.people.insert((key(row.cell(Column::Name)), organisation), (id, Some(row.line)));
        if let Ok(address) = Email::new(row.cell(Column::Email)) {
            self.addresses.insert(address.key(), row.line);
        }
        self.requests.push(request);
        self.apply(decision);
    }

    fn has_free_seat(&self, organisation: &OrganisationId) -> bool {
        let seats = self.state.organisations.get(organisation).map_or(0, |one| one.profile.seats);
        self.held.get(organisation).copied().unwrap_or(0) < seats as usize
    }

    fn decide(&self, id: EventId, command: &Command) -> Result<Decision, Refusal> {
        decide(&self.state, &self.actor, id, command)
    }

    fn apply(&mut self, decision: Decision) {
        for event in decision.events {
            let actor = Some(self.actor.person.clone());
            self.state.apply(&Fact { position: 0, at: Timestamp(0), actor, event });
        }
    }

    fn id(&self, line: u64, what: &str) -> EventId {
        let mut digest = Sha256::new_with_prefix(self.seed);
        digest.update(line.to_be_bytes());
        digest.update(what);
        EventId::of_digest(&digest.finalize().into())
    }
}

/// The organisation of a line, with what would be asked for where it is new.
struct Made {
    id: OrganisationId,
    is_new: bool,
    request: Option<Request>,
}

struct Person {
    id: PersonId,
    office: Office,
    request: Request,
    decision: Decision,
}

/// What a line says of its organisation.
struct Said {
    standing: Option<Standing>,
    weight: Option<u32>,
    seats: Option<u32>,
}

impl Said {
    fn of(row: &Row, troubles: &mut Vec<Trouble>) -> Self {
        let text = row.cell(Column::Standing);
        let standing =
            Standing::ALL.into_iter().find(|standing| format!("{standing:?}").to_lowercase() == key(text));
        if standing.is_none() && !text.is_empty() {
            troubles.push(Trouble::StandingUnknown(text.to_owned()));
        }
        let mut number = |column| {
            let text = row.cell(column);
            let number = text.parse().ok();
            if number.is_none() && !text.is_empty() {
                troubles.push(Trouble::NotANumber(column, text.to_owned()));
            }
            number
        };
        Self { standing, weight: number(Column::Weight), seats: number(Column::Seats) }
    }
}

/// What may stand between two roles, whatever parts the cells.
const BETWEEN_ROLES: [char; 6] = [';', ',', '/', '|', '+', '&'];

/// The roles of a cell.
fn roles(cell: &str, troubles: &mut Vec<Trouble>) -> BTreeSet<Role> {
    let mut roles = BTreeSet::new();
    for said in cell.split(BETWEEN_ROLES).map(str::trim).filter(|said| !said.is_empty()) {
        let role = Role::ALL.into_iter().find(|role| role.word() == key(said).replace(' ', "-"));
        match role {
            Some(role) => drop(roles.insert(role)),
            None => troubles.push(Trouble::RoleUnknown(said.to_owned())),
        }
    }
    roles
}

/// Takes out of a profile what was refused, so that the rest of it is looked at too; false where that cannot be.
fn mend(profile: &mut Profile, refusal: &Refusal, own: &OrganisationId) -> bool {
    match refusal {
        Refusal::WeightNotValid => profile.weight = u32::from(profile.standing == Standing::Member),
        Refusal::SeatsNotValid => profile.seats = 0,
        Refusal::Empty { .. } | Refusal::TooLong { .. } => own.as_str().clone_into(&mut profile.name),
        _ => return false,
    }
    true
}

/// Names are the same whatever their capitals.
fn key(name: &str) -> String {
    name.trim().to_lowercase()
}
