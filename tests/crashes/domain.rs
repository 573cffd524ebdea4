//! A domain that lives at random, and what its journal must bring back: state, events and names.

use crate::dice::Dice;
use crate::everything;
use acd_core::{
    AdapterFacts, AdapterId, AgentId, CallEntry, CallHandle, CallStage, Command, Event,
    EventDigest, ForcedPresence, MissedOffers, OfferResult, Order, Priority, QueueId, Router,
    RoutingPlan, SlotState, Span, Timestamp, Treatment,
};
use acd_journal::{Batch, CallCard, Entry, Farewell, Minted, Origin, Parts, Replica, Tail};
use std::collections::BTreeMap;
use std::sync::Arc;

/// When the first domain begins.
const BEGINNING: Timestamp = Timestamp(1_000_000_000);
/// The longest pause between two steps, in seconds.
const PAUSE_SECS_MAX: usize = 20;

/// The names behind handles, kept by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    adapters: Vec<Arc<str>>,
    calls: BTreeMap<CallHandle, (AdapterId, Arc<CallCard>)>,
    sent_away: BTreeMap<(AdapterId, Arc<str>), Farewell>,
}

/// A domain as it was after some batch.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) tail: Tail,
    state: u64,
    events: u64,
    names: Names,
}

impl Moment {
    /// Before the first batch.
    pub(crate) fn beginning() -> Self {
        Domain::go_on(Replica::empty().into_parts(), Names::default(), 0).now()
    }

    /// Whether a domain that was made again is this one.
    pub(crate) fn is(&self, replica: &Replica) -> bool {
        replica.tail() == self.tail
            && replica.router().digest() == self.state
            && replica.digest().value() == self.events
            && self.names_are(replica)
    }

    fn names_are(&self, replica: &Replica) -> bool {
        let cast = replica.cast();
        let card = |call: CallHandle| cast.card(call);
        let living = replica.router().calls().count();
        cast.adapters() == self.names.adapters
            && replica.router().agents().flat_map(|agent| agent.slots).all(|slot| {
                match slot.state {
                    SlotState::WrapUp { call, .. } => cast.notes().card(call).is_some(),
                    _ => true,
                }
            })
            && living == self.names.calls.len()
            && self.names.calls.iter().all(|(call, (_, known))| card(*call) == Some(known))
            && self.names.sent_away.iter().all(|((adapter, id), farewell)| {
                cast.sent_away().find(*adapter, id) == Some(farewell)
            })
    }
}

/// A running domain, as the engine drives one.
pub(crate) struct Domain {
    router: Router,
    digest: EventDigest,
    names: Names,
    tail: Tail,
    epoch: u64,
    entries: Vec<Entry>,
    events: Vec<Event>,
    heard: u64,
}

impl Domain {
    /// Goes on with what was made again, in a new epoch.
    pub(crate) fn go_on(parts: Parts, names: Names, epoch: u64) -> Self {
        let Parts { router, digest, tail, .. } = parts;
        Self {
            router,
            digest,
            names,
            tail,
            epoch,
            entries: Vec::new(),
            events: Vec::new(),
            heard: 0,
        }
    }

    fn now(&self) -> Moment {
        Moment {
            tail: self.tail,
            state: self.router.digest(),
            events: self.digest.value(),
            names: self.names.clone(),
        }
    }

    /// The names as of a moment, to go on with.
    pub(crate) fn names_of(moment: &Moment) -> Names {
        moment.names.clone()
    }

    /// What was applied since the last batch, as the next one, and the moment after it.
    pub(crate) fn take_batch(&mut self) -> Option<(Arc<Batch>, Moment)> {
        if self.entries.is_empty() {
            return None;
        }
        let batch = Batch {
            epoch: self.epoch,
            number: self.tail.batch + 1,
            first_sequence: self.tail.next_sequence,
            entries: std::mem::take(&mut self.entries),
            digest: self.digest.value(),
        };
        self.tail = Tail::after(&batch);
        Some((Arc::new(batch), self.now()))
    }

