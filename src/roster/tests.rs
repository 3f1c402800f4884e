//! What is read in a list, and what is found in its lines.

use super::*;
use crate::domain::{
    Command, Event, Fact, Office, OrganisationId, Profile, Role, Standing, Timestamp, limits,
};

fn asker() -> PersonId {
    PersonId::new("administrator").unwrap()
}

/// A network with an administrator, a member with two seats, and one who holds one of them.
fn network() -> (State, BTreeMap<PersonId, String>) {
    let athens = OrganisationId::new("athens").unwrap();
    let ann = PersonId::new("ann").unwrap();
    let profile = Profile { name: "Équité Athens".into(), standing: Standing::Member, weight: 2, seats: 2 };
    let office = |role, organisation: Option<OrganisationId>| Office {
        roles: vec![role],
        seat: organisation.is_some(),
        organisation,
    };
    let mut state = State::default();
    for event in [
        Event::PersonAdded { person: asker(), office: office(Role::Administrator, None) },
        Event::OrganisationAdded { organisation: athens.clone(), profile },
        Event::PersonAdded { person: ann.clone(), office: office(Role::Representative, Some(athens)) },
    ] {
        state.apply(&Fact { position: 1, at: Timestamp(0), actor: None, event });
    }
    (state, BTreeMap::from([(asker(), "Jonas".into()), (ann, "Ann".into())]))
}

fn checked(text: &str) -> Result<Report, Unreadable> {
    let (rules, names) = network();
    let text = within(text.as_bytes())?;
    check(&text, Known { rules: &rules, names: &names, person_at: &person_at }, &asker(), b"seed")
}

/// Ann's address is known, and another one of somebody who has left.
fn person_at(email: &Email) -> Option<PersonId> {
    let whose = [("ann@athens.example", "ann"), ("old@athens.example", "gone")];
    let found = whose.iter().find(|(address, _)| *address == email.key());
    found.map(|(_, person)| PersonId::new(*person).unwrap())
}

/// What is wrong with each line.
fn troubles(text: &str) -> Vec<(u64, Vec<String>)> {
    let report = checked(text).unwrap();
    let said = |troubles: &[Trouble]| troubles.iter().map(ToString::to_string).collect();
    report.wrong().map(|(line, found)| (line.number, said(found))).collect()
}

const HEAD: &str = "organisation,standing,weight,seats,name,roles\n";

#[test]
fn columns_in_any_order_and_manner() {
    for text in [
        "organisation,standing,weight,seats,name,roles\nSofia,member,3,1,Boyana,representative\n",
        "Name;ROLES;Organisation;seats;Weight;standing\nBoyana;representative;Sofia;1;3;Member",
        "\u{feff}roles,name,seats,votes,standing,organization\r\nrepresentative, Boyana ,1,3,MEMBER,Sofia\r\n",
        "\n\norganisation\tstanding\tweight\tseats\tname\troles\n\nSofia\tmember\t3\t1\tBoyana\tRepresentative\n",
        "\"organisation\",\"standing\",\"weight\",\"seats\",\"name\",\"roles\"\rSofia,member,3,1,Boyana,representative",
    ] {
        let report = checked(text).unwrap();
        let makes = Makes { organisation: true, person: true, seat: true };
        assert_eq!(report.lines.len(), 1, "{text:?}");
        assert_eq!(report.lines[0].found, Found::Right(makes), "{text:?}");
        let [Command::OrganisationAdd { profile, organisation }, Command::PersonAdd { office, name, .. }] =
            [&report.requests[0].command, &report.requests[1].command]
        else {
            panic!("{:?}", report.requests)
        };
        let expected = Profile { name: "Sofia".into(), standing: Standing::Member, weight: 3, seats: 1 };
        assert_eq!((profile, name.as_str()), (&expected, "Boyana"));
        let expected = Office {
            roles: vec![Role::Representative],
            organisation: Some(organisation.clone()),
            seat: true,
        };
        assert_eq!(*office, expected);
    }
}

