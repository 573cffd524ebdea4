//! Promise 8: every timer counts from one event, none restarts another, nothing fires early; time
//! never goes back.

use super::{Watch, keeps};
use crate::books::{Books, Stage};
use acd_core::{
    Action, AgentId, CallHandle, Command, Event, OfferEnd, OfferNumber, Phase, QueueId, SlotState,
    Timestamp,
};
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Timers {
    command: Option<Command>,
    /// By stay and rule: when it acted last.
    fired: BTreeMap<(CallHandle, QueueId), BTreeMap<u16, Timestamp>>,
    /// The rule that acted last in the present command.
    last: Option<(CallHandle, QueueId, u16)>,
}

impl Watch for Timers {
    fn before(&mut self, books: &Books, now: Timestamp, command: &Command) {
        keeps!(8, now >= books.now, "time went back from {:?} to {now:?}", books.now);
        (self.command, self.last) = (Some(command.clone()), None);
        if matches!(command, Command::PlanChanged { .. }) {
            self.fired.clear();
        }
        // Nobody is woken for what is overdue as an epoch begins.
        if *command != Command::EpochBegan
            && let Some(first) = first_timer(books)
        {
            keeps!(8, first >= now, "what was due at {first:?} has not come by {now:?}");
        }
    }

    fn sees(&mut self, books: &Books, event: &Event) {
        let now = books.now;
        match event {
            Event::OfferIssued { call, agent, queue, ring_until, adopted, picked, .. } => {
                let until = now + books.plan.queues[queue.index()].ring;
                keeps!(
                    8,
                    *ring_until == until,
                    "{call:?} rings until {ring_until:?}, not {until:?}"
                );
                if !adopted && !picked {
                    Self::is_not_early(books, *call, *agent, *queue);
                }
            }
            Event::OfferEnded { call, offer, end, adapter_knows: false, .. } => match end {
                OfferEnd::NoAnswer | OfferEnd::Failed => Self::hand_ends(books, *call, *offer),
                OfferEnd::Accepted | OfferEnd::Declined | OfferEnd::Revoked(_) => {}
            },
            Event::CallConnecting { call, until, .. } => {
                let due = now + books.plan.connect_within;
                keeps!(8, *until == due, "{call:?} is to be bridged by {until:?}, not {due:?}");
            }
            Event::ConnectFailed { call, offer, adapter_knows: false, .. } => {
                Self::hand_ends(books, *call, *offer);
            }
            Event::SlotChanged { agent, slot, state } => {
                self.wrap_up_is_in_time(books, *agent, usize::from(*slot), *state);
            }
            Event::WrapUpExtended { agent, slot, until } => {
                let (known, slot) = (&books.agents[agent.index()], usize::from(*slot));
                let SlotState::WrapUp { until: before, queue, .. } = known.slots[slot] else {
                    return keeps!(8, false, "{agent:?} extends what is no wrap-up");
                };
                let most =
                    known.slots_since[slot] + books.plan.queues[queue.index()].wrap_up_at_most;
                let may = *until > before && *until <= most;
                keeps!(8, may, "wrap-up from {before:?} until {until:?}, at most {most:?}");
            }
            Event::AgentAwaited { call, until, .. } => {
                let due = books.entry.map(|entry| {
                    entry.since + books.plan.queues[entry.queue.index()].affinity.wait
                });
                keeps!(
                    8,
                    Some(*until) == due,
                    "{call:?} waits for one until {until:?}, not {due:?}"
                );
            }
            Event::QueueClosed { queue, .. } => {
                let asked = matches!(&self.command, Some(Command::SetClosed { queue: it, .. }) if it == queue);
                let until = books.closings.get(queue).and_then(|(_, until)| *until);
                let over = until.is_some_and(|until| is_due(books, until));
                keeps!(8, asked || over, "{queue:?} was to stay until {until:?}, it is {now:?}");
            }
            Event::SkillChanged { agent, skill, .. } => {
                let asked = match &self.command {
                    Some(Command::SetSkill { agent: of, skill: it, .. }) => {
                        (of, it) == (agent, skill)
                    }
                    Some(Command::PlanChanged { .. }) => true,
                    _ => false,
                };
                let until = books.agents[agent.index()].skills.get(skill).and_then(|it| it.1);
                let over = until.is_some_and(|until| is_due(books, until));
                keeps!(8, asked || over, "{skill:?} was to stay until {until:?}, it is {now:?}");
            }
            Event::AdapterSynced { adapter } => {
                let said = matches!(self.command, Some(Command::AdapterSynced { .. }));
                let until = books.adapters.get(adapter).and_then(|it| it.awaited_until);
                let over = until.is_some_and(|until| is_due(books, until));
                keeps!(8, said || over, "{adapter:?} had until {until:?}, it is {now:?}");
            }
            Event::PlaceEntered { call, queue, .. } => {
                self.fired.insert((*call, *queue), BTreeMap::new());
            }
            Event::PlaceLeft { call, queue, .. } => {
                self.fired.remove(&(*call, *queue));
            }
            Event::RuleFired { call, queue, rule, .. } => {
                self.rule_is_in_time(books, *call, *queue, *rule);
            }
            _ => {}
        }
    }

