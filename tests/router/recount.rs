//! Figures counted anew from a list of all that happened, by looking back and forth in it: slow, and made
//! from the words of the documentation alone.

use acd_core::{
    AgentId, CallHandle, CallerKey, Event, LeftCause, NotReadyReason, OfferEnd, Outcome, Presence,
    QueueId, ReturnCause, RoutingPlan, SlotState, Span, Timestamp,
};
use acd_statistics::{AgentCounts, AgentFigures, Interval, QueueCounts, QueueSummary};
use std::collections::BTreeMap;

const HALF_MINUTE: u64 = 30_000_000;
const DAY: u64 = 86_400_000_000;

/// Everything that happened, in order.
pub(crate) struct Log<'a> {
    pub(crate) plan: &'a RoutingPlan,
    pub(crate) events: &'a [(Timestamp, Event)],
}

/// Something that counts in a queue.
#[derive(Clone, Debug)]
struct Happening {
    queue: QueueId,
    at: Timestamp,
    /// In which the stay began.
    interval: Interval,
    counts: QueueCounts,
    wait: Option<Span>,
    /// It counts in sliding windows; else it says something of earlier times.
    is_now: bool,
}

/// A call's stand in a queue.
#[derive(Clone, Copy, Debug)]
struct Stay {
    /// Where in the log it begins, ...
    begins: usize,
    /// ... and where it ends, if it does.
    ends: Option<usize>,
    call: CallHandle,
    queue: QueueId,
    since: Timestamp,
    estimate: Option<Span>,
}

/// A conversation.
#[derive(Clone, Copy, Debug)]
struct Talk {
    begins: usize,
    ends: Option<usize>,
    call: CallHandle,
    agent: AgentId,
    queue: QueueId,
    interval: Interval,
}

