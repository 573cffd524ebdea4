//! What happens, event by event: whose stays went beyond the target, whose offers were missed, which calls were
//! handed on.

use super::era::{Era, LateStay, LineKey, acts_after, is_for_exceptions};
use super::sums::Sums;
use super::{HANDED_ON_WITHIN, SHORTLY_BEFORE};
use crate::record::{CallCard, Entry, Minted};
use crate::replica::Replica;
use acd_core::{
    AgentId, CallHandle, Channel, Command, Demand, DemandId, Event, LeftCause, OfferEnd,
    OfferNumber, Outcome, QueueId, ReturnCause, Router, RoutingPlan, Span, Timestamp,
};
use std::collections::HashMap;
use std::sync::Arc;

/// What has been seen so far.
pub(super) struct Watch {
    /// From when on, and before when.
    range: (Timestamp, Timestamp),
    sums: Sums,
    era: Era,
    calls: HashMap<CallHandle, Live>,
    offered: HashMap<OfferNumber, Timestamp>,
}

/// A call that lives.
struct Live {
    card: Arc<CallCard>,
    channel: Channel,
    route: Option<usize>,
    stays: Vec<Stay>,
    /// Stays that ended with the call, of which it is not known yet how.
    ending: Vec<Stay>,
    /// Through which queue it talks, since when.
    talk: Option<(QueueId, Timestamp)>,
    /// It was handed on soon after it had been answered through this queue, and goes into another now.
    handed_on: Option<QueueId>,
}

/// A call's stand in a queue.
#[derive(Clone)]
struct Stay {
    queue: QueueId,
    since: Timestamp,
    /// What it asked for, and since when; never empty.
    asked: Vec<(DemandId, Timestamp)>,
    /// The rules that have acted on it, a bit each.
    fired: u64,
}

/// How a stay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StayEnd {
    Answered,
    GivenUp,
    /// It went elsewhere, or is not over.
    Else,
}

impl Watch {
    pub(super) fn after(replica: &Replica, range: (Timestamp, Timestamp)) -> Self {
        let router = replica.router();
        let (plan, at) = (Arc::clone(router.plan()), router.now());
        let mut watch = Self::new(plan, router.demands(), at, range);
        for facts in router.calls() {
            if let Some(card) = replica.cast().card(facts.call) {
                watch.comes(facts.call, card, facts.channel, None);
            }
        }
        watch.look_at(router);
        watch
    }

    pub(super) fn new(
        plan: Arc<RoutingPlan>,
        demands: &[Demand],
        at: Timestamp,
        range: (Timestamp, Timestamp),
    ) -> Self {
        let mut watch = Self {
            range,
            sums: Sums::default(),
            era: Era::new(plan, demands, at),
            calls: HashMap::new(),
            offered: HashMap::new(),
        };
        watch.note_plan();
        watch
    }

    pub(super) fn hear(&mut self, router: &Router, entry: &Entry, events: &[Event]) {
        if let Command::PlanChanged { plan } = &entry.command {
            // What a new plan does to calls is not what happened to them by the old one.
            let era = Era::new(Arc::clone(plan), router.demands(), entry.at);
            std::mem::replace(&mut self.era, era).end(entry.at, self.stretch(), &mut self.sums);
            self.note_plan();
            self.look_at(router);
            return;
        }
        let card = match &entry.minted {
            Some(Minted::Call(card)) => Some(card),
            Some(Minted::Adapter(_) | Minted::Message(_)) | None => None,
        };
        for event in events {
            self.follow(entry.at, event, card);
        }
    }

    fn stretch(&self) -> (u64, u64) {
        (self.range.0.0, self.range.1.0)
    }

    fn is_in_range(&self, at: Timestamp) -> bool {
        (self.range.0..self.range.1).contains(&at)
    }

