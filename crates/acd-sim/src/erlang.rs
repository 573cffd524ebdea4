//! The textbook figures of a queue: Erlang B, C and A, and those between, from one birth-death chain.
//!
//! Calls come at random (Poisson) at a rate λ, each of `n` agents needs an exponential time of mean
//! 1/μ for a call, a caller who waits gives up after an exponential time of mean 1/θ, and at most `K`
//! callers are in the system, the others find it busy. The number of callers in the system then goes
//! up by one at rate λ below K, and down by one at rate min(k, n) μ + max(k − n, 0) θ. From it:
//!
//! - Erlang B (M/M/n/n; A. K. Erlang 1917): K = n, nobody waits.
//! - Erlang C (M/M/n; A. K. Erlang 1917): K without bound, θ = 0, everybody waits for as long as it takes.
//! - Erlang A (M/M/n+M; C. Palm 1943; Garnett, Mandelbaum and Reiman, "Designing a call center with
//!   impatient customers", 2002; Mandelbaum and Zeltyn, "The Palm/Erlang-A queue", 2004).
//! - M/M/n/K and M/M/n/K+M, with a number of lines between.
//!
//! The probabilities are computed from the most likely state outwards, relative to it, so that nothing
//! overflows however many agents there are, and states too unlikely to matter (below 1e-20 of the most
//! likely) are left out. Without patience and lines the tail is geometric, and summed in closed form.

mod goals;
#[cfg(test)]
mod tests;

pub use self::goals::{AGENTS_MAX, Goals, Unreachable};

use thiserror::Error;

/// The most calls that agents may be busy with at a time, λ/μ, in erlang.
pub const OFFERED_MAX: f64 = 1e6;
/// The most lines.
pub const LINES_MAX: u32 = 1_000_000;
/// The most calls that may arrive during one mean patience, λ/θ: so many may wait at a time.
pub const IMPATIENT_MAX: f64 = 1e7;
/// States less likely than this, compared with the likeliest, do not count.
const NEGLIGIBLE: f64 = 1e-20;

/// An occupancy from here on is 100%: what is nearer is the rounding of the numbers that came in.
const FULL: f64 = 1.0 - 1e-12;

/// How many callers find room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Everybody may wait.
    Unlimited,
    /// So many callers at a time, those who talk included; 1 to [`LINES_MAX`].
    AtMost(u32),
    /// As many as there are agents: nobody waits.
    AsAgents,
}

/// What is asked of the agents. All times in seconds, all rates per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    arrival_rate: f64,
    handling: f64,
    patience: Option<f64>,
    lines: Lines,
}

/// Why these are no figures of a load.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LoadError {
    /// A number that must be above 0 is not, or is none.
    #[error("{what} is {value}; it must be above 0")]
    NotPositive {
        /// What it says.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// More than [`OFFERED_MAX`], [`LINES_MAX`] or [`IMPATIENT_MAX`].
    #[error("{what} is {value}; it can be {most} at most")]
    TooMuch {
        /// What it says.
        what: &'static str,
        /// The number.
        value: f64,
        /// The largest number that is right.
        most: f64,
    },
}

/// Why there are no figures for a number of agents.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NoFigures {
    /// The queue grows for ever: callers wait without end and there is room for all of them.
    #[error(
        "{agents} agents cannot keep up with {offered:.2} erlang: when nobody gives up the line grows \
         without end; it takes {fewest} at least"
    )]
    Overloaded {
        /// How many agents there are.
        agents: u32,
        /// How many calls they would have to be busy with, λ/μ.
        offered: f64,
        /// How many agents keep up.
        fewest: u64,
    },
    /// There must be an agent, and at most [`AGENTS_MAX`].
    #[error("{agents} agents; there must be 1 to {AGENTS_MAX}")]
    Agents {
        /// How many were given.
        agents: u32,
    },
    /// Each agent needs a line to talk on.
    #[error(
        "{agents} agents have only {lines} lines; there must be as many lines as agents at least"
    )]
    TooFewLines {
        /// How many agents.
        agents: u32,
        /// How many lines.
        lines: u32,
    },
}

