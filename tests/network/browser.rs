//! Somebody with a browser that runs no scripts: pages, forms, redirects.

use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use serde_json::Value;

use super::Server;
use crate::wire::form;

/// A page as it came.
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it leads on to; empty where it does not.
    pub(crate) to: String,
    pub(crate) html: String,
}

impl Page {
    /// The value of an input that holds one.
    pub(crate) fn value(&self, name: &str) -> String {
        let input = self.html.split("<input").find(|input| input.contains(&format!("name=\"{name}\"")));
        let after = input.and_then(|input| input.split_once("value=\"")).map(|(_, after)| after);
        after.and_then(|after| after.split_once('"')).map_or_else(String::new, |(value, _)| unescape(value))
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        assert!(self.html.contains(words), "{words:?} is not in {}", self.html);
    }

    #[track_caller]
    pub(crate) fn leads_to(&self, to: &str) {
        assert_eq!((self.status, self.to.as_str()), (303, to), "{}", self.html);
    }
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Somebody with a browser that runs no scripts.
pub(crate) struct Visitor<'a> {
    pub(crate) server: &'a Server,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

impl<'a> Visitor<'a> {
    pub(crate) async fn of(server: &'a Server, person: &str) -> Self {
        let token = if person.is_empty() { String::new() } else { server.sign_in(person).await };
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { server, http, token }
    }

    pub(crate) async fn ask(&self, request: reqwest::RequestBuilder) -> Page {
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let to = answer.headers().get(LOCATION).map_or("", |to| to.to_str().unwrap()).to_owned();
        Page { status, to, html: answer.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.ask(self.http.get(self.server.url(path))).await
    }

    /// Fills in a form and sends it.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.ask(form(self.http.post(self.server.url(path)), fields)).await
    }

    /// Sends a form that may have a file in it.
    pub(crate) async fn upload(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut body = String::new();
        for (name, value) in fields {
            let file = if *name == "file" { "; filename=\"list.csv\"\r\nContent-Type: text/csv" } else { "" };
            let head = format!("Content-Disposition: form-data; name=\"{name}\"{file}");
            body += &format!("--boundary\r\n{head}\r\n\r\n{value}\r\n");
        }
        body += "--boundary--\r\n";
        let request = self.http.post(self.server.url(path));
        self.ask(request.header("content-type", "multipart/form-data; boundary=boundary").body(body)).await
    }

    /// Opens the page of a form, fills it in and sends it with what is hidden in it.
    pub(crate) async fn fill(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.html);
        let hidden = ["form", "version", "id"].map(|name| (name, page.value(name)));
        let hidden = hidden.iter().filter(|(_, value)| !value.is_empty());
        let hidden = hidden.map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        self.post(path, &all).await
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, answer) = self.server.get(&self.token, path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// The id of the organisation or person of that name.
    pub(crate) async fn id_of(&self, list: &str, name: &str) -> String {
        let list = self.json(&format!("/api/{list}")).await;
        let one = list.as_array().unwrap().iter().find(|one| one["name"] == name);
        one.unwrap_or_else(|| panic!("no {name} in {list}"))["id"].as_str().unwrap().to_owned()
    }

    /// Adds an organisation, and tells its path.
    pub(crate) async fn organisation(&self, name: &str, standing: &str, weight: &str, seats: &str) -> String {
        let fields = [("name", name), ("standing", standing), ("weight", weight), ("seats", seats)];
        self.fill("/network/add-organisation", &fields).await.leads_to("/network?done=organisation-added");
        self.id_of("organisations", name).await
    }

    /// Adds a representative, and tells their path.
    pub(crate) async fn representative(&self, name: &str, organisation: &str, seat: bool) -> String {
        let mut fields = vec![("name", name), ("roles", "representative"), ("organisation", organisation)];
        fields.extend(seat.then_some(("seat", "yes")));
        self.fill("/network/add-person", &fields).await.leads_to("/network?done=person-added");
        format!("/network/people/{}", self.id_of("people", name).await)
    }
}
