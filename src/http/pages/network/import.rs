//! `/network/import`: a list of people and organisations is taken in, in two steps: first what it would do, line by
//! line, and only then, when that was looked at, it is done. What travels between the two is the list itself.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{
        DefaultBodyLimit, Multipart, State,
        multipart::{MultipartError, MultipartRejection},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use sha2::{Digest, Sha256};

use super::{
    Desk, Problem, Visit, back,
    form::{self, Fields, NONCE, Wrong},
    say,
};
use crate::domain::{Email, PersonId, limits};
use crate::roster::{self, Column, Found, Known, Line, Report, Unreadable};

const TEXT: &str = "text";
const FILE: &str = "file";
/// Which step is asked for.
const DO: &str = "do";
const CHECK: &str = "check";
const TAKE: &str = "take";
const TAKE_RIGHT: &str = "take-right";
/// What the report said when it was looked at.
const SEEN: &str = "seen";

pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/network/import", get(blank).post(sent))
        .layer(DefaultBodyLimit::max(limits::LIST_FORM_BYTES))
}

async fn blank(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, Problem> {
    desk.visit(headers, |visit| {
        Ok(asking(visit, &Fields::of([(NONCE, visit.desk.fresh_id().to_string())]), &[]))
    })
    .await
}

async fn sent(
    State(desk): State<Desk>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    // Of whoever may not, nothing is read.
    desk.clone().visit(headers.clone(), |_| Ok(())).await?;
    let parts = parts(form.map_err(|_| Problem::NotUnderstood)?).await?;
    desk.visit(headers, |visit| answer(visit, parts)).await
}

/// What came: the fields, and the list, from the file or as it was pasted.
struct Parts {
    fields: Fields,
    list: Vec<u8>,
    both: bool,
}

async fn parts(mut form: Multipart) -> Result<Parts, Problem> {
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        _ => Problem::NotUnderstood,
    };
    let mut fields = Fields::default();
    let (mut pasted, mut file) = (Vec::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(broken)?;
        match name.as_str() {
            TEXT => pasted = bytes.to_vec(),
            FILE => file = bytes.to_vec(),
            _ => fields.put(&name, String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
    let is_pasted = !pasted.trim_ascii().is_empty();
    let both = is_pasted && !file.is_empty();
    Ok(Parts { fields, list: if is_pasted { pasted } else { file }, both })
}

fn answer(visit: &Visit<'_>, parts: Parts) -> Result<Response, Problem> {
    let Parts { mut fields, list, both } = parts;
    let text = match roster::within(&list) {
        Ok(text) => text,
        Err(unreadable) => return Ok(form::refused(asking(visit, &fields, &[wrong(unreadable)]))),
    };
    fields.put(TEXT, text.clone().into_owned());
    if both {
        let wrong = Wrong::at(FILE, say::FILE_AND_TEXT);
        return Ok(form::refused(asking(visit, &fields, &[wrong])));
    }
    let rules = &visit.network;
    let names: BTreeMap<PersonId, String> =
        rules.people.keys().map(|id| (id.clone(), visit.name(id).to_owned())).collect();
    let person_at = |email: &Email| visit.desk.person_at(email);
    let known = Known { rules, names: &names, person_at: &person_at };
    let report = match roster::check(&text, known, &visit.viewer.id, fields.get(NONCE).as_bytes()) {
        Ok(report) => report,
        Err(unreadable) => return Ok(form::refused(asking(visit, &fields, &[wrong(unreadable)]))),
    };
    let step = fields.get(DO).to_owned();
    if step == CHECK {
        return Ok(reporting(visit, &fields, &report, &[]));
    }
    let again = |said: &str, hint: &str| {
        let wrong = Wrong { field: "", sentence: said.to_owned(), hint: hint.to_owned() };
        let page = reporting(visit, &fields, &report, &[wrong]);
        Ok((StatusCode::CONFLICT, page).into_response())
    };
    if report.requests.is_empty() {
        // A double click: the first has done it.
        return Ok(form::on_to(&format!("/network?done={}", say::Done::AllThere.code())));
    }
    if fields.get(SEEN) != digest(&report) {
        return again(say::LIST_LOOKS_OTHERWISE, say::LIST_LOOK_AGAIN);
    }
    let may = match step.as_str() {
        TAKE => report.wrong().next().is_none(),
        TAKE_RIGHT => true,
        _ => return Err(Problem::NotUnderstood),
    };
    if !may {
        return again(say::LIST_NOT_TAKEN, say::LIST_LOOK_AGAIN);
    }
    let (people, organisations) = report.made();
    match visit.together(report.requests.clone())? {
        Ok(()) => {
            let done = say::Done::Imported.code();
            let path = format!("/network?done={done}&people={people}&organisations={organisations}");
            Ok(form::on_to(&path))
        }
        Err(refusal) => again(&refusal.sentence(), say::LIST_LOOK_AGAIN),
    }
}

fn wrong(unreadable: Unreadable) -> Wrong {
    Wrong::at(TEXT, &unreadable.to_string())
}

/// What a report says, in short: it says the same again as long as nothing has changed meanwhile.
fn digest(report: &Report) -> String {
    let digest = Sha256::digest(format!("{:?}", report.lines));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn asking(visit: &Visit<'_>, fields: &Fields, wrong: &[Wrong]) -> Response {
    let file = form::beneath(FILE, say::FILE_HINT, wrong);
    visit.page(
        &form::title(say::IMPORT, wrong),
        html! {
            (back())
            (form::summary(wrong, &html! {}))
            h1 { (say::IMPORT) }
            p.lead { (say::IMPORT_LEAD) }
            form.entry.sheet method="post" enctype="multipart/form-data" {
                (form::hidden(fields, &[NONCE]))
                input type="hidden" name=(DO) value=(CHECK);
                div.field {
                    label for=(FILE) { (say::FILE) }
                    input id=(FILE) name=(FILE) type="file" accept=".csv,.tsv,.txt,text/csv"
                        aria-describedby=[file.described_by] aria-invalid=[file.invalid];
                    (file.words)
                }
                (pasting(say::TEXT, fields, wrong))
                p.actions { button.button.button-primary type="submit" { (say::CHECK) } }
            }
            section {
                h2 #columns { (say::COLUMNS) }
                p.soft { (say::COLUMNS_LEAD) }
                div.table-box role="region" aria-labelledby="columns" tabindex="0" { (columns()) }
            }
        },
    )
}

fn pasting(label: &str, fields: &Fields, wrong: &[Wrong]) -> Markup {
    let text = form::beneath(TEXT, say::TEXT_HINT, wrong);
    html! {
        div.field {
            label for=(TEXT) { (label) }
            textarea id=(TEXT) name=(TEXT) spellcheck="false" aria-describedby=[text.described_by]
                // A line end right behind the tag is not one of the text.
                aria-invalid=[text.invalid] { "\n" (fields.get(TEXT)) }
            (text.words)
        }
    }
}

fn columns() -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { (say::COLUMN) } th scope="col" { (say::WHAT_IT_SAYS) } } }
            tbody {
                @for column in Column::ALL {
                    tr { th scope="row" { code { (column.word()) } } td { (say::column(column)) } }
                }
            }
        }
    }
}

