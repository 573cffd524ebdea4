//! What is really so, whatever a daemon believes: who calls, who talks, and what the daemon has
//! said that it would never forget.

use acd_proto::v1::{self as acd, CallState, Presence};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// An adapter and an id that it gave.
pub(super) type Name = (String, String);

/// Something that an adapter said to the daemon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// Under this number.
    pub(super) number: u64,
    /// The daemon will not forget it.
    pub(super) durable: bool,
}

impl Said {
    pub(super) fn under(number: u64) -> Self {
        Self { number, durable: false }
    }

    /// Not yet, or into the void.
    pub(super) fn never() -> Self {
        Self::under(u64::MAX)
    }

    /// The daemon itself has said so.
    pub(super) fn for_good() -> Self {
        Self { number: 0, durable: true }
    }

    /// Said again, by the end of a resync for instance, unless that is no longer needed.
    pub(super) fn again_under(&mut self, number: u64) {
        if !self.durable {
            self.number = number;
        }
    }

    fn acknowledged(&mut self, up_to: u64) {
        self.durable |= self.number <= up_to;
    }
}

/// What a supervisor wants of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SentAway {
    No,
    /// It is not known what came of it.
    Asked,
    Answered,
}

/// How far a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Ringing,
    Answered,
    Talking,
    OnHold,
}

/// A leg to an agent.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) agent: String,
    pub(super) offer: u64,
    /// Of the last order to ring.
    pub(super) epoch: u64,
    pub(super) stage: Stage,
    pub(super) bridged: Option<Said>,
    /// The agent accepted at his desktop, and was told that this counts.
    pub(super) accepted: bool,
}

/// A caller who is there.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) offered: acd::CallOffered,
    pub(super) since: Instant,
    pub(super) told: Said,
    pub(super) leg: Option<Leg>,
    pub(super) sent_away: SentAway,
}

/// A caller who has gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    pub(super) told: Said,
    /// He is simply not named any more.
    pub(super) by_resync: bool,
}

/// What an agent wants to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// As far as he was answered.
    pub(super) answered: Presence,
    /// A request that has had no answer.
    pub(super) asked: Option<Presence>,
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Truth {
    pub(super) callers: BTreeMap<Name, Caller>,
    pub(super) gone: BTreeMap<Name, Gone>,
    pub(super) agents: BTreeMap<String, Wish>,
    /// The last list that a supervisor saw.
    seen: Vec<acd::Call>,
    /// How much has been looked at, to know that the test does not look at nothing.
    pub(super) tally: Tally,
}

/// What a run has met.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) kept: u64,
    pub(super) talks_kept: u64,
    pub(super) accepts_kept: u64,
    pub(super) ends_kept: u64,
    pub(super) adopted_calls: u64,
    pub(super) adopted_legs: u64,
    pub(super) void_legs: u64,
    pub(super) arrivals_compared: u64,
    pub(super) handled: u64,
}

impl Truth {
    /// Nobody calls, and nobody is at work.
    pub(super) fn of(agents: [&str; 5]) -> Self {
        let at_home = Wish { answered: Presence::LoggedOut, asked: None };
        let agents = agents.map(|agent| (agent.to_owned(), at_home.clone())).into();
        Self { agents, ..Self::default() }
    }

    /// A caller who is there.
    pub(super) fn caller(&mut self, name: &Name) -> &mut Caller {
        self.callers.get_mut(name).expect("a caller who is there")
    }

    /// The leg of a caller who has one.
    pub(super) fn leg(&mut self, name: &Name) -> &mut Leg {
        self.caller(name).leg.as_mut().expect("a leg that is there")
    }

    /// What an agent wants.
    pub(super) fn wish(&mut self, agent: &str) -> &mut Wish {
        self.agents.get_mut(agent).expect("a configured agent")
    }

    /// The caller for whom an adapter has a leg to an agent.
    pub(super) fn leg_at(&self, adapter: &str, agent: &str) -> Option<&Name> {
        let has = |caller: &Caller| caller.leg.as_ref().is_some_and(|leg| leg.agent == agent);
        let mut at = self.callers.iter().filter(|((of, _), _)| of == adapter);
        at.find(|(_, caller)| has(caller)).map(|(name, _)| name)
    }

    /// What rings at an agent's desk: whose call, and the number of the offer.
    pub(super) fn offer_to(&self, agent: &str) -> Option<(Name, u64)> {
        self.callers.iter().find_map(|(name, caller)| {
            let leg = caller.leg.as_ref()?;
            (leg.agent == agent && leg.stage == Stage::Ringing).then(|| (name.clone(), leg.offer))
        })
    }

