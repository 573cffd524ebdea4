//! What both designs are given: lines, kinds of agents, and what happens to them.

use crate::audit::Log;

pub(crate) const SKILLS: u16 = 64;
/// One line for each skill alone, and one for each two neighbouring skills together.
pub(crate) const LINES: usize = 2 * SKILLS as usize;
pub(crate) const KINDS: usize = 250;
pub(crate) const AGENTS: usize = 10_000;

/// Where a waiting call stands to all others: less is served first. The priority, then the arrival.
pub(crate) type Key = u64;
const ARRIVAL_BITS: u32 = 56;

pub(crate) fn key(priority: u8, arrival: u64) -> Key {
    u64::from(9 - priority) << ARRIVAL_BITS | arrival
}

/// Who may serve what; it never changes.
pub(crate) struct Center {
    /// By kind.
    pub(crate) lines_of: Vec<Vec<u16>>,
    /// By line.
    pub(crate) kinds_of: Vec<Vec<u16>>,
}

impl Center {
    /// Each kind has three neighbouring skills and two others; a call asks for one skill or two.
    pub(crate) fn new() -> Self {
        let mut random = Random(1);
        let mut kinds_of = vec![Vec::new(); LINES];
        let lines_of = (0..KINDS as u16).map(|kind| {
            let first = random.below(u64::from(SKILLS)) as u16;
            let others = [0; 2].map(|_| random.below(u64::from(SKILLS)) as u16);
            let has = |skill: u16| {
                (skill + SKILLS - first) % SKILLS < 3 || others.contains(&(skill % SKILLS))
            };
            let single = (0..SKILLS).filter(|skill| has(*skill));
            let double = (0..SKILLS).filter(|skill| has(*skill) && has((skill + 1) % SKILLS));
            let lines: Vec<u16> = single.chain(double.map(|skill| SKILLS + skill)).collect();
            lines.iter().for_each(|line| kinds_of[usize::from(*line)].push(kind));
            lines
        });
        Self { lines_of: lines_of.collect(), kinds_of }
    }

    pub(crate) fn kind_of(agent: u32) -> usize {
        agent as usize % KINDS
    }
}

/// A design: takes what happens, gives the agent of each pair that it makes.
pub(crate) trait Design {
    /// A call arrives; the agent who takes it, unless it waits.
    fn call_arrives(&mut self, line: u16, priority: u8, log: &mut Log) -> Option<u32>;
    /// An agent is free; whether he takes a call, or waits for one.
    fn agent_frees(&mut self, agent: u32, log: &mut Log) -> bool;
}

/// Steele, Lea, Flood 2014 (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What happens next.
#[derive(Clone, Copy)]
pub(crate) enum Happening {
    Call { line: u16, priority: u8 },
    Agent(u32),
}

/// A part of the callers and of the agents who talk: one conversation ends, a call arrives, over and
/// over, so that about as many calls wait.
pub(crate) struct Source {
    random: Random,
    talking: Vec<u32>,
    /// Calls that arrived less calls answered, as far as this source has been told.
    waiting: i64,
    /// How many should wait.
    wanted: i64,
}

impl Source {
    pub(crate) fn new(number: u64, wanted: i64) -> Self {
        Self { random: Random(1_000 + number), talking: Vec::new(), waiting: 0, wanted }
    }

    /// None if nothing can happen before somebody else's calls are answered.
    pub(crate) fn next(&mut self) -> Option<Happening> {
        if self.waiting < self.wanted || self.talking.is_empty() {
            if self.waiting > 2 * self.wanted + 1_000 {
                return None;
            }
            self.waiting += 1;
            let line = self.random.below(LINES as u64) as u16;
            let priority = [5, 5, 5, 5, 5, 5, 5, 8, 8, 9][self.random.below(10) as usize];
            return Some(Happening::Call { line, priority });
        }
        let at = self.random.below(self.talking.len() as u64) as usize;
        Some(Happening::Agent(self.talking.swap_remove(at)))
    }

    /// The agent got a call.
    pub(crate) fn talks(&mut self, agent: u32) {
        self.waiting -= 1;
        self.talking.push(agent);
    }

    pub(crate) fn happens(&mut self, happening: Happening, to: &mut impl Design, log: &mut Log) {
        match happening {
            Happening::Call { line, priority } => {
                if let Some(agent) = to.call_arrives(line, priority, log) {
                    self.talks(agent);
                }
            }
            Happening::Agent(agent) => {
                if to.agent_frees(agent, log) {
                    self.talks(agent);
                }
            }
        }
    }
}
