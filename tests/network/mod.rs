//! The pages on which people and organisations are kept, through a browser's door: forms sent, redirects followed by
//! hand, what stands on the page that comes.

pub(crate) mod browser;

use quorate::domain::{Action, Party, PhaseKind, Stage, always_granted, granted, limits};
use serde_json::{Value, json};

use super::wire::{Server, Spawn, binary};
use browser::{Page, Visitor};

async fn server(folder: &tempfile::TempDir) -> Server {
    Server::start(&Spawn { binary: binary(), data: folder.path(), through: &[] }).await
}

async fn head(server: &Server) -> u64 {
    let token = server.sign_in("secretariat").await;
    let (_, plans) = server.get(&token, "/api/plans").await;
    plans[0]["head"].as_u64().unwrap()
}

const PATHS: [&str; 7] = [
    "/network",
    "/network/add-organisation",
    "/network/organisations/any",
    "/network/add-person",
    "/network/people/member-1",
    "/network/policy",
    "/network/import",
];

#[tokio::test]
async fn who_may_not_change_people_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let before = head(&server).await;
    for person in ["member-1", "chair", "consultant"] {
        let visitor = Visitor::of(&server, person).await;
        assert!(!visitor.get("/").await.html.contains("/network"), "{person} is not shown the way");
        for path in PATHS {
            let page = visitor.get(path).await;
            assert_eq!(page.status, 404, "{person} at {path}");
            assert!(!page.html.contains("Eleni"), "{person} reads nobody's name at {path}");
            let sent = [
                ("name", "X"),
                ("standing", "member"),
                ("weight", "1"),
                ("version", "1"),
                ("roles", "board"),
            ];
            let page = visitor.post(path, &sent).await;
            assert!([404, 405, 400].contains(&page.status), "{person} at {path}: {}", page.status);
        }
    }
    let stranger = Visitor::of(&server, "").await;
    for path in PATHS {
        stranger.get(path).await.leads_to("/");
    }
    stranger.post("/network/add-person", &[("name", "X"), ("roles", "administrator")]).await.leads_to("/");
    assert_eq!(head(&server).await, before, "nothing was recorded");
    for person in ["secretariat", "administrator"] {
        let visitor = Visitor::of(&server, person).await;
        visitor.get("/").await.says("href=\"/network\"");
        assert_eq!(visitor.get("/network").await.status, 200, "{person}");
    }
}

#[tokio::test]
async fn organisations_are_added_and_changed_and_a_refusal_keeps_what_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let visitor = Visitor::of(&server, "secretariat").await;

    let before = head(&server).await;
    let wrong =
        [("name", "Equality \"Now\" & <co>"), ("standing", "member"), ("weight", "0"), ("seats", "2")];
    let page = visitor.fill("/network/add-organisation", &wrong).await;
    assert_eq!(page.status, 422);
    page.says("This was not saved");
    page.says("<a href=\"#weight\">A member has 1 to 1000 votes");
    for (name, value) in [("name", wrong[0].1), ("weight", "0"), ("seats", "2")] {
        assert_eq!(page.value(name), value, "what was typed stays");
    }
    let words = [("name", ""), ("weight", "many"), ("seats", "-1")];
    let page = visitor.fill("/network/add-organisation", &words).await;
    page.says("href=\"#standing-member\"");
    page.says("href=\"#weight\"");
    page.says("href=\"#seats\"");
    assert_eq!(page.value("weight"), "many");
    assert_eq!(head(&server).await, before, "nothing was recorded");

    let id = visitor.organisation("Equality Athens", "member", "2", "3").await;
    let list = visitor.get("/network?done=organisation-added").await;
    list.says("The organisation was added.");
    list.says("Equality Athens");
    list.says("0 of 3 seats taken");

    // The same form twice is one organisation; another form with the same name is refused.
    let page = visitor.get("/network/add-organisation").await;
    let form = page.value("form");
    let fields = [
        ("form", form.as_str()),
        ("name", "Twice"),
        ("standing", "observer"),
        ("weight", ""),
        ("seats", "1"),
    ];
    for _ in 0..2 {
        visitor.post("/network/add-organisation", &fields).await.leads_to("/network?done=organisation-added");
    }
    let again = [("name", "TWICE"), ("standing", "observer"), ("weight", ""), ("seats", "1")];
    visitor
        .fill("/network/add-organisation", &again)
        .await
        .says("Another organisation has that name already.");

    let path = format!("/network/organisations/{id}");
    let fields = [("name", "Equality Attica"), ("standing", "member"), ("weight", "5"), ("seats", "3")];
    visitor.fill(&path, &fields).await.leads_to("/network?done=organisation-changed");
    let list = visitor.json("/api/organisations").await;
    let one = list.as_array().unwrap().iter().find(|one| one["id"] == json!(id)).unwrap();
    assert_eq!(
        *one,
        json!({ "id": id, "name": "Equality Attica", "standing": "member", "weight": 5, "seats": 3, "taken": 0,
            "version": 2 })
    );
}