    /// The daemon has gone. An end that only a resync tells is not told yet; and a process that
    /// starts anew has forgotten what it said, while its PBX has not.
    pub(super) fn forget_what_was_not_heard(&mut self, adapter: &str, process_restarts: bool) {
        for (_, gone) in self.gone.iter_mut().filter(|((of, _), _)| of == adapter) {
            gone.by_resync |= process_restarts && !gone.told.durable;
            if gone.by_resync {
                gone.told.number = u64::MAX;
            }
        }
        for (_, caller) in self.callers.iter_mut().filter(|((of, _), _)| of == adapter) {
            if process_restarts {
                caller.told.number = u64::MAX;
            }
            // The order to bridge is of a former epoch: the resync says it once more.
            if let Some(bridged) = caller.leg.as_mut().and_then(|leg| leg.bridged.as_mut()) {
                bridged.again_under(u64::MAX);
            }
        }
    }

    /// The end of a resync says that all who are not named have gone.
    pub(super) fn ends_are_told(&mut self, adapter: &str, number: u64) {
        for (_, gone) in self.gone.iter_mut().filter(|((of, _), _)| of == adapter) {
            gone.told.again_under(number);
        }
    }

    /// After a resync: what rings, or waits to be bridged, and was not taken over.
    pub(super) fn hang_up_void_legs(&mut self, adapter: &str, epoch: u64) {
        for (_, caller) in self.callers.iter_mut().filter(|((of, _), _)| of == adapter) {
            let void = |leg: &mut Leg| leg.stage < Stage::Talking && leg.epoch != epoch;
            self.tally.void_legs += u64::from(caller.leg.take_if(void).is_some());
        }
    }

    /// A message was refused. A call never is; a bridge is one whose call is over.
    pub(super) fn refused(&mut self, adapter: &str, number: u64) {
        for (name, caller) in self.callers.iter_mut().filter(|((of, _), _)| of == adapter) {
            assert_ne!(caller.told.number, number, "{name:?} is refused: {caller:?}");
            if let Some(leg) = &mut caller.leg {
                leg.bridged.take_if(|bridged| bridged.number == number);
            }
        }
    }

    /// What this adapter said is durable up to a number.
    pub(super) fn acknowledged(&mut self, adapter: &str, up_to: u64) {
        for (_, caller) in self.callers.iter_mut().filter(|((of, _), _)| of == adapter) {
            caller.told.acknowledged(up_to);
            if let Some(bridged) = caller.leg.as_mut().and_then(|leg| leg.bridged.as_mut()) {
                bridged.acknowledged(up_to);
            }
        }
        for (_, gone) in self.gone.iter_mut().filter(|((of, _), _)| of == adapter) {
            gone.told.acknowledged(up_to);
        }
    }

    /// The calls of an adapter, oldest first.
    pub(super) fn held_by(&self, adapter: &str) -> Vec<Name> {
        let mut held: Vec<_> = self.callers.iter().filter(|((of, _), _)| of == adapter).collect();
        held.sort_by_key(|(_, caller)| caller.since);
        held.into_iter().map(|(name, _)| name.clone()).collect()
    }

    /// A caller goes, and his adapter said so.
    pub(super) fn goes(&mut self, name: &Name, told: Said) {
        self.callers.remove(name).expect("a caller who is there");
        self.gone.insert(name.clone(), Gone { told, by_resync: false });
    }

    /// A list of calls that any supervisor may see at any moment.
    pub(super) fn saw(&mut self, calls: Vec<acd::Call>) {
        let mut agents = BTreeSet::new();
        let mut names = BTreeSet::new();
        for call in &calls {
            assert!(names.insert(name_of(call)), "a call is there twice: {call:?}");
            let agent = &call.agent;
            assert!(agent.is_empty() || agents.insert(agent), "{agent} has two calls: {calls:?}");
        }
        self.seen = calls;
    }

