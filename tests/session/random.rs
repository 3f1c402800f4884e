//! Random histories, crossings, cuts and losses: at the end all have the same heads, and are silent.

use automerge::transaction::Transactable as _;
use proptest::prelude::*;
use quorate::session::Access;

use super::world::{Host, World};
use crate::kill::is_campaign;

#[derive(Debug, Clone, Copy)]
enum Act {
    Edit {
        client: usize,
    },
    Say {
        client: usize,
    },
    Serve {
        client: usize,
    },
    Commit {
        client: usize,
    },
    Hear {
        client: usize,
    },
    Advance {
        client: usize,
    },
    Reconnect {
        client: usize,
    },
    /// The server's own change.
    Server,
    Snapshot,
    Access(Access),
    /// The server comes back without its last changes; all connections are new.
    Restart {
        lost: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let client = 0..3usize;
    prop_oneof![
        6 => client.clone().prop_map(|client| Act::Edit { client }),
        6 => client.clone().prop_map(|client| Act::Say { client }),
        12 => client.clone().prop_map(|client| Act::Serve { client }),
        8 => client.clone().prop_map(|client| Act::Commit { client }),
        12 => client.clone().prop_map(|client| Act::Hear { client }),
        8 => client.clone().prop_map(|client| Act::Advance { client }),
        1 => client.prop_map(|client| Act::Reconnect { client }),
        2 => Just(Act::Server),
        1 => Just(Act::Snapshot),
        1 => any::<bool>().prop_map(|write| Act::Access(if write { Access::ReadWrite } else { Access::ReadOnly })),
        1 => (0..6usize).prop_map(|lost| Act::Restart { lost }),
    ]
}

fn play(acts: &[Act], began_with: u8, whole: bool) {
    let mut before = automerge::AutoCommit::new().with_actor(automerge::ActorId::from([99; 16]));
    for n in 0..began_with {
        before.put(automerge::ROOT, format!("k{}", n % 7), i64::from(n)).unwrap();
        before.commit();
    }
    let mut world = World::around(Host::with(before.document().clone(), whole), 3);
    let mut value = 0;
    let mut connection = 100;
    for act in acts {
        value += 1;
        let access = world.access;
        match *act {
            Act::Edit { client } => world.clients[client].edit(&format!("k{}", value % 5), value),
            Act::Say { client } => world.clients[client].say(),
            Act::Serve { client } => world.clients[client].serve(&world.host.room, access),
            Act::Commit { client } => world.clients[client].commit(&mut world.host, access),
            Act::Hear { client } => world.clients[client].hear(),
            Act::Advance { client } => world.clients[client].advance(&world.host.room, access),
            Act::Reconnect { client } => {
                connection += 1;
                world.clients[client].connect(connection);
            }
            Act::Server => {
                let mut own = automerge::AutoCommit::load(&world.host.doc.save()).unwrap();
                own.set_actor(automerge::ActorId::from([value as u8, (value >> 8) as u8, 7]));
                own.put(automerge::ROOT, "server", value).unwrap();
                own.commit();
                let change = own.get_last_local_change().unwrap();
                world.host.record(&[change], None);
            }
            Act::Snapshot => world.host.snapshot(),
            Act::Access(access) => world.set_access(access),
            Act::Restart { lost } => {
                let len = world.host.doc.get_changes(&[]).len();
                world.host.cut_back(len.saturating_sub(lost));
                for client in &mut world.clients {
                    connection += 1;
                    client.connect(connection);
                }
            }
        }
    }
    // Where nobody may write, all may again: what was kept back meanwhile comes. Nobody else is called on, or
    // that would bring what had been left lying.
    world.set_access(Access::ReadWrite);
    world.quiet();
    world.assert_equal();
    // And it stays quiet, whoever asks.
    assert_eq!(world.quiet(), 0);
    world.assert_in_step("last", i64::MAX - 1);

    // Nor is anything out of step that only shows when all begin anew.
    world.set_access(Access::ReadOnly);
    world.set_access(Access::ReadWrite);
    world.quiet();
    world.assert_equal();
    assert_eq!(world.quiet(), 0);
    world.assert_in_step("last", i64::MAX);
}

/// How many histories are played: `PROPTEST_CASES` names another number.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => default,
        None => ProptestConfig { cases: if is_campaign() { 20_000 } else { 256 }, ..default },
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn all_end_equal_and_silent(
        acts in prop::collection::vec(act(), 0..120),
        began_with in 0..40u8,
        whole: bool,
    ) {
        play(&acts, began_with, whole);
    }
}