#[tokio::test]
async fn people_are_added_changed_and_leave_to_a_successor() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let visitor = Visitor::of(&server, "administrator").await;
    let athens = visitor.organisation("Equality Athens", "member", "1", "1").await;
    let sofia = visitor.organisation("Equality Sofia", "member", "1", "1").await;

    let page = visitor.fill("/network/add-person", &[("name", "Dimitra"), ("organisation", &athens)]).await;
    assert_eq!(page.status, 422);
    page.says("<a href=\"#role-secretariat\">The list of roles is empty.</a>");
    assert_eq!(page.value("name"), "Dimitra");
    page.says(&format!("<option value=\"{athens}\" selected>"));

    let dimitra = visitor.representative("Dimitra", &athens, true).await;
    let kostas = visitor.representative("Kostas", &athens, false).await;
    visitor.representative("Boyana", &sofia, false).await;
    visitor.get("/network").await.says("1 of 1 seat taken");

    // Each is reached by an address of their own.
    let ada = [("name", "Ada"), ("email", "ada@example.org"), ("roles", "board")];
    visitor.fill("/network/add-person", &ada).await.leads_to("/network?done=person-added");
    let other = [("name", "Other"), ("email", "ADA@example.org"), ("roles", "board")];
    let page = visitor.fill("/network/add-person", &other).await;
    page.says("<a href=\"#email\">Somebody in this network has that e-mail address already.</a>");
    assert_eq!(page.value("email"), "ADA@example.org");
    visitor.get("/network").await.says("has not signed in yet");

    // A name is corrected by who keeps people, and by whose it is.
    let renamed = [("do", "name"), ("name", "Boiana")];
    let boyana = format!("/network/people/{}", visitor.id_of("people", "Boyana").await);
    let page = visitor.fill(&boyana, &[("do", "name"), ("name", " ")]).await;
    assert_eq!(page.status, 422);
    page.says("<a href=\"#name\">The name is empty.</a>");
    visitor.fill(&boyana, &renamed).await.leads_to(&format!("{boyana}?done=person-renamed"));
    assert_eq!(format!("/network/people/{}", visitor.id_of("people", "Boiana").await), boyana);
    let own = Visitor::of(&server, "member-1").await;
    own.fill("/me/data", &[("name", "\u{200b}")]).await.says("The name is empty.");
    own.fill("/me/data", &[("name", "Helena")]).await.leads_to("/me/data?done=saved");
    assert_eq!(visitor.id_of("people", "Helena").await, "member-1");
    own.fill("/me/data", &[("name", "MAUD\u{200b}")]).await.says("Somebody else here has that name.");
    let fields = json!({ "person": "chair", "name": "Mine" });
    let (status, answer) = server.command(&own.token, "person.rename", fields).await;
    assert_eq!((status, &answer["code"]), (403, &json!("not_permitted")), "{answer}");
    visitor.fill(&boyana, &[("do", "name"), ("name", "Boyana")]).await;

    // No second seat where there is one.
    let office = [("roles", "representative"), ("organisation", athens.as_str()), ("seat", "yes")];
    let page = visitor.fill(&kostas, &office).await;
    page.says("<a href=\"#seat\">More people would hold a seat than the organisation has seats.</a>");

    let asked = json!({ "task": "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f03",
        "of": { "person": dimitra.rsplit('/').next().unwrap() }, "text": "Send the figures." });
    let secretariat = server.sign_in("secretariat").await;
    assert_eq!(server.command(&secretariat, "task.ask", asked).await.0, 200);
    assert!(!visitor.get(&kostas).await.html.contains("They have in hand"));
    visitor.get(&dimitra).await.says("They have in hand: 1 open task.");

    // Only who is sure lets somebody leave, and only to somebody of the same organisation.
    let kostas_id = kostas.rsplit('/').next().unwrap();
    let leave = [("do", "leave"), ("successor", kostas_id)];
    visitor.fill(&dimitra, &leave).await.says("href=\"#sure\"");
    let page = visitor.get(&dimitra).await;
    assert!(!page.html.contains("Boyana"), "somebody of another organisation is not offered");
    let other = visitor.id_of("people", "Boyana").await;
    let elsewhere = [("do", "leave"), ("successor", other.as_str()), ("sure", "yes")];
    visitor.fill(&dimitra, &elsewhere).await.says("A successor is somebody else, of the same organisation.");
    let leave = [("do", "leave"), ("successor", kostas_id), ("sure", "yes")];
    visitor.fill(&dimitra, &leave).await.leads_to("/network?done=person-left");
    visitor.get(&dimitra).await.says("This person has left the network.");

    let people = visitor.json("/api/people").await;
    let of = |name: &str| {
        let one = people.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        (one["organisation"].clone(), one["seat"].clone(), one["left"].clone(), one["version"].clone())
    };
    assert_eq!(of("Kostas"), (json!(athens), json!(true), json!(false), json!(2)), "the seat went over");
    assert_eq!(of("Dimitra"), (json!(athens), json!(false), json!(true), json!(2)));

    // Who left by mistake, or comes again, comes back as who they were.
    let back = [("do", "return"), ("roles", "representative"), ("organisation", sofia.as_str())];
    let page = visitor.fill(&dimitra, &[("do", "return"), ("organisation", &sofia)]).await;
    assert_eq!(page.status, 422);
    page.says("The list of roles is empty.");
    visitor.fill(&dimitra, &back).await.leads_to(&format!("{dimitra}?done=person-returned"));
    visitor.get(&format!("{dimitra}?done=person-returned")).await.says("This person is back in the network.");
    let people = visitor.json("/api/people").await;
    let one = people.as_array().unwrap().iter().find(|one| one["name"] == "Dimitra").unwrap();
    assert_eq!(
        (&one["organisation"], &one["left"], &one["roles"], &one["version"]),
        (&json!(sofia), &json!(false), &json!(["representative"]), &json!(3))
    );

    // What was entered by mistake is taken out; what the record speaks of stays.
    let mistake = visitor.organisation("Equality Sophia", "member", "1", "1").await;
    let page = visitor.get(&format!("/network/organisations/{sofia}")).await;
    assert!(!page.html.contains("Take it out"), "somebody acts for it");
    let sofia = format!("/network/organisations/{sofia}");
    let page = visitor.fill(&sofia, &[("do", "remove")]).await;
    assert_eq!(page.status, 422);
    page.says("Somebody acts or has acted for this organisation, or something was asked of it.");
    assert_eq!(page.value("name"), "Equality Sofia");
    let mistake = format!("/network/organisations/{mistake}");
    visitor.get(&mistake).await.says("Take it out");
    visitor.fill(&mistake, &[("do", "remove")]).await.leads_to("/network?done=organisation-removed");
    assert_eq!(visitor.get(&mistake).await.status, 404);
    visitor.organisation("Equality Sophia", "member", "1", "1").await;

    // The last two who may change people: one may go, the other may not.
    let office = [("roles", "board")];
    visitor
        .fill("/network/people/secretariat", &office)
        .await
        .leads_to("/network/people/secretariat?done=person-changed");
    let page = visitor.fill("/network/people/administrator", &office).await;
    page.says("Nobody would be left who can add or change people.");
}

