//! A load as of a large center, for benches: a plan, and a world that keeps every agent talking.
//!
//! Over and over a call ends, its agent takes the best call, accepts and is bridged, and a new call
//! arrives. Of the offers 4 % are declined, 1 % ring out, and of those accepted 1 % are not bridged;
//! of the conversations 2 % lose their agent's leg and 2 % are handed on to another queue; and 4 %
//! of the waiting calls hang up. Rules let those who wait in some queues stand in a second one, and ask
//! for less where the wait is long. `Seen` counts what has become of that.

use acd_core::{
    Action, AdapterId, AgentId, AgentPlan, CallEntry, CallHandle, Channels, Command, Event,
    MissedOffers, OfferEnd, OfferNumber, OfferResult, Order, Priority, QueueId, QueuePlan,
    Requirement, ReturnCause, Router, RoutingPlan, Rule, SkillId, Span, Timestamp, Treatment,
};
pub(crate) const SKILLS: u64 = 64;
pub(crate) const QUEUES: u64 = 64;
pub(crate) const REQUIREMENTS_PER_QUEUE: u64 = 8;
pub(crate) const ADAPTER: AdapterId = AdapterId(0);

/// Random numbers must be the same in each run: Steele, Lea, Flood 2014 (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// How large the center is.
pub(crate) struct Shape {
    pub(crate) agents: usize,
    pub(crate) waiting: usize,
    /// How many different sets of skills and levels the agents have among them.
    pub(crate) kinds: u64,
}

/// How long a conversation lasts.
const TALK_US: u64 = 300_000_000;

impl Shape {
    /// Between two turns: so many agents end so many conversations a second.
    pub(crate) fn pause(&self) -> Span {
        Span(TALK_US / self.agents as u64)
    }

    /// How long the average call waits.
    pub(crate) fn wait(&self) -> Span {
        Span(TALK_US * self.waiting as u64 / self.agents as u64)
    }
}

pub(crate) fn plan(shape: &Shape) -> RoutingPlan {
    let mut random = Random(1);
    let requirement = |levels: &[(u64, u64)]| Requirement {
        skills: levels
            .iter()
            .map(|(skill, level)| (SkillId(*skill as u16), *level as u8))
            .collect(),
        any_of: Vec::new(),
    };
    let wait = shape.wait().0 / 1_000_000;
    let queues = (0..QUEUES).map(|queue| {
        // Bullseye: those who wait unusually long ask for less, step by step.
        let mut rules: Vec<Rule> = (1..REQUIREMENTS_PER_QUEUE)
            .map(|step| {
                let less = requirement(&[(queue, REQUIREMENTS_PER_QUEUE - step)]);
                let waited = Span::from_secs(wait + (wait / 2 + 1) * step);
                Rule::after(waited, &format!("widen-{step}"), vec![Action::Require(less)])
            })
            .collect();
        // Some queues are helped by their neighbours as soon as somebody waits.
        if queue % 4 == 0 {
            let to = QueueId(((queue + 1) % QUEUES) as u16);
            let help = vec![Action::AddQueue { to, while_active: false }];
            rules.push(Rule::after(Span::from_secs(1), "neighbours", help));
        }
        let end = vec![Action::End(Treatment::Voicemail)];
        rules.push(Rule::after(Span::from_secs(40 * wait), "give-up", end));
        let require = requirement(&[(queue, REQUIREMENTS_PER_QUEUE)]);
        QueuePlan::new(&format!("queue-{queue}"), require, rules)
    });
    let kinds: Vec<Vec<(SkillId, u8)>> = (0..shape.kinds)
        .map(|_| {
            let mut skills: Vec<_> = (0..5)
                .map(|_| (SkillId(random.below(SKILLS) as u16), 1 + random.below(10) as u8))
                .collect();
            skills.sort_unstable();
            skills.dedup_by_key(|(skill, _)| *skill);
            skills
        })
        .collect();
    let agents = (0..shape.agents)
        .map(|index| AgentPlan::new(&format!("agent-{index}"), kinds[index % kinds.len()].clone()));
    RoutingPlan {
        order: Order::Credit { per_step: Span::from_secs(90) },
        short_abandon: Span::from_secs(5),
        exclude_for: Span::from_secs(30),
        connect_within: Span::from_secs(5),
        recovery_grace: Span::from_secs(10),
        missed_offers: MissedOffers::StayReady,
        seed: 0,
        channels: Channels::default(),
        shared_callers: Vec::new(),
        time_zone: "UTC".to_owned(),
        hard: Vec::new(),
        reasons: Vec::new(),
        dispositions: Vec::new(),
        adapters: Vec::new(),
        numbers: Vec::new(),
        announcements: Vec::new(),
        ladders: Vec::new(),
        extras: Vec::new(),
        routes: Vec::new(),
        skills: (0..SKILLS).map(|skill| format!("skill-{skill}")).collect(),
        queues: queues.collect(),
        agents: agents.collect(),
    }
}

