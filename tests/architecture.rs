//! The arrows between modules go one way, and each outside crate is met in one module: ARCHITECTURE.md,
//! kept true.

use std::fs;
use std::path::{Path, PathBuf};

/// A module and the modules that it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("mail", &["domain"]),
    ("log", &["domain"]),
    ("document", &["domain"]),
    ("projection", &["domain"]),
    ("replay", &["domain"]),
    ("export", &["domain", "document"]),
    ("roster", &["domain"]),
    ("engine", &["domain", "log", "document", "projection"]),
    ("access", &["domain", "log", "mail", "engine"]),
    ("notify", &["domain", "log", "mail", "projection", "engine", "access"]),
    ("session", &["domain", "document"]),
    ("room", &["domain", "log", "document", "projection", "replay", "engine", "session"]),
    ("demo", &["domain", "log", "document", "engine", "room"]),
    (
        "http",
        &[
            "domain",
            "log",
            "document",
            "projection",
            "replay",
            "export",
            "roster",
            "engine",
            "access",
            "notify",
            "session",
            "room",
        ],
    ),
    (
        "cli",
        &[
            "domain", "mail", "log", "document", "roster", "engine", "access", "notify", "room", "http",
            "demo",
        ],
    ),
];

/// An outside crate and the one module that meets it.
const OWNED: &[(&str, &str)] = &[
    ("automerge", "document"),
    ("redb", "log"),
    ("tlog_tiles", "log"),
    ("signed_note", "log"),
    ("axum", "http"),
    ("hyper", "http"),
    ("hyper_util", "http"),
    ("hyper_rustls", "http"),
    ("http_body_util", "http"),
    ("governor", "http"),
    ("rust_embed", "http"),
    ("clap", "cli"),
    ("email_address", "domain"),
    ("lettre", "mail"),
    ("webauthn_rs", "access"),
    ("openidconnect", "access"),
    ("minicbor", "session"),
    ("csv", "roster"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&src, &mut found);
    found
        .into_iter()
        .filter_map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let module = inside.components().next()?.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
            (module != "lib" && module != "main").then(|| {
                let text = code(&fs::read_to_string(&path).unwrap());
                (module, path, text)
            })
        })
        .collect()
}

/// The code without comments and without its unit tests, which may look anywhere.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The names that follow `crate::`, also inside braces: `use crate::{domain::X, log}`.
fn used(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.push(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (at, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    names.push(name(list[start..at].trim()));
                    break;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.push(name(list[start..at].trim()));
                    start = at + 1;
                }
                _ => {}
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn the_arrows_go_one_way() {
    let mut wrong = Vec::new();
    for (module, path, text) in files() {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == module) else {
            panic!("{module} is not in the list of modules: add it, with what it may use");
        };
        for target in used(&text) {
            let known = ARROWS.iter().any(|(name, _)| *name == target);
            if known && target != module && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{} uses {target}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against the arrows:\n{}", wrong.join("\n"));
}

#[test]
fn each_outside_crate_is_met_in_one_module() {
    let mut wrong = Vec::new();
    for (module, path, text) in files() {
        for (outside, owner) in OWNED {
            let meets = text.contains(&format!("use {outside}::"))
                || text.contains(&format!(" {outside}::"))
                || text.contains(&format!("({outside}::"));
            if meets && module != *owner {
                wrong.push(format!("{} meets {outside}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "crates out of their place:\n{}", wrong.join("\n"));
}

#[test]
fn the_arrows_have_no_circle() {
    for (index, (module, allowed)) in ARROWS.iter().enumerate() {
        for target in *allowed {
            let place = ARROWS.iter().position(|(name, _)| name == target);
            assert!(
                place.is_some_and(|place| place < index),
                "{module} may use {target}, which stands after it"
            );
        }
    }
}