#[tokio::test]
async fn of_two_who_change_the_same_the_second_hears_of_it_and_nothing_is_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let first = Visitor::of(&server, "administrator").await;
    let second = Visitor::of(&server, "secretariat").await;
    let athens = first.organisation("Equality Athens", "member", "1", "2").await;
    let person = first.representative("Dimitra", &athens, false).await;

    // Both open the page, both send.
    let (one, other) = (first.get(&person).await, second.get(&person).await);
    let send = |page: &Page, role: &'static str, seat: bool| {
        let mut fields =
            vec![("form".to_owned(), page.value("form")), ("version".to_owned(), page.value("version"))];
        fields.push(("roles".into(), role.into()));
        fields.push(("organisation".into(), athens.clone()));
        fields.extend(seat.then(|| ("seat".to_owned(), "yes".to_owned())));
        fields
    };
    let borrowed = |fields: &[(String, String)]| -> Vec<(String, String)> { fields.to_vec() };
    let post = async |visitor: &Visitor<'_>, fields: Vec<(String, String)>| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        visitor.post(&person, &fields).await
    };
    let sent = send(&one, "representative", true);
    let done = format!("{person}?done=person-changed");
    post(&first, borrowed(&sent)).await.leads_to(&done);
    let before = head(&server).await;
    let page = post(&second, send(&other, "board", false)).await;
    assert_eq!(page.status, 422);
    page.says(
        "Somebody else has changed this person&#39;s part in the network meanwhile."
            .replace("&#39;", "'")
            .as_str(),
    );
    page.says("What stands now:");
    page.says("holds a seat");
    page.says("value=\"board\" checked");
    assert_eq!(head(&server).await, before, "nothing is half done");
    // A double click of the first is no conflict.
    post(&first, sent).await.leads_to(&done);
    assert_eq!(head(&server).await, before);
    // Whoever has read what stands now may put theirs in its place.
    post(&second, send(&page, "board", false)).await.leads_to(&done);
    let people = second.json("/api/people").await;
    let one = people.as_array().unwrap().iter().find(|one| one["name"] == "Dimitra").unwrap();
    assert_eq!((&one["roles"], &one["seat"], &one["version"]), (&json!(["board"]), &json!(false), &json!(3)));
}