impl Log<'_> {
    /// What readers are shown of a queue: the five minutes, the thirty minutes, and the day since then.
    pub(crate) fn queue(&self, queue: QueueId, today_since: Timestamp) -> [QueueSummary; 3] {
        let all: Vec<Happening> =
            self.happenings().into_iter().filter(|it| it.queue == queue).collect();
        let now = self.events.last().map_or(0, |(at, _)| at.0 / HALF_MINUTE);
        let of_late = |half_minutes: u64| {
            let first = (now + 1).saturating_sub(half_minutes);
            sum(all.iter().filter(|it| it.is_now && it.at.0 / HALF_MINUTE >= first))
        };
        let today = all.iter().filter(|it| it.interval.start() >= today_since);
        [of_late(10), of_late(60), sum(today)]
    }

    /// By quarter of an hour.
    pub(crate) fn history(&self) -> BTreeMap<(QueueId, Interval), QueueSummary> {
        let mut by: BTreeMap<(QueueId, Interval), Vec<Happening>> = BTreeMap::new();
        for it in self.happenings() {
            by.entry((it.queue, it.interval)).or_default().push(it);
        }
        by.into_iter().map(|(key, all)| (key, sum(all.iter()))).collect()
    }

    fn happenings(&self) -> Vec<Happening> {
        let mut all = Vec::new();
        for stay in self.stays() {
            self.of_stay(&stay, &mut all);
        }
        for talk in self.talks() {
            self.of_talk(&talk, &mut all);
        }
        self.of_notes(&mut all);
        self.of_repeats(&mut all);
        // What is final is not changed any more: it counts in the first interval that is not.
        for it in &mut all {
            let days = (it.at.0 / DAY).saturating_sub(8);
            it.interval = it.interval.max(Interval::of(Timestamp(days * DAY)));
        }
        all
    }

    fn at(&self, index: usize) -> Timestamp {
        self.events[index].0
    }

    fn event(&self, index: usize) -> &Event {
        &self.events[index].1
    }

    /// The first event after `from` that is such.
    fn next(&self, from: usize, is_it: impl Fn(&Event) -> bool) -> Option<usize> {
        (from + 1..self.events.len()).find(|index| is_it(self.event(*index)))
    }

    fn stays(&self) -> Vec<Stay> {
        let begins =
            self.events.iter().enumerate().filter_map(|(begins, (_, event))| match event {
                Event::PlaceEntered { call, queue, since, estimate, .. } => {
                    let ends = self.next(begins, |event| {
                        matches!(event, Event::PlaceLeft { call: of, queue: it, .. }
                        if (of, it) == (call, queue))
                    });
                    let (call, queue, since, estimate) = (*call, *queue, *since, *estimate);
                    Some(Stay { begins, ends, call, queue, since, estimate })
                }
                _ => None,
            });
        begins.collect()
    }

    fn of_stay(&self, stay: &Stay, all: &mut Vec<Happening>) {
        let interval = Interval::of(stay.since);
        let happening = |at, counts, wait| Happening {
            queue: stay.queue,
            at,
            interval,
            counts,
            wait,
            is_now: true,
        };
        let entered = QueueCounts { entered: 1, ..QueueCounts::default() };
        all.push(happening(self.at(stay.begins), entered, None));
        let Some(ends) = stay.ends else { return };
        let Event::PlaceLeft { cause, .. } = self.event(ends) else { unreachable!() };
        let (at, mut counts, mut wait) = (self.at(ends), QueueCounts::default(), None);
        let lasted = at.since(stay.since);
        let is_in_time = lasted <= self.plan.queues[stay.queue.index()].service_level.within;
        match cause {
            LeftCause::Moved => counts.moved = 1,
            LeftCause::Withdrawn => counts.withdrawn = 1,
            LeftCause::Connected => {
                // The latest one before it was what it left for.
                let connected = (0..ends).rev().find_map(|index| match self.event(index) {
                    Event::CallConnected { call, queue, .. } if *call == stay.call => Some(*queue),
                    _ => None,
                });
                if connected == Some(stay.queue) {
                    wait = Some(lasted);
                    counts.answered = 1;
                    counts.answered_in_time = u64::from(is_in_time);
                    counts.wait_us = lasted.0;
                    self.compare_estimate(stay, ends, lasted, &mut counts);
                } else {
                    counts.answered_elsewhere = 1;
                }
            }
            LeftCause::Ended => {
                let is_end = |event: &Event| matches!(event, Event::CallEnded { call, .. } if *call == stay.call);
                let end = self.next(ends, is_end).map(|index| self.event(index));
                let Some(Event::CallEnded { outcome, .. }) = end else { unreachable!() };
                let in_time = u64::from(is_in_time);
                match outcome {
                    Outcome::Abandoned => {
                        (counts.abandoned, counts.abandoned_in_time) = (1, in_time);
                    }
                    Outcome::ShortAbandoned => {
                        (counts.short_abandoned, counts.short_abandoned_in_time) = (1, in_time);
                    }
                    Outcome::Overflowed => counts.overflowed = 1,
                    Outcome::Rejected => counts.rejected = 1,
                    Outcome::Vanished => counts.vanished = 1,
                    Outcome::Handled | Outcome::Transferred => {}
                }
            }
        }
        all.push(happening(at, counts, wait));
    }

    fn compare_estimate(&self, stay: &Stay, ends: usize, wait: Span, counts: &mut QueueCounts) {
        let Some(estimate) = stay.estimate else { return };
        // It waited if some offer came later than it did.
        let has_waited = (stay.begins..ends).any(|index| {
            matches!(self.event(index), Event::OfferIssued { call, .. } if *call == stay.call)
                && self.at(index) > stay.since
        });
        if has_waited {
            counts.estimates = 1;
            counts.estimate_off_us = wait.0.abs_diff(estimate.0);
            counts.estimate_short_us = wait.0.saturating_sub(estimate.0);
        }
    }

    fn talks(&self) -> Vec<Talk> {
        let stays = self.stays();
        let begins =
            self.events.iter().enumerate().filter_map(|(begins, (at, event))| match event {
                Event::CallConnected { call, agent, queue } => {
                    let ends = self.next(begins, |event| match event {
                        Event::CallEnded { call: of, .. } => of == call,
                        Event::CallReturned { call: of, cause } => {
                            let is_over = match cause {
                                ReturnCause::AgentLegLost | ReturnCause::Transferred => true,
                                ReturnCause::OfferEnded | ReturnCause::ConnectFailed => false,
                            };
                            of == call && is_over
                        }
                        _ => false,
                    });
                    let stood = stays.iter().rev().find(|stay| {
                        (stay.call, stay.queue) == (*call, *queue)
                            && stay.begins < begins
                            && stay.ends.is_none_or(|ends| ends > begins)
                    });
                    let interval = Interval::of(stood.map_or(*at, |stay| stay.since));
                    Some(Talk { begins, ends, call: *call, agent: *agent, queue: *queue, interval })
                }
                _ => None,
            });
        begins.collect()
    }

    /// Whether the conversation ended by being handed on.
    fn was_handed_on(&self, ends: usize) -> bool {
        matches!(
            self.event(ends),
            Event::CallReturned { cause: ReturnCause::Transferred, .. }
                | Event::CallEnded { outcome: Outcome::Transferred, .. }
        )
    }

    fn caller(&self, call: CallHandle) -> (u64, Option<CallerKey>) {
        let arrived = self.events.iter().find_map(|(_, event)| match event {
            Event::CallArrived { call: of, arrival, caller, .. } if *of == call => {
                Some((*arrival, *caller))
            }
            _ => None,
        });
        arrived.expect("who talks has arrived")
    }

    fn of_talk(&self, talk: &Talk, all: &mut Vec<Happening>) {
        let Some(ends) = talk.ends else { return };
        let at = self.at(ends);
        let (mut held_since, mut hold_us) = (None, 0);
        for index in talk.begins..=ends {
            match self.event(index) {
                Event::CallHeld { call } if *call == talk.call => {
                    held_since.get_or_insert(self.at(index));
                }
                Event::CallRetrieved { call } if *call == talk.call => {
                    hold_us += held_since.take().map_or(0, |since| self.at(index).since(since).0);
                }
                _ => {}
            }
        }
        hold_us += held_since.map_or(0, |since| at.since(since).0);
        let mut counts = QueueCounts {
            handled: 1,
            talk_us: at.since(self.at(talk.begins)).0 - hold_us,
            hold_us,
            transferred: u64::from(self.was_handed_on(ends)),
            ..QueueCounts::default()
        };
        if self.caller(talk.call).1.is_some() {
            counts.contacts = 1;
            counts.unresolved_1_day = counts.transferred;
            counts.unresolved_3_days = counts.transferred;
            counts.unresolved_7_days = counts.transferred;
        }
        let (queue, interval) = (talk.queue, talk.interval);
        all.push(Happening { queue, at, interval, counts, wait: None, is_now: true });
    }

    fn of_notes(&self, all: &mut Vec<Happening>) {
        let talks = self.talks();
        for (index, (since, event)) in self.events.iter().enumerate() {
            let Event::SlotChanged { agent, slot, state: SlotState::WrapUp { call, queue, .. } } =
                event
            else {
                continue;
            };
            let over = self.next(index, |event| {
                matches!(event, Event::SlotChanged { agent: of, slot: it, .. }
                    if (of, it) == (agent, slot))
            });
            let Some(over) = over else { continue };
            let about = talks.iter().rev().find(|talk| talk.call == *call && talk.begins < index);
            let interval = about.map_or(Interval::of(*since), |talk| talk.interval);
            let at = self.at(over);
            let wrap_up_us = at.since(*since).0;
            let counts = QueueCounts { wrap_up_us, ..QueueCounts::default() };
            all.push(Happening { queue: *queue, at, interval, counts, wait: None, is_now: true });
        }
    }

    /// Whoever comes to a queue again says something of his last conversation there.
    fn of_repeats(&self, all: &mut Vec<Happening>) {
        let talks = self.talks();
        let mut told = Vec::new();
        for stay in self.stays() {
            let (arrival, Some(caller)) = self.caller(stay.call) else { continue };
            let before = talks.iter().filter_map(|talk| Some((talk, talk.ends?)));
            let before = before.filter(|(talk, ends)| {
                talk.queue == stay.queue
                    && *ends < stay.begins
                    && self.caller(talk.call).1 == Some(caller)
            });
            let Some((talk, ends)) = before.max_by_key(|(_, ends)| *ends) else { continue };
            let is_same_call = self.caller(talk.call).0 == arrival;
            if is_same_call || self.was_handed_on(ends) || told.contains(&ends) {
                continue;
            }
            let at = self.at(stay.begins);
            let after = at.since(self.at(ends)).0;
            let counts = QueueCounts {
                unresolved_1_day: u64::from(after <= DAY),
                unresolved_3_days: u64::from(after <= 3 * DAY),
                unresolved_7_days: u64::from(after <= 7 * DAY),
                ..QueueCounts::default()
            };
            if after <= 7 * DAY {
                told.push(ends);
                let (queue, interval) = (talk.queue, talk.interval);
                all.push(Happening { queue, at, interval, counts, wait: None, is_now: false });
            }
        }
    }
}

