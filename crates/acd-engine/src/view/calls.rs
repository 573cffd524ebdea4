//! Calls' rows, and what the queues count of them.

use super::View;
use super::rows::{CallRow, CallState, Concerned, OfferRow, PlaceRow};
use crate::names::Names;
use crate::publisher::Record;
use acd_core::{
    AgentId, CallHandle, Channel, Event, LeftCause, OfferEnd, OfferNumber, Priority, QueueId,
    Timestamp,
};
use acd_journal::CallCard;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

/// All live calls.
#[derive(Debug)]
pub(super) struct Calls {
    slots: Vec<Option<LiveCall>>,
    /// Arrival number -> slot.
    by_arrival: BTreeMap<u64, u32>,
    /// Per queue, (entered, arrival) of the calls that wait or are being offered.
    waits: Vec<BTreeSet<(Timestamp, u64)>>,
    waiting: u64,
    /// Offers that are out.
    pub(super) offers: HashMap<u64, CallHandle>,
}

#[derive(Debug)]
pub(super) struct LiveCall {
    pub(super) generation: u32,
    pub(super) row: CallRow,
    /// Whom the row concerns, made when it is asked for.
    pub(super) concerned: OnceLock<Arc<Concerned>>,
    /// Beside `row.places`, in the same order.
    pub(super) stays: Vec<Stay>,
    /// Stays that ended because the call was answered or ended, until that has been counted.
    pub(super) left: Vec<Stay>,
    pub(super) via: Option<QueueId>,
    /// The offers that are out.
    pub(super) out: Vec<Out>,
}

/// An offer that is out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    pub(super) offer: OfferNumber,
    pub(super) agent: AgentId,
    pub(super) queue: QueueId,
    pub(super) ring_until: Timestamp,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub(super) queue: QueueId,
    pub(super) since: Timestamp,
}

impl Calls {
    pub(super) fn new(queues: usize) -> Self {
        Self {
            slots: Vec::new(),
            by_arrival: BTreeMap::new(),
            waits: vec![BTreeSet::new(); queues],
            waiting: 0,
            offers: HashMap::new(),
        }
    }

    pub(super) fn insert(&mut self, call: CallHandle, live: LiveCall) {
        let slot = call.slot as usize;
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, || None);
        }
        self.by_arrival.insert(live.row.arrival, call.slot);
        self.slots[slot] = Some(live);
    }

    fn get(&self, call: CallHandle) -> Option<&LiveCall> {
        let live = self.slots.get(call.slot as usize)?.as_ref()?;
        (live.generation == call.generation).then_some(live)
    }

    fn get_mut(&mut self, call: CallHandle) -> Option<&mut LiveCall> {
        let live = self.slots.get_mut(call.slot as usize)?.as_mut()?;
        (live.generation == call.generation).then_some(live)
    }

    pub(super) fn at(&self, slot: usize) -> Option<&CallRow> {
        self.slots.get(slot)?.as_ref().map(|live| &live.row)
    }

    pub(super) fn card(&self, call: CallHandle) -> Option<&Arc<CallCard>> {
        self.get(call).map(|live| &live.row.call)
    }

    /// Whom a live call concerns as it is now.
    pub(super) fn concerned(&self, call: CallHandle) -> Option<Arc<Concerned>> {
        let live = self.get(call)?;
        Some(Arc::clone(live.concerned.get_or_init(|| Arc::new(live.row.concerns()))))
    }

    /// Who has the call, and the queue that it goes through, else the first that it joined.
    pub(super) fn agent_and_queue(
        &self,
        call: CallHandle,
        names: &Names,
    ) -> (Option<Arc<str>>, Option<Arc<str>>) {
        let Some(live) = self.get(call) else { return (None, None) };
        let queue = live.via.or_else(|| live.all_stays().next().map(|stay| stay.queue));
        (live.row.agent.clone(), queue.map(|queue| names.queue(queue).clone()))
    }

    pub(super) fn by_age(&self) -> impl Iterator<Item = &CallRow> {
        self.by_arrival.values().filter_map(|slot| self.at(*slot as usize))
    }

    /// The calls of a queue that wait or are being offered, as they entered it.
    pub(super) fn waiting_in(&self, queue: QueueId) -> impl Iterator<Item = &CallRow> {
        let waits = self.waits.get(queue.index()).into_iter().flatten();
        waits.filter_map(|(_, arrival)| self.at(*self.by_arrival.get(arrival)? as usize))
    }

    /// An offer that is out.
    pub(super) fn offer(&self, offer: u64) -> Option<OfferRow> {
        let live = self.get(*self.offers.get(&offer)?)?;
        let out = live.out.iter().find(|out| out.offer.0 == offer)?;
        Some(OfferRow {
            offer,
            call: Arc::clone(&live.row.call),
            queue: live.row.via_queue.clone()?,
            priority: live.row.priority,
            ring_until: out.ring_until,
        })
    }

    pub(super) fn live(&self) -> u64 {
        self.by_arrival.len() as u64
    }

    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }
}

