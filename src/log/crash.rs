//! Power cuts: whatever was acknowledged is there afterwards, whole batches only, wherever the power went
//! (in an append, a clean stop, a recovery, the making of a log, an upgrade, a backup, a restore) and
//! whatever part of what was not synced the disk has.
//!
//! `cargo test` makes a part of the cuts; `QUORATE_CAMPAIGN=1` makes all, and `QUORATE_SEED=n` one alone.

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock, Mutex, atomic::AtomicU64, atomic::Ordering},
};

use super::{
    Failure, Keys, Log, RedbLog,
    backup::sound,
    folder::{Folder, Watched},
    machine::{Dice, Machine, Survives, Trouble},
    oracle::{Flight, Oracle, verified},
    restore::{refuse_unfinished, restore_into},
    store::FILE,
    tables::{ACCESS, META},
};

/// Each run is about two cuts.
const RUNS: u64 = 500;
const RUNS_OF_A_CAMPAIGN: u64 = 30_000;
/// Memory for pages, in bytes: so little that pages are written before the commit.
const CACHE: usize = 128 << 10;
const BACKUP: &str = "backup.redb";

static KEY: LazyLock<String> = LazyLock::new(|| Keys::generate("quorate/test").unwrap().1);

pub(super) fn open(machine: &Machine) -> Result<RedbLog, Failure> {
    RedbLog::open_in(Arc::new(machine.clone()), CACHE, |_| Keys::from_text(&KEY))
}

/// What is on the disk at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ground {
    Nothing,
    Empty,
    Small,
    Large,
    /// Large, and not cleanly closed.
    Unclean,
    /// Large, in the first layout.
    FirstLayout,
    /// A backup of Large, and no log.
    Backup,
}

const GROUNDS: [Ground; 7] = [
    Ground::Nothing,
    Ground::Empty,
    Ground::Small,
    Ground::Large,
    Ground::Unclean,
    Ground::FirstLayout,
    Ground::Backup,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Open,
    Append,
    Erase,
    Name,
    LetIn,
    Sign,
    Cache,
    /// A clean stop, and a start.
    Reopen,
    BackUp,
    Restore,
}

/// All that a run does; follows from its seed.
#[derive(Debug)]
struct Plan {
    seed: u64,
    ground: Ground,
    acts: Vec<Act>,
    cut_at: u64,
    survives: Survives,
    /// Cuts of the starts that follow.
    again: Vec<(u64, Survives)>,
}

impl Plan {
    fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let ground = match dice.roll(20) {
            0 | 1 => Ground::Nothing,
            2 => Ground::Empty,
            3..=6 => Ground::Small,
            7..=11 => Ground::Large,
            12..=14 => Ground::Unclean,
            15 | 16 => Ground::FirstLayout,
            _ => Ground::Backup,
        };
        let mut acts = vec![if ground == Ground::Backup { Act::Restore } else { Act::Open }];
        for _ in 0..1 + dice.roll(6) {
            acts.push(match dice.roll(20) {
                0 => Act::Erase,
                1 => Act::Name,
                // In a restored log the engine announces the new epoch before anything is signed.
                2 if ground != Ground::Backup => Act::Sign,
                3 => Act::Cache,
                4 | 5 => Act::Reopen,
                6 | 7 => Act::BackUp,
                8 => Act::LetIn,
                _ => Act::Append,
            });
        }
        // Some at the first act, most anywhere.
        let cut_at = 1 + if dice.roll(3) == 0 { dice.roll(40) } else { dice.roll(25 * acts.len() as u64) };
        let survives = Survives::any(&mut dice);
        let again =
            (0..dice.roll(5).saturating_sub(1)).map(|_| (1 + dice.roll(25), Survives::any(&mut dice)));
        Self { seed, ground, acts, cut_at, survives, again: again.collect() }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        writeln!(f, "  on the disk: {:?}", self.ground)?;
        for act in &self.acts {
            writeln!(f, "  {act:?}")?;
        }
        writeln!(f, "  the power goes at step {}; survives: {:?}", self.cut_at, self.survives)?;
        for (step, survives) in &self.again {
            writeln!(f, "  it starts, and the power goes at step {step}; survives: {survives:?}")?;
        }
        write!(f, "run it again: QUORATE_SEED={} cargo test --release --lib log::crash::power", self.seed)
    }
}