#[test]
fn what_is_no_list_is_refused_as_a_whole() {
    let rows = |count: usize| format!("organisation,standing{}", "\nx,member".repeat(count));
    for (text, heard) in [
        (String::new(), Unreadable::Empty),
        (" \n\n".into(), Unreadable::Empty),
        (HEAD.into(), Unreadable::Empty),
        ("Sofia,member\nAthens,member\n".into(), Unreadable::NoColumns),
        ("name,roles,Name\nA,board,B\n".into(), Unreadable::ColumnTwice(Column::Name)),
        ("name\0,roles\nA,board\n".into(), Unreadable::NotText),
        (rows(limits::LIST_ROWS + 1), Unreadable::TooManyRows),
        ("x".repeat(limits::LIST_BYTES + 1), Unreadable::TooLarge),
        ("\r\n".repeat(limits::LIST_BYTES + 1), Unreadable::TooLarge),
    ] {
        assert_eq!(checked(&text).unwrap_err(), heard, "{:?}", &text[..text.len().min(40)]);
    }
    assert_eq!(within(b"name\nJos\xe9\n").unwrap_err(), Unreadable::NotText, "another encoding");
    let most = checked(&rows(limits::LIST_ROWS)).unwrap();
    assert_eq!((most.right(), most.unchanged()), (1, limits::LIST_ROWS - 1));
    // What a form makes of the line ends does not count.
    let largest = format!("name\n{}", "\n".repeat(limits::LIST_BYTES - 5));
    assert!(within(largest.replace('\n', "\r\n").as_bytes()).is_ok());
    const { assert!(limits::LIST_FORM_BYTES > 2 * limits::LIST_BYTES, "and it has room in the form") };
}

#[test]
fn everything_that_is_wrong_is_told_by_line() {
    let long = "x".repeat(limits::TITLE + 1);
    let text = format!(
        "{HEAD}\
         Sofia,guest,many,200,Boyana,boss;teller\n\
         Wien,member,0,101,,\n\
         \n\
         Wien,,,,Sepp,representative\n\
         Graz,observer,1,1,Resi,\n\
         ÉQUITÉ Athens,observer,3,1,Ann,board\n\
         ,member,1,1,,\n\
         Linz,observer,,,,representative\n\
         {long},member,,,{long},board\n\
         ,,,,Max,representative\n\
         Linz,observer,,,\"Mia,\nsen.\",representative,more\n\
         Oslo,observer,,,Liv,\"representative; board\"\n\
         Oslo,,,,LIV,representative\n"
    );
    let wrong = troubles(&text);
    let lines: Vec<u64> = wrong.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15]);
    let begins = |line: u64, expected: &[&str]| {
        let (_, found) = wrong.iter().find(|(number, _)| *number == line).unwrap();
        assert_eq!(found.len(), expected.len(), "line {line}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "line {line}: {found} is not {expected}");
        }
    };
    begins(
        2,
        &[
            "“guest” is no standing",
            "“many” in the column “weight”",
            "An organisation has at most 100",
            "“boss” is no role",
        ],
    );
    begins(3, &["A member has 1 to 1000 votes", "An organisation has at most 100"]);
    begins(5, &["The organisation is new, and its standing"]);
    begins(6, &["A member has 1 to 1000 votes", "The list of roles is empty"]);
    begins(
        7,
        &[
            "The organisation is there already with another standing",
            "The organisation is there already with another weight",
            "The organisation is there already with another seats",
            "The person is there already with other roles",
        ],
    );
    begins(
        8,
        &[
            "It names neither",
            "It says something in the column “standing”",
            "It says something in the column “weight”",
            "It says something in the column “seats”",
        ],
    );
    begins(9, &["It says something in the column “roles”, and names no person"]);
    begins(10, &["The name is longer", "The name is longer"]);
    begins(11, &["A representative acts for an organisation"]);
    begins(12, &["It has more cells"]);
    begins(15, &["The same person stands in line 14 already"]);
    let report = checked(&text).unwrap();
    assert_eq!((report.right(), report.made(), report.requests.len()), (1, (1, 1), 2), "line 14 is right");
}

