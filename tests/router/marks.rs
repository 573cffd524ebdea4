//! What has come about, and what has not: every command accepted, every refusal, every event, every
//! criterion that has decided, every order, action and condition that has counted.
//!
//! The lists are the variants themselves: a new one must be named here, and come about.

use crate::books::{Books, Place, Stage};
use crate::kept::Watch;
use acd_core::{
    Action, Admission, AgentId, CallHandle, Command, Criterion, DeviceState, Event, ForcedPresence,
    Gauge, HeartbeatState, LeftCause, MessageTo, MissedOffers, NotReadyReason, OfferEnd,
    OfferResult, Order, Outcome, Presence, QueueId, Rejection, ReturnCause, RevokeCause, Rule,
    SlotState, Treatment, When,
};
use std::collections::BTreeSet;

/// The name of each variant, and all of them.
macro_rules! variants {
    ($name:ident, $all:ident, $of:ident { $($variant:ident),+ $(,)? }) => {
        const $all: &[&str] =
            &[$(concat!(stringify!($of), "::", stringify!($variant))),+];

        fn $name(it: &$of) -> &'static str {
            match it {
                $($of::$variant { .. } => concat!(stringify!($of), "::", stringify!($variant)),)+
            }
        }
    };
}

variants!(
    command,
    COMMANDS,
    Command {
        AdvanceTime,
        HalfMinutePassed,
        EpochBegan,
        RecoveryOver,
        PlanChanged,
        AdapterUp,
        AdapterSynced,
        AdapterDown,
        AdapterHeard,
        CallOffered,
        CallEnded,
        CallVanished,
        OfferAdopted,
        OfferLost,
        OfferResult,
        CallBridged,
        ConnectFailed,
        AgentLegLost,
        CallHeld,
        CallRetrieved,
        CallTransferred,
        DeviceChanged,
        HeartbeatKept,
        HeartbeatLost,
        AgentLogIn,
        AgentLogOut,
        AgentReady,
        AgentNotReady,
        AgentAccept,
        AgentDecline,
        AgentEndWrapUp,
        AgentExtendWrapUp,
        MoveCall,
        SetPriority,
        EndCall,
        SetClosed,
        SetSkill,
        PickCall,
        MessageAgents,
        ForcePresence,
    }
);
variants!(
    rejection,
    REJECTIONS,
    Rejection {
        TimeWentBack,
        TimeTooLate,
        DeadlineDue,
        UnknownCall,
        CallExists,
        TooManyCalls,
        UnknownQueue,
        UnknownAgent,
        UnknownReason,
        UnknownAdapter,
        AdapterNotUp,
        AdapterIsUp,
        TooManyAdapters,
        NumberWentBack,
        OfferNotOut,
        WrongCallState,
        AlreadyInQueue,
        TooManyMoves,
        AgentLoggedOut,
        AgentLoggedIn,
        NotInWrapUp,
        SeveralInWrapUp,
        UnknownDisposition,
        WrapUpAtMost,
        SinceAhead,
        UntilNotAhead,
        UnknownSkill,
        NoSuchLevel,
        SkillIsHard,
        TooManySkillsForNow,
        CallHeldBack,
        AgentBarred,
        AgentNotAvailable,
        AgentNotQualified,
        NotRecovering,
        PlanDefective,
        QueueInUse,
        AgentInUse,
        UnknownRoute,
        TooManyDemands,
    }
);
variants!(
    event,
    EVENTS,
    Event {
        RecoveryOver,
        HalfMinutePassed,
        AdapterUp,
        AdapterSynced,
        AdapterDown,
        CallArrived,
        AgentAwaited,
        AgentAwaitedNoMore,
        PlaceEntered,
        PlaceLeft,
        RequirementChanged,
        PriorityChanged,
        QueueClosed,
        AgentsMessaged,
        SkillChanged,
        LatchChanged,
        RuleFired,
        OfferIssued,
        OfferRinging,
        OfferEnded,
        CallConnecting,
        ConnectFailed,
        CallConnected,
        CallHeld,
        CallRetrieved,
        CallReturned,
        CallEnded,
        TransferOrdered,
        PlayOrdered,
        CallbackOfferOrdered,
        LadderOrdered,
        PresenceChanged,
        DeviceChanged,
        HeartbeatChanged,
        SlotChanged,
        WrapUpEnded,
        WrapUpExtended,
    }
);
variants!(
    criterion,
    CRITERIA,
    Criterion {
        LongestIdle,
        HighestLevel,
        LowestLevel,
        Rank,
        LeastOccupied,
        FewestCalls,
        RoundRobin,
        Listed,
        Random,
    }
);
variants!(order, ORDERS, Order { Strict, Credit, Oldest, Deadline });
variants!(
    action,
    ACTIONS,
    Action {
        RaisePriority,
        Require,
        Drop,
        AddQueue,
        MoveTo,
        End,
        TransferTo,
        Play,
        OfferCallback,
        Ladder
    }
);
variants!(
    gauge,
    GAUGES,
    Gauge {
        CallsWaiting,
        LongestWait,
        AgentsStaffed,
        AgentsWorking,
        AgentsAvailable,
        ServiceLevel,
        EstimatedWait,
    }
);
variants!(treatment, TREATMENTS, Treatment { Busy, Voicemail, Message, HangUp });
variants!(
    outcome,
    OUTCOMES,
    Outcome { Handled, Abandoned, ShortAbandoned, Overflowed, Vanished, Transferred, Rejected }
);
variants!(offer_end, OFFER_ENDS, OfferEnd { Accepted, Declined, NoAnswer, Revoked, Failed });
variants!(
    revoke_cause,
    REVOKE_CAUSES,
    RevokeCause {
        CallEnded,
        AgentUnavailable,
        CallMoved,
        Picked,
        AdapterRestarted,
        AnsweredElsewhere
    }
);
variants!(left_cause, LEFT_CAUSES, LeftCause { Moved, Connected, Ended, Withdrawn });
variants!(
    return_cause,
    RETURN_CAUSES,
    ReturnCause { OfferEnded, ConnectFailed, AgentLegLost, Transferred }
);
variants!(presence, PRESENCES, Presence { LoggedOut, NotReady, Ready });
variants!(
    not_ready_reason,
    NOT_READY_REASONS,
    NotReadyReason { Unstated, Named, MissedOffers, Forced, DeviceOutOfService, HeartbeatLost }
);
variants!(slot, SLOTS, SlotState { Free, Reserved, Connecting, Talking, Held, WrapUp });
variants!(device, DEVICES, DeviceState { Up, Busy, Down });
variants!(heartbeat, HEARTBEATS, HeartbeatState { None, Kept, Lost });
variants!(
    offer_result,
    OFFER_RESULTS,
    OfferResult { Ringing, Accepted, Declined, NoAnswer, Failed }
);
variants!(message_to, MESSAGES_TO, MessageTo { Agent, Queue, Everybody });
variants!(forced, FORCED, ForcedPresence { Ready, NotReady, LoggedOut });
variants!(missed_offers, MISSED_OFFERS, MissedOffers { StayReady, NotReadyAfter });