const LIST: &str = "organisation;standing;weight;seats;name;roles\n\
    Equality Sofia;member;2;1;Boyana;representative\n\
    Equality Sofia;;;;Petar;\"representative; board\"\n\
    Women of Oslo;guest;;;Liv;representative\n\
    Equality Graz;member;0;1;Resi;boss\n\
    Watch Wien;observer;;;Sepp;representative\n\
    Watch Wien;;;;Sepp;representative\n";

#[tokio::test]
async fn of_a_list_with_wrong_lines_nothing_is_taken_until_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let visitor = Visitor::of(&server, "administrator").await;
    let before = head(&server).await;
    let blank = visitor.get("/network/import").await;
    let form = blank.value("form");
    let check = [("form", form.as_str()), ("do", "check"), ("text", LIST)];
    let page = visitor.upload("/network/import", &check).await;
    assert_eq!(page.status, 200);
    page.says("3 lines are right, 3 lines are wrong.");
    for (line, trouble) in [
        (4, "“guest” is no standing"),
        (5, "A member has 1 to 1000 votes"),
        (5, "“boss” is no role"),
        (7, "The same person stands in line 6 already."),
    ] {
        let row = format!("<tr><th scope=\"row\">{line}</th>");
        let row = page.html.split(&row).nth(1).unwrap_or_else(|| panic!("line {line}: {}", page.html));
        assert!(row.split("</tr>").next().unwrap().contains(trouble), "line {line}: {trouble}");
    }
    assert!(!page.html.contains("value=\"take\""), "the whole cannot be taken");
    page.says("Import the 3 lines that are right");

    // What travels with the form is looked at again: the whole is not taken, nor anything that was not looked at.
    let seen = page.value("seen");
    let text = page.value("text");
    assert_eq!(text, LIST);
    let step = async |what: &str, seen: &str, text: &str| {
        let fields = [("form", form.as_str()), ("do", what), ("seen", seen), ("text", text)];
        visitor.upload("/network/import", &fields).await
    };
    let page = step("take", &seen, &text).await;
    assert_eq!(page.status, 409);
    page.says("This list cannot be imported as it is.");
    let other = text.replace("Boyana", "Somebody else");
    let page = step("take-right", &seen, &other).await;
    assert_eq!(page.status, 409);
    page.says("The network has changed since you looked");
    assert_eq!(head(&server).await, before, "nothing was recorded");

    // Line ends change on the way through a form.
    let crlf = text.replace('\n', "\r\n");
    let done = "/network?done=imported&people=3&organisations=2";
    step("take-right", &seen, &crlf).await.leads_to(done);
    visitor.get(done).await.says("The list is imported: 2 new organisations, 3 new people.");
    assert_eq!(head(&server).await, before + 5);
    let people = visitor.json("/api/people").await;
    let of = |name: &str| people.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(of("Boyana")["seat"], true);
    assert_eq!(of("Sepp")["roles"], json!(["representative"]));
    assert!(people.as_array().unwrap().iter().all(|one| one["name"] != "Resi"));
    let organisations = visitor.json("/api/organisations").await;
    let is_there = |name: &str| organisations.as_array().unwrap().iter().any(|one| one["name"] == name);
    assert!(is_there("Equality Sofia") && is_there("Watch Wien"), "{organisations}");
    assert!(!is_there("Women of Oslo") && !is_there("Equality Graz"), "{organisations}");

    // Once more: what was right is there, and what was wrong still is.
    visitor
        .upload("/network/import", &check)
        .await
        .says("0 lines are right, 3 lines are there already, 3 lines are wrong.");
    // A file, with a byte-order mark; all right, so all of it.
    let list = "\u{feff}name,roles\r\nZoe,teller\r\n";
    let page = visitor.upload("/network/import", &[("form", &form), ("do", "check"), ("file", list)]).await;
    page.says("1 line is right, 0 lines are wrong.");
    let (seen, text) = (page.value("seen"), page.value("text"));
    step("take", &seen, &text).await.leads_to("/network?done=imported&people=1&organisations=0");
    // A double click does nothing twice.
    step("take", &seen, &text).await.leads_to("/network?done=all-there");
    assert_eq!(head(&server).await, before + 6);
}