    fn after(&mut self, books: &Books, _: &Command) {
        if books.phase != Phase::Normal || books.is_owed {
            return;
        }
        if let Some(first) = first_timer(books) {
            keeps!(8, first > books.now, "what is due at {first:?} does not come");
        }
        let waiting = books.calls.iter().filter(|(_, known)| known.stage == Stage::Waiting);
        for (call, known) in waiting {
            for place in &known.places {
                let fired = self.fired.get(&(*call, place.queue));
                let rules = &books.plan.queues[place.queue.index()].rules;
                for (index, rule) in (0..).zip(rules) {
                    let when = &rule.when;
                    let due = (place.entered + when.waited).max(known.age_from + when.age);
                    let urgent = when.priority_at_least.is_none_or(|it| known.priority >= it);
                    let urgent = urgent && when.is_for(known.means);
                    let by_time = when.latch.is_none() && when.admission.is_none();
                    // What had fired under another plan is not known any more.
                    let has_fired = fired.is_none_or(|fired| fired.contains_key(&index));
                    let late = by_time && urgent && due <= books.now && !has_fired;
                    keeps!(8, !late, "rule {} of {call:?} was due at {due:?}", rule.name);
                }
            }
        }
    }
}

/// Whether it is time: to the microsecond, unless the domain catches up with what was overdue.
fn is_due(books: &Books, at: Timestamp) -> bool {
    match books.phase {
        Phase::Normal => at == books.now,
        Phase::CatchingUp => at <= books.now,
        Phase::Recovering => false,
    }
}

/// Of offers, bridges, waits for one agent, wrap-up, resyncs and queues that turn; nothing while the domain recovers.
fn first_timer(books: &Books) -> Option<Timestamp> {
    if books.phase != Phase::Normal {
        return None;
    }
    let in_hand = books.calls.values().filter(|call| match call.stage {
        Stage::Offering | Stage::Connecting => true,
        Stage::Waiting | Stage::Connected | Stage::Held => false,
    });
    let hands = in_hand.flat_map(|call| &call.hands).map(|hand| hand.until);
    let for_one = books.calls.values().filter_map(|call| call.awaits).map(|(_, until)| until);
    let slots = books.agents.iter().flat_map(|agent| &agent.slots);
    let wrap_up = slots.filter_map(|slot| match slot {
        SlotState::WrapUp { until, .. } => Some(*until),
        _ => None,
    });
    let awaited = books.adapters.values().filter_map(|adapter| adapter.awaited_until);
    let turns = books.closings.values().filter_map(|(_, until)| *until);
    hands.chain(for_one).chain(wrap_up).chain(awaited).chain(turns).min()
}

impl Timers {
    fn is_not_early(books: &Books, call: CallHandle, agent: AgentId, queue: QueueId) {
        let (known, now) = (&books.calls[&call], books.now);
        let skipped = known.skips.get(&agent).is_some_and(|until| *until > now);
        keeps!(8, !skipped, "{call:?} is offered to {agent:?}, whom it skips");
        let place = known.place(queue);
        let waited = place.is_some_and(|place| books.has_waited(agent, known, place, now));
        keeps!(8, waited, "{call:?} is offered to {agent:?} before his delay is over");
    }

    /// What an agent has in hand ends by time.
    fn hand_ends(books: &Books, call: CallHandle, offer: OfferNumber) {
        let mut hands = books.calls[&call].hands.iter();
        let until = hands.find(|hand| hand.offer == offer).map(|hand| hand.until);
        let due = until.is_some_and(|until| is_due(books, until));
        keeps!(8, due, "{call:?} has until {until:?}, and ends at {:?}", books.now);
    }

    fn wrap_up_is_in_time(&self, books: &Books, agent: AgentId, slot: usize, state: SlotState) {
        if let SlotState::WrapUp { until, queue, .. } = state {
            let due = books.now + books.plan.queues[queue.index()].wrap_up;
            keeps!(8, until == due, "{agent:?} has wrap-up until {until:?}, not {due:?}");
        }
        if let Some(SlotState::WrapUp { until, .. }) = books.agents[agent.index()].slots.get(slot) {
            let asked = match &self.command {
                Some(Command::AgentEndWrapUp { agent: it, .. }) => *it == agent,
                Some(Command::PlanChanged { .. }) => true,
                _ => false,
            };
            let over = asked || is_due(books, *until);
            keeps!(8, over, "{agent:?} has wrap-up until {until:?}, it is {:?}", books.now);
        }
    }

    /// Not before its time, once for each stay unless it repeats, and then not before its time again.
    fn rule_is_in_time(&mut self, books: &Books, call: CallHandle, queue: QueueId, rule: u16) {
        let (known, now) = (&books.calls[&call], books.now);
        let rules = &books.plan.queues[queue.index()].rules;
        // The last rule stands in for a move too many of another, whatever it waits for.
        let moves = |rule: u16| {
            rules[usize::from(rule)].then.iter().any(|it| matches!(it, Action::MoveTo(_)))
        };
        let stands_in = usize::from(rule) + 1 == rules.len()
            && self.last.is_some_and(|(of, at, it)| (of, at) == (call, queue) && moves(it));
        self.last = Some((call, queue, rule));
        let planned = &rules[usize::from(rule)];
        let place = known.place(queue);
        keeps!(8, place.is_some(), "a rule of {queue:?} acts on {call:?}, which is elsewhere");
        let entered = place.map_or(now, |place| place.entered);
        let due = (entered + planned.when.waited).max(known.age_from + planned.when.age);
        let is_for = stands_in || planned.when.is_for(known.means);
        keeps!(8, is_for, "rule {} acts on {call:?}, of another channel", planned.name);
        keeps!(8, stands_in || due <= now, "rule {} acts on {call:?} before {due:?}", planned.name);
        // What had fired under another plan is not known any more.
        let fired = self.fired.get_mut(&(call, queue));
        if let Some(before) = fired.and_then(|fired| fired.insert(rule, now)) {
            let again = planned.repeat_every.map(|every| before + every);
            let may = stands_in || again.is_some_and(|again| again <= now);
            keeps!(8, may, "rule {} acts on {call:?} again, after {before:?}", planned.name);
        }
    }
}