    /// What a daemon has recovered, before any adapter has spoken to it.
    pub(super) fn is_kept_in(&mut self, calls: Vec<acd::Call>, agents: &[acd::Agent]) {
        let before = std::mem::take(&mut self.seen);
        self.saw(calls);
        let found: BTreeMap<Name, &acd::Call> =
            self.seen.iter().map(|call| (name_of(call), call)).collect();
        for (name, call) in &found {
            let ends = self.gone.get(name);
            let may_be = self.callers.contains_key(name) || ends.is_some_and(|g| !g.told.durable);
            assert!(may_be, "an end that was acknowledged is taken back: {call:?}");
        }
        self.tally.ends_kept += self.gone.values().filter(|gone| gone.told.durable).count() as u64;
        for (name, caller) in &mut self.callers {
            caller.is_kept_in(name, found.get(name).copied(), &mut self.tally);
        }
        // Those that both lists must have, with their arrivals, in their order.
        let in_both = |list: &[acd::Call]| -> Vec<_> {
            let names = list.iter().map(|call| (name_of(call), call.arrived_at));
            names
                .filter(|(name, _)| self.callers.get(name).is_some_and(|it| it.told.durable))
                .collect()
        };
        let (mut was, mut is) = (in_both(&before), in_both(&self.seen));
        is.retain(|(name, _)| was.iter().any(|(other, _)| other == name));
        was.retain(|(name, _)| found.contains_key(name));
        assert_eq!(is, was, "arrivals and their order are as they were");
        self.tally.arrivals_compared += is.len() as u64;
        // Whatever has been recovered once will not be lost any more.
        let found: BTreeSet<Name> = found.into_keys().collect();
        for (name, caller) in &mut self.callers {
            caller.told.durable |= found.contains(name);
        }
        self.wishes_are_kept_in(agents);
    }

    fn wishes_are_kept_in(&mut self, agents: &[acd::Agent]) {
        for agent in agents {
            let Some(wish) = self.agents.get_mut(&agent.agent) else { continue };
            let is = match agent.pending() {
                Presence::Unspecified => agent.presence(),
                pending => pending,
            };
            let fits = is == wish.answered || Some(is) == wish.asked;
            assert!(fits, "a request that was answered does not hold: {wish:?}, {agent:?}");
            *wish = Wish { answered: is, asked: None };
        }
    }

    /// What the daemon has once every adapter has said what it holds.
    pub(super) fn is_all_of(&mut self, calls: Vec<acd::Call>) {
        let before = std::mem::take(&mut self.seen);
        self.saw(calls);
        let has: BTreeSet<Name> = self.seen.iter().map(name_of).collect();
        let holds: BTreeSet<Name> = self.callers.keys().cloned().collect();
        assert_eq!(has, holds, "acdd has exactly the calls that are there");
        for call in &self.seen {
            let caller = self.callers.get_mut(&name_of(call)).expect("just compared");
            caller.sent_away = SentAway::No;
            if let Some(leg) = caller.leg.as_ref().filter(|leg| leg.stage >= Stage::Talking) {
                assert_eq!(call.agent, leg.agent, "a conversation goes on: {call:?}");
                // He may have been bridged in this moment.
                let told = leg.bridged.is_some_and(|bridged| bridged.durable);
                assert!(talks(call.state()) || !told, "a conversation goes on: {call:?}");
            }
        }
        let arrivals: BTreeMap<Name, _> =
            before.iter().map(|call| (name_of(call), call.arrived_at)).collect();
        for call in &self.seen {
            match arrivals.get(&name_of(call)) {
                Some(arrived) => assert_eq!(call.arrived_at, *arrived, "an age is kept: {call:?}"),
                None => self.tally.adopted_calls += 1,
            }
        }
    }
}

impl Caller {
    fn is_kept_in(&self, name: &Name, found: Option<&acd::Call>, tally: &mut Tally) {
        let Some(call) = found else {
            let excused = !self.told.durable || self.sent_away != SentAway::No;
            assert!(excused, "an acknowledged call is lost: {name:?} {self:?}");
            return;
        };
        assert_ne!(self.sent_away, SentAway::Answered, "a call sent away is back: {call:?}");
        tally.kept += u64::from(self.told.durable);
        let Some(leg) = &self.leg else { return };
        let has_him = || {
            let state = call.state();
            let his = talks(state) || state == CallState::Connecting;
            assert!(his && call.agent == leg.agent, "not what was acknowledged: {self:?} {call:?}");
        };
        if leg.stage >= Stage::Talking {
            has_him();
            tally.talks_kept += 1;
            let bridged = leg.bridged.is_some_and(|bridged| bridged.durable);
            assert!(!bridged || talks(call.state()), "{self:?} {call:?}");
        }
        if leg.accepted {
            has_him();
            tally.accepts_kept += 1;
        }
    }
}

fn talks(state: CallState) -> bool {
    matches!(state, CallState::Connected | CallState::Held)
}

/// The name of a call as acdd lists it.
pub(super) fn name_of(call: &acd::Call) -> Name {
    let call = call.call.as_ref().expect("a call has a name");
    (call.adapter.clone(), call.call_id.clone())
}