/// The machine of a ground, and what is known of its log.
pub(super) fn ground(ground: Ground) -> (Machine, Oracle) {
    static GROUNDS_MADE: LazyLock<BTreeMap<Ground, (Machine, Oracle)>> =
        LazyLock::new(|| GROUNDS.into_iter().map(|ground| (ground, make_ground(ground))).collect());
    let (machine, oracle) = &GROUNDS_MADE[&ground];
    (machine.clone(), oracle.clone())
}

fn make_ground(ground: Ground) -> (Machine, Oracle) {
    let (machine, mut oracle, mut dice) = (Machine::new(1), Oracle::default(), Dice::new(1));
    if ground == Ground::Nothing {
        return (machine, oracle);
    }
    let log = open(&machine).unwrap();
    let batches = match ground {
        Ground::Nothing | Ground::Empty => 0,
        Ground::Small => 5,
        Ground::Large | Ground::Unclean | Ground::FirstLayout | Ground::Backup => 80,
    };
    for _ in 0..batches {
        oracle.append(&log, &mut dice).unwrap();
        oracle.erase(&log, &mut dice).unwrap();
    }
    oracle.sign(&log).unwrap();
    oracle.name(&log, &mut dice).unwrap();
    if ground != Ground::FirstLayout {
        oracle.let_in(&log, &mut dice).unwrap();
    }
    oracle.compare(&log).unwrap();
    if ground == Ground::Backup {
        drop(back_up(&log, &machine).unwrap());
        oracle = oracle.as_backup();
    }
    if ground == Ground::Unclean {
        let machine = machine.twin(2);
        drop(log);
        return (machine, oracle);
    }
    log.close().unwrap();
    match ground {
        Ground::FirstLayout => {
            let (file, _) = Watched::new(machine.open(FILE).unwrap());
            let db = redb::Builder::new().create_with_backend(file).unwrap();
            let write = db.begin_write().unwrap();
            drop(write.open_table(META).unwrap().insert("format", &b"1"[..]).unwrap());
            // It came later.
            assert!(write.delete_table(ACCESS).unwrap());
            write.commit().unwrap();
        }
        Ground::Backup => {
            machine.remove(FILE).unwrap();
            machine.sync().unwrap();
        }
        Ground::Nothing | Ground::Empty | Ground::Small | Ground::Large | Ground::Unclean => {}
    }
    (machine, oracle)
}

pub(super) fn back_up(log: &RedbLog, machine: &Machine) -> Result<super::Report, Failure> {
    let key = log.verifier_key();
    log.back_up(machine, BACKUP, |part| check_file(machine, part, key))
}

/// Checks a file of the machine on another one, as verifying does on an overlay.
fn check_file(machine: &Machine, name: &str, key: String) -> Result<super::Report, Failure> {
    let other = machine.twin(0);
    other.set_trouble(if machine.is_off() { Trouble::Cut { step: 0 } } else { Trouble::None });
    let (file, _) = Watched::new(other.open(name).map_err(|error| Failure::Read(error.to_string()))?);
    let db = redb::Builder::new().set_cache_size(CACHE).create_with_backend(file);
    let db = db.map_err(|error| Failure::Damaged(error.to_string()))?;
    let read =
        redb::ReadableDatabase::begin_read(&db).map_err(|error| Failure::Damaged(error.to_string()))?;
    verified(&read, key)
}

fn restore(machine: &Machine) -> Result<(), Failure> {
    let key = Keys::from_text(&KEY)?.verifier_key().to_owned();
    let from = machine.open(BACKUP).map_err(|error| Failure::Read(error.to_string()))?;
    restore_into(&*from, machine, |name| check_file(machine, name, key), || Ok(())).map(drop)
}

/// Where a run stands.
struct Run {
    machine: Machine,
    oracle: Oracle,
    log: Option<RedbLog>,
    dice: Dice,
    /// What the log was when its backup was asked for; the backup was acknowledged or not.
    backup: Option<(Oracle, bool)>,
}

