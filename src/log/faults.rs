//! A disk that fails: each operation of each kind in turn, once or for a while. No wrong answer, everything
//! acknowledged stays, and the log goes on by itself when the cause is gone; after a failed sync it does not.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{
    Failure, Log, Proposed, RedbLog,
    crash::{Ground, back_up, ground, open, restore_if_cut},
    folder::Folder as _,
    machine::{Dice, How, Machine, Op, Survives, Trouble},
    oracle::Oracle,
};

/// What a run does: enough to meet most kinds of operation, and so much that the file has to grow.
const ACTS: usize = 7;
const ACTS_THAT_GROW: usize = 150;

#[derive(Debug, Default, Clone)]
struct Met {
    runs: u64,
    failed: u64,
    /// The log went on by itself.
    recovered: u64,
    /// The process had to end.
    ended: u64,
}

/// Everything that a log does, with the disk failing as told; then everything is compared.
fn run(from: Ground, trouble: &Trouble, seed: u64, met: &mut Met) -> Result<(), String> {
    let (machine, mut oracle) = ground(from);
    let machine = machine.twin(seed);
    let mut dice = Dice::new(seed);
    let said = |failure: Failure| failure.to_string();
    met.runs += 1;
    let log = open(&machine).map_err(said)?;
    oracle.compare(&log)?;
    machine.set_trouble(trouble.clone());
    let mut failed = false;
    // The newest batch that failed.
    let mut doubtful = Vec::new();
    let grows = matches!(trouble, Trouble::Fail { op: Op::SetLen, .. });
    for number in 0..if grows { ACTS_THAT_GROW } else { ACTS } {
        let done = match number {
            2 => oracle.erase(&log, &mut dice),
            3 => oracle.name(&log, &mut dice),
            4 => oracle.sign(&log),
            5 => oracle.let_in(&log, &mut dice),
            _ => oracle.append(&log, &mut dice),
        };
        match done {
            Ok(()) => {}
            Err(Failure::Unknown(_)) => {
                met.failed += 1;
                met.ended += 1;
                return ended(trouble, machine, oracle, doubtful, log, &mut dice);
            }
            Err(Failure::Write(_) | Failure::Read(_)) => {
                failed = true;
                // Reading goes on, or fails; it says nothing wrong.
                if let Ok(events) = log.read(0, usize::MAX) {
                    let most = oracle.head() as usize;
                    if events.len() != most {
                        return Err(format!("{} events are shown, {most} were acknowledged", events.len()));
                    }
                }
                if log.head() != oracle.head() {
                    return Err("the head moved without an acknowledgement".into());
                }
                // The cause passes, at the latest now.
                let left = machine.count(Op::Write);
                if left > 0 && dice.roll(2) == 0 {
                    machine.set_trouble(Trouble::None);
                }
                let given_up = oracle.forget_flight();
                if !given_up.is_empty() {
                    doubtful = given_up;
                }
            }
            Err(failure) => return Err(format!("not a failure to write: {failure}")),
        }
        if let Ok(events) = log.read(oracle.head().saturating_sub(3), 10)
            && events.len() as u64 != oracle.head().min(3)
        {
            return Err("the newest events are not shown".into());
        }
    }
    met.failed += u64::from(failed);
    machine.set_trouble(Trouble::None);
    // Whoever asks for a write has the file opened again; an erasure that was told to have failed may show.
    match log.writable() {
        Ok(()) => {}
        Err(Failure::Unknown(_)) => {
            met.ended += 1;
            return ended(trouble, machine, oracle, doubtful, log, &mut dice);
        }
        Err(failure) => return Err(format!("it does not go on: {failure}")),
    }
    oracle.compare(&log)?;
    met.recovered += u64::from(failed);
    oracle.append(&log, &mut dice).map_err(said)?;
    log.close().map_err(said)?;
    let log = open(&machine).map_err(said)?;
    oracle.compare(&log)?;
    Ok(())
}

/// Nothing is answered any more; the next process finds everything.
fn ended(
    trouble: &Trouble,
    machine: Machine,
    mut oracle: Oracle,
    doubtful: Vec<Proposed>,
    log: RedbLog,
    dice: &mut Dice,
) -> Result<(), String> {
    // Half of a header written may be the whole of what counts, and the file may not open at once.
    let (Trouble::Fail { op: Op::Sync, .. } | Trouble::Fail { how: How::Short, count: 2.., .. }) = trouble
    else {
        return Err("the process had to end although no sync failed".into());
    };
    machine.set_trouble(Trouble::None);
    let mut after = Oracle::default();
    for _ in 0..2 {
        if !matches!(after.append(&log, dice), Err(Failure::Unknown(_))) {
            return Err("something is acknowledged after a failed sync".into());
        }
    }
    if log.writable().is_ok() {
        return Err("it calls itself writable after a failed sync".into());
    }
    drop(log);
    let log = open(&machine).map_err(|failure| format!("it does not start: {failure}"))?;
    if oracle.clone().compare(&log).is_err() {
        // What could not be opened again at once may hold the batch before.
        oracle = oracle.with_flight(doubtful);
    }
    oracle.compare(&log)?;
    oracle.retry(&log).map_err(|failure| failure.to_string())?;
    oracle.compare(&log).map(drop)
}