fn sum<'a>(all: impl Iterator<Item = &'a Happening>) -> QueueSummary {
    let (mut counts, mut waits) = (QueueCounts::default(), Vec::new());
    for it in all {
        counts.add(&it.counts);
        waits.extend(it.wait);
    }
    waits.sort_unstable();
    let rank = |percent: usize| {
        let rank = (waits.len() * percent).div_ceil(100).max(1);
        waits.get(rank - 1).copied()
    };
    QueueSummary {
        counts,
        wait_p50: rank(50),
        wait_p90: rank(90),
        wait_p99: rank(99),
        wait_max: waits.last().copied(),
    }
}

/// An agent's figures, from moment to moment.
impl Log<'_> {
    /// What he did in each quarter of an hour, as far as it is counted.
    pub(crate) fn agent(&self, agent: AgentId, slots: usize) -> BTreeMap<Interval, AgentFigures> {
        let mut by: BTreeMap<Interval, AgentFigures> = BTreeMap::new();
        let mut presence = Presence::LoggedOut;
        let mut doing = vec![SlotState::Free; slots];
        let mut since = Timestamp(0);
        let talks = self.talks();
        for (index, (at, event)) in self.events.iter().enumerate() {
            self.spend(&mut by, (since, *at), presence, &doing);
            since = *at;
            let mut counts = AgentCounts::default();
            match event {
                Event::PresenceChanged { agent: of, presence: now, .. } if *of == agent => {
                    presence = *now;
                }
                Event::SlotChanged { agent: of, slot, state } if *of == agent => {
                    doing[usize::from(*slot)] = *state;
                }
                Event::OfferIssued { agent: of, .. } if *of == agent => counts.offers = 1,
                Event::OfferEnded { agent: of, end, .. } if *of == agent => match end {
                    OfferEnd::Accepted => counts.accepted = 1,
                    OfferEnd::Declined => counts.declined = 1,
                    OfferEnd::NoAnswer => counts.no_answer = 1,
                    OfferEnd::Revoked(_) => counts.revoked = 1,
                    OfferEnd::Failed => counts.failed = 1,
                },
                Event::CallConnected { agent: of, .. } if *of == agent => counts.connected = 1,
                _ => {}
            }
            if talks.iter().any(|talk| talk.agent == agent && talk.ends == Some(index)) {
                counts.handled = 1;
                counts.transferred = u64::from(self.was_handed_on(index));
            }
            if counts != AgentCounts::default() {
                by.entry(Interval::of(*at)).or_default().counts.add(&counts);
            }
        }
        by
    }

    fn spend(
        &self,
        by: &mut BTreeMap<Interval, AgentFigures>,
        (from, to): (Timestamp, Timestamp),
        presence: Presence,
        doing: &[SlotState],
    ) {
        let busy = doing.iter().filter(|state| **state != SlotState::Free).count() as u64;
        if presence == Presence::LoggedOut && busy == 0 {
            return;
        }
        let mut from = from;
        while from < to {
            let interval = Interval::of(from);
            let end = interval.end().min(to);
            let us = end.since(from).0;
            let figures = by.entry(interval).or_default();
            for state in doing {
                let time = match state {
                    SlotState::Free => continue,
                    SlotState::Reserved { .. } => &mut figures.counts.reserved_us,
                    SlotState::Connecting { .. } => &mut figures.counts.connecting_us,
                    SlotState::Talking { .. } => &mut figures.counts.talk_us,
                    SlotState::Held { .. } => &mut figures.counts.hold_us,
                    SlotState::WrapUp { .. } => &mut figures.counts.wrap_up_us,
                };
                *time += us;
            }
            match presence {
                Presence::LoggedOut => {}
                Presence::Ready => {
                    figures.counts.staffed_us += us;
                    figures.counts.working_us += us;
                    figures.counts.busy_us += if busy > 0 { us } else { 0 };
                    figures.counts.slots_busy_us += busy * us;
                    figures.counts.slots_us += doing.len() as u64 * us;
                }
                Presence::NotReady(reason) => {
                    figures.counts.staffed_us += us;
                    *figures.not_ready_us.entry(self.word(reason)).or_default() += us;
                }
            }
            from = end;
        }
    }

    fn word(&self, reason: NotReadyReason) -> String {
        let word = match reason {
            NotReadyReason::Unstated => "",
            NotReadyReason::Named(reason) => &self.plan.reasons[reason.index()],
            NotReadyReason::MissedOffers => "missed_offers",
            NotReadyReason::Forced => "forced",
            NotReadyReason::DeviceOutOfService => "device_out_of_service",
            NotReadyReason::HeartbeatLost => "heartbeat_lost",
        };
        word.to_owned()
    }
}
