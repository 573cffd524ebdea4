//! What rules look at of queues and of the whole domain, counted as it changes.

use crate::call::CallState;
use crate::estimate::Outlook;
use crate::event::Presence;
use crate::ids::{AgentId, QueueId, Span, Timestamp};
use crate::ordered::{Arena, OrderedSet};
use crate::plan::{Gauge, RoutingPlan};
use crate::router::Router;
use crate::window::Window;

/// The measures of every queue, and of the domain.
#[derive(Debug)]
pub(crate) struct Gauges {
    /// By queue; the last one is the domain.
    pub(crate) all: Vec<Measured>,
    /// When waiting calls entered, of those of which a latch looks at the longest wait.
    entered: Arena<(Timestamp, u64, QueueId)>,
    /// Some latch looks at calls.
    watches_calls: bool,
}

/// The measures of one queue, or of the domain.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Calls with a place in it in whatever state, and calls connected through it; not of the
    /// domain.
    pub(crate) in_system: u32,
    /// Calls that wait or are being offered.
    waiting: u32,
    entered: OrderedSet<(Timestamp, u64, QueueId)>,
    agents: Counts,
    watches_wait: bool,
    watches_agents: bool,
    /// Some latch looks at what has happened there of late.
    pub(crate) watches_window: bool,
    /// The latches that look at it.
    pub(crate) latches: Vec<u32>,
}

/// Agents: staffed, working, available.
pub(crate) type Counts = [u32; 3];

impl Gauges {
    pub(crate) fn new(plan: &RoutingPlan) -> Self {
        let mut all: Vec<Measured> = Vec::new();
        all.resize_with(plan.queues.len() + 1, Measured::default);
        let (mut watches_calls, mut next) = (false, 0);
        for rule in plan.queues.iter().flat_map(|queue| &queue.rules) {
            let Some(latch) = &rule.when.latch else { continue };
            let at = &mut all[latch.of.map_or(plan.queues.len(), QueueId::index)];
            for gauge in latch.gauges() {
                match gauge {
                    Gauge::CallsWaiting => watches_calls = true,
                    Gauge::LongestWait => (watches_calls, at.watches_wait) = (true, true),
                    Gauge::AgentsStaffed | Gauge::AgentsWorking | Gauge::AgentsAvailable => {
                        at.watches_agents = true;
                    }
                    Gauge::ServiceLevel => at.watches_window = true,
                    Gauge::EstimatedWait => {
                        (watches_calls, at.watches_wait) = (true, true);
                        (at.watches_agents, at.watches_window) = (true, true);
                    }
                }
            }
            at.latches.push(next);
            next += 1;
        }
        Self { all, entered: Arena::new(), watches_calls }
    }

    pub(crate) fn of_mut(&mut self, queue: QueueId) -> &mut Measured {
        &mut self.all[queue.index()]
    }

    /// Those of whose agents a latch looks at the number; the number of the domain is that of the
    /// queues.
    pub(crate) fn watching_agents(&self) -> impl Iterator<Item = u16> + '_ {
        (0..).zip(&self.all).filter(|(_, at)| at.watches_agents).map(|(index, _)| index)
    }

    pub(crate) fn domain(&self) -> u16 {
        (self.all.len() - 1) as u16
    }

    /// When the longest waiting call entered.
    pub(crate) fn longest_since(&self, of: u16) -> Option<Timestamp> {
        self.all[usize::from(of)].entered.first().map(|((since, ..), _)| since)
    }

    /// A measure as it is now; of the window it is known that time has passed.
    pub(crate) fn value(&self, of: u16, gauge: Gauge, window: &Window, now: Timestamp) -> u64 {
        let at = &self.all[usize::from(of)];
        match gauge {
            Gauge::CallsWaiting => at.waiting.into(),
            Gauge::LongestWait => self.longest_since(of).map_or(Span(0), |it| now.since(it)).0,
            Gauge::AgentsStaffed => at.agents[0].into(),
            Gauge::AgentsWorking => at.agents[1].into(),
            Gauge::AgentsAvailable => at.agents[2].into(),
            Gauge::ServiceLevel => window.total().service_level(),
            // What cannot be estimated is longer than any bound.
            Gauge::EstimatedWait => self.outlook(of, window).wait().map_or(u64::MAX, |wait| wait.0),
        }
    }

    /// What an estimate of the wait is made from, as it was when the last half minute ended; but who
    /// waits and who works, as it is now.
    fn outlook(&self, of: u16, window: &Window) -> Outlook {
        let (tally, stood, at) = window.whole();
        let [_, working, available] = self.all[usize::from(of)].agents;
        Outlook {
            in_line: window.in_line,
            working,
            available,
            stood,
            taken: tally.taken,
            left: tally.left,
            longest: self.longest_since(of).map_or(Span(0), |since| at.since(since)),
        }
    }
}