/// What a rule has looked at as it fired; its fields, as [`Marks::rule`] takes them apart.
const CONDITIONS: &[&str] = &[
    WAITED,
    AGE,
    PRIORITY,
    CHANNEL,
    CLOSED,
    CLOSED_ELSEWHERE,
    IN_SYSTEM,
    IN_SYSTEM_ELSEWHERE,
    IN_SYSTEM_OF_DOMAIN,
    LATCH,
    LATCH_OF_DOMAIN,
    UNTIL,
    REPEAT,
    WHILE_ACTIVE,
];
const WAITED: &str = "when waited";
const AGE: &str = "when age";
const PRIORITY: &str = "when priority_at_least";
const CHANNEL: &str = "when channel";
const CLOSED: &str = "when closed";
const CLOSED_ELSEWHERE: &str = "when closed, of another queue";
const IN_SYSTEM: &str = "when calls_in_system";
const IN_SYSTEM_ELSEWHERE: &str = "when calls_in_system, of another queue";
const IN_SYSTEM_OF_DOMAIN: &str = "when calls_in_system, of the domain";
const LATCH: &str = "when it stands so with a queue";
const LATCH_OF_DOMAIN: &str = "when it stands so with the domain";
const UNTIL: &str = "until";
const REPEAT: &str = "repeat_every";
const WHILE_ACTIVE: &str = "while_active";