fn reporting(visit: &Visit<'_>, fields: &Fields, report: &Report, wrong: &[Wrong]) -> Response {
    let bad: Vec<_> = report.wrong().collect();
    let (people, organisations) = report.made();
    let right = report.right();
    visit.page(
        &form::title(say::REPORT, wrong),
        html! {
            (back())
            (form::summary(wrong, &html! {}))
            h1 { (say::REPORT) }
            p.lead { (say::report(right, report.unchanged(), bad.len())) }
            p { (say::nothing_yet(people, organisations)) }
            @if report.reached() > 0 && !visit.desk.demonstration() { p { (say::mailed(report.reached())) } }
            @if !report.ignored.is_empty() { p.notice.notice-waiting { (say::ignored(&report.ignored)) } }
            @if right == 0 && bad.is_empty() { p.notice { (say::ALL_THERE) } }
            @if right > 0 {
                form.actions method="post" enctype="multipart/form-data" {
                    (form::hidden(fields, &[NONCE, TEXT]))
                    input type="hidden" name=(SEEN) value=(digest(report));
                    @if bad.is_empty() {
                        button.button.button-primary type="submit" name=(DO) value=(TAKE) { (say::TAKE) }
                    } @else {
                        button.button type="submit" name=(DO) value=(TAKE_RIGHT) { (say::take_right(right)) }
                    }
                    a.button href="/network" { (say::TAKE_NOTHING) }
                }
            }
            @if !bad.is_empty() {
                section {
                    h2 #wrong-lines { (say::wrong_lines(bad.len())) }
                    div.table-box role="region" aria-labelledby="wrong-lines" tabindex="0" {
                        table.import-lines {
                            (head(say::WHAT_IS_WRONG))
                            tbody {
                                @for (line, troubles) in &bad {
                                    (row(line, &html! { ul { @for one in *troubles { li { (one) } } } }))
                                }
                            }
                        }
                    }
                }
                section {
                    h2 { (say::CORRECT) }
                    form.entry.sheet method="post" enctype="multipart/form-data" {
                        (form::hidden(fields, &[NONCE]))
                        input type="hidden" name=(DO) value=(CHECK);
                        (pasting(say::THE_LIST, fields, &[]))
                        p.actions { button.button.button-primary type="submit" { (say::CHECK_AGAIN) } }
                    }
                }
            }
            @if right > 0 {
                section {
                    h2 #right-lines { (say::right_lines(right)) }
                    div.table-box role="region" aria-labelledby="right-lines" tabindex="0" {
                        table.import-lines {
                            (head(say::WHAT_IT_MAKES))
                            tbody {
                                @for line in &report.lines {
                                    @if let Found::Right(makes) = &line.found { (row(line, &html! { (makes) })) }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn head(last: &str) -> Markup {
    html! {
        thead {
            tr {
                th scope="col" { (say::LINE) }
                th scope="col" { (say::ABOUT) }
                th scope="col" { (last) }
            }
        }
    }
}

fn row(line: &Line, last: &Markup) -> Markup {
    html! {
        tr { th scope="row" { (line.number) } td { (line.about()) } td { (last) } }
    }
}
