//! What every answer says to browsers beside what it is.

use reqwest::{Response, header};
use serde_json::json;
use tempfile::tempdir;

use super::house::{binary, house};
use super::wire::{Server, Spawn, form};

fn said<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_says_how_it_may_be_used() {
    let house = house().await;
    let token = house.server.sign_in("secretariat").await;
    let (http, plan) = (reqwest::Client::new(), &house.plan);
    let of_the_plan = ["", "/read", "/replay", "/calendar", "/guests"];
    let pages = of_the_plan.map(|view| format!("/plans/{plan}{view}"));
    let interface = ["", "/threads", "/events", "/timeline", "/process", "/live"];
    let interface = interface.map(|what| format!("/api/plans/{plan}{what}"));
    let others = ["/", "/network", "/network/policy", "/api/people", "/api/session", "/sync", "/healthz"];
    let others = others.into_iter().chain(["/metrics", "/nowhere", "/api/nowhere", "/assets/nowhere.js"]);
    let files = ["/service-worker.js", "/favicon.svg"];
    let all = pages.into_iter().chain(interface).chain(others.chain(files).map(str::to_owned));
    for path in all {
        for token in [&token, ""] {
            let answer = http.get(house.server.url(&path)).bearer_auth(token).send().await.unwrap();
            let policy = said(&answer, "content-security-policy");
            for part in
                ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]
            {
                assert!(policy.contains(part), "{path}: {policy:?}");
            }
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(said(&answer, name), value, "{path}: {name}");
            }
            assert!(said(&answer, "permissions-policy").contains("camera=()"), "{path}");
            assert!(!answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{path}");
            // By plain http it would count for nothing, and a network that is tried out has no other way.
            assert!(!answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), "{path}");
            let (kind, caching) = (said(&answer, "content-type"), said(&answer, "cache-control"));
            // Events are kept by no browser; the client's own files are nobody's secret.
            let is_apart = kind == "text/event-stream" || files.contains(&&*path) && answer.status() == 200;
            assert_eq!(caching, if is_apart { "no-cache" } else { "no-store" }, "{path}");
            let names_letters = kind.ends_with("charset=utf-8") || !kind.starts_with("text/");
            assert!(names_letters || kind == "text/event-stream", "{path}: {kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_https_no_browser_comes_by_plain_http_again() {
    let folder = tempdir().unwrap();
    let through = ["env", "QUORATE_PUBLIC_URL=https://plan.example.org"];
    let spawn = Spawn { binary: binary(), data: folder.path(), through: &through };
    let server = Server::start(&spawn).await;
    for path in ["/", "/api/plans", "/nowhere", "/favicon.svg"] {
        let answer = reqwest::get(server.url(path)).await.unwrap();
        let promise = said(&answer, "strict-transport-security");
        assert_eq!(promise, "max-age=63072000; includeSubDomains", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_tells_of_itself_is_not_answered() {
    let house = house().await;
    for method in ["TRACE", "TRACK"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        for path in ["/", "/api/plans", "/metrics"] {
            let answer = reqwest::Client::new().request(method.clone(), house.server.url(path));
            let answer = answer.header("x-secret", "not to be told").send().await.unwrap();
            let status = answer.status().as_u16();
            assert!([401, 405].contains(&status), "{method} {path}: {status}");
            assert!(!answer.text().await.unwrap().contains("not to be told"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_hears_who_was_refused_what() {
    let house = house().await;
    let chair = house.server.sign_in("chair").await;
    let (status, _) =
        house.server.command(&chair, "plan.freeze", json!({ "plan": house.plan, "reason": "x" })).await;
    assert_eq!(status, 403);
    let nowhere = "/api/plans/01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f09/threads";
    assert_eq!(house.server.get(&chair, nowhere).await.0, 404);
    assert_eq!(house.server.get("no-token", "/api/plans").await.0, 401);
    let (http, secret) = (reqwest::Client::new(), "A".repeat(43));
    assert_eq!(http.post(house.server.url(&format!("/guest/{secret}"))).send().await.unwrap().status(), 415);
    let form = form(http.post(house.server.url(&format!("/guest/{secret}"))), &[("name", "Eve")]);
    assert_eq!(form.send().await.unwrap().status(), 410);
    assert_eq!(reqwest::get(house.server.url("/api/plans")).await.unwrap().status(), 401);
    let said = house.server.said();
    let refused: Vec<&str> = said.lines().filter(|line| line.contains("a request was refused")).collect();
    for (line, parts) in refused.iter().zip([
        ["person=chair", "POST", "/api/commands", "403", "not_permitted"],
        ["person=chair", "GET", "/api/plans/{plan}/threads", "404", "plan_unknown"],
        ["person=nobody", "GET", "/api/plans", "401", "sign_in_needed"],
        ["person=nobody", "POST", "/guest/{link}", "410", "page"],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{parts:?} in {line}");
    }
    assert_eq!(refused.len(), 4, "who shows nothing and is told to sign in is none: {refused:?}");
    assert!(!said.contains(&secret), "{said}");
}
