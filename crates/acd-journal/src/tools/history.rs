//! What people did, as a journal tells it: who called and what became of him, who was at work when. What
//! the plan and the passing of time decided is told only as far as it ended somebody's wait.

use super::meter::Progress;
use super::replay::Refold;
use crate::file_log::DataFolder;
use crate::journal::OpenError;
use crate::record::{Batch, CallCard, Entry, Minted, Origin};
use crate::replica::Replica;
use acd_core::{
    AgentId, CallEntry, CallHandle, CallerKey, Channel, Command, Event, NotReadyReason, OfferEnd,
    OfferNumber, Outcome, Presence, Priority, QueueId, Router, RoutingPlan, SlotState, Span,
    Timestamp,
};
use std::collections::HashMap;
use std::sync::Arc;

/// What people did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Who called, in the order in which acdd heard of it. Calls that were there before the journal begins
    /// are not among them.
    pub calls: Vec<CallHistory>,
    /// Who came to work, paused and went, in order.
    pub presence: Vec<PresenceAsked>,
    /// Queues that supervisors closed and opened, in order.
    pub closings: Vec<QueueClosed>,
    /// Calls that a supervisor moved, ended, gave to an agent or another priority, and skills that he set.
    pub interventions: u64,
    /// Conversations that ended in another queue, or by the loss of the agent's leg.
    pub handed_on: u64,
    /// Offers that agents declined or let ring, and those that failed.
    pub missed: u64,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallHistory {
    /// Its name, its numbers and its attributes.
    pub card: Arc<CallCard>,
    /// The first queue that it entered.
    pub queue: String,
    /// A route chose that, and not its adapter.
    pub by_route: bool,
    /// As its adapter said it, as far as that can be told; none if its route did.
    pub priority: Option<Priority>,
    /// The agent whom its adapter named for it.
    pub preferred: Option<String>,
    /// Who its caller is, if he is told from others.
    pub caller: Option<CallerKey>,
    /// By which means.
    pub channel: Channel,
    /// When it began to wait.
    pub since: Timestamp,
    /// How long it waited, ringing included.
    pub wait: Span,
    /// How long it rang of that with the agent who answered, until they heard each other.
    pub ring: Span,
    /// How its first wait ended.
    pub end: HistoryEnd,
    /// How long its first conversation was; none if there was none, or it is not over.
    pub talk: Option<Span>,
    /// How long its agent took notes, if he said that he was done, or asked for more time.
    pub notes: Option<Span>,
}

/// How the first wait of a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryEnd {
    /// An agent answered, then.
    Answered(Timestamp),
    /// The caller hung up.
    Abandoned,
    /// A rule or a supervisor sent it away.
    SentAway,
    /// It is not known: it vanished, or the journal ends.
    Unknown,
}

/// An agent comes, pauses or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceAsked {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub agent: String,
    /// What he is from then on, or once his call is over.
    pub presence: Presence,
}

/// A supervisor closes a queue, or opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueClosed {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub queue: String,
    /// It is closed from then on.
    pub closed: bool,
}

/// Reads what people did from all that is kept and that this version of the logic can fold.
///
/// # Errors
/// As of [`replay`](super::replay).
pub fn history(
    folder: &DataFolder,
    progress: &mut dyn FnMut(Progress),
) -> Result<History, OpenError> {
    let (mut fold, _) = Refold::open(folder)?;
    let mut told = Told::after(&fold.replica);
    let mut see = |_: &Router, batch: &Batch, sequence: u64, events: &[Event]| {
        told.hear(&batch.entries[(sequence - batch.first_sequence) as usize], events);
    };
    while fold.next(&mut see)?.is_some() {
        progress(fold.progress());
    }
    Ok(told.end(fold.replica.router().now()))
}

