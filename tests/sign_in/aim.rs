//! Whoever follows a link of a mail and has to sign in first comes to where the link led.

use reqwest::{Method, header};

use super::network::{Mailbox, Network};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_asks_to_sign_in_leads_on_afterwards() {
    let (folder, mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    let visit =
        |path: &str, mode: &str| network.request(Method::GET, path).header("sec-fetch-mode", mode).send();
    let answer = visit("/me/data?done=saved", "navigate").await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()[header::LOCATION]),
        (303, &"/sign-in".parse().unwrap())
    );
    let set = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(
        set.starts_with("quorate_aim=/me/data?done=saved; ") && set.contains("HttpOnly; SameSite=Lax"),
        "{set}"
    );
    let aim = set.split(';').next().unwrap();

    // The front page leads on once somebody is there, and once only; before, it shows how to come in.
    let front = |cookies: &str| network.request(Method::GET, "/").header(header::COOKIE, cookies).send();
    assert_eq!(front(aim).await.unwrap().status(), 200);
    let answer = front(&format!("{}; {aim}", ada.cookie)).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()[header::LOCATION].to_str().unwrap()),
        (303, "/me/data?done=saved")
    );
    assert!(
        answer.headers()[header::SET_COOKIE].to_str().unwrap().starts_with("quorate_aim=; Path=/; Max-Age=0")
    );
    assert_eq!(front(&ada.cookie).await.unwrap().status(), 200);

    // It leads to no other server, and what a page asks for by itself is not where somebody was going.
    for aim in ["//evil.example", "https://evil.example/", "/\\evil.example"] {
        let answer = front(&format!("{}; quorate_aim={aim}", ada.cookie)).await.unwrap();
        assert_eq!(answer.status(), 200, "{aim}");
    }
    assert!(!visit("/me/data", "cors").await.unwrap().headers().contains_key(header::SET_COOKIE));
    assert!(!visit("/me/datas", "navigate").await.unwrap().headers().contains_key(header::SET_COOKIE));
}