#[test]
fn any_operation_may_fail() {
    let all = std::env::var("QUORATE_CAMPAIGN").is_ok();
    let mut table: BTreeMap<(Op, &str), Met> = BTreeMap::new();
    for (op, how, name) in [
        (Op::Read, How::Input, "input/output error"),
        (Op::Write, How::Full, "no space left"),
        (Op::Write, How::Input, "input/output error"),
        (Op::Write, How::Short, "half of it written"),
        (Op::SetLen, How::Full, "no space left"),
        (Op::Sync, How::Input, "input/output error"),
    ] {
        let met = table.entry((op, name)).or_default();
        let most = match (op, all) {
            (Op::SetLen, _) => 3,
            (_, true) => 300,
            (_, false) => 25,
        };
        for from in 1..=most {
            for (number, count) in [1, 5, 40].into_iter().enumerate() {
                let seed = from * 3 + number as u64;
                let ground = [Ground::Large, Ground::Small][from as usize % 2];
                let trouble = Trouble::Fail { op, from, count, how };
                let run = catch_unwind(AssertUnwindSafe(|| run(ground, &trouble, seed, met)));
                let outcome = run.unwrap_or_else(|_| Err("PANIC".into()));
                if let Err(what) = outcome {
                    panic!("{what}\n  on the disk: {ground:?}, seed {seed}\n  {trouble:?}");
                }
            }
        }
    }
    println!("| operation | failure | runs | with a failure | went on by itself | process ended |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for ((op, name), met) in &table {
        println!("| {op:?} | {name} | {} | {} | {} | {} |", met.runs, met.failed, met.recovered, met.ended);
    }
    assert!(table[&(Op::Write, "no space left")].recovered > 10, "nothing failed: the test tests nothing");
    assert!(table[&(Op::SetLen, "no space left")].recovered > 0, "the file never grew");
    let syncs = &table[&(Op::Sync, "input/output error")];
    assert!(syncs.ended > 0 && syncs.recovered == 0, "a failed sync ends the process");
}

/// Making a log, backing it up: where it fails, there is none, and the next try makes it.
#[test]
fn what_is_being_made_when_the_disk_fails_is_made_at_the_next_try() {
    for op in [Op::Write, Op::Sync, Op::SetLen, Op::Names] {
        for from in 1..=30 {
            let fail = || Trouble::Fail { op, from, count: 1, how: How::Full };
            let machine = Machine::new(from);
            machine.set_trouble(fail());
            let opened = open(&machine);
            let failed = opened.is_err();
            drop(opened);
            machine.set_trouble(Trouble::None);
            let log = open(&machine).unwrap_or_else(|failure| panic!("{op:?} {from}: {failure}"));
            let (mut oracle, mut dice) = (Oracle::default(), Dice::new(1));
            oracle.append(&log, &mut dice).unwrap();
            machine.set_trouble(fail());
            let backed_up = back_up(&log, &machine).is_ok();
            machine.set_trouble(Trouble::None);
            assert!(backed_up || !machine.exists("backup.redb").unwrap(), "{op:?} {from}");
            if !backed_up {
                drop(back_up(&log, &machine).unwrap_or_else(|failure| panic!("{op:?} {from}: {failure}")));
            }
            oracle.compare(&log).unwrap();
            // The names that the second try found are on the disk too.
            let cut = machine.twin(from);
            drop(log);
            cut.reboot(Survives::Nothing);
            oracle.compare(&open(&cut).unwrap()).unwrap();
            assert!(cut.exists("backup.redb").unwrap());
            assert!(failed || from > 1, "{op:?}: the first one fails");
        }
    }
}

/// A start with much to put in order: where it fails it says so, and the next one finds everything.
#[test]
fn what_a_start_does_not_put_in_order_the_next_one_does() {
    let all = std::env::var("QUORATE_CAMPAIGN").is_ok();
    let start = |machine: &Machine| restore_if_cut(machine).and_then(|()| open(machine));
    println!("| start with | failure | runs | failed |\n| --- | --- | --- | --- |");
    for from in [Ground::Large, Ground::Unclean, Ground::FirstLayout, Ground::Backup] {
        let mut failed_of_all = 0;
        for (op, how) in [
            (Op::Read, How::Input),
            (Op::Write, How::Full),
            (Op::Write, How::Input),
            (Op::Write, How::Short),
            (Op::Sync, How::Input),
            (Op::SetLen, How::Full),
            (Op::Names, How::Full),
        ] {
            let (mut runs, mut failed) = (0, 0);
            for nth in 1..=if all { 400 } else { 25 } {
                let (machine, mut oracle) = ground(from);
                let machine = machine.twin(nth);
                machine.set_trouble(Trouble::Fail { op, from: nth, count: 1, how });
                let first = start(&machine);
                runs += 1;
                failed += u64::from(first.is_err());
                drop(first);
                machine.set_trouble(Trouble::None);
                let again = start(&machine).map_err(|failure| failure.to_string());
                let compared = again.and_then(|log| oracle.compare(&log));
                assert!(compared.is_ok(), "{from:?}, {op:?} {nth} {how:?}: {compared:?}");
            }
            println!("| {from:?} | {op:?}, {how:?} | {runs} | {failed} |");
            failed_of_all += failed;
        }
        assert!(failed_of_all > 0, "{from:?}: nothing failed, the test tests nothing");
    }
}