    /// The commands that open an epoch.
    pub(crate) fn open_epoch(&mut self, dice: &mut Dice) {
        let at = self.router.now().max(BEGINNING);
        self.apply(at, Origin::Plan, Command::EpochBegan, None);
        if self.router.plan().queues.is_empty() || dice.chance(300) {
            let order = match dice.coin() {
                true => Order::Strict,
                false => Order::Credit { per_step: Span::from_secs(90) },
            };
            let plan = self.plan(order);
            self.apply(at, Origin::Plan, Command::PlanChanged { plan: Arc::new(plan) }, None);
        }
        if dice.chance(800) {
            self.apply(at, Origin::Time, Command::RecoveryOver, None);
        }
    }

    /// A plan that knows all adapters that the domain knows.
    fn plan(&self, order: Order) -> RoutingPlan {
        let mut plan = everything::plan(order, MissedOffers::StayReady);
        for name in self.names.adapters.iter().skip(plan.adapters.len()) {
            plan.adapters.push(name.to_string());
        }
        plan
    }

    /// Lets some time pass and tries something; what is refused leaves no trace.
    pub(crate) fn step(&mut self, dice: &mut Dice) {
        let pause = if dice.coin() { 0 } else { dice.below(PAUSE_SECS_MAX) };
        let until = self.router.now() + Span::from_secs(pause as u64);
        while let Some(due) = self.router.next_deadline().filter(|due| *due <= until) {
            let at = due.max(self.router.now());
            self.apply(at, Origin::Time, Command::AdvanceTime, None);
        }
        match dice.below(10) {
            0 => self.adapter_comes_or_goes(until, dice),
            1..4 => self.call_comes(until, dice),
            4..7 => self.call_goes_on(until, dice),
            7 | 8 => self.agent_acts(until, dice),
            _ => self.supervisor_acts(until, dice),
        }
        if dice.chance(200) {
            self.heard += 1;
            let (adapter, number) = (AdapterId(0), self.heard);
            let heard = Command::AdapterHeard { adapter, number };
            self.apply(until, Origin::Adapter(Arc::from("pbx")), heard, None);
        }
    }

    fn adapter_comes_or_goes(&mut self, at: Timestamp, dice: &mut Dice) {
        let adapter = AdapterId(dice.below(3) as u16);
        let known: Option<AdapterFacts> =
            self.router.adapters().find(|known| known.adapter == adapter);
        let name: Arc<str> = Arc::from(["pbx", "other", "third"][adapter.index()]);
        let command = match known {
            Some(known) if known.awaits_resync => Command::AdapterSynced { adapter },
            Some(known) if known.up => Command::AdapterDown { adapter },
            _ => Command::AdapterUp { adapter, incarnation: dice.draw() | 1, resync: dice.coin() },
        };
        let is_new = adapter.index() >= self.names.adapters.len();
        let minted = is_new.then(|| Minted::Adapter(Arc::clone(&name)));
        self.apply(at, Origin::Adapter(name), command, minted);
    }

    fn call_comes(&mut self, at: Timestamp, dice: &mut Dice) {
        let adapter = AdapterId(dice.below(2) as u16);
        let name: Arc<str> = Arc::from(["pbx", "other"][adapter.index()]);
        let call = CallHandle { slot: dice.below(12) as u32, generation: self.next_generation() };
        let call_id = Arc::from(format!("call-{}", dice.below(6)));
        let long = "x".repeat(dice.below(200));
        let attributes = vec![("crm".to_owned(), long), ("é".to_owned(), "ü\0".to_owned())];
        let attributes = attributes.into_iter().take(dice.below(3)).collect();
        let card = Arc::new(CallCard {
            adapter: Arc::clone(&name),
            call_id,
            dialed: Arc::from("+15550100"),
            caller: Arc::from("+15550199"),
            attributes,
        });
        let queue = QueueId(dice.below(4) as u16);
        let entry = CallEntry::new(queue, Priority::new(dice.below(10) as u8).unwrap(), at);
        let command = Command::CallOffered { call, adapter, entry };
        self.apply(at, Origin::Adapter(name), command, Some(Minted::Call(card)));
    }

    /// Counts with the log, so that it goes on after a restart.
    fn next_generation(&self) -> u32 {
        self.tail.next_sequence as u32 + self.entries.len() as u32
    }