    /// What the plan promises, and its rules.
    fn note_plan(&mut self) {
        for queue in &self.era.plan.queues {
            let sums = self.sums.queues.entry(queue.name.clone()).or_default();
            sums.promised = queue.service_level.answered_percent.into();
            sums.ring = queue.ring;
            let last = queue.rules.len().saturating_sub(1);
            for (index, rule) in queue.rules.iter().enumerate() {
                let name = (queue.name.clone(), rule.name.clone());
                let sums = self.sums.rules.entry(name).or_default();
                sums.waited = acts_after(rule).unwrap_or_default();
                sums.is_for_exceptions = index != last && is_for_exceptions(rule);
            }
        }
    }

    /// Where calls stand, and how agents are.
    fn look_at(&mut self, router: &Router) {
        let at = router.now();
        for facts in router.agents() {
            self.era.presence(facts.agent, facts.presence, at);
        }
        self.calls.retain(|call, _| router.call(*call).is_some());
        for facts in router.calls() {
            let Some(live) = self.calls.get_mut(&facts.call) else { continue };
            let stay = |place: &acd_core::PlaceFacts| {
                self.era.line((place.demand, facts.channel)).comes(false);
                let asked = vec![(place.demand, place.since)];
                Stay { queue: place.queue, since: place.since, asked, fired: 0 }
            };
            live.stays = facts.places.iter().map(stay).collect();
        }
    }

    fn comes(
        &mut self,
        call: CallHandle,
        card: &Arc<CallCard>,
        channel: Channel,
        route: Option<usize>,
    ) {
        let live = Live {
            card: Arc::clone(card),
            channel,
            route,
            stays: Vec::new(),
            ending: Vec::new(),
            talk: None,
            handed_on: None,
        };
        self.calls.insert(call, live);
    }

    /// Takes in what happened; `card` is of the call that comes, if one does.
    pub(super) fn follow(&mut self, at: Timestamp, event: &Event, card: Option<&Arc<CallCard>>) {
        if self.is_in_range(at) {
            self.sums.first = self.sums.first.or(Some(at));
            self.sums.last = Some(at);
        }
        match event {
            Event::CallArrived { call, channel, route, .. } => {
                if let Some(card) = card {
                    self.comes(*call, card, *channel, route.map(acd_core::RouteId::index));
                }
            }
            Event::PlaceEntered { call, queue, demand, since, .. } => {
                self.enters(*call, *queue, *demand, *since, at);
            }
            Event::RequirementChanged { call, queue, demand } => {
                self.asks_else(*call, *queue, *demand, at);
            }
            Event::PlaceLeft { call, queue, cause } => self.leaves(*call, *queue, *cause, at),
            Event::RuleFired { call, queue, rule, .. } => self.fires(*call, *queue, *rule),
            Event::OfferIssued { offer, agent, queue, .. } => {
                self.offered(*offer, *agent, *queue, at);
            }
            Event::OfferEnded { call, offer, agent, queue, end, .. } => {
                self.offer_ends(*call, *offer, (*agent, *queue), *end, at);
            }
            Event::CallConnected { call, queue, .. } => self.talks(*call, *queue, at),
            Event::CallReturned { call, cause } => self.returns(*call, *cause, at),
            Event::CallEnded { call, outcome, .. } => self.ends(*call, *outcome, at),
            Event::PresenceChanged { agent, presence, .. } => {
                self.era.presence(*agent, *presence, at);
            }
            _ => {}
        }
    }

    fn enters(
        &mut self,
        call: CallHandle,
        queue: QueueId,
        demand: DemandId,
        since: Timestamp,
        at: Timestamp,
    ) {
        let counts = self.is_in_range(since);
        let name = self.era.queue(queue);
        let Some(live) = self.calls.get_mut(&call) else { return };
        self.era.line((demand, live.channel)).comes(counts);
        live.stays.push(Stay { queue, since, asked: vec![(demand, since)], fired: 0 });
        if let Some(from) = live.handed_on.take() {
            let to = Some(name.clone());
            self.handed_on(call, from, to, at);
        }
        if counts {
            self.sums.queues.entry(name).or_default().entered += 1;
        }
    }

