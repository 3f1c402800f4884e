//! What a simulation does, step by step. A step that has nothing to do does nothing, so any may be left out.

/// Numbers that only look random.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        // Small seeds have few bits; a multiplication spreads them.
        Self((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % sides as u64) as usize
    }
}

/// Stock clients: by their number, see `world::PEOPLE` for who sits before them.
pub(super) const CLIENTS: usize = 5;

/// What becomes of the commit that waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disk {
    Takes,
    /// Nothing is written; the next may be.
    Refuses,
}

/// How the server's process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Before the commit that waits is written.
    Before,
    /// After it was written, and before anybody hears of it.
    After,
}

/// What the peer does that keeps to no rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Odd {
    Connect,
    /// Two changes in two messages, the later one first.
    Reversed,
    /// A change in the name of an actor of somebody else.
    Forged,
    /// All that it has ever sent, once more.
    Again,
    /// Bytes that say nothing.
    Garbage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A word of its own, somewhere.
    Type {
        client: usize,
        place: usize,
    },
    Delete {
        client: usize,
        place: usize,
    },
    /// A new paragraph.
    Split {
        client: usize,
        place: usize,
    },
    /// A whole paragraph goes.
    Remove {
        client: usize,
        place: usize,
    },
    /// The client puts what it has to say on its link.
    Say {
        client: usize,
    },
    /// A frame arrives at the server.
    Up {
        client: usize,
    },
    /// The server's end of the link learns what became of what it handed in.
    Answered {
        client: usize,
    },
    /// The server's end looks what is new.
    Woken {
        client: usize,
    },
    /// A frame arrives at the client.
    Down {
        client: usize,
    },
    Break {
        client: usize,
    },
    Connect {
        client: usize,
    },
    Commit(Disk),
    End(End),
    Freeze,
    Unfreeze,
    Comment {
        place: usize,
    },
    Reply,
    /// Somebody joins the network: nothing to this plan.
    Welcome,
    Move {
        section: usize,
    },
    /// Asks again for something that may have been done already.
    Retry {
        which: usize,
    },
    Odd(Odd),
}

/// A plan of a few hundred steps. Some seeds are calm, some break much.
pub(super) fn plan(dice: &mut Dice) -> Vec<Step> {
    let trouble = 1 + dice.roll(6);
    let count = 150 + dice.roll(250);
    // One client reads slowly, another is often away.
    let (slow, away) = (dice.roll(CLIENTS), dice.roll(CLIENTS));
    let mut steps: Vec<Step> = (0..CLIENTS).map(|client| Step::Connect { client }).collect();
    while steps.len() < count {
        let client = dice.roll(CLIENTS);
        let place = dice.roll(1 << 16);
        match dice.roll(100 + trouble * 3) {
            0..8 => {
                steps.push(Step::Type { client, place });
                if dice.roll(4) > 0 {
                    steps.push(Step::Say { client });
                }
            }
            8..10 => steps.push(Step::Delete { client, place }),
            10 | 11 => steps.push(Step::Split { client, place }),
            12 => steps.push(Step::Remove { client, place }),
            13..18 => steps.push(Step::Say { client }),
            18..38 => steps.push(Step::Up { client }),
            38..50 => steps.push(Step::Answered { client }),
            50..60 => steps.push(Step::Woken { client }),
            60..77 if client != slow || dice.roll(6) == 0 => steps.push(Step::Down { client }),
            60..77 => steps.push(Step::Commit(Disk::Takes)),
            77..93 => steps.push(Step::Commit(Disk::Takes)),
            93 => steps.push(Step::Comment { place }),
            94 => steps.push(Step::Reply),
            95 => steps.push(Step::Move { section: place }),
            96..98 => steps.push(Step::Retry { which: place }),
            98..100 => steps.push(Step::Connect { client: if dice.roll(3) == 0 { away } else { client } }),
            _ => trouble_among(dice, &mut steps, client, away),
        }
    }
    steps
}

fn trouble_among(dice: &mut Dice, steps: &mut Vec<Step>, client: usize, away: usize) {
    match dice.roll(16) {
        0..2 => steps.push(Step::Break { client }),
        2 => steps.push(Step::Break { client: away }),
        3..5 => steps.push(Step::Connect { client }),
        5..7 => steps.push(Step::Commit(Disk::Refuses)),
        7 => steps.push(Step::End(End::Before)),
        8 => {
            steps.push(Step::End(End::After));
            steps.extend((0..CLIENTS).map(|client| Step::Connect { client }));
        }
        // What is under way when a freeze comes: a commit that waits, behind it the freeze, behind that an edit.
        9..11 => steps.extend([
            Step::Connect { client },
            Step::Up { client },
            Step::Down { client },
            Step::Up { client },
            Step::Answered { client },
            Step::Down { client },
            Step::Commit(Disk::Takes),
            Step::Commit(Disk::Takes),
            Step::Commit(Disk::Takes),
            Step::Commit(Disk::Takes),
            Step::Welcome,
            Step::Freeze,
            Step::Type { client, place: 0 },
            Step::Say { client },
            Step::Up { client },
            Step::Up { client },
            Step::Commit(Disk::Takes),
            Step::Commit(Disk::Takes),
        ]),
        11 => steps.push(Step::Freeze),
        12 => steps.push(Step::Unfreeze),
        _ => {
            const ODD: [Odd; 7] = [
                Odd::Connect,
                Odd::Connect,
                Odd::Reversed,
                Odd::Reversed,
                Odd::Forged,
                Odd::Again,
                Odd::Garbage,
            ];
            steps.push(Step::Odd(ODD[dice.roll(ODD.len())]));
        }
    }
}