/// Sees each command with the events that it caused.
pub(crate) trait Witness {
    fn saw(&mut self, at: Timestamp, command: Command, events: &[Event]);
    /// Whether it looks: nothing is copied for one who does not.
    const LOOKS: bool = true;
}

impl Witness for () {
    fn saw(&mut self, _: Timestamp, _: Command, _: &[Event]) {}
    const LOOKS: bool = false;
}

/// What has happened, so that the mix need not be believed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Calls that ended; of these ...
    pub(crate) ended: u64,
    /// ... had gone back to waiting with their age, whyever, ...
    pub(crate) had_returned: u64,
    /// ... had stood in several queues at once, ...
    pub(crate) had_spread: u64,
    /// ... had been asked less of by a rule.
    pub(crate) had_relaxed: u64,
    /// How often it came to each of these.
    pub(crate) declined: u64,
    pub(crate) rang_out: u64,
    pub(crate) connects_failed: u64,
    pub(crate) legs_lost: u64,
    pub(crate) transferred: u64,
    pub(crate) relaxed: u64,
    /// Commands that only told the time.
    pub(crate) time_commands: u64,
}

/// What a call has been through.
#[derive(Clone, Copy, Default)]
struct Past {
    places: u8,
    returned: bool,
    spread: bool,
    relaxed: bool,
}

/// The world around the Router: who talks, who waits, and when.
pub(crate) struct Load<W> {
    pub(crate) router: Router,
    pub(crate) witness: W,
    random: Random,
    pub(crate) now: Timestamp,
    events: Vec<Event>,
    talking: Vec<CallHandle>,
    waiting: Vec<CallHandle>,
    waiting_at: Vec<u32>,
    offers: Vec<(CallHandle, OfferNumber)>,
    generations: Vec<u32>,
    free_slots: Vec<u32>,
    pub(crate) commands: u64,
    pub(crate) emitted: u64,
    pub(crate) seen: Seen,
    pasts: Vec<Past>,
    is_open: bool,
}

impl<W: Witness> Load<W> {
    /// An empty world.
    pub(crate) fn new(shape: &Shape, router: Router, witness: W) -> Self {
        let slots = (shape.agents + 2 * shape.waiting + 64) as u32;
        Self {
            router,
            witness,
            random: Random(2),
            now: Timestamp(1_000_000_000_000),
            events: Vec::new(),
            talking: Vec::new(),
            waiting: Vec::new(),
            waiting_at: vec![u32::MAX; slots as usize],
            offers: Vec::new(),
            generations: vec![0; slots as usize],
            free_slots: (0..slots).rev().collect(),
            commands: 0,
            emitted: 0,
            seen: Seen::default(),
            pasts: vec![Past::default(); slots as usize],
            is_open: false,
        }
    }

    /// Callers can be heard.
    pub(crate) fn open(&mut self) {
        if !std::mem::replace(&mut self.is_open, true) {
            self.apply(Command::AdapterUp { adapter: ADAPTER, incarnation: 1, resync: false });
        }
    }

    /// Everybody comes to work, and callers come until enough of them wait.
    pub(crate) fn fill(&mut self, shape: &Shape) {
        self.open();
        for agent in (0..shape.agents as u32).map(AgentId) {
            self.apply(Command::AgentLogIn { agent });
            self.apply(Command::AgentReady { agent });
        }
        while self.waiting.len() < shape.waiting {
            self.arrive();
            self.answer();
        }
    }

    pub(crate) fn apply(&mut self, command: Command) {
        while self.router.next_deadline().is_some_and(|at| at <= self.now) {
            self.commit(Command::AdvanceTime);
        }
        self.commit(command);
    }

    fn commit(&mut self, command: Command) {
        self.events.clear();
        let is_time = u64::from(command == Command::AdvanceTime);
        let seen = W::LOOKS.then(|| command.clone());
        self.router.apply(self.now, command, &mut self.events).expect("the load is well formed");
        if let Some(command) = seen {
            self.witness.saw(self.now, command, &self.events);
        }
        self.commands += 1;
        self.seen.time_commands += is_time;
        self.emitted += self.events.len() as u64;
        for index in 0..self.events.len() {
            self.hear(index);
        }
    }

