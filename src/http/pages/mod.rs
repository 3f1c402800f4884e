//! The pages: HTML made here, whole and usable without scripts. Only the workspace is the script's own.

mod access;
mod address;
mod calendar;
mod conduct;
mod directory;
mod form;
mod frame;
mod groups;
mod guest;
mod guests;
mod home;
mod library;
mod me;
mod mine;
mod network;
mod passkeys;
mod people;
mod phases;
mod planning;
mod problem;
mod read;
mod replay;
mod sign_in;
mod strip;
mod templates;
mod time;
mod words;
mod workspace;

use std::sync::Arc;

use axum::{
    Router,
    http::HeaderMap,
    routing::{get, post},
};

pub use library::{Comment, Denied, Frozen, Library, Person, PlanCard, Thread, Unavailable};
pub(crate) use people::People;
use problem::Problem;
pub(crate) use words::part;

/// The library, as handlers share it.
#[derive(Clone)]
struct Shared(Arc<dyn Library>);

impl Shared {
    /// Reads off the async threads.
    async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&dyn Library) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        tokio::task::spawn_blocking(move || work(self.0.as_ref()))
            .await
            // Only a panic in the work itself gets here, and its hook has told the operator.
            .unwrap_or(Err(Problem::Unavailable))
    }
}

/// Who asks for a page of which plan.
struct Asked {
    people: People,
    viewer: Person,
    plan: PlanCard,
}

/// First who asks, and only then what for: a stranger learns nothing about which plans there are.
fn asked(library: &dyn Library, headers: &HeaderMap, plan: &str) -> Result<Asked, Problem> {
    let viewer = library.viewer(headers).ok_or(Problem::SignIn)?;
    let people = People::of(library.people(Some(&viewer)));
    let viewer = people.get(&viewer).cloned().ok_or(Problem::SignIn)?;
    let id = plan.parse().map_err(|_| Problem::NotFound)?;
    let plan = library.plan(&viewer.id, id)?.ok_or(Problem::NotFound)?;
    Ok(Asked { people, viewer, plan })
}

/// The same for who keeps the process: to others the page is not there.
fn keeper(library: &dyn Library, headers: &HeaderMap, plan: &str) -> Result<Asked, Problem> {
    let asked = asked(library, headers, plan)?;
    if asked.plan.may_process { Ok(asked) } else { Err(Problem::NotFound) }
}

/// All pages, and the answer to any path that nothing else serves.
pub fn router(library: Arc<dyn Library>) -> Router {
    let network = network::router(library.clone());
    Router::new()
        .route("/", get(home::home))
        .route("/plans", post(home::start))
        .route("/plans/{plan}", get(workspace::workspace))
        .route("/plans/{plan}/calendar", get(calendar::calendar).post(calendar::change))
        .route("/plans/{plan}/phases", get(planning::planning).post(planning::change))
        .route("/templates", get(templates::templates).post(templates::change))
        .route("/plans/{plan}/sections", get(groups::groups).post(groups::change))
        .route("/plans/{plan}/read", get(read::read))
        .route("/plans/{plan}/replay", get(replay::replay))
        .route("/plans/{plan}/replay/fragment", get(replay::fragment))
        .with_state(Shared(library))
        .merge(network)
}

/// The pages on which people sign in and look after it, and those of guests.
pub(super) fn access_routes() -> Router<super::Shared> {
    sign_in::routes()
        .merge(me::routes())
        .merge(conduct::routes())
        .merge(access::routes())
        .merge(passkeys::routes())
        .merge(address::routes())
        .merge(directory::routes())
        .merge(guest::routes())
        .merge(guests::routes())
        .merge(mine::routes())
}

/// The style sheets of a page that stands by itself.
pub(crate) fn styles() -> Vec<String> {
    super::assets::entry("src/styles/pages.css").styles
}

/// For paths that no route knows.
pub async fn not_found() -> impl axum::response::IntoResponse {
    Problem::NotFound
}