#[tokio::test]
async fn a_list_that_is_none_says_why_and_keeps_what_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let visitor = Visitor::of(&server, "administrator").await;
    let many = format!("name,roles{}", "\nA,board".repeat(limits::LIST_ROWS + 1));
    let large = "x".repeat(limits::LIST_BYTES + 1);
    for (text, said) in [
        ("Sofia,member", "The first line names neither"),
        ("", "There is nothing in this list."),
        (many.as_str(), "The list has more than 10000 lines."),
        (large.as_str(), "The list is larger than 1 MB."),
    ] {
        let page = visitor.upload("/network/import", &[("do", "check"), ("text", text)]).await;
        assert_eq!(page.status, 422, "{said}");
        page.says(said);
    }
    let page = visitor.upload("/network/import", &[("do", "check"), ("text", "a,b\n<script>")]).await;
    page.says("a,b\n&lt;script&gt;</textarea>");
    let both = [("do", "check"), ("text", "name\nA"), ("file", "name\nB")];
    visitor.upload("/network/import", &both).await.says("Choose a file or paste a list, not both.");
    let huge = "x".repeat(limits::LIST_FORM_BYTES);
    let page = visitor.upload("/network/import", &[("do", "check"), ("text", &huge)]).await;
    assert_eq!(page.status, 413);
    let member = Visitor::of(&server, "member-1").await;
    assert_eq!(member.upload("/network/import", &[("do", "check"), ("text", LIST)]).await.status, 404);
}

#[tokio::test]
async fn a_list_is_taken_in_at_the_terminal_with_and_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = server(&folder).await;
    let file = folder.path().join("list.csv");
    std::fs::write(&file, LIST).unwrap();
    let import = |arguments: &[&str]| {
        let mut verb = std::process::Command::new(binary());
        verb.args(["people", "import"]).arg(&file).args(arguments).arg("--data").arg(folder.path());
        let done = verb.output().unwrap();
        (
            done.status.success(),
            String::from_utf8(done.stdout).unwrap(),
            String::from_utf8(done.stderr).unwrap(),
        )
    };
    let before = head(&server).await;
    let (ok, _, why) = import(&["--as", "member-1"]);
    assert!(!ok && why.contains("member-1 is nobody who may add people"), "{why}");
    let (ok, said, _) = import(&["--as", "administrator", "--dry-run"]);
    assert!(!ok && said.contains("Lines that are right: 3; there already: 0; wrong: 3."), "{said}");
    assert!(said.contains("line 5     WRONG    A member has 1 to 1000 votes"), "{said}");
    let (ok, said, why) = import(&["--as", "administrator"]);
    assert!(!ok && said.contains("Nothing was taken in.") && why.contains("--take-right"), "{said} {why}");
    assert_eq!(head(&server).await, before, "nothing was recorded");
    let (ok, said, _) = import(&["--as", "administrator", "--take-right"]);
    assert!(ok && said.contains("Taken in: new organisations: 2; new people: 3."), "{said}");
    assert_eq!(head(&server).await, before + 5);

    // With the server gone, the verb opens the folder itself.
    server.stop();
    std::fs::write(&file, "name,roles\nZoe,teller\n").unwrap();
    let (ok, said, why) = import(&["--as", "secretariat"]);
    assert!(ok && said.contains("Taken in: new organisations: 0; new people: 1."), "{said} {why}");
    let (ok, said, _) = import(&["--as", "secretariat"]);
    assert!(ok && said.contains("there already: 1"), "{said}");
    let verified =
        std::process::Command::new(binary()).arg("verify").arg("--data").arg(folder.path()).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

