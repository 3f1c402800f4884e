//! `quorate serve`: serves a network from its data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tracing::{info, warn};

use super::{Data, Outcome, Place, control};
use crate::access::{self, Access, DirectorySettings, PasskeysAsked};
use crate::engine::{self, Clock, Engine};
use crate::http::{self, App, Entrance};
use crate::log::{self, Options, RedbLog};
use crate::mail::Outbox;
use crate::room::Rooms;

/// How long what still runs at the end may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// The exit code when the disk failed to confirm what was written (EX_IOERR of sysexits.h).
const LOST: i32 = 74;
/// How often what is new is signed.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    mail: Mail,
    #[command(flatten)]
    directory: Directory,
    #[command(flatten)]
    passkeys: Passkeys,
}

/// What is asked of people whose part lets them do much.
#[derive(Args)]
pub(super) struct Passkeys {
    /// Whether administrator, secretariat, board, chair and teller are offered to add a passkey, or need one for anything
    /// else and come in by nothing else
    #[arg(long = "passkeys", env = "QUORATE_PASSKEYS", value_enum, default_value = "offered")]
    asked: Asked,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Asked {
    Offered,
    Required,
}

impl Passkeys {
    fn open(&self, engine: &Engine, public_url: &str) -> Result<Arc<access::Passkeys>, String> {
        let open = access::Passkeys::open(engine.clone(), public_url);
        let open = open.map_err(|failure| failure.to_string())?;
        let asked = match self.asked {
            Asked::Offered => PasskeysAsked::Offered,
            Asked::Required => PasskeysAsked::Required,
        };
        if asked == PasskeysAsked::Required && open.origin().is_none() {
            return Err(format!(
                "passkeys cannot be required at {public_url}: browsers keep them for https with a name, or localhost"
            ));
        }
        Ok(Arc::new(open.asking(asked)))
    }
}

/// A directory by which people can sign in too (OpenID Connect).
#[derive(Args, Default)]
pub(super) struct Directory {
    /// A directory by which people sign in too: the address of its issuer (OpenID Connect)
    #[arg(long, env = "QUORATE_OIDC_ISSUER", requires = "oidc_client_id")]
    oidc_issuer: Option<String>,
    /// As whom this server is registered there
    #[arg(long, env = "QUORATE_OIDC_CLIENT_ID", requires_all = ["oidc_issuer", "oidc_client_secret_file"])]
    oidc_client_id: Option<String>,
    /// The file with the secret that the directory gave this server
    #[arg(long, env = "QUORATE_OIDC_CLIENT_SECRET_FILE", requires = "oidc_issuer")]
    oidc_client_secret_file: Option<PathBuf>,
    /// What people call the directory
    #[arg(
        long,
        env = "QUORATE_OIDC_NAME",
        default_value = "your organisation's account",
        requires = "oidc_issuer"
    )]
    oidc_name: String,
}

impl Directory {
    fn open(&self, engine: &Engine, public_url: &str) -> Result<Option<access::Directory>, String> {
        let (Some(issuer), Some(client), Some(file)) =
            (&self.oidc_issuer, &self.oidc_client_id, &self.oidc_client_secret_file)
        else {
            return Ok(None);
        };
        let secret = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let settings = DirectorySettings {
            issuer: issuer.clone(),
            client: client.clone(),
            secret: secret.trim().to_owned(),
            name: self.oidc_name.clone(),
        };
        let ask = http::asker().map_err(|error| format!("the directory cannot be asked: {error}"))?;
        access::Directory::open(engine.clone(), settings, public_url, ask).map(Some)
    }
}

/// How the server sends mail.
#[derive(Args)]
pub(super) struct Mail {
    /// How mail leaves: smtps://user:password@host, smtp+starttls://user:password@host:587, smtp://localhost:25,
    /// or `print` for standard error
    #[arg(long = "mail", env = "QUORATE_MAIL", hide_env_values = true, default_value = "print")]
    way: String,
    /// Who mails are from [default: quorate at the host of the public address]
    #[arg(long = "mail-from", env = "QUORATE_MAIL_FROM")]
    from: Option<String>,
}

impl Mail {
    fn from(&self, public_url: &str) -> String {
        let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default();
        self.from.clone().unwrap_or_else(|| format!("Quorate <quorate@{host}>"))
    }
}

/// How people come in.
pub(super) enum Door<'a> {
    /// Anybody picks a person.
    Demonstration,
    /// People sign in by mail.
    Mail(&'a Mail, &'a Directory, &'a Passkeys),
}

impl Serve {
    #[cfg(test)]
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn run(self) -> Outcome {
        serve(&self.data.data, &self.place, &Door::Mail(&self.mail, &self.directory, &self.passkeys))
    }
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())
}