impl LiveCall {
    fn waits(&self) -> bool {
        matches!(self.row.state, CallState::Waiting | CallState::Offering)
    }

    fn talks(&self) -> bool {
        matches!(self.row.state, CallState::Connected | CallState::Held)
    }

    fn enter(&mut self, state: CallState, at: Timestamp) {
        if self.row.state != state {
            self.row.state = state;
            self.row.state_since = at;
        }
    }

    pub(super) fn goes_to(&mut self, names: &Names, agent: AgentId, queue: QueueId) {
        self.row.agent = Some(names.agent(agent).clone());
        self.row.via_queue = Some(names.queue(queue).clone());
        self.via = Some(queue);
    }

    /// The first offer that is out is the one that is shown; the others are named.
    pub(super) fn show_offers(&mut self, names: &Names) {
        let Some(first) = self.out.first().copied() else { return };
        self.row.offer = first.offer.0;
        self.row.ring_until = Some(first.ring_until);
        let others = self.out.iter().skip(1);
        self.row.also_offered_to = others.map(|out| names.agent(out.agent).clone()).collect();
        self.goes_to(names, first.agent, first.queue);
    }

    fn forget_agent(&mut self) {
        self.row.agent = None;
        self.row.offer = 0;
        self.row.ring_until = None;
        self.row.via_queue = None;
        self.row.also_offered_to.clear();
        self.out.clear();
        self.via = None;
    }

    fn leave(&mut self, queue: QueueId, cause: LeftCause) {
        let Some(at) = self.stays.iter().position(|stay| stay.queue == queue) else { return };
        let stay = self.stays.remove(at);
        self.row.places.remove(at);
        match cause {
            LeftCause::Moved | LeftCause::Withdrawn => {}
            LeftCause::Connected | LeftCause::Ended => self.left.push(stay),
        }
    }

    /// The stays that the call has, or had until this very end of its waiting.
    fn all_stays(&self) -> impl Iterator<Item = &Stay> {
        self.left.iter().chain(&self.stays)
    }
}

impl View {
    pub(super) fn call_arrived(
        &mut self,
        call: CallHandle,
        card: Arc<CallCard>,
        arrival: u64,
        channel: Channel,
        priority: Priority,
        since: Timestamp,
    ) {
        let row = CallRow {
            call: card,
            arrival,
            state: CallState::Waiting,
            channel,
            awaits: None,
            priority,
            arrived_at: since,
            places: Vec::new(),
            agent: None,
            also_offered_to: Vec::new(),
            offer: 0,
            ring_until: None,
            state_since: since,
            via_queue: None,
            outcome: None,
        };
        let live = LiveCall {
            generation: call.generation,
            row,
            concerned: OnceLock::new(),
            stays: Vec::new(),
            left: Vec::new(),
            via: None,
            out: Vec::new(),
        };
        self.calls.insert(call, live);
        self.calls.waiting += 1;
        self.changed.calls.mark(call.slot as usize);
    }

    /// Takes the call out of all counts, changes it, and counts it again.
    pub(super) fn call_changed(&mut self, call: CallHandle, record: &Record) {
        self.count(call, false);
        self.change_call(call, record);
        self.count(call, true);
        if let Event::OfferIssued { offer, .. } = record.event {
            self.calls.offers.insert(offer.0, call);
        }
        if let Event::OfferEnded { offer, .. } = record.event {
            self.calls.offers.remove(&offer.0);
        }
        self.changed.calls.mark(call.slot as usize);
        if let Event::CallEnded { .. } = record.event {
            self.call_ended(call);
        }
    }