impl Run {
    fn act(&mut self, act: Act) -> Result<(), Failure> {
        match (act, &self.log) {
            (Act::Open, _) => self.start()?,
            (Act::Restore, _) => {
                restore(&self.machine)?;
                self.start()?;
            }
            (_, None) => {}
            (Act::Append, Some(log)) => self.oracle.append(log, &mut self.dice)?,
            (Act::Erase, Some(log)) => self.oracle.erase(log, &mut self.dice)?,
            (Act::Name, Some(log)) => self.oracle.name(log, &mut self.dice)?,
            (Act::LetIn, Some(log)) => self.oracle.let_in(log, &mut self.dice)?,
            (Act::Sign, Some(log)) => self.oracle.sign(log)?,
            (Act::Cache, Some(log)) => log.put_cache("cache", &vec![7; self.dice.roll(100_000) as usize])?,
            (Act::BackUp, Some(log)) => {
                if self.backup.is_none() && !self.machine.exists(BACKUP).unwrap() {
                    self.backup = Some((self.oracle.as_backup(), false));
                    drop(back_up(log, &self.machine)?);
                    self.backup.as_mut().expect("it was just set").1 = true;
                }
            }
            (Act::Reopen, Some(_)) => {
                self.log.take().expect("it is there").close()?;
                self.start()?;
            }
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(), Failure> {
        let log = open(&self.machine)?;
        self.oracle.identity.get_or_insert_with(|| log.identity());
        self.log = Some(log);
        Ok(())
    }

    /// A backup that was acknowledged is there and whole; one that was not is whole if it is there.
    fn check_backup(&self) -> Result<(), String> {
        let Some((oracle, acknowledged)) = &self.backup else { return Ok(()) };
        match self.machine.exists(BACKUP) {
            Ok(true) => {}
            _ if *acknowledged => return Err("LOST: a backup that was acknowledged".into()),
            _ => return Ok(()),
        }
        let other = self.machine.twin(3);
        other.remove(FILE).map_err(|error| error.to_string())?;
        restore(&other).map_err(|failure| format!("a backup cannot be restored: {failure}"))?;
        let log = open(&other).map_err(|failure| format!("a restored log does not open: {failure}"))?;
        oracle.clone().compare(&log).map_err(|what| format!("a backup is not what was backed up: {what}"))?;
        Ok(())
    }
}

/// What a run met.
#[derive(Debug, Clone, Copy)]
struct Met {
    during: Option<Act>,
    ground: Ground,
    starts_cut: u64,
    flight: Flight,
}

fn run(plan: &Plan, lies: bool) -> Result<Met, String> {
    let (machine, oracle) = ground(plan.ground);
    let machine = machine.twin(plan.seed);
    if lies {
        machine.lie();
    }
    let mut run = Run { machine, oracle, log: None, dice: Dice::new(!plan.seed), backup: None };
    run.machine.set_trouble(Trouble::Cut { step: plan.cut_at });
    let mut during = None;
    for act in &plan.acts {
        if let Err(failure) = run.act(*act) {
            if !run.machine.is_off() {
                return Err(format!("{act:?} failed with the power on: {failure}"));
            }
            during = Some(*act);
            break;
        }
    }
    drop(run.log.take());
    run.machine.reboot(plan.survives);
    let mut starts_cut = 0;
    for (step, survives) in &plan.again {
        run.machine.set_trouble(Trouble::Cut { step: *step });
        let started = restore_if_cut(&run.machine).and_then(|()| open(&run.machine)).map(drop);
        if let Err(failure) = started
            && !run.machine.is_off()
        {
            return Err(format!("a start after a cut failed with the power on: {failure}"));
        }
        starts_cut += u64::from(run.machine.is_off());
        run.machine.reboot(*survives);
    }
    let flight = after(&mut run)?;
    Ok(Met { during, ground: plan.ground, starts_cut, flight })
}

/// Whoever had a restore cut short is told so, and does it again.
pub(super) fn restore_if_cut(machine: &Machine) -> Result<(), Failure> {
    let no_log = !machine.exists(FILE).unwrap();
    if no_log && machine.exists(BACKUP).unwrap() { restore(machine) } else { Ok(()) }
}

fn after(run: &mut Run) -> Result<Flight, String> {
    let said = |failure: Failure| format!("after the cut: {failure}");
    run.check_backup()?;
    if !run.machine.exists(FILE).unwrap() && refuse_unfinished(&run.machine).is_err() {
        let told = open(&run.machine).map(drop).unwrap_err().to_string();
        assert!(told.contains("a restore was cut short"), "{told}");
    }
    restore_if_cut(&run.machine).map_err(said)?;
    let log = open(&run.machine).map_err(said)?;
    let flight = run.oracle.compare(&log)?;
    if run.dice.roll(8) == 0 {
        let key = log.verifier_key();
        let report = log.reading(|read| verified(read, key.clone())).map_err(said)?;
        sound(report, "the log").map_err(said)?;
    }
    // It goes on: what had no answer is asked for again, once more what is new, and a clean stop.
    run.oracle.retry(&log).map_err(said)?;
    run.oracle.append(&log, &mut run.dice).map_err(said)?;
    log.close().map_err(said)?;
    let log = open(&run.machine).map_err(said)?;
    run.oracle.compare(&log)?;
    Ok(flight)
}

/// A run whose panic is one more thing that is wrong.
fn guarded(plan: &Plan, lies: bool) -> Result<Met, String> {
    catch_unwind(AssertUnwindSafe(|| run(plan, lies))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("PANIC: {}", text.or_else(|| panic.downcast_ref().copied()).unwrap_or("?")))
    })
}