#[test]
fn what_is_there_is_unchanged_and_seats_are_taken_in_order() {
    let text = format!(
        "{HEAD}équité athens,,,,ANN,\néquité athens,member,2,2,Ben,representative\n\
         équité athens,,,,Cem,representative\néquité athens,,,,Dan,consultant\n,,,,Jonas,administrator\n"
    );
    let report = checked(&text).unwrap();
    let found: Vec<_> = report.lines.iter().map(|line| line.found.clone()).collect();
    let person = |seat| Found::Right(Makes { organisation: false, person: true, seat });
    let expected = [Found::Unchanged, person(true), person(false), person(false), Found::Unchanged];
    assert_eq!(found, expected);
}

#[test]
fn the_same_list_asks_for_the_same_commands() {
    let text = format!("{HEAD}Sofia,member,,,Boyana,representative\n");
    assert_eq!(checked(&text).unwrap(), checked(&text).unwrap());
    let (rules, names) = network();
    let known = Known { rules: &rules, names: &names, person_at: &person_at };
    let other = check(&text, known, &asker(), b"other").unwrap();
    assert_ne!(other.requests, checked(&text).unwrap().requests);
    assert!(other.requests.iter().all(|request| request.id.0.get_version_num() == 4));
}

#[test]
fn columns_that_are_not_known_are_named() {
    let report = checked("name,Telephone,roles,\nBen,123,board,\n").unwrap();
    assert_eq!(report.ignored, ["Telephone"]);
    assert_eq!(report.right(), 1);
}

#[test]
fn addresses_are_those_of_one_person_each() {
    let text = "name,e-mail,roles,organisation\n\
        Ben,Ben@Athens.example,board,\n\
        Cem,ben@athens.EXAMPLE,board,\n\
        Dan,ann@athens.example,board,\n\
        Eve,eve,board,\n\
        ,fay@athens.example,,Équité Athens\n\
        Ann,ANN@athens.example,,Équité Athens\n\
        Jonas,jonas@athens.example,,\n\
        Gus,,board,\n";
    let found = troubles(text);
    let begins = [
        (3, "The same e-mail address stands in line 2 already"),
        (4, "Somebody is there already with this address: "),
        (5, "This is no e-mail address"),
        (6, "It says something in the column “e-mail”, and names no person"),
        (8, "The person is there already with another e-mail address"),
    ];
    assert_eq!(found.len(), begins.len(), "{found:?}");
    for ((line, said), (expected, begin)) in found.iter().zip(begins) {
        assert_eq!((*line, said.len()), (expected, 1), "{said:?}");
        assert!(said[0].starts_with(begin), "{said:?}");
    }
    let report = checked(text).unwrap();
    let email = |request: &Request| match &request.command {
        Command::PersonAdd { email, .. } => email.clone(),
        other => panic!("{other:?}"),
    };
    let emails: Vec<_> = report.requests.iter().map(email).collect();
    assert_eq!(emails, [Some("Ben@Athens.example".to_owned()), None]);
}

#[test]
fn the_example_is_taken_whole() {
    let text = include_str!("../../docs/people.csv");
    let mut rules = State::default();
    let office = Office { roles: vec![Role::Administrator], ..Office::default() };
    let event = Event::PersonAdded { person: asker(), office };
    rules.apply(&Fact { position: 1, at: Timestamp(0), actor: None, event });
    let names = BTreeMap::from([(asker(), "Jonas".into())]);
    let known = Known { rules: &rules, names: &names, person_at: &|_| None };
    let report = check(text, known, &asker(), b"seed").unwrap();
    assert_eq!(report.wrong().next(), None);
    assert_eq!((report.made(), &report.ignored), ((6, 3), &Vec::new()));
}