/// What has been heard so far.
struct Told {
    history: History,
    plan: Arc<RoutingPlan>,
    calls: HashMap<CallHandle, usize>,
    offered: HashMap<OfferNumber, Timestamp>,
    /// By call that is being bridged: since when it rang.
    rang: HashMap<CallHandle, Timestamp>,
    /// By call: the notes that are taken on it.
    notes: HashMap<CallHandle, Notes>,
}

/// Notes that an agent takes.
struct Notes {
    since: Timestamp,
    at: (AgentId, u8),
    /// He asked for more time.
    extended: bool,
}

impl Told {
    /// Whoever is at work already comes at once.
    fn after(replica: &Replica) -> Self {
        let router = replica.router();
        let plan = Arc::clone(router.plan());
        let at = router.now();
        let mut told = Self {
            history: History::default(),
            plan,
            calls: HashMap::new(),
            offered: HashMap::new(),
            rang: HashMap::new(),
            notes: HashMap::new(),
        };
        for agent in router.agents().filter(|agent| agent.presence != Presence::LoggedOut) {
            told.presence(at, agent.agent, agent.presence, agent.pending);
        }
        for closing in router.closings().filter(|closing| closing.closed) {
            told.closed(at, closing.queue, true);
        }
        told
    }

    fn hear(&mut self, entry: &Entry, events: &[Event]) {
        let at = entry.at;
        match (&entry.command, &entry.minted) {
            (Command::PlanChanged { plan }, _) => self.plan = Arc::clone(plan),
            (Command::CallOffered { call, entry, .. }, Some(Minted::Call(card))) => {
                self.comes(*call, entry, card);
            }
            // What a person said, and what it brought by itself later.
            (Command::SetClosed { .. }, _) if !matches!(*entry.origin, Origin::Person { .. }) => {}
            (Command::SetClosed { .. } | Command::AdvanceTime, _) => {
                for event in events {
                    if let Event::QueueClosed { queue, closed, .. } = event {
                        self.closed(at, *queue, *closed);
                    }
                }
            }
            (
                Command::MoveCall { .. }
                | Command::SetPriority { .. }
                | Command::EndCall { .. }
                | Command::SetSkill { .. }
                | Command::PickCall { .. },
                _,
            ) => self.history.interventions += 1,
            _ => {}
        }
        let by_agent = matches!(entry.command, Command::AgentEndWrapUp { .. });
        for event in events {
            self.follow(at, event, by_agent);
        }
    }

    fn comes(&mut self, call: CallHandle, entry: &CallEntry, card: &Arc<CallCard>) {
        let route = entry.route.map(|route| &self.plan.routes[route.index()]);
        let by_route = route.map(|route| (route.priority.unwrap_or_default(), route.preferred));
        let name = |agent: AgentId| self.plan.agents[agent.index()].id.clone();
        self.calls.insert(call, self.history.calls.len());
        self.history.calls.push(CallHistory {
            card: Arc::clone(card),
            queue: self.plan.queues[entry.queue.index()].name.clone(),
            by_route: route.is_some(),
            priority: Some(entry.priority).filter(|own| by_route.is_none_or(|it| it.0 != *own)),
            preferred: entry
                .preferred
                .filter(|own| by_route.is_none_or(|it| it.1 != Some(*own)))
                .map(name),
            caller: entry.caller,
            channel: entry.channel,
            since: entry.since,
            wait: Span(0),
            ring: Span(0),
            end: HistoryEnd::Unknown,
            talk: None,
            notes: None,
        });
    }

    fn of(&mut self, call: CallHandle) -> Option<&mut CallHistory> {
        self.calls.get(&call).map(|at| &mut self.history.calls[*at])
    }