#[test]
fn power_cuts_lose_nothing_acknowledged() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("QUORATE_SEED") {
        Some(seed) => seed..seed + 1,
        None if number("QUORATE_CAMPAIGN") == Some(1) => 0..RUNS_OF_A_CAMPAIGN,
        None => 0..RUNS,
    };
    let (next, met) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let failed: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |count| count.get()) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || failed.lock().unwrap().len() > 3 {
                        return;
                    }
                    let plan = Plan::of(seed);
                    match guarded(&plan, false) {
                        Ok(run) => met.lock().unwrap().push(run),
                        Err(what) => failed.lock().unwrap().push(format!("{what}\n{plan}")),
                    }
                }
            });
        }
    });
    report(&met.into_inner().unwrap());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} runs failed:\n{}", failed.len(), failed.join("\n\n"));
}

fn report(met: &[Met]) {
    let mut places: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
    for run in met {
        let place = match (run.during, run.ground) {
            (Some(Act::Open), Ground::Nothing) => "while the log was made".to_owned(),
            (Some(Act::Open), Ground::Unclean) => "during the recovery of an unclean stop".to_owned(),
            (Some(Act::Open), Ground::FirstLayout) => {
                "during an upgrade of the layout, or the start".to_owned()
            }
            (Some(Act::Open), _) => "during a start".to_owned(),
            (Some(Act::Append), _) => "during an append".to_owned(),
            (Some(Act::Erase | Act::Name | Act::LetIn | Act::Sign | Act::Cache), _) => {
                "during an erasure, a name, a session, a checkpoint, a cache entry".to_owned()
            }
            (Some(Act::Reopen), _) => "during a clean stop, or the start after it".to_owned(),
            (Some(Act::BackUp), _) => "during a backup".to_owned(),
            (Some(Act::Restore), _) => "during a restore".to_owned(),
            (None, _) => "at rest".to_owned(),
        };
        let place = places.entry(place).or_default();
        place.0 += 1;
        place.1 += u64::from(run.flight == Flight::Landed);
        place.2 += run.starts_cut;
    }
    println!(
        "| where the power went | runs | unanswered batch was there whole | cuts of the starts after it |"
    );
    println!("| --- | --- | --- | --- |");
    for (place, (runs, landed, starts)) in &places {
        println!("| {place} | {runs} | {landed} | {starts} |");
    }
    let starts: u64 = met.iter().map(|run| run.starts_cut).sum();
    println!("{} runs, {} cuts", met.len(), met.len() as u64 + starts);
}

/// The check can fail: a disk that says it synced and did not is found out.
#[test]
fn a_disk_that_lies_about_sync_is_caught() {
    let runs = 60;
    let caught = (0..runs).filter(|seed| guarded(&Plan::of(*seed), true).is_err()).count();
    assert!(caught * 4 > runs as usize, "only {caught} of {runs} runs on a lying disk were found wrong");
}

/// A run does the same each time, so that a seed is worth printing.
#[test]
fn a_seed_is_the_same_run_again() {
    let steps = |seed| {
        let (machine, oracle) = ground(Ground::Large);
        let machine = machine.twin(seed);
        let mut run = Run { machine, oracle, log: None, dice: Dice::new(seed), backup: None };
        [Act::Open, Act::Append, Act::Append, Act::Reopen, Act::Append]
            .into_iter()
            .for_each(|act| run.act(act).unwrap());
        (run.machine.steps(), run.log.expect("it is open").root())
    };
    assert_eq!(steps(7), steps(7));
    assert_ne!(steps(7), steps(8));
}