    fn call_goes_on(&mut self, at: Timestamp, dice: &mut Dice) {
        let calls: Vec<_> = self.router.calls().collect();
        let Some(index) = (!calls.is_empty()).then(|| dice.below(calls.len())) else { return };
        let (call, offer) = (calls[index].call, calls[index].hands.first().map(|hand| hand.offer));
        let command = match (calls[index].stage, offer) {
            (CallStage::Offering, Some(offer)) => {
                let result = [OfferResult::Accepted, OfferResult::Declined, OfferResult::Ringing];
                let result = dice.pick(&result).unwrap();
                Command::OfferResult { call, offer, result }
            }
            (CallStage::Connecting, Some(offer)) => Command::CallBridged { call, offer },
            (CallStage::Connected, _) if dice.coin() => Command::CallHeld { call },
            (CallStage::Held, _) => Command::CallRetrieved { call },
            _ if dice.coin() => Command::CallEnded { call },
            _ => Command::CallVanished { call },
        };
        self.apply(at, Origin::Adapter(Arc::from("pbx")), command, None);
    }

    fn agent_acts(&mut self, at: Timestamp, dice: &mut Dice) {
        let agent = AgentId(dice.below(6) as u32);
        let command = match dice.below(6) {
            0 | 1 => Command::AgentLogIn { agent },
            2..5 => Command::AgentReady { agent },
            _ => Command::AgentEndWrapUp { agent, call: None, disposition: None },
        };
        let name = Arc::from(format!("agent-{}", agent.0));
        self.apply(at, Origin::Person { name, reason: Arc::from("") }, command, None);
    }

    fn supervisor_acts(&mut self, at: Timestamp, dice: &mut Dice) {
        let calls: Vec<CallHandle> = self.router.calls().map(|call| call.call).collect();
        let command = match (dice.pick(&calls), dice.below(4)) {
            (Some(call), 0 | 1) => Command::EndCall { call, treatment: Treatment::Busy },
            (Some(call), 2) => Command::MoveCall { call, queue: QueueId(dice.below(4) as u16) },
            _ => Command::ForcePresence {
                agent: AgentId(dice.below(6) as u32),
                presence: ForcedPresence::Ready,
            },
        };
        let origin = Origin::Person { name: Arc::from("sue"), reason: Arc::from("flood") };
        self.apply(at, origin, command, None);
    }

    fn apply(&mut self, at: Timestamp, by: Origin, command: Command, minted: Option<Minted>) {
        self.events.clear();
        if self.router.apply(at, command.clone(), &mut self.events).is_err() {
            return;
        }
        self.events.iter().for_each(|event| self.digest.take_in(event));
        self.names.take_in(&command, minted.as_ref(), &self.events, self.router.plan());
        let sequence = self.tail.next_sequence + self.entries.len() as u64;
        self.entries.push(Entry { sequence, at, origin: Arc::new(by), command, minted });
    }
}

impl Names {
    fn take_in(
        &mut self,
        command: &Command,
        minted: Option<&Minted>,
        events: &[Event],
        plan: &RoutingPlan,
    ) {
        match (command, minted) {
            (Command::PlanChanged { plan }, _) => {
                self.adapters = plan.adapters.iter().map(|name| Arc::from(name.as_str())).collect();
            }
            (_, Some(Minted::Adapter(name))) => self.adapters.push(Arc::clone(name)),
            (Command::CallOffered { call, adapter, .. }, Some(Minted::Call(card))) => {
                self.sent_away.remove(&(*adapter, Arc::clone(&card.call_id)));
                self.calls.insert(*call, (*adapter, Arc::clone(card)));
            }
            _ => {}
        }
        for event in events {
            let (call, farewell) = match event {
                Event::TransferOrdered { call, number } => {
                    let number = plan.numbers[number.index()].as_str();
                    (call, Some(Farewell::Transfer(Arc::from(number))))
                }
                Event::CallEnded { call, treatment, .. } => (call, treatment.map(Farewell::End)),
                _ => continue,
            };
            let (adapter, card) = self.calls.get(call).expect("a live call is sent away").clone();
            if let Event::CallEnded { .. } = event {
                self.calls.remove(call);
            }
            if let Some(farewell) = farewell {
                self.sent_away.insert((adapter, Arc::clone(&card.call_id)), farewell);
            }
        }
    }
}