    fn asks_else(&mut self, call: CallHandle, queue: QueueId, demand: DemandId, at: Timestamp) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let Some(stay) = live.stays.iter_mut().find(|stay| stay.queue == queue) else { return };
        if let Some((before, _)) = stay.asked.last() {
            self.era.line((*before, live.channel)).goes();
        }
        self.era.line((demand, live.channel)).comes(self.range.0 <= at);
        stay.asked.push((demand, at));
    }

    fn leaves(&mut self, call: CallHandle, queue: QueueId, cause: LeftCause, at: Timestamp) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let Some(index) = live.stays.iter().position(|stay| stay.queue == queue) else { return };
        let stay = live.stays.remove(index);
        if let Some((demand, _)) = stay.asked.last() {
            self.era.line((*demand, live.channel)).goes();
        }
        match cause {
            LeftCause::Ended => live.ending.push(stay),
            LeftCause::Connected => self.stay_ends(call, &stay, StayEnd::Answered, at),
            LeftCause::Moved | LeftCause::Withdrawn => {
                self.stay_ends(call, &stay, StayEnd::Else, at);
            }
        }
    }

    fn stay_ends(&mut self, call: CallHandle, stay: &Stay, end: StayEnd, at: Timestamp) {
        if !self.is_in_range(stay.since) {
            return;
        }
        let Some(live) = self.calls.get(&call) else { return };
        let target = self.era.plan.queues[stay.queue.index()].service_level.within;
        let waited = at.since(stay.since);
        let is_late = waited > target;
        let in_time = end == StayEnd::Answered && !is_late;
        let sums = self.sums.queues.entry(self.era.queue(stay.queue)).or_default();
        sums.late += u64::from(is_late);
        if end != StayEnd::Else {
            sums.over += 1;
            sums.in_time += u64::from(in_time);
            sums.given_up += u64::from(end == StayEnd::GivenUp);
            if let Some((demand, _)) = stay.asked.first() {
                self.era.line((*demand, live.channel)).is_over(in_time);
            }
        }
        if is_late {
            let (card, pieces) = (Arc::clone(&live.card), pieces(stay, live.channel, at));
            self.era.is_late(LateStay { queue: stay.queue, card, pieces });
        }
        if end == StayEnd::GivenUp {
            self.gave_up(call, stay, waited);
        }
    }

    /// Which rules would have acted soon.
    fn gave_up(&mut self, call: CallHandle, stay: &Stay, waited: Span) {
        let Some(live) = self.calls.get(&call) else { return };
        let queue = &self.era.plan.queues[stay.queue.index()];
        for rule in &queue.rules {
            let Some(acts) = acts_after(rule) else { continue };
            if waited < acts && waited + SHORTLY_BEFORE >= acts {
                let name = (queue.name.clone(), rule.name.clone());
                self.sums.rules.entry(name).or_default().gave_up_before.add(&live.card);
            }
        }
    }

    fn fires(&mut self, call: CallHandle, queue: QueueId, rule: u16) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let Some(stay) = live.stays.iter_mut().find(|stay| stay.queue == queue) else { return };
        let bit = 1_u64.checked_shl(rule.into()).unwrap_or(0);
        let is_first = stay.fired & bit == 0;
        stay.fired |= bit;
        let (since, plan) = (stay.since, &self.era.plan.queues[queue.index()]);
        let Some(rule) = plan.rules.get(usize::from(rule)) else { return };
        let name = (plan.name.clone(), rule.name.clone());
        if is_first && self.is_in_range(since) {
            self.sums.rules.entry(name).or_default().acted += 1;
        }
    }

    fn offered(&mut self, offer: OfferNumber, agent: AgentId, queue: QueueId, at: Timestamp) {
        self.offered.insert(offer, at);
        if self.is_in_range(at) {
            self.sums.queues.entry(self.era.queue(queue)).or_default().offers += 1;
            self.sums.agents.entry(self.era.agent(agent)).or_default().offers += 1;
        }
    }

    fn offer_ends(
        &mut self,
        call: CallHandle,
        offer: OfferNumber,
        (agent, queue): (AgentId, QueueId),
        end: OfferEnd,
        at: Timestamp,
    ) {
        let Some(issued) = self.offered.remove(&offer).filter(|issued| self.is_in_range(*issued))
        else {
            return;
        };
        let Some(live) = self.calls.get(&call) else { return };
        let queue = self.sums.queues.entry(self.era.queue(queue)).or_default();
        let agent = self.sums.agents.entry(self.era.agent(agent)).or_default();
        match end {
            OfferEnd::Accepted => {
                queue.answered_after.push(at.since(issued));
                agent.row = 0;
            }
            OfferEnd::Declined | OfferEnd::NoAnswer => {
                agent.missed.add(&live.card);
                agent.row += 1;
                agent.longest_row = agent.longest_row.max(agent.row);
                match end {
                    OfferEnd::NoAnswer => queue.rung_out.add(&live.card),
                    _ => agent.declined += 1,
                }
            }
            OfferEnd::Revoked(_) | OfferEnd::Failed => {}
        }
    }

    fn talks(&mut self, call: CallHandle, queue: QueueId, at: Timestamp) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        live.talk = Some((queue, at));
        if self.is_in_range(at) {
            self.sums.queues.entry(self.era.queue(queue)).or_default().answered += 1;
        }
    }

    fn returns(&mut self, call: CallHandle, cause: ReturnCause, at: Timestamp) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        match cause {
            ReturnCause::Transferred => {
                let soon = live.talk.filter(|(_, since)| at.since(*since) <= HANDED_ON_WITHIN);
                live.handed_on = soon.map(|(queue, _)| queue);
                live.talk = None;
            }
            ReturnCause::AgentLegLost => live.talk = None,
            ReturnCause::OfferEnded | ReturnCause::ConnectFailed => {}
        }
    }

    fn ends(&mut self, call: CallHandle, outcome: Outcome, at: Timestamp) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let (ending, talk) = (std::mem::take(&mut live.ending), live.talk);
        let end = match outcome {
            Outcome::Abandoned => StayEnd::GivenUp,
            Outcome::ShortAbandoned
            | Outcome::Overflowed
            | Outcome::Vanished
            | Outcome::Rejected
            | Outcome::Handled
            | Outcome::Transferred => StayEnd::Else,
        };
        for stay in &ending {
            self.stay_ends(call, stay, end, at);
        }
        let soon = talk.filter(|(_, since)| at.since(*since) <= HANDED_ON_WITHIN);
        if let (Outcome::Transferred, Some((queue, _))) = (outcome, soon) {
            self.handed_on(call, queue, None, at);
        }
        self.calls.remove(&call);
    }

    fn handed_on(&mut self, call: CallHandle, from: QueueId, to: Option<String>, at: Timestamp) {
        if !self.is_in_range(at) {
            return;
        }
        let Some(live) = self.calls.get(&call) else { return };
        let way = self.sums.handed_on.entry((self.era.queue(from), to)).or_default();
        way.calls.add(&live.card);
        if let Some(route) = live.route {
            *way.routes.entry(route).or_default() += 1;
        }
    }

    /// All has been seen; who still waits has waited until now.
    pub(super) fn end(mut self, now: Timestamp) -> Sums {
        let waiting = self.calls.iter().map(|(call, live)| (*call, live.stays.clone()));
        let mut waiting: Vec<(CallHandle, Vec<Stay>)> = waiting.collect();
        waiting.sort_by_key(|(call, _)| call.slot);
        for (call, stays) in waiting {
            for stay in &stays {
                self.stay_ends(call, stay, StayEnd::Else, now);
            }
        }
        let stretch = self.stretch();
        self.era.end(now, stretch, &mut self.sums);
        self.sums
    }
}

/// From when to when a stay asked for what.
fn pieces(stay: &Stay, channel: Channel, at: Timestamp) -> Vec<(LineKey, (u64, u64))> {
    let ends = stay.asked.iter().skip(1).map(|(_, since)| since.0).chain([at.0]);
    let pieces = stay.asked.iter().zip(ends);
    pieces.map(|((demand, since), end)| ((*demand, channel), (since.0, end))).collect()
}
