//! What rules look at of queues and of the whole domain, counted as it changes.

use crate::call::CallState;
use crate::estimate::Outlook;
use crate::event::Presence;
use crate::ids::{AgentId, Priority, QueueId, Span, Timestamp};
use crate::ordered::{Arena, OrderedSet};
use crate::pace::Foreseen;
use crate::plan::{Gauge, RoutingPlan};
use crate::router::Router;
use crate::slab::NONE;
use crate::window::Window;

/// The measures of every queue, and of the domain.
#[derive(Debug)]
pub(crate) struct Gauges {
    /// By queue; the last one is the domain.
    pub(crate) all: Vec<Measured>,
    /// When waiting calls entered.
    entered: Arena<(Timestamp, u64, QueueId)>,
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
    /// Where a latch looks at them.
    agents: Counts,
    /// A latch looks at the longest wait.
    knows_longest: bool,
    watches_agents: bool,
    /// Some latch looks at what has happened there of late.
    pub(crate) watches_window: bool,
    /// The latches that look at it.
    pub(crate) latches: Vec<u32>,
}

/// Agents: staffed, working, available, at their notes and ready afterwards.
type Counts = [u32; 4];

/// As which of these one agent counts.
pub(crate) type Counted = [bool; 4];

impl Gauges {
    pub(crate) fn new(plan: &RoutingPlan) -> Self {
        let mut all: Vec<Measured> = Vec::new();
        all.resize_with(plan.queues.len() + 1, Measured::default);
        let mut next = 0;
        for rule in plan.queues.iter().flat_map(|queue| &queue.rules) {
            let Some(latch) = &rule.when.latch else { continue };
            let at = &mut all[latch.of.map_or(plan.queues.len(), QueueId::index)];
            for gauge in latch.gauges() {
                match gauge {
                    Gauge::CallsWaiting => {}
                    Gauge::LongestWait => at.knows_longest = true,
                    Gauge::AgentsStaffed | Gauge::AgentsWorking | Gauge::AgentsAvailable => {
                        at.watches_agents = true;
                    }
                    Gauge::ServiceLevel => at.watches_window = true,
                    Gauge::EstimatedWait => {
                        (at.watches_agents, at.watches_window) = (true, true);
                    }
                }
            }
            at.latches.push(next);
            next += 1;
        }
        Self { all, entered: Arena::new() }
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
            Gauge::EstimatedWait => {
                let [_, working, available, notes] = at.agents;
                let agents = Agents { works: working > 0, is_free: available > 0, notes };
                let (ahead, priority) = (window.in_line.calls(), Priority::NORMAL);
                outlook((window, now), agents, (ahead, priority))
                    .wait()
                    .map_or(u64::MAX, |wait| wait.0)
            }
        }
    }
}

/// What an estimate of the wait is made from, as it was when the last half minute ended; but who
/// waits and who works, as it is now. The call has so many ahead, and a priority.
fn outlook(
    (window, now): (&Window, Timestamp),
    Agents { works, is_free, notes }: Agents,
    (ahead, priority): (u32, Priority),
) -> Outlook<'_> {
    let over = Timestamp::of_half_minute(now.half_minute());
    let (pace, halves) = (&window.pace, window.halves_besides(now));
    Outlook { ahead, works, is_free, notes, pace, halves, line: &window.in_line, over, priority }
}

/// What an estimate looks at of the agents who serve a queue.
#[derive(Clone, Copy)]
struct Agents {
    works: bool,
    is_free: bool,
    notes: u32,
}

impl Router {
    /// The call counts as waiting, or no more, in the domain and wherever it stands.
    pub(crate) fn count_call(&mut self, slot: u32, counts: bool) {
        if self.calls[slot].counted == counts {
            return;
        }
        self.calls[slot].counted = counts;
        let domain = self.gauges.domain();
        self.change_waiting(domain, counts);
        let mut place = self.calls[slot].places;
        while place != NONE {
            self.count_place(place, counts);
            place = self.places[place].next;
        }
    }

    /// The same for one of its places.
    pub(crate) fn count_place(&mut self, place: u32, counts: bool) {
        let at = &mut self.places[place];
        if at.counted == counts {
            return;
        }
        at.counted = counts;
        let key = (at.entered, self.calls[at.slot].arrival, at.queue);
        for of in [key.2.0, self.gauges.domain()] {
            let Gauges { all, entered, .. } = &mut self.gauges;
            let measured = &mut all[usize::from(of)];
            if !measured.knows_longest {
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

    /// How long a call of normal priority would wait in a queue that joined the end of the line now; none
    /// if nobody works there, or there is no such queue.
    pub fn estimated_wait(&self, queue: QueueId) -> Option<Span> {
        // The last window is the domain's.
        let queues = self.plan.queues.len();
        let window = self.windows.get(queue.index()).filter(|_| queue.index() < queues)?;
        let ahead = (window.in_line.calls(), Priority::NORMAL);
        outlook((window, self.now), self.agents_of(queue), ahead).wait()
    }

    /// How long a call would wait in a queue that joined it now, with its priority and its age; none if
    /// nobody works there.
    pub(crate) fn foresee(&self, slot: u32, queue: QueueId) -> Option<Foreseen> {
        let window = &self.windows[queue.index()];
        let agents = self.agents_of(queue);
        let stand = self.calls[slot].stand();
        let ahead = window.in_line.ahead_of(stand, self.plan.order, self.now);
        let priority = stand.priority;
        let wait = outlook((window, self.now), agents, (ahead, priority)).wait()?;
        Some(Foreseen { wait, notes: agents.notes, priority })
    }

    fn agents_of(&self, queue: QueueId) -> Agents {
        Agents {
            works: self.pools.somebody_works(queue),
            is_free: self.pools.somebody_is_free(queue),
            notes: self.pools.at_notes(queue),
        }
    }

    /// Counts an agent as what he is now, in his pool and wherever a latch looks at agents whom he is
    /// one of.
    pub(crate) fn count_agent(&mut self, agent: AgentId) {
        let known = &self.agents[agent.index()];
        let Some(desk) = known.desks.first() else { return };
        let presence = known.presence();
        // Nobody else looks at it here.
        let is_watched = !self.pools.census[desk.pool as usize].watched.is_empty();
        let is_available = is_watched && known.is_available(&self.plan.channels);
        let is_at_notes = presence == Presence::Ready && known.is_at_notes();
        let is = [
            presence != Presence::LoggedOut,
            presence == Presence::Ready,
            is_available,
            is_at_notes,
        ];
        if is != known.counted {
            self.count_agent_as(agent, is);
        }
    }

    pub(crate) fn count_agent_as(&mut self, agent: AgentId, is: Counted) {
        let known = &mut self.agents[agent.index()];
        // Those of his desks are alike.
        let Some(desk) = known.desks.first() else { return };
        let pool = desk.pool;
        let was = std::mem::replace(&mut known.counted, is).map(u32::from);
        let is = is.map(u32::from);
        self.pools.count(pool, (was[1], is[1]), (was[3], is[3]));
        for of in &self.pools.census[pool as usize].watched {
            let measured = &mut self.gauges.all[usize::from(*of)];
            for ((count, is), was) in measured.agents.iter_mut().zip(is).zip(was) {
                *count = *count + is - was;
            }
            self.latches.look_at_all(&measured.latches);
        }
    }
}