/// Opens the log of a data folder, or makes it.
fn open_log(data: &Path) -> Result<Arc<RedbLog>, String> {
    let options = Options { signing_key: std::env::var("QUORATE_SIGNING_KEY").ok(), ..Options::default() };
    RedbLog::open(data, &options).map(Arc::new).map_err(|failure| failure.to_string())
}

/// Opens the log of a data folder that has one.
pub(super) fn existing(data: &Path) -> Result<Arc<RedbLog>, String> {
    if data.join(log::FILE).exists() {
        open_log(data)
    } else {
        Err(format!("there is no log in {}: name the data folder with --data", data.display()))
    }
}

/// Opens the log of a data folder and folds it.
pub(super) fn open(data: &Path, clock: Clock) -> Result<(Engine, Arc<RedbLog>), String> {
    let log = open_log(data)?;
    let engine = Engine::open(log.clone(), clock).map_err(|failure| failure.to_string())?;
    Ok((engine, log))
}

/// Serves a data folder until the process is asked to stop, then closes the log cleanly.
pub(super) fn serve(data: &Path, place: &Place, door: &Door<'_>) -> Outcome {
    let (engine, log) = open(data, engine::system())?;
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let rooms = Rooms::admitting_by(place.admission.into(), engine.clone());
        tokio::spawn(rooms.clone().keep());
        tokio::spawn(sign(engine.clone()));
        tokio::spawn(end_when_lost(engine.clone()));
        let (entrance, first, outbox, directory) = match door {
            Door::Demonstration => {
                (Entrance::demonstration(data).map_err(|error| error.to_string())?, None, None, None)
            }
            Door::Mail(mail, directory, passkeys) => {
                let directory = directory.open(&engine, &place.public_url())?;
                let (entrance, first, outbox) = let_in(&engine, mail, passkeys, place)?;
                (entrance, first, outbox, directory)
            }
        };
        let app = App::new(rooms, data, place.public_url(), entrance).map_err(|error| error.to_string())?;
        let mut app = app.behind(place.proxies.clone());
        if let Some(directory) = directory {
            app = app.with_directory(directory);
        }
        if let Some(outbox) = outbox {
            tokio::spawn(app.notifier().clone().run(outbox));
        }
        let app = Arc::new(app);
        control::listen(data, log, app.clone()).map_err(|error| format!("the socket for verbs: {error}"))?;
        let listener = TcpListener::bind(place.listen).await.map_err(|error| {
            format!("cannot listen on {}: {error}; another can be named: --listen", place.listen)
        })?;
        info!("open {} in a browser (listening on {})", place.public_url(), place.listen);
        if let Some(link) = first {
            // Not by way of the log: logs are kept, and read by others.
            println!("Nobody is here yet. Whoever opens this link first becomes the administrator: {link}");
        }
        http::serve(listener, app, stop()).await.map_err(|error| error.to_string())
    });
    // Whoever still waits for an answer has gone; the writer finishes what it has.
    runtime.shutdown_timeout(FAREWELL);
    engine.close();
    served
}

/// A way in; a link for the first person, where nobody is there; where other mails are handed in.
type Way = (Entrance, Option<String>, Option<Outbox>);

/// Opens the way in by mail.
fn let_in(engine: &Engine, mail: &Mail, passkeys: &Passkeys, place: &Place) -> Result<Way, String> {
    let public_url = place.public_url();
    if mail.way == "print" {
        warn!(
            "mails are written to standard error, for whoever runs this server: name a mail server with --mail"
        );
    }
    let is_local = public_url.starts_with("http://localhost") || public_url.starts_with("http://127.0.0.1");
    if !public_url.starts_with("https://") && !is_local {
        warn!("{public_url} is not https: what people sign in with travels in the clear");
    }
    let (outbox, postman) = Outbox::open(&mail.way, &mail.from(&public_url))?;
    let passkeys = passkeys.open(engine, &public_url)?;
    let access = Access::open(engine.clone(), outbox.clone(), passkeys, &public_url)
        .map_err(|failure| failure.to_string())?;
    let access = Arc::new(access);
    let first = access.first_link().map_err(|failure| failure.to_string())?;
    tokio::spawn(postman.run());
    tokio::spawn(access.clone().follow());
    tokio::spawn(access.clone().welcome());
    Ok((Entrance::People(access), first, Some(outbox)))
}

/// Ends the process at once, with nothing that could still write: what the disk has, only a start finds out.
async fn end_when_lost(engine: Engine) {
    let why = engine.lost().await;
    eprintln!("quorate: the process ends: {why}");
    std::process::exit(LOST);
}

async fn sign(engine: Engine) {
    let mut ticks = tokio::time::interval(CHECKPOINT_EVERY);
    loop {
        ticks.tick().await;
        engine.checkpoint();
    }
}

/// Done when the process is asked to stop (SIGINT, SIGTERM).
async fn stop() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::error!("no signal can be awaited: {error}");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    info!("stopping");
}