    fn change_call(&mut self, call: CallHandle, record: &Record) {
        let at = record.at;
        let Some(live) = self.calls.get_mut(call) else { return };
        live.concerned.take();
        match &record.event {
            Event::PlaceEntered { queue, demand, since, .. } => {
                let require = self.require_of(*demand);
                let Some(live) = self.calls.get_mut(call) else { return };
                live.stays.push(Stay { queue: *queue, since: *since });
                live.row.places.push(PlaceRow {
                    queue: self.names.queue(*queue).clone(),
                    since: *since,
                    require,
                });
            }
            Event::PlaceLeft { queue, cause, .. } => live.leave(*queue, *cause),
            Event::RequirementChanged { queue, demand, .. } => {
                let place = live.stays.iter().position(|stay| stay.queue == *queue);
                let require = self.skill_queues.get(demand.index()).map(|row| &row.require);
                if let (Some(place), Some(require)) = (place, require) {
                    live.row.places[place].require = require.clone();
                }
            }
            Event::PriorityChanged { priority, .. } => live.row.priority = *priority,
            Event::AgentAwaited { agent, until, .. } => {
                live.row.awaits = Some((self.names.agent(*agent).clone(), *until));
            }
            Event::AgentAwaitedNoMore { .. } => live.row.awaits = None,
            Event::OfferIssued { offer, agent, queue, ring_until, .. } => {
                live.enter(CallState::Offering, at);
                let (offer, agent, queue, ring_until) = (*offer, *agent, *queue, *ring_until);
                live.out.push(Out { offer, agent, queue, ring_until });
                live.show_offers(&self.names);
            }
            Event::OfferEnded { offer, agent, queue, end: OfferEnd::Accepted, .. } => {
                live.enter(CallState::Connecting, at);
                live.forget_agent();
                live.row.offer = offer.0;
                live.goes_to(&self.names, *agent, *queue);
            }
            Event::OfferEnded { offer, .. } => {
                live.out.retain(|out| out.offer != *offer);
                if live.row.state == CallState::Offering && live.out.is_empty() {
                    live.enter(CallState::Waiting, at);
                    live.forget_agent();
                }
                live.show_offers(&self.names);
            }
            Event::CallConnected { agent, queue, .. } => {
                live.enter(CallState::Connected, at);
                live.row.awaits = None;
                live.goes_to(&self.names, *agent, *queue);
                live.left.clear();
            }
            Event::CallHeld { .. } => live.enter(CallState::Held, at),
            Event::CallRetrieved { .. } => live.enter(CallState::Connected, at),
            Event::CallReturned { .. } => {
                live.enter(CallState::Waiting, at);
                live.forget_agent();
                live.left.clear();
            }
            Event::CallEnded { outcome, .. } => {
                live.enter(CallState::Ended, at);
                live.row.outcome = Some(*outcome);
            }
            // A `CallReturned` follows; and `CallConnecting` says what the accept has said.
            Event::ConnectFailed { .. }
            | Event::CallConnecting { .. }
            | Event::RuleFired { .. } => {}
            Event::RecoveryOver
            | Event::AgentsMessaged { .. }
            | Event::SkillChanged { .. }
            | Event::HalfMinutePassed
            | Event::AdapterUp { .. }
            | Event::AdapterSynced { .. }
            | Event::AdapterDown { .. }
            | Event::CallArrived { .. }
            | Event::QueueClosed { .. }
            | Event::LatchChanged { .. }
            | Event::OfferRinging { .. }
            | Event::TransferOrdered { .. }
            | Event::PlayOrdered { .. }
            | Event::CallbackOfferOrdered { .. }
            | Event::LadderOrdered { .. }
            | Event::DeviceChanged { .. }
            | Event::HeartbeatChanged { .. }
            | Event::PresenceChanged { .. }
            | Event::SlotChanged { .. }
            | Event::WrapUpEnded { .. }
            | Event::WrapUpExtended { .. } => {}
        }
    }

    /// Adds the call to what the queues count, or takes it out.
    pub(super) fn count(&mut self, call: CallHandle, add: bool) {
        let Self { calls, queues, changed, .. } = self;
        let Calls { slots, waits, waiting, .. } = calls;
        let Some(Some(live)) = slots.get(call.slot as usize) else { return };
        let step = |count: &mut u64| *count = if add { *count + 1 } else { *count - 1 };
        if live.waits() {
            step(waiting);
            for Stay { queue, since } in &live.stays {
                let row = &mut queues[queue.index()];
                let waits = &mut waits[queue.index()];
                step(&mut row.waiting);
                if live.row.state == CallState::Offering {
                    step(&mut row.offering);
                }
                let key = (*since, live.row.arrival);
                let _new = if add { waits.insert(key) } else { waits.remove(&key) };
                row.oldest_since = waits.first().map(|(since, _)| *since);
                changed.queues.mark(queue.index());
            }
        } else if let (true, Some(queue)) = (live.talks(), live.via) {
            step(&mut queues[queue.index()].connected);
            changed.queues.mark(queue.index());
        }
    }

    fn call_ended(&mut self, call: CallHandle) {
        let slot = call.slot as usize;
        let Some(live) = self.calls.slots.get_mut(slot).and_then(Option::take) else { return };
        self.calls.by_arrival.remove(&live.row.arrival);
        self.changed.ended.push(live.row);
    }
}