/// How a load and a number of agents stand in the long run.
///
/// Probabilities of waiting and of giving up, and the waits, are of the callers who enter: those who
/// find no line are counted by `blocked` alone.
#[derive(Clone, Debug)]
pub struct SteadyState {
    /// How many agents.
    pub agents: u32,
    /// The share of all callers who find no line, 0 to 1.
    pub blocked: f64,
    /// The share who wait at all.
    pub waiting: f64,
    /// The share who give up before they are answered.
    pub abandoned: f64,
    /// The mean wait of all who enter, in seconds.
    pub mean_wait: f64,
    /// The mean wait of those who are answered (the average speed of answer), in seconds.
    pub mean_wait_of_served: f64,
    /// The share of their time that agents are busy.
    pub occupancy: f64,
    /// How many wait at a time, on average.
    pub mean_queue: f64,
    load: Load,
    line: Line,
}

/// Who waits when a caller enters.
#[derive(Clone, Debug)]
enum Line {
    /// The probability that all are busy and `first` + i callers wait, given that a caller enters.
    States { first: usize, probabilities: Vec<f64> },
    /// Without bound, each state less likely than the one before by the occupancy.
    Geometric,
}

/// The weights of the states of a chain, relative to the likeliest.
struct Weights {
    /// Of all states with an agent free.
    free: f64,
    /// The same, each state weighted by how many agents are busy.
    free_busy: f64,
    /// The number who wait in the first state of `full`.
    first: usize,
    /// Of the states with no agent free, by how many wait.
    full: Vec<f64>,
}

impl Load {
    /// A load of `arrival_rate` calls a second that take `handling` seconds each on average, talk and
    /// wrap-up, from callers who give up after `patience` seconds on average, or never.
    ///
    /// # Errors
    ///
    /// A number that is not above 0, or is above what can be computed ([`OFFERED_MAX`], [`LINES_MAX`],
    /// [`IMPATIENT_MAX`]).
    pub fn new(
        arrival_rate: f64,
        handling: f64,
        patience: Option<f64>,
        lines: Lines,
    ) -> Result<Self, LoadError> {
        let lines_given = match lines {
            Lines::AtMost(lines) => Some(f64::from(lines)),
            Lines::Unlimited | Lines::AsAgents => None,
        };
        let positive = [
            ("the rate of calls", Some(arrival_rate)),
            ("the handling time", Some(handling)),
            ("the patience", patience),
            ("the number of lines", lines_given),
        ];
        for (what, value) in positive {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value > 0.0)) {
                return Err(LoadError::NotPositive { what, value });
            }
        }
        let bounded = [
            ("the offered load in erlang", Some(arrival_rate * handling), OFFERED_MAX),
            ("the number of lines", lines_given, f64::from(LINES_MAX)),
            (
                "the number of calls in one mean patience",
                patience.map(|patience| patience * arrival_rate),
                IMPATIENT_MAX,
            ),
        ];
        for (what, value, most) in bounded {
            if let Some(value) = value.filter(|value| *value > most) {
                return Err(LoadError::TooMuch { what, value, most });
            }
        }
        Ok(Self { arrival_rate, handling, patience, lines })
    }

    /// How many calls would be talked to at a time if none were lost, in erlang: λ/μ.
    #[must_use]
    pub fn offered(&self) -> f64 {
        self.arrival_rate * self.handling
    }

    /// What limits the number of callers.
    #[must_use]
    pub fn lines(&self) -> Lines {
        self.lines
    }

    /// How this load and so many agents stand in the long run.
    ///
    /// # Errors
    ///
    /// [`NoFigures`] when the line would grow without end, or there are more agents than lines.
    pub fn steady_state(&self, agents: u32) -> Result<SteadyState, NoFigures> {
        if agents == 0 || agents > AGENTS_MAX {
            return Err(NoFigures::Agents { agents });
        }
        let capacity = match self.lines {
            Lines::Unlimited => None,
            Lines::AsAgents => Some(agents),
            Lines::AtMost(lines) if lines < agents => {
                return Err(NoFigures::TooFewLines { agents, lines });
            }
            Lines::AtMost(lines) => Some(lines),
        };
        let offered = self.offered();
        let for_ever = capacity.is_none() && self.patience.is_none();
        if for_ever && offered >= f64::from(agents) * FULL {
            let fewest = (offered / FULL).floor() as u64 + 1;
            return Err(NoFigures::Overloaded { agents, offered, fewest });
        }
        let weights = Chain::of(self, agents, capacity).weights();
        Ok(if for_ever {
            self.endless(agents, &weights)
        } else {
            self.counted(agents, capacity, weights)
        })
    }

    /// Erlang C. The states in which somebody waits are those of a single server (M/M/1) of rate n μ:
    /// each is likelier than the next by n μ / λ, and a wait, if there is one, is exponential of rate
    /// n μ − λ.
    fn endless(&self, agents: u32, weights: &Weights) -> SteadyState {
        let occupancy = self.offered() / f64::from(agents);
        let full = weights.full.first().copied().unwrap_or_default() / (1.0 - occupancy);
        let waiting = full / (weights.free + full);
        let mean_wait = waiting * self.handling / (f64::from(agents) - self.offered());
        SteadyState {
            agents,
            blocked: 0.0,
            waiting,
            abandoned: 0.0,
            mean_wait,
            mean_wait_of_served: mean_wait,
            occupancy,
            mean_queue: self.arrival_rate * mean_wait,
            load: *self,
            line: Line::Geometric,
        }
    }

    /// Every other model, by its states one by one. What a caller meets on arrival is what there is on
    /// average (Poisson arrivals see time averages); waits come from the mean queue (Little).
    fn counted(&self, agents: u32, capacity: Option<u32>, weights: Weights) -> SteadyState {
        let Weights { free, free_busy, first, mut full } = weights;
        let all = free + full.iter().sum::<f64>();
        let at = |waiting: usize| (first + waiting) as f64;
        let queue: f64 = full.iter().enumerate().map(|(j, weight)| at(j) * weight).sum();
        let busy = free_busy + (all - free) * f64::from(agents);
        let room = capacity.map(|capacity| (capacity - agents) as usize);
        // The state in which the lines are taken is the last one, unless it is too unlikely to count.
        let lost = match room {
            Some(room) if first + full.len() == room + 1 => full.pop().unwrap_or_default(),
            Some(_) | None => 0.0,
        };
        let entered = free + full.iter().sum::<f64>();
        let mean_wait = queue / (self.arrival_rate * entered);
        full.iter_mut().for_each(|weight| *weight /= entered);
        let mut state = SteadyState {
            agents,
            blocked: lost / all,
            // An empty sum is -0.
            waiting: full.iter().sum::<f64>() + 0.0,
            abandoned: self.patience.map_or(0.0, |patience| mean_wait / patience),
            mean_wait,
            mean_wait_of_served: 0.0,
            occupancy: busy / (all * f64::from(agents)),
            mean_queue: queue / all,
            load: *self,
            line: Line::States { first, probabilities: full },
        };
        state.mean_wait_of_served = state.served_waits();
        state
    }
}