    /// What an event changes of the world, and of what was seen of it.
    fn hear(&mut self, index: usize) {
        match self.events[index] {
            Event::CallArrived { call, .. } => {
                self.pasts[call.slot as usize] = Past::default();
                self.wait(call);
            }
            Event::CallReturned { call, cause } => {
                self.pasts[call.slot as usize].returned = true;
                match cause {
                    ReturnCause::OfferEnded => {}
                    ReturnCause::ConnectFailed => self.seen.connects_failed += 1,
                    ReturnCause::AgentLegLost => self.seen.legs_lost += 1,
                    ReturnCause::Transferred => self.seen.transferred += 1,
                }
                self.wait(call);
            }
            Event::OfferEnded { end: OfferEnd::Declined, .. } => self.seen.declined += 1,
            Event::OfferEnded { end: OfferEnd::NoAnswer, .. } => self.seen.rang_out += 1,
            Event::OfferIssued { call, offer, .. } => {
                self.stop_waiting(call);
                self.offers.push((call, offer));
            }
            Event::PlaceEntered { call, .. } => {
                let past = &mut self.pasts[call.slot as usize];
                past.places += 1;
                past.spread |= past.places > 1;
            }
            Event::PlaceLeft { call, .. } => self.pasts[call.slot as usize].places -= 1,
            Event::RequirementChanged { call, .. } => {
                self.pasts[call.slot as usize].relaxed = true;
                self.seen.relaxed += 1;
            }
            Event::CallEnded { call, .. } => {
                let past = self.pasts[call.slot as usize];
                self.seen.ended += 1;
                self.seen.had_returned += u64::from(past.returned);
                self.seen.had_spread += u64::from(past.spread);
                self.seen.had_relaxed += u64::from(past.relaxed);
                self.stop_waiting(call);
                self.free_slots.push(call.slot);
            }
            _ => {}
        }
    }

    fn wait(&mut self, call: CallHandle) {
        self.waiting_at[call.slot as usize] = self.waiting.len() as u32;
        self.waiting.push(call);
    }

    fn stop_waiting(&mut self, call: CallHandle) {
        let at = std::mem::replace(&mut self.waiting_at[call.slot as usize], u32::MAX) as usize;
        if at != u32::MAX as usize {
            self.waiting.swap_remove(at);
            if let Some(moved) = self.waiting.get(at) {
                self.waiting_at[moved.slot as usize] = at as u32;
            }
        }
    }

    pub(crate) fn arrive(&mut self) {
        let slot = self.free_slots.pop().expect("as many slots as calls");
        self.generations[slot as usize] += 1;
        let call = CallHandle { slot, generation: self.generations[slot as usize] };
        let queue = QueueId(self.random.below(QUEUES) as u16);
        let priority = match self.random.below(20) {
            0 => Priority::EMERGENCY,
            1..=4 => Priority::HIGHEST_BY_RULE,
            _ => Priority::NORMAL,
        };
        let entry = CallEntry::new(queue, priority, self.now);
        self.apply(Command::CallOffered { call, adapter: ADAPTER, entry });
    }

    /// Agents answer what they are offered; a few decline, or let it ring, or are not reached.
    fn answer(&mut self) {
        while let Some((call, offer)) = self.offers.pop() {
            let result = match self.random.below(100) {
                0..=3 => OfferResult::Declined,
                4 => continue,
                _ => OfferResult::Accepted,
            };
            self.apply(Command::OfferResult { call, offer, result });
            if result == OfferResult::Declined {
                continue;
            }
            if self.random.below(100) == 0 {
                self.apply(Command::ConnectFailed { call, offer });
                continue;
            }
            self.apply(Command::CallBridged { call, offer });
            self.talking.push(call);
        }
    }

    /// One conversation is over and its agent takes the next call; if the caller is gone, a new one
    /// arrives.
    pub(crate) fn turn(&mut self, pause: Span) {
        self.now = self.now + pause;
        let index = self.random.below(self.talking.len() as u64) as usize;
        let call = self.talking.swap_remove(index);
        let stays = match self.random.below(100) {
            0..=1 => {
                self.apply(Command::AgentLegLost { call });
                true
            }
            2..=3 => {
                let queue = Some(QueueId(self.random.below(QUEUES) as u16));
                self.apply(Command::CallTransferred { call, queue });
                true
            }
            _ => {
                self.apply(Command::CallEnded { call });
                false
            }
        };
        self.answer();
        if !stays {
            self.arrive();
            self.answer();
        }
        if self.random.below(25) == 0 && !self.waiting.is_empty() {
            let index = self.random.below(self.waiting.len() as u64) as usize;
            let call = self.waiting[index];
            self.apply(Command::CallEnded { call });
            self.arrive();
            self.answer();
        }
    }
}