/// They take a thousand requirements, of which `plan_changes` has a test, and 17 skills, of which there is a
/// scenario.
const TOO_MUCH_FOR_A_LIFE: [&str; 2] =
    ["Rejection::TooManyDemands", "Rejection::TooManySkillsForNow"];

#[derive(Clone, Default)]
pub(crate) struct Marks {
    seen: BTreeSet<&'static str>,
    /// Rules that have fired for calls that live.
    fired: BTreeSet<(CallHandle, QueueId, u16)>,
}

impl Marks {
    pub(crate) fn add(&mut self, other: &Self) {
        self.seen.extend(&other.seen);
    }

    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let all = [
            COMMANDS,
            REJECTIONS,
            EVENTS,
            CRITERIA,
            ORDERS,
            ACTIONS,
            GAUGES,
            TREATMENTS,
            OUTCOMES,
            OFFER_ENDS,
            REVOKE_CAUSES,
            LEFT_CAUSES,
            RETURN_CAUSES,
            PRESENCES,
            NOT_READY_REASONS,
            SLOTS,
            DEVICES,
            HEARTBEATS,
            OFFER_RESULTS,
            MESSAGES_TO,
            FORCED,
            MISSED_OFFERS,
            CONDITIONS,
        ];
        let comes = |mark: &&str| !self.seen.contains(mark) && !TOO_MUCH_FOR_A_LIFE.contains(mark);
        all.concat().into_iter().filter(comes).collect()
    }

    pub(crate) fn refused(&mut self, why: &Rejection) {
        self.seen.insert(rejection(why));
    }

    fn saw(&mut self, mark: &'static str) {
        self.seen.insert(mark);
    }

    fn command(&mut self, books: &Books, it: &Command) {
        self.saw(command(it));
        match it {
            Command::OfferResult { result, .. } => self.saw(offer_result(result)),
            Command::ForcePresence { presence, .. } => self.saw(forced(presence)),
            Command::MessageAgents { to } => self.saw(message_to(to)),
            Command::EndCall { treatment: with, .. } => self.saw(treatment(with)),
            _ => {}
        }
        self.saw(missed_offers(&books.plan.missed_offers));
    }

    fn event(&mut self, books: &Books, it: &Event) {
        self.saw(event(it));
        match it {
            Event::PlaceLeft { cause, .. } => self.saw(left_cause(cause)),
            Event::LatchChanged { queue, rule, set } => {
                let rule = &books.plan.queues[queue.index()].rules[usize::from(*rule)];
                let latch = rule.when.latch.as_ref().expect("what changes is there");
                match set {
                    true => latch.set.iter().for_each(|bound| self.saw(gauge(&bound.gauge))),
                    false if latch.clear.is_empty() => {}
                    false => self.saw(UNTIL),
                }
            }
            Event::RuleFired { call, queue, rule, without_effect } => {
                let planned = &books.plan.queues[queue.index()].rules[usize::from(*rule)];
                let again = !self.fired.insert((*call, *queue, *rule));
                self.rule(*queue, planned, again, !without_effect);
            }
            Event::OfferIssued { call, agent, queue, adopted: false, picked: false, .. } => {
                self.offer(books, *call, *agent, *queue);
            }
            Event::OfferEnded { end, .. } => {
                self.saw(offer_end(end));
                if let OfferEnd::Revoked(cause) = end {
                    self.saw(revoke_cause(cause));
                }
            }
            Event::CallReturned { cause, .. } => self.saw(return_cause(cause)),
            Event::CallEnded { call, outcome: how, treatment: with } => {
                self.saw(outcome(how));
                with.iter().for_each(|with| self.saw(treatment(with)));
                self.fired.retain(|(of, ..)| of != call);
            }
            Event::PresenceChanged { presence: now, .. } => {
                self.saw(presence(now));
                if let Presence::NotReady(reason) = now {
                    self.saw(not_ready_reason(reason));
                }
            }
            Event::DeviceChanged { device: now, .. } => self.saw(device(now)),
            Event::HeartbeatChanged { heartbeat: now, .. } => self.saw(heartbeat(now)),
            Event::SlotChanged { state, .. } => self.saw(slot(state)),
            _ => {}
        }
    }

    /// A rule has fired: all that it looks at did hold.
    fn rule(&mut self, queue: QueueId, rule: &Rule, again: bool, had_effect: bool) {
        let Rule { name: _, when, repeat_every, then } = rule;
        let When { waited, age, priority_at_least, channels, admission, latch } = when;
        let Admission { of, closed, calls_in_system } = admission.unwrap_or_default();
        let (is_own, is_full) = (of == Some(queue), calls_in_system.is_some());
        let of_domain = latch.as_ref().is_some_and(|latch| latch.of.is_none());
        let conditions = [
            (WAITED, waited.0 > 0),
            (AGE, age.0 > 0),
            (PRIORITY, priority_at_least.is_some()),
            (CHANNEL, !channels.is_empty()),
            (CLOSED, closed && is_own),
            (CLOSED_ELSEWHERE, closed && !is_own),
            (IN_SYSTEM, is_full && is_own),
            (IN_SYSTEM_ELSEWHERE, is_full && !is_own && of.is_some()),
            (IN_SYSTEM_OF_DOMAIN, is_full && of.is_none()),
            (LATCH, latch.is_some() && !of_domain),
            (LATCH_OF_DOMAIN, of_domain),
            (REPEAT, repeat_every.is_some() && again),
        ];
        self.seen.extend(conditions.iter().filter(|(_, holds)| *holds).map(|(mark, _)| *mark));
        // Of several actions it is not known which has had an effect.
        if let [only] = then.as_slice()
            && had_effect
        {
            self.saw(action(only));
            if let Action::AddQueue { while_active: true, .. } = only {
                self.saw(WHILE_ACTIVE);
            }
        }
    }

    /// What decided that this call went to this agent.
    fn offer(&mut self, books: &Books, call: CallHandle, agent: AgentId, queue: QueueId) {
        let known = &books.calls[&call];
        let may = |other: &AgentId, place: &Place| {
            *other != agent && books.may_take(*other, known, place, books.now)
        };
        if let Some(place) = known.place(queue) {
            for other in (0..books.agents.len() as u32).map(AgentId).filter(|it| may(it, place)) {
                let select = &books.plan.queues[queue.index()].select;
                let decides = |it: &&Criterion| {
                    books.by(**it, known, place, agent, other).is_none_or(|by| by.is_ne())
                };
                self.seen.extend(select.iter().find(decides).map(criterion));
            }
        }
        let instead = |(other, it): (&CallHandle, &crate::books::Call)| {
            let place = it.place(queue).filter(|_| it.stage == Stage::Waiting && *other != call);
            place.is_some_and(|place| books.may_take(agent, it, place, books.now))
        };
        if books.calls.iter().any(instead) {
            self.saw(order(&books.plan.order));
        }
    }
}

impl Watch for Marks {
    fn sees(&mut self, books: &Books, event: &Event) {
        self.event(books, event);
    }

    fn after(&mut self, books: &Books, command: &Command) {
        self.command(books, command);
    }
}