impl SteadyState {
    /// The share of those who enter who are answered, and wait for so many seconds at most.
    ///
    /// A caller who finds j others waiting is served once j + 1 agents have freed up or callers ahead
    /// have given up, the next at rate d(j), then d(j − 1), …, d(0), with d(i) = n μ + i θ; unless he
    /// gives up first. So he is served at all with probability d(0) / d(j + 1). The time that it takes,
    /// if he stays, is one of a pure death process with linear rates: exp(−θ T) has the distribution
    /// Beta(n μ / θ, j + 1). Both together, he is served within t with probability
    ///
    /// d(0) / d(j + 1) · P(N > j), where P(N = 0) = exp(−d(1) t) and
    /// P(N = i) / P(N = i − 1) = d(i) (1 − exp(−θ t)) / (θ i)
    ///
    /// N is negative binomial, and Poisson of mean n μ t when nobody gives up (θ → 0).
    #[must_use]
    pub fn service_level(&self, within: f64) -> f64 {
        let handling = self.load.handling;
        let Line::States { probabilities, .. } = &self.line else {
            let spare = (f64::from(self.agents) - self.load.offered()) / handling;
            return 1.0 - self.waiting * (-spare * within).exp();
        };
        if probabilities.is_empty() {
            return 1.0;
        }
        let rates = self.rates();
        let reach = match self.load.patience {
            Some(patience) => -(-within / patience).exp_m1() * patience,
            None => within,
        };
        // In logarithms: P(N = 0) is far below the smallest float for a long time or many agents.
        let mut logarithm = -rates.down(1) * within;
        let mut at_most = logarithm.exp();
        let mut in_time = 1.0 - self.waiting;
        for (j, probability) in self.by_waiting() {
            in_time += probability * rates.served(j) * (1.0 - at_most).max(0.0);
            logarithm += (rates.down(j + 1) * reach / (j + 1) as f64).ln();
            at_most += logarithm.exp();
        }
        in_time.clamp(0.0, 1.0)
    }