    fn follow(&mut self, at: Timestamp, event: &Event, by_agent: bool) {
        match event {
            Event::OfferIssued { offer, .. } => drop(self.offered.insert(*offer, at)),
            Event::OfferEnded { offer, end, .. } => {
                if *end != OfferEnd::Accepted {
                    self.offered.remove(offer);
                }
                let missed = [OfferEnd::Declined, OfferEnd::NoAnswer, OfferEnd::Failed];
                self.history.missed += u64::from(missed.contains(end));
            }
            Event::CallConnecting { call, offer, .. } => {
                if let Some(since) = self.offered.remove(offer) {
                    self.rang.insert(*call, since);
                }
            }
            Event::CallConnected { call, .. } => {
                let rang = self.rang.remove(call).map_or(Span(0), |since| at.since(since));
                if let Some(call) = self.of(*call).filter(|call| call.end == HistoryEnd::Unknown) {
                    (call.wait, call.ring) = (at.since(call.since), rang);
                    call.end = HistoryEnd::Answered(at);
                }
            }
            Event::CallReturned { call, .. } => self.talked(*call, at, true),
            Event::CallEnded { call, outcome, .. } => self.ends(*call, at, *outcome),
            Event::SlotChanged { agent, slot, state: SlotState::WrapUp { call, .. } } => {
                let notes = Notes { since: at, at: (*agent, *slot), extended: false };
                self.notes.entry(*call).or_insert(notes);
            }
            Event::WrapUpExtended { agent, slot, .. } => {
                let mut notes = self.notes.values_mut();
                if let Some(notes) = notes.find(|notes| notes.at == (*agent, *slot)) {
                    notes.extended = true;
                }
            }
            Event::WrapUpEnded { call, .. } => {
                let began = self.notes.remove(call);
                if let (Some(Notes { since, extended, .. }), Some(call)) = (began, self.of(*call))
                    && (by_agent || extended)
                {
                    call.notes = call.notes.or(Some(at.since(since)));
                }
            }
            Event::PresenceChanged { agent, presence, pending } => {
                self.presence(at, *agent, *presence, *pending);
            }
            _ => {}
        }
    }

    /// A conversation is over, if there was one.
    fn talked(&mut self, call: CallHandle, at: Timestamp, handed_on: bool) {
        let Some(call) = self.of(call) else { return };
        if let HistoryEnd::Answered(since) = call.end
            && call.talk.is_none()
        {
            call.talk = Some(at.since(since));
            self.history.handed_on += u64::from(handed_on);
        }
    }

    fn ends(&mut self, call: CallHandle, at: Timestamp, outcome: Outcome) {
        self.talked(call, at, outcome == Outcome::Transferred);
        let Some(call) = self.of(call).filter(|call| call.end == HistoryEnd::Unknown) else {
            return;
        };
        call.wait = at.since(call.since);
        call.end = match outcome {
            Outcome::Abandoned | Outcome::ShortAbandoned => HistoryEnd::Abandoned,
            Outcome::Overflowed | Outcome::Rejected => HistoryEnd::SentAway,
            Outcome::Handled | Outcome::Vanished | Outcome::Transferred => HistoryEnd::Unknown,
        };
    }

    /// What he has asked for counts from when he asked; what a device or a desktop does to him ends
    /// with its cause.
    fn presence(
        &mut self,
        at: Timestamp,
        agent: AgentId,
        presence: Presence,
        pending: Option<Presence>,
    ) {
        let by_device = [NotReadyReason::DeviceOutOfService, NotReadyReason::HeartbeatLost];
        let lasting = by_device.map(Presence::NotReady).contains(&presence);
        let presence = pending.filter(|_| !lasting).unwrap_or(presence);
        let agent = self.plan.agents[agent.index()].id.clone();
        self.history.presence.push(PresenceAsked { at, agent, presence });
    }

    fn closed(&mut self, at: Timestamp, queue: QueueId, closed: bool) {
        let queue = self.plan.queues[queue.index()].name.clone();
        self.history.closings.push(QueueClosed { at, queue, closed });
    }

    /// Who still waits has waited until now.
    fn end(mut self, now: Timestamp) -> History {
        for at in self.calls.values() {
            let call = &mut self.history.calls[*at];
            if call.end == HistoryEnd::Unknown && call.wait == Span(0) {
                call.wait = now.since(call.since);
            }
        }
        self.history
    }
}