/// The cells of a table, row by row, without their tags.
fn cells(table: &str) -> Vec<Vec<String>> {
    let text = |cell: &str| {
        let inside = cell.split_once('>').map_or("", |(_, inside)| inside);
        let parts = inside.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("|")
    };
    let row = |row: &str| {
        let ends = row.replace("</th>", "</td>").replace("<th", "<td");
        ends.split("<td").skip(1).map(|cell| text(cell.split("</td>").next().unwrap())).collect()
    };
    table.split("<tr>").skip(1).map(|one| row(one.split("</tr>").next().unwrap())).collect()
}

#[tokio::test]
async fn every_cell_of_the_page_is_a_cell_of_the_table_by_which_is_decided() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let visitor = Visitor::of(&server, "secretariat").await;
    let parties = [
        (Party::Secretariat, "Secretariat"),
        (Party::Consultant, "Consultant"),
        (Party::Member, "Representative of a member"),
        (Party::Observer, "Representative of an observer"),
        (Party::Stakeholder, "Representative of a stakeholder"),
        (Party::Guest, "Guest"),
        (Party::Board, "Board"),
        (Party::Chair, "Chair of the board"),
        (Party::ChiefExecutive, "Chief executive"),
        (Party::Teller, "Teller"),
        (Party::Administrator, "Administrator"),
    ];
    let stages = [
        (Stage::Unscheduled, "No process"),
        (Stage::Between, "Between phases"),
        (Stage::Phase(PhaseKind::Gathering), "Gathering"),
        (Stage::Phase(PhaseKind::Drafting), "Drafting"),
        (Stage::Phase(PhaseKind::Consultation), "Consultation"),
        (Stage::Phase(PhaseKind::Confidential), "Confidential"),
        (Stage::Phase(PhaseKind::Decision), "Decision"),
        (Stage::Phase(PhaseKind::FollowUp), "Follow-up"),
    ];
    let word = |action: &Action| match action {
        Action::Read => "read",
        Action::Comment => "comment",
        Action::Suggest => "suggest",
        Action::Edit => "edit",
        Action::Decide => "decide",
        other => panic!("{other:?} depends on the phase"),
    };
    let always = [
        Action::Freeze,
        Action::CreatePlan,
        Action::Process,
        Action::People,
        Action::Moderate,
        Action::Ask,
        Action::Approve,
    ];

    let page = visitor.get("/network/policy").await;
    assert_eq!(page.status, 200);
    let tables: Vec<_> =
        page.html.split("<table").skip(1).map(|table| table.split("</table>").next().unwrap()).collect();
    assert_eq!(tables.len(), 2);
    for table in &tables {
        assert!(
            table.contains("<caption") && table.contains("scope=\"col\"") && table.contains("scope=\"row\"")
        );
    }
    let rows = cells(tables[0]);
    assert_eq!(rows.len(), 1 + Party::ALL.len());
    for (head, (_, name)) in rows[0][1..].iter().zip(stages) {
        assert_eq!(head.split('|').next(), Some(name));
    }
    let mut compared = 0;
    for (row, (party, name)) in rows[1..].iter().zip(parties) {
        assert_eq!((row[0].as_str(), row.len()), (name, 1 + stages.len()));
        for (cell, (stage, _)) in row[1..].iter().zip(stages) {
            let actions: Vec<_> = granted(party, stage).iter().map(word).collect();
            let expected = if actions.is_empty() { "nothing".to_owned() } else { actions.join(", ") };
            assert_eq!(*cell, expected, "{party:?} in {stage:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, Party::ALL.len() * Stage::ALL.len());
    let rows = cells(tables[1]);
    for (row, (party, name)) in rows[1..].iter().zip(parties) {
        assert_eq!((row[0].as_str(), row.len()), (name, 1 + always.len()));
        for (cell, action) in row[1..].iter().zip(always) {
            let expected = if always_granted(party).contains(&action) { "yes" } else { "no" };
            assert_eq!(cell, expected, "{party:?}: {action:?}");
        }
    }

    // Where plans are now, the column says so; and to programs the same is told.
    let told = visitor.json("/api/policy").await;
    let plans = visitor.json("/api/plans").await;
    for (head, (stage, _)) in cells(tables[0])[0][1..].iter().zip(stages) {
        let stage = serde_json::to_value(stage).unwrap();
        let here = told["now"].as_array().unwrap().iter().filter(|now| now["stage"] == stage);
        let here: Vec<_> = here.map(|now| &now["plan"]).collect();
        assert_eq!(head.contains("|now|"), !here.is_empty(), "{head}");
        for plan in plans.as_array().unwrap().iter().filter(|plan| here.contains(&&plan["id"])) {
            assert!(head.contains(plan["title"].as_str().unwrap()), "{head}");
        }
    }
    assert_eq!(told["now"].as_array().unwrap().len(), plans.as_array().unwrap().len());
    for (column, (stage, _)) in told["stages"].as_array().unwrap().iter().zip(stages) {
        assert_eq!(column["stage"], serde_json::to_value(stage).unwrap());
        for (row, (party, _)) in column["granted"].as_array().unwrap().iter().zip(parties) {
            let actions: Vec<_> = granted(party, stage).iter().map(word).collect();
            assert_eq!(*row, json!({ "party": party, "actions": actions }));
        }
    }
}

#[tokio::test]
async fn programs_find_the_shapes_of_what_they_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let visitor = Visitor::of(&server, "member-1").await;
    let described = visitor.json("/api/openapi.json").await;
    for (path, list, shape) in [
        ("/api/people", true, "Person"),
        ("/api/organisations", true, "Organisation"),
        ("/api/policy", false, "Policy"),
    ] {
        let schema =
            &described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let named = if list { &schema["items"]["$ref"] } else { &schema["$ref"] };
        assert_eq!(*named, json!(format!("#/components/schemas/{shape}")), "{path}: {schema}");
        // What is answered is of that shape.
        let whole = json!({ "$ref": "#/components/schemas/shape", "components": { "schemas": described["components"]["schemas"] } });
        let mut whole = whole;
        whole["components"]["schemas"]["shape"] = schema.clone();
        let validator = jsonschema::validator_for(&whole).unwrap();
        let answer = visitor.json(path).await;
        let wrong: Vec<_> = validator.iter_errors(&answer).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:?}");
        let strict = &described["components"]["schemas"][shape]["required"];
        assert!(!strict.as_array().unwrap().is_empty(), "{shape} says what is always there");
        let stranger = Visitor::of(&server, "").await;
        assert_eq!(stranger.get(path).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn somebodys_part_is_told_with_their_organisation_and_what_that_is() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let secretariat = server.sign_in("secretariat").await;
    let give = async |kind: &str, fields: Value| {
        let (status, answer) = server.command(&secretariat, kind, fields).await;
        assert_eq!(status, 200, "{kind}: {answer}");
    };
    for standing in ["observer", "stakeholder"] {
        let (organisation, person) = (format!("of-{standing}s"), format!("an-{standing}"));
        let name = format!("Forum of {standing}s");
        let fields = json!({ "organisation": organisation, "name": name, "standing": standing, "weight": 0, "seats": 0 });
        give("organisation.add", fields).await;
        let roles = ["representative"];
        let fields = json!({ "person": person, "roles": roles, "organisation": organisation, "name": "Ida" });
        give("person.add", fields).await;
        let visitor = Visitor::of(&server, &person).await;
        visitor.get("/").await.says(&format!("Representative of Forum of {standing}s ({standing})"));
        let people = visitor.json("/api/people").await;
        let own = people.as_array().unwrap().iter().find(|one| one["id"] == *person).unwrap();
        assert_eq!(own["part"], format!("Representative of Forum of {standing}s ({standing})"));
    }
}