    /// The mean wait of those who are served. Given that he is served, a caller who found j waiting has
    /// waited 1/d(1) + … + 1/d(j + 1) on average: each step was the first of two exponential times.
    fn served_waits(&self) -> f64 {
        let rates = self.rates();
        let (mut wait, mut waits, mut served) = (0.0, 0.0, 1.0 - self.waiting);
        for (j, probability) in self.by_waiting() {
            wait += 1.0 / rates.down(j + 1);
            waits += probability * rates.served(j) * wait;
            served += probability * rates.served(j);
        }
        waits / served
    }

    /// Each number of callers who may wait, from 0, and how likely a caller finds them.
    fn by_waiting(&self) -> impl Iterator<Item = (usize, f64)> {
        let (first, known) = match &self.line {
            Line::States { first, probabilities } => (*first, probabilities.as_slice()),
            Line::Geometric => (0, [].as_slice()),
        };
        std::iter::repeat_n(0.0, first).chain(known.iter().copied()).enumerate()
    }

    fn rates(&self) -> Rates {
        Rates::of(&self.load, self.agents)
    }
}

/// How fast a line gets shorter while all agents are busy.
#[derive(Clone, Copy)]
struct Rates {
    /// n μ.
    served: f64,
    /// θ.
    gives_up: f64,
}

impl Rates {
    fn of(load: &Load, agents: u32) -> Self {
        let gives_up = load.patience.map_or(0.0, |patience| 1.0 / patience);
        Self { served: f64::from(agents) / load.handling, gives_up }
    }

    /// d(i): while i wait.
    fn down(self, waiting: usize) -> f64 {
        self.served + waiting as f64 * self.gives_up
    }

    /// The probability that a caller is served who finds so many waiting.
    fn served(self, found: usize) -> f64 {
        self.served / self.down(found + 1)
    }
}

/// The number of callers in the system, as it goes up and down.
struct Chain {
    /// λ.
    up: f64,
    /// μ.
    handled: f64,
    agents: usize,
    rates: Rates,
    /// The last state of which weights are wanted.
    last: usize,
}

impl Chain {
    fn of(load: &Load, agents: u32, capacity: Option<u32>) -> Self {
        let last = match (capacity, load.patience) {
            (Some(capacity), _) => capacity as usize,
            (None, Some(_)) => usize::MAX,
            // The tail is known when the first state of it is.
            (None, None) => agents as usize,
        };
        let (up, handled, rates) =
            (load.arrival_rate, 1.0 / load.handling, Rates::of(load, agents));
        Self { up, handled, agents: agents as usize, rates, last }
    }

    /// The rate at which a state is left downwards.
    fn down(&self, state: usize) -> f64 {
        match state.checked_sub(self.agents) {
            Some(waiting) => self.rates.down(waiting),
            None => state as f64 * self.handled,
        }
    }

    /// The likeliest state: the last one that is entered upwards no more slowly than left downwards.
    fn likeliest(&self) -> usize {
        let mode = if self.up < self.rates.served {
            (self.up / self.handled) as usize
        } else if self.rates.gives_up > 0.0 {
            self.agents + ((self.up - self.rates.served) / self.rates.gives_up) as usize
        } else {
            self.last
        };
        mode.min(self.last)
    }

    fn weights(&self) -> Weights {
        let likeliest = self.likeliest();
        let mut weights = Weights { free: 0.0, free_busy: 0.0, first: 0, full: Vec::new() };
        // Downwards, the likeliest state included.
        let (mut state, mut weight) = (likeliest, 1.0);
        while weight > NEGLIGIBLE {
            match state.checked_sub(self.agents) {
                Some(waiting) => {
                    weights.full.push(weight);
                    weights.first = waiting;
                }
                None => {
                    weights.free += weight;
                    weights.free_busy += weight * state as f64;
                }
            }
            if state == 0 {
                break;
            }
            weight *= self.down(state) / self.up;
            state -= 1;
        }
        weights.full.reverse();
        // Upwards; the states in which callers wait count however unlikely they are as a whole.
        let (mut state, mut weight) = (likeliest, 1.0);
        let mut longest = if likeliest >= self.agents { 1.0 } else { 0.0 };
        while state < self.last && weight > 0.0 {
            state += 1;
            weight *= self.up / self.down(state);
            if state < self.agents {
                weights.free += weight;
                weights.free_busy += weight * state as f64;
                continue;
            }
            longest = f64::max(longest, weight);
            if weight < NEGLIGIBLE * longest {
                break;
            }
            weights.full.push(weight);
        }
        weights
    }
}