impl Router {
    /// The call counts as waiting, or no more, in the domain and wherever it stands.
    pub(crate) fn count_call(&mut self, slot: u32, counts: bool) {
        if !self.gauges.watches_calls || self.calls[slot].counted == counts {
            return;
        }
        self.calls[slot].counted = counts;
        let domain = self.gauges.domain();
        self.change_waiting(domain, counts);
        let mut place = self.calls[slot].places;
        while place != crate::slab::NONE {
            self.count_place(place, counts);
            place = self.places[place].next;
        }
    }

    /// The same for one of its places.
    pub(crate) fn count_place(&mut self, place: u32, counts: bool) {
        let at = &mut self.places[place];
        if !self.gauges.watches_calls || at.counted == counts {
            return;
        }
        at.counted = counts;
        let key = (at.entered, self.calls[at.slot].arrival, at.queue);
        for of in [key.2.0, self.gauges.domain()] {
            let Gauges { all, entered, .. } = &mut self.gauges;
            let measured = &mut all[usize::from(of)];
            if !measured.watches_wait {
                continue;
            }
            if counts {
                entered.insert(&mut measured.entered, key, 0);
            } else {
                let was_in = entered.remove(&mut measured.entered, key);
                debug_assert!(was_in, "who counts has entered");
            }
            self.latches.look_at_all(&self.gauges.all[usize::from(of)].latches);
        }
        self.change_waiting(key.2.0, counts);
    }

    fn change_waiting(&mut self, of: u16, more: bool) {
        let measured = &mut self.gauges.all[usize::from(of)];
        measured.waiting = match more {
            true => measured.waiting + 1,
            false => measured.waiting - 1,
        };
        self.latches.look_at_all(&measured.latches);
    }

    pub(crate) fn is_counted(state: CallState) -> bool {
        match state {
            CallState::Waiting | CallState::Offering => true,
            CallState::Connecting | CallState::Connected | CallState::Held => false,
        }
    }

    /// Counts an agent as what he is now, wherever a latch looks at agents whom he is one of.
    pub(crate) fn count_agent(&mut self, agent: AgentId) {
        let known = &mut self.agents[agent.index()];
        // Those of his desks are alike.
        let Some(desk) = known.desks.first() else { return };
        let watched = &self.pools.pools[desk.pool as usize].watched;
        if watched.is_empty() {
            return;
        }
        let presence = known.presence();
        let is_available = known.is_available(&self.plan.channels);
        let is = [presence != Presence::LoggedOut, presence == Presence::Ready, is_available];
        let is = is.map(u32::from);
        let was = std::mem::replace(&mut known.counted, is);
        if is == was {
            return;
        }
        for of in watched {
            let measured = &mut self.gauges.all[usize::from(*of)];
            for ((count, is), was) in measured.agents.iter_mut().zip(is).zip(was) {
                *count = *count + is - was;
            }
            self.latches.look_at_all(&measured.latches);
        }
    }
}
