//! Random lives of a Router: what is tried, what it meets, and what an outsider keeps of it.

use crate::books::Books;
use crate::chosen::{Foreseen, nobody_available_would_take};
use crate::everything;
use crate::kept::{Auditor, Nobody, Watch};
use crate::told::Told;
use crate::twin::Twin;
use acd_core::{
    Action, AdapterFacts, AdapterId, Admission, Affinity, AgentId, AnnouncementId, Bound,
    CallEntry, CallHandle, CallerKey, Channel, ChannelPlan, Channels, Command, Criterion, DeskPlan,
    DeviceState, DispositionId, Endpoint, Event, ExtraId, ForcedPresence, Gauge, HeartbeatState,
    How, KeepFree, LadderId, Latch, MessageTo, MissedOffers, OfferEnd, OfferNumber, OfferResult,
    Order, Outcome, Phase, Priority, QueueId, RANK_MAX, ReasonId, Requirement, Router, RoutingPlan,
    Rule, Service, SkillForNow, SkillId, SlotState, Span, Timestamp, Treatment, When,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One random step: how much time passes before it, and what it tries.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pause: Span,
    attempt: Attempt,
}

/// Numbers pick among what is there when the step is taken, so that most attempts make sense.
#[derive(Clone, Debug)]
pub(crate) enum Attempt {
    Epoch,
    Recover,
    HalfMinute,
    AdapterUp {
        adapter: usize,
        incarnation: u64,
        resync: bool,
    },
    Synced {
        adapter: usize,
    },
    AdapterDown {
        adapter: u16,
    },
    /// Heard of so many seconds late, less one.
    Offer {
        adapter: u16,
        queue: u16,
        priority: u8,
        late: u64,
        channel: Channel,
        preferred: Option<u32>,
        caller: Option<u64>,
        extra: Option<u16>,
    },
    Vanish {
        call: usize,
    },
    Adopt {
        call: usize,
        agent: u32,
        rung_by: u16,
        talking: bool,
    },
    Lose {
        call: usize,
        stale: bool,
    },
    End {
        call: usize,
    },
    Result {
        call: usize,
        result: OfferResult,
        stale: bool,
    },
    Bridge {
        call: usize,
    },
    FailConnect {
        call: usize,
    },
    LoseLeg {
        call: usize,
    },
    Transfer {
        call: usize,
        queue: Option<u16>,
    },
    Device {
        agent: u32,
        device: DeviceState,
    },
    Hold {
        call: usize,
    },
    Retrieve {
        call: usize,
    },
    LogIn {
        agent: u32,
    },
    LogOut {
        agent: u32,
    },
    Ready {
        agent: u32,
    },
    NotReady {
        agent: u32,
        reason: Option<u16>,
    },
    Accept {
        agent: u32,
        call: usize,
    },
    Decline {
        agent: u32,
        call: usize,
    },
    EndWrapUp {
        agent: u32,
        /// Of those that are in wrap-up.
        call: usize,
        named: bool,
        disposition: Option<u16>,
    },
    Heartbeat {
        agent: u32,
        kept: bool,
    },
    ExtendWrapUp {
        agent: u32,
        by: u64,
    },
    Move {
        call: usize,
        queue: u16,
    },
    SetPriority {
        call: usize,
        priority: u8,
    },
    EndByPerson {
        call: usize,
    },
    Close {
        queue: u16,
        closed: bool,
        /// In so many seconds.
        until: Option<u64>,
    },
    Skill {
        agent: u32,
        skill: u16,
        /// 0 takes it, 11 makes it as planned, and the others are levels.
        wanted: u8,
        /// In so many seconds.
        until: Option<u64>,
    },
    Pick {
        agent: u32,
        call: usize,
    },
    Message {
        agent: u32,
        queue: u16,
        to: u8,
    },
    Force {
        agent: u32,
        presence: ForcedPresence,
    },
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let adapter = 0_u16..3;
    let agent = 0_u32..7;
    let call = 0_usize..64;
    let queue = 0_u16..5;
    let late = prop_oneof![8 => Just(1), 1 => Just(0), 1 => 2_u64..90];
    let offered = (0_u8..10, late, prop::option::of(0_u16..8));
    let result = prop_oneof![
        1 => Just(OfferResult::Ringing),
        6 => Just(OfferResult::Accepted),
        2 => Just(OfferResult::Declined),
        1 => Just(OfferResult::NoAnswer),
        1 => Just(OfferResult::Failed),
    ];
    let device = prop_oneof![
        2 => Just(DeviceState::Up),
        1 => Just(DeviceState::Busy),
        1 => Just(DeviceState::Down),
    ];
    let channel = prop_oneof![3 => Just(Channel::Voice), 2 => select(Channel::ALL.to_vec())];
    let preferred = prop::option::weighted(0.2, 0_u32..6);
    let who = (channel, preferred, prop::option::weighted(0.5, 0_u64..5));
    let forced = prop_oneof![
        Just(ForcedPresence::Ready),
        Just(ForcedPresence::NotReady),
        Just(ForcedPresence::LoggedOut)
    ];
    prop_oneof![
        1 => Just(Attempt::Epoch),
        3 => Just(Attempt::Recover),
        1 => Just(Attempt::HalfMinute),
        5 => (0_usize..3, 1_u64..3, any::<bool>()).prop_map(|(adapter, incarnation, resync)| {
            Attempt::AdapterUp { adapter, incarnation, resync }
        }),
        3 => (0_usize..3).prop_map(|adapter| Attempt::Synced { adapter }),
        1 => adapter.clone().prop_map(|adapter| Attempt::AdapterDown { adapter }),
        40 => ((0_u16..2, 0_u16..4), offered, who).prop_map(
            |((adapter, queue), (priority, late, extra), (channel, preferred, caller))| {
                Attempt::Offer { adapter, queue, priority, late, extra, channel, preferred, caller }
            }
        ),
        1 => call.clone().prop_map(|call| Attempt::Vanish { call }),
        4 => (call.clone(), agent.clone(), adapter, any::<bool>())
            .prop_map(|(call, agent, rung_by, talking)| {
                Attempt::Adopt { call, agent, rung_by, talking }
            }),
        1 => (call.clone(), prop::bool::weighted(0.1))
            .prop_map(|(call, stale)| Attempt::Lose { call, stale }),
        3 => call.clone().prop_map(|call| Attempt::End { call }),
        10 => (call.clone(), result, prop::bool::weighted(0.05))
            .prop_map(|(call, result, stale)| Attempt::Result { call, result, stale }),
        8 => call.clone().prop_map(|call| Attempt::Bridge { call }),
        1 => call.clone().prop_map(|call| Attempt::FailConnect { call }),
        2 => call.clone().prop_map(|call| Attempt::LoseLeg { call }),
        2 => (call.clone(), prop::option::of(queue.clone()))
            .prop_map(|(call, queue)| Attempt::Transfer { call, queue }),
        4 => (agent.clone(), device)
            .prop_map(|(agent, device)| Attempt::Device { agent, device }),
        1 => call.clone().prop_map(|call| Attempt::Hold { call }),
        1 => call.clone().prop_map(|call| Attempt::Retrieve { call }),
        3 => agent.clone().prop_map(|agent| Attempt::LogIn { agent }),
        1 => agent.clone().prop_map(|agent| Attempt::LogOut { agent }),
        20 => agent.clone().prop_map(|agent| Attempt::Ready { agent }),
        2 => (agent.clone(), prop::option::of(0_u16..3))
            .prop_map(|(agent, reason)| Attempt::NotReady { agent, reason }),
        3 => (agent.clone(), call.clone())
            .prop_map(|(agent, call)| Attempt::Accept { agent, call }),
        2 => (agent.clone(), call.clone())
            .prop_map(|(agent, call)| Attempt::Decline { agent, call }),
        2 => (agent.clone(), call.clone(), any::<bool>(), prop::option::of(0_u16..4)).prop_map(
            |(agent, call, named, disposition)| {
                Attempt::EndWrapUp { agent, call, named, disposition }
            }
        ),
        3 => (agent.clone(), any::<bool>())
            .prop_map(|(agent, kept)| Attempt::Heartbeat { agent, kept }),
        2 => (agent.clone(), 0_u64..20_000_000)
            .prop_map(|(agent, by)| Attempt::ExtendWrapUp { agent, by }),
        2 => (call.clone(), queue).prop_map(|(call, queue)| Attempt::Move { call, queue }),
        1 => (call.clone(), 0_u8..10)
            .prop_map(|(call, priority)| Attempt::SetPriority { call, priority }),
        1 => call.clone().prop_map(|call| Attempt::EndByPerson { call }),
        1 => (0_u16..4, any::<bool>(), prop::option::of(0_u64..90))
            .prop_map(|(queue, closed, until)| Attempt::Close { queue, closed, until }),
        2 => (agent.clone(), 0_u16..4, 0_u8..13, prop::option::of(0_u64..90)).prop_map(
            |(agent, skill, wanted, until)| Attempt::Skill { agent, skill, wanted, until }
        ),
        2 => (agent.clone(), call.clone()).prop_map(|(agent, call)| Attempt::Pick { agent, call }),
        1 => (agent.clone(), 0_u16..5, 0_u8..3)
            .prop_map(|(agent, queue, to)| Attempt::Message { agent, queue, to }),
        1 => (agent, forced).prop_map(|(agent, presence)| Attempt::Force { agent, presence }),
    ]
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![
        3 => Just(Span(0)),
        3 => (0_u64..3).prop_map(Span::from_secs),
        2 => (0_u64..20).prop_map(Span::from_secs),
    ];
    // At times nobody does anything until what happened is long past.
    let pause = prop_oneof![1_000 => pause, 1 => (0_u64..2_400).prop_map(Span::from_secs)];
    let step = (pause, attempt()).prop_map(|(pause, attempt)| Step { pause, attempt });
    prop::collection::vec(step, 200..400)
}

pub(crate) fn a_plan() -> impl Strategy<Value = RoutingPlan> {
    let order = prop_oneof![
        Just(Order::Strict),
        Just(Order::Credit { per_step: Span::from_secs(90) }),
        Just(Order::Oldest),
        Just(Order::Deadline),
    ];
    let missed = prop_oneof![
        Just(MissedOffers::StayReady),
        Just(MissedOffers::NotReadyAfter(1)),
        Just(MissedOffers::NotReadyAfter(2)),
    ];
    let criteria = subsequence(Criterion::ALL.to_vec(), 1..=4).prop_shuffle();
    let keep_free = (1..4_u32, 1..9_u8).prop_map(|(agents, priority)| KeepFree {
        agents,
        for_priority: Priority::new(priority).unwrap(),
    });
    let affinity = (0..100_u64, prop_oneof![Just(0), 1..40_u64]).prop_map(|(window, wait)| {
        Affinity { window: Span::from_secs(window), wait: Span::from_secs(wait) }
    });
    let broadcast = prop_oneof![3 => Just(1), 1 => 2..4_u8];
    let kept = (prop::option::weighted(0.3, keep_free), affinity, broadcast);
    let queue = (criteria, 1..60_u64, rules_with_conditions(), kept);
    let delay = prop_oneof![3 => Just(0), 1 => Just(7), 1 => 1..30_u64];
    let service = (1..=RANK_MAX, delay)
        .prop_map(|(rank, delay)| Service { rank, delay: Span::from_secs(delay) });
    let desk = (select(vec![Channel::Chat, Channel::Text, Channel::Task]), 1..4_u8);
    let desk = (desk, prop::option::of(0..2_u16), any::<bool>());
    let desks = prop::option::weighted(0.5, prop::collection::vec(desk, 1..4));
    let profile = (prop::collection::vec(prop::option::weighted(0.3, service), 4), 0..16_u8, desks);
    let queues = prop::collection::vec(queue, 4);
    let profiles = prop::collection::vec(profile, 6);
    let hard = prop_oneof![2 => Just(Vec::new()), 1 => Just(vec![SkillId(2)])];
    let besides = (extras(), hard, channels());
    (order, missed, any::<u64>(), queues, profiles, besides).prop_map(
        |(order, missed, seed, queues, profiles, (extras, hard, channels))| {
            let mut plan = everything::plan(order, missed);
            (plan.seed, plan.extras, plan.hard) = (seed, extras, hard);
            plan.channels = channels;
            let all = plan.queues.len() as u16;
            for (id, (queue, (select, within, (rules, closing_ends_waits), kept))) in
                (0..).zip(plan.queues.iter_mut().zip(queues))
            {
                (queue.keep_free, queue.affinity, queue.broadcast) = kept;
                queue.closing_ends_waits = closing_ends_waits;
                // Before the last, which ends the wait; none leads to its own queue.
                let rules = rules.into_iter().map(|rule| standing_in(rule, id, all));
                let at = queue.rules.len() - 1;
                queue.rules.splice(at..at, rules);
                queue.select = select;
                queue.service_level.within = Span::from_secs(within);
                for (number, rule) in (1..).zip(&mut queue.rules) {
                    if rule.name.is_empty() {
                        rule.name = format!("rule-{number}");
                    }
                }
            }
            for (agent, (services, only, desks)) in plan.agents.iter_mut().zip(profiles) {
                for ((channel, capacity), adapter, without_voice) in desks.into_iter().flatten() {
                    let address = agent.id.clone();
                    let adapter = adapter.map(AdapterId);
                    let endpoint = adapter.map(|adapter| Endpoint { adapter, address });
                    agent.desks.retain(|desk| {
                        desk.channel != channel
                            && !(without_voice && desk.channel == Channel::Voice)
                    });
                    agent.desks.push(DeskPlan { channel, capacity, endpoint });
                    agent.desks.sort_by_key(|desk| desk.channel);
                }
                let named = (0..).map(QueueId).zip(services);
                agent.queues = named.filter_map(|(queue, it)| Some((queue, it?))).collect();
                agent.only = only == 0;
            }
            keep_hard_skills(&mut plan);
            plan
        },
    )
}

fn channels() -> impl Strategy<Value = Channels> {
    let with_slots = vec![Channel::Voice, Channel::Chat, Channel::Text, Channel::Task];
    let one = (any::<bool>(), subsequence(with_slots, 0..4))
        .prop_map(|(exclusive, interruptible_by)| ChannelPlan { exclusive, interruptible_by });
    let random = [one.clone(), one.clone(), one.clone(), one]
        .prop_map(|[voice, chat, text, task]| Channels { voice, chat, text, task });
    prop_oneof![Just(Channels::default()), random]
}

/// Rules that look at more than the wait, and whether closing ends waits.
fn rules_with_conditions() -> impl Strategy<Value = (Vec<Rule>, bool)> {
    let seconds = |most: u64| (0..most).prop_map(Span::from_secs);
    let calls = (1..5_u64, 0..3_u64).prop_map(|(set, clear)| {
        let bound = |at_least, value| Bound { gauge: Gauge::CallsWaiting, at_least, value };
        (bound(true, set + clear), bound(false, clear))
    });
    let longest = (1..30_u64, 0..20_u64).prop_map(|(more, clear)| {
        let bound = |at_least, value: u64| Bound {
            gauge: Gauge::LongestWait,
            at_least,
            value: value * 1_000_000,
        };
        (bound(true, clear + more), bound(false, clear))
    });
    // Below so many percent, until it is so many again.
    let percent = (0..101_u64, 0..30_u64).prop_map(|(set, more)| {
        let bound = |at_least, value| Bound { gauge: Gauge::ServiceLevel, at_least, value };
        (bound(false, set), bound(true, set + more + 1))
    });
    let estimate = (1..60_u64, 0..40_u64).prop_map(|(more, clear)| {
        let bound = |at_least, value: u64| Bound {
            gauge: Gauge::EstimatedWait,
            at_least,
            value: value * 1_000_000,
        };
        (bound(true, clear + more), bound(false, clear))
    });
    let gauges = vec![Gauge::AgentsStaffed, Gauge::AgentsWorking, Gauge::AgentsAvailable];
    let agents = (select(gauges), 0..4_u64, 1..3_u64).prop_map(|(gauge, set, more)| {
        let bound = |at_least, value| Bound { gauge, at_least, value };
        (bound(false, set), bound(true, set + more))
    });
    let bounds =
        prop::collection::vec(prop_oneof![calls, longest, agents, percent, estimate], 1..3);
    let latch = (prop::option::weighted(0.8, 0..4_u16), bounds, any::<bool>()).prop_map(
        |(of, bounds, until)| {
            let (set, clear): (Vec<Bound>, Vec<Bound>) = bounds.into_iter().unzip();
            let clear = if until { clear } else { Vec::new() };
            // A wait is estimated of one queue.
            let estimates = set.iter().any(|bound| bound.gauge == Gauge::EstimatedWait);
            let of = of.or(estimates.then_some(0));
            Latch { of: of.map(QueueId), set, clear }
        },
    );
    let of = prop_oneof![3 => Just(Some(0)), 2 => (1..4_u16).prop_map(Some), 1 => Just(None)];
    let admission = (of, any::<bool>(), prop::option::of(0..4_u32))
        .prop_filter("it looks at something", |(_, closed, calls)| *closed || calls.is_some())
        .prop_map(|(of, closed, calls_in_system)| {
            // There is no closing all queues at once; and of all there are more calls.
            let of = of.or(closed.then_some(0)).map(QueueId);
            let times = if of.is_none() { 4 } else { 1 };
            let calls_in_system = calls_in_system.map(|calls| times * calls);
            Admission { of, closed, calls_in_system }
        });
    let timed = (seconds(20), seconds(30), prop::option::weighted(0.3, 1..20_u64));
    let when = prop_oneof![
        1 => admission.prop_map(|admission| (Some(admission), None)),
        4 => prop::option::weighted(0.8, latch).prop_map(|latch| (None, latch)),
    ];
    let channels =
        prop_oneof![3 => Just(Vec::new()), 1 => subsequence(Channel::ALL.to_vec(), 1..4)];
    let priority = prop::option::weighted(0.3, (0..9_u8).prop_map(|it| Priority::new(it).unwrap()));
    let action = prop_oneof![
        3 => (0..4_u16, any::<bool>())
            .prop_map(|(to, while_active)| Action::AddQueue { to: QueueId(to), while_active }),
        2 => (0..4_u16).prop_map(|to| Action::MoveTo(QueueId(to))),
        2 => (0..9_u8).prop_map(|it| Action::RaisePriority(Priority::new(it).unwrap())),
        2 => Just(Action::Play(AnnouncementId(0))),
        1 => Just(Action::OfferCallback),
        1 => Just(Action::Ladder(LadderId(0))),
        1 => Just(Action::Require(Requirement::default())),
        2 => subsequence(vec![SkillId(0), SkillId(1), SkillId(2)], 1..=2).prop_map(Action::Drop),
        1 => Just(Action::End(Treatment::Message)),
    ];
    let who = (priority, channels);
    let rule = (timed, when, who, action, prop::bool::weighted(0.4)).prop_map(
        |((waited, age, every), (admission, latch), who, action, is_timed)| {
            let (priority_at_least, channels) = who;
            let is_timed = is_timed && admission.is_none();
            let [waited, age] = [waited, age].map(|it| if is_timed { it } else { Span(0) });
            let every = every.map(Span::from_secs).filter(|_| admission.is_none());
            let then = match action {
                Action::AddQueue { to, .. } if latch.is_none() => {
                    Action::AddQueue { to, while_active: false }
                }
                other => other,
            };
            let when = When { waited, age, priority_at_least, channels, admission, latch };
            Rule { name: String::new(), when, repeat_every: every, then: vec![then] }
        },
    );
    (prop::collection::vec(rule, 0..3), any::<bool>())
}

/// What routes may ask for besides, each once; none asks for nothing.
fn extras() -> impl Strategy<Value = Vec<Requirement>> {
    let levels = |least: usize| {
        let skill = prop::option::weighted(0.4, 1..7_u8);
        prop::collection::vec(skill, 3).prop_filter_map("it asks for enough", move |levels| {
            let levels: Vec<_> = (0..).map(SkillId).zip(levels).collect();
            let asked: Vec<(SkillId, u8)> =
                levels.into_iter().filter_map(|(skill, level)| Some((skill, level?))).collect();
            (asked.len() >= least).then_some(asked)
        })
    };
    let any_of = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(levels(1), 1..4)];
    let extra = (levels(0), any_of).prop_map(|(skills, any_of)| Requirement { skills, any_of });
    let some = prop::collection::vec(extra, 1..4).prop_map(|mut extras| {
        extras.retain(|extra| !extra.is_nothing());
        let mut all: Vec<Requirement> = Vec::new();
        for extra in extras {
            if !all.contains(&extra) {
                all.push(extra);
            }
        }
        all
    });
    prop_oneof![1 => Just(Vec::new()), 2 => some]
}

/// No rule relaxes a hard skill.
fn keep_hard_skills(plan: &mut RoutingPlan) {
    let hard = plan.hard.clone();
    let is_hard = |skill| hard.contains(&skill);
    for queue in &mut plan.queues {
        for action in queue.rules.iter_mut().flat_map(|rule| &mut rule.then) {
            let relaxes = match action {
                Action::Require(asked) => queue.require.relaxed_by(asked, is_hard).is_some(),
                Action::Drop(dropped) => dropped.iter().any(|skill| is_hard(*skill)),
                _ => false,
            };
            if relaxes {
                *action = Action::Play(AnnouncementId(0));
            }
        }
    }
}

/// The same rule, with a name of its own, and to another queue than that of `id`, if it leads.
fn standing_in(mut rule: Rule, id: u16, all: u16) -> Rule {
    if let Some(Admission { of: Some(of), .. }) = &mut rule.when.admission {
        of.0 = (id + of.0) % all;
    }
    let other = |to: QueueId| if to.0 == id { QueueId((id + 1) % all) } else { to };
    for action in &mut rule.then {
        match action {
            Action::AddQueue { to, .. } | Action::MoveTo(to) => *to = other(*to),
            Action::RaisePriority(_)
            | Action::Require(_)
            | Action::Drop(_)
            | Action::End(_)
            | Action::TransferTo(_)
            | Action::Play(_)
            | Action::OfferCallback
            | Action::Ladder(_) => {}
        }
    }
    rule
}

/// Who is in wrap-up, after which calls of which queues.
fn notes_taken(router: &Router) -> Vec<(AgentId, CallHandle, QueueId)> {
    let slots = router
        .agents()
        .flat_map(|known| known.slots.into_iter().map(move |slot| (known.agent, slot.state)));
    let notes = slots.filter_map(|(agent, state)| match state {
        SlotState::WrapUp { call, queue, .. } => Some((agent, call, queue)),
        _ => None,
    });
    notes.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Waiting,
    Offering,
    Connecting,
    Connected,
    Held,
}

/// What an outsider knows from the events alone.
#[derive(Default)]
pub(crate) struct Ledger {
    live: Vec<CallHandle>,
    stages: BTreeMap<CallHandle, Stage>,
    offers: BTreeMap<CallHandle, Vec<(OfferNumber, AgentId)>>,
    arrived: usize,
    ended: usize,
    /// Live offers and accepted calls by agent.
    in_hand: BTreeMap<AgentId, BTreeSet<CallHandle>>,
    /// Who holds the caller's leg.
    holders: BTreeMap<CallHandle, AdapterId>,
    up: BTreeSet<AdapterId>,
    awaited: BTreeSet<AdapterId>,
    recovering: bool,
    /// Agents whose device is gone or busy.
    out_of_service: BTreeMap<AgentId, DeviceState>,
    channels: BTreeMap<CallHandle, Channel>,
    /// Agents whose desktop is silent.
    silent: BTreeSet<AgentId>,
    pub(crate) vanished: usize,
}

impl Ledger {
    fn take_in(&mut self, command: &Command, events: &[Event], plan: &RoutingPlan) {
        self.recovering |= *command == Command::EpochBegan;
        if let Command::AdapterUp { adapter, resync: true, .. } = command {
            self.awaited.insert(*adapter);
        }
        for event in events {
            match event {
                Event::RecoveryOver => self.recovering = false,
                Event::DeviceChanged { agent, device: DeviceState::Up } => {
                    assert!(self.out_of_service.remove(agent).is_some(), "it was away");
                }
                Event::DeviceChanged { agent, device } => {
                    self.out_of_service.insert(*agent, *device);
                }
                Event::HeartbeatChanged { agent, heartbeat: HeartbeatState::Lost } => {
                    self.silent.insert(*agent);
                }
                Event::HeartbeatChanged { agent, .. } => {
                    self.silent.remove(agent);
                }
                Event::AdapterUp { adapter } => {
                    self.up.insert(*adapter);
                }
                Event::AdapterSynced { adapter } => {
                    assert!(self.awaited.remove(adapter), "who was awaited is synced, once");
                }
                Event::AdapterDown { adapter } => {
                    self.up.remove(adapter);
                    self.awaited.remove(adapter);
                }
                Event::CallArrived { call, adapter, channel, .. } => {
                    self.holders.insert(*call, *adapter);
                    self.channels.insert(*call, channel.of_slots());
                    assert!(!self.live.contains(call), "a call arrives once");
                    self.live.push(*call);
                    self.stages.insert(*call, Stage::Waiting);
                    self.arrived += 1;
                }
                Event::CallEnded { call, outcome, .. } => {
                    self.vanished += usize::from(*outcome == Outcome::Vanished);
                    let at = self.live.iter().position(|live| live == call);
                    self.live.remove(at.expect("a live call ends, once"));
                    self.stages.remove(call);
                    self.let_go(*call);
                    self.ended += 1;
                }
                Event::OfferIssued { call, offer, agent, queue, rung_by, adopted, .. } => {
                    let may_offer = |adapter| self.up.contains(adapter) && !self.recovering;
                    let open = |adapter| may_offer(adapter) && !self.awaited.contains(adapter);
                    let held_by = self.holders[call];
                    assert!(*adopted || open(rung_by) && open(&held_by), "no offer before resync");
                    let offers = self.offers.entry(*call).or_default();
                    assert!(offers.last().is_none_or(|(last, _)| last < offer), "they count up");
                    offers.push((*offer, *agent));
                    let most = usize::from(plan.queues[queue.index()].broadcast);
                    assert!(offers.len() <= most, "a call is out to one, or to a few by broadcast");
                    let calls = self.in_hand.entry(*agent).or_default();
                    assert!(calls.insert(*call), "an agent holds a call once");
                    let channel = self.channels[call];
                    let device = self.out_of_service.get(agent);
                    let blocks = |device: &DeviceState| {
                        *device == DeviceState::Down || channel == Channel::Voice
                    };
                    let gone = device.is_some_and(blocks) || self.silent.contains(agent);
                    assert!(!gone || *adopted, "who is gone or busy gets no offers");
                    let held = calls.iter().filter(|call| self.channels[call] == channel).count();
                    let desk = plan.agents[agent.index()].desk(channel).expect("he takes such");
                    assert!(held <= usize::from(desk.capacity), "capacity is kept");
                    assert!(queue.index() < plan.queues.len());
                    self.stages.insert(*call, Stage::Offering);
                }
                Event::OfferEnded { call, offer, agent, end, .. } if *end != OfferEnd::Accepted => {
                    let offers = self.offers.get_mut(call).expect("what ends was out");
                    offers.retain(|(other, _)| other != offer);
                    let held = self.in_hand.get_mut(agent);
                    assert!(held.is_some_and(|calls| calls.remove(call)), "he was offered it");
                }
                Event::CallReturned { call, .. } => {
                    self.stages.insert(*call, Stage::Waiting);
                    self.let_go(*call);
                }
                Event::CallConnecting { call, .. } => {
                    self.stages.insert(*call, Stage::Connecting);
                }
                Event::CallConnected { call, .. } | Event::CallRetrieved { call } => {
                    self.stages.insert(*call, Stage::Connected);
                }
                Event::CallHeld { call } => {
                    self.stages.insert(*call, Stage::Held);
                }
                _ => {}
            }
        }
        assert_eq!(self.arrived, self.ended + self.live.len(), "no call is lost or doubled");
    }

    fn let_go(&mut self, call: CallHandle) {
        self.offers.remove(&call);
        self.in_hand.values_mut().for_each(|calls| {
            calls.remove(&call);
        });
    }

    /// One of the calls at this stage, else one that does not exist.
    fn at(&self, stage: Stage, index: usize) -> CallHandle {
        let there: Vec<_> = self.stages.iter().filter(|(_, at)| **at == stage).collect();
        let nobody = CallHandle { slot: 7, generation: 9_999 };
        there.get(index % there.len().max(1)).map_or(nobody, |(call, _)| **call)
    }
}

/// Turns steps into commands against the state they meet, and records them.
pub(crate) struct World {
    pub(crate) router: Router,
    now: Timestamp,
    next_slot: u32,
    pub(crate) ledger: Ledger,
    pub(crate) log: Vec<(Timestamp, Command)>,
    pub(crate) events: Vec<Event>,
    pub(crate) accepted: usize,
    /// What the events alone say that there is; kept if every deadline fires at its own instant.
    told: Option<Told>,
    /// What the contract says, in plain loops; kept if it is to be compared.
    twin: Option<Twin>,
    /// Who watches from outside, instead of whoever looks at every index.
    pub(crate) auditor: Option<Auditor>,
    /// What is being tried, and not in the log yet.
    trying: Option<(Timestamp, Command)>,
    /// What keeps agents from calls is compared with the twin's, after each thirteenth command.
    explains: bool,
    /// What agents would take is asked before they do.
    chooses: bool,
    /// How often that could be compared with an offer.
    pub(crate) foreseen: usize,
}

impl World {
    /// Both adapters are up and most agents at work, so that there is something to do.
    pub(crate) fn new(plan: RoutingPlan) -> Self {
        let mut world = Self::before_work(plan);
        world.begin();
        world
    }

    /// The same, compared after every step with what the events tell.
    pub(crate) fn told(plan: RoutingPlan) -> Self {
        let told = Some(Told::new(&plan));
        let mut world = Self { told, ..Self::before_work(plan) };
        world.begin();
        world
    }

    /// The same, compared after every step with what the twin says.
    pub(crate) fn with_twin(plan: RoutingPlan) -> Self {
        let mut world = Self::before_work(plan);
        let plan = Arc::clone(world.router.plan());
        world.twin = Some(Twin::new(plan, world.router.demands()));
        world.begin();
        world
    }

    /// The same, watched from outside.
    pub(crate) fn audited(plan: RoutingPlan, watches: Vec<Box<dyn Watch>>) -> Self {
        let mut world = Self::before_work(plan);
        world.auditor = Some(Auditor::new(world.router.plan(), watches));
        world.begin();
        world
    }

    /// All that it took, and what it was about to take when it failed.
    pub(crate) fn tried_so_far(&self) -> Vec<(Timestamp, Command)> {
        let mut all = self.log.clone();
        all.extend(self.trying.clone().filter(|trying| Some(trying) != self.log.last()));
        all
    }

    /// What an auditor knows.
    pub(crate) fn books(&self) -> &Books {
        &self.auditor.as_ref().expect("somebody watches").books
    }

    /// The same, and what is explained is compared too.
    pub(crate) fn explained(plan: RoutingPlan) -> Self {
        let mut world = Self::with_twin(plan);
        world.explains = true;
        world
    }

    /// The same, asked before every command what an agent would take whom it makes available.
    pub(crate) fn choosing(plan: RoutingPlan) -> Self {
        let mut world = Self::before_work(plan);
        world.chooses = true;
        world.begin();
        world
    }

    fn before_work(plan: RoutingPlan) -> Self {
        Self {
            router: Router::new(Arc::new(plan)).unwrap(),
            now: Timestamp(1_000_000_000),
            next_slot: 0,
            ledger: Ledger::default(),
            log: Vec::new(),
            events: Vec::new(),
            accepted: 0,
            told: None,
            twin: None,
            auditor: None,
            trying: None,
            explains: false,
            chooses: false,
            foreseen: 0,
        }
    }

    fn begin(&mut self) {
        for adapter in [0, 1].map(AdapterId) {
            self.apply(Command::AdapterUp { adapter, incarnation: 1, resync: false });
        }
        for agent in (0..5).map(AgentId) {
            self.apply(Command::AgentLogIn { agent });
            self.apply(Command::AgentReady { agent });
        }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        let until = self.now + step.pause;
        let command = self.command(&step.attempt, until);
        // An epoch begins where nobody was there to let time pass.
        if command != Command::EpochBegan {
            self.let_time_pass(until);
        }
        self.now = until;
        let command = self.command(&step.attempt, until);
        if self.apply(command) {
            self.accepted += 1;
        }
    }

    /// Up to there, deadline by deadline if somebody counts with their instants.
    pub(crate) fn let_time_pass(&mut self, until: Timestamp) {
        let by_deadline = self.told.is_some() || self.auditor.is_some();
        while let Some(at) = self.router.next_deadline().filter(|at| *at <= until) {
            self.now = if by_deadline { at.max(self.router.now()) } else { until };
            assert!(self.apply(Command::AdvanceTime));
        }
    }

    /// What is due has fired, or will while the domain catches up; but an advance does no more than
    /// fits a slice.
    fn check_that_all_fired(&self) {
        let due = self.router.next_deadline().is_some_and(|at| at <= self.router.now());
        if !matches!(self.log.last(), Some((_, Command::AdvanceTime))) {
            assert_eq!(due, self.router.phase() == Phase::CatchingUp);
        }
    }

    /// Applies a command; on a refusal nothing may have changed.
    pub(crate) fn apply(&mut self, command: Command) -> bool {
        self.trying = Some((self.now, command.clone()));
        let took = self.tried(command);
        self.trying = None;
        took
    }

    fn tried(&mut self, command: Command) -> bool {
        if self.auditor.is_some() {
            return self.tried_before_an_auditor(command);
        }
        let digest = self.router.digest();
        let from = self.events.len();
        let foreseen = Some(()).filter(|()| self.chooses);
        let foreseen = foreseen.and_then(|()| Foreseen::before(&self.router, &command));
        let answer = self.router.apply(self.now, command.clone(), &mut self.events);
        if let Some(twin) = &mut self.twin {
            let said = twin.apply(self.now, &command);
            assert_eq!(answer.is_ok(), said.is_ok(), "{command:?}: {answer:?}");
            for (index, said) in said.iter().flatten().enumerate() {
                let routed = self.events.get(from + index);
                let before = &self.events[from..from + index];
                assert_eq!(routed, Some(said), "{command:?}, after {before:#?}");
            }
            let more = &self.events[from + said.map_or(0, |said| said.len())..];
            assert_eq!(more, [], "{command:?} made the Router say more than the twin");
            let (known, decided) = (twin.decisions(), self.router.decisions());
            assert_eq!(known.len(), decided.len(), "each offer has its reason");
            known.iter().zip(decided).for_each(|(known, decided)| known.check(decided));
            if self.explains && self.log.len().is_multiple_of(13) {
                twin.check_explanations(&self.router);
            }
        }
        match answer {
            Ok(()) => {
                self.log.push((self.now, command));
                let plan = Arc::clone(self.router.plan());
                let (_, command) = &self.log[self.log.len() - 1];
                self.ledger.take_in(command, &self.events[from..], &plan);
                self.router.check_invariants();
                self.check_recovery(from);
                self.check_decisions(from);
                self.check_that_all_fired();
                if self.chooses {
                    self.foreseen += usize::from(foreseen.is_some_and(|it| it.check(&self.router)));
                    nobody_available_would_take(&self.router);
                }
                if let Some(told) = &mut self.told {
                    told.take_in(self.now, &self.events[from..]);
                    told.check(&mut self.router);
                }
                true
            }
            Err(_) => {
                assert_eq!(self.router.digest(), digest, "a refusal changes nothing");
                assert_eq!(self.events.len(), from, "a refusal says nothing");
                self.router.check_invariants();
                false
            }
        }
    }

    fn tried_before_an_auditor(&mut self, command: Command) -> bool {
        let from = self.events.len();
        if self.router.apply(self.now, command.clone(), &mut self.events).is_err() {
            return false;
        }
        self.log.push((self.now, command.clone()));
        let events = &self.events[from..];
        let plan = Arc::clone(self.router.plan());
        let auditor = self.auditor.as_mut().expect("it was looked at");
        auditor.hears(self.now, &command, events, &self.router, &mut Nobody);
        self.ledger.take_in(&command, events, &plan);
        true
    }

    /// While the domain recovers no deadline falls due and no rule acts but on entry.
    fn check_recovery(&self, from: usize) {
        assert_eq!(self.router.is_recovering(), self.ledger.recovering, "the events tell");
        if self.router.phase() == Phase::Recovering {
            assert_eq!(self.router.next_deadline(), None);
            // The last one may follow one on entry, in the place of its move when that is too many.
            let mut on_entry = None;
            for event in &self.events[from..] {
                if let Event::RuleFired { call, queue, rule, .. } = event {
                    let rules = &self.router.plan().queues[queue.index()].rules;
                    let admits = rules[usize::from(*rule)].when.admission.is_some();
                    let stands_in =
                        on_entry == Some((call, queue)) && usize::from(*rule) + 1 == rules.len();
                    assert!(admits || stands_in, "rules wait for the recovery");
                    on_entry = admits.then_some((call, queue));
                }
            }
        }
    }

    /// There is one for each offer of the command, in their order.
    fn check_decisions(&self, from: usize) {
        let issued = self.events[from..].iter().filter_map(|event| match event {
            Event::OfferIssued { call, offer, agent, queue, adopted, .. } => {
                Some((*call, *offer, *agent, *queue, *adopted))
            }
            _ => None,
        });
        let decided = self.router.decisions().iter();
        let decided =
            decided.map(|it| (it.call, it.offer, it.agent, it.queue, it.how == How::Adopted));
        assert!(issued.eq(decided), "each offer has its reason");
    }

    /// One of the adapters that `which` says yes to, else the one of that number.
    fn adapter(&self, index: usize, which: impl Fn(&AdapterFacts) -> bool) -> AdapterId {
        let found: Vec<_> = self.router.adapters().filter(which).collect();
        found.get(index % found.len().max(1)).map_or(AdapterId(index as u16), |it| it.adapter)
    }

    fn command(&mut self, attempt: &Attempt, now: Timestamp) -> Command {
        let ledger = &self.ledger;
        let live = |index: usize| match ledger.live.len() {
            0 => CallHandle { slot: 7, generation: 9_999 },
            count => ledger.live[index % count],
        };
        // One of those that are out, and whose it is.
        let out = |call: CallHandle| {
            let offers = ledger.offers.get(&call).map_or(&[][..], |offers| &offers[..]);
            offers.get(self.log.len() % offers.len().max(1)).copied()
        };
        let offer = |call| out(call).map_or(OfferNumber(9_999), |(offer, _)| offer);
        let holder = |anybody, call| out(call).map_or(AgentId(anybody), |(_, agent)| agent);
        match *attempt {
            Attempt::Epoch => Command::EpochBegan,
            Attempt::Recover => Command::RecoveryOver,
            Attempt::HalfMinute => Command::HalfMinutePassed,
            Attempt::AdapterUp { adapter, incarnation, resync } => {
                let adapter = self.adapter(adapter, |adapter| !adapter.up);
                Command::AdapterUp { adapter, incarnation, resync }
            }
            Attempt::Synced { adapter } => {
                let adapter = self.adapter(adapter, |adapter| adapter.awaits_resync);
                Command::AdapterSynced { adapter }
            }
            Attempt::AdapterDown { adapter } => {
                Command::AdapterDown { adapter: AdapterId(adapter) }
            }
            Attempt::Offer {
                adapter,
                queue,
                priority,
                late,
                extra,
                channel,
                preferred,
                caller,
            } => {
                self.next_slot += 1;
                // Slots are used again, as the edge does.
                let call = CallHandle { slot: self.next_slot % 97, generation: self.next_slot };
                let priority = Priority::new(priority).unwrap();
                let since = now + Span::from_secs(1) - Span::from_secs(late);
                // Where routes ask for something besides, mostly one of these; else nothing.
                let extras = self.router.plan().extras.len() as u16;
                let extra =
                    extra.filter(|_| extras > 0).map(|it| if it < 7 { it % extras } else { it });
                let entry = CallEntry {
                    channel,
                    preferred: preferred.map(AgentId),
                    caller: caller.map(CallerKey),
                    extra: extra.map(ExtraId),
                    ..CallEntry::new(QueueId(queue), priority, since)
                };
                Command::CallOffered { call, adapter: AdapterId(adapter), entry }
            }
            Attempt::Vanish { call } => Command::CallVanished { call: live(call) },
            Attempt::Adopt { call, agent, rung_by, talking } => {
                let call = ledger.at(Stage::Waiting, call);
                let (agent, rung_by) = (AgentId(agent), AdapterId(rung_by));
                Command::OfferAdopted { call, agent, rung_by, talking }
            }
            Attempt::Lose { call, stale } => {
                let call = ledger.at(Stage::Offering, call);
                let offer = if stale { OfferNumber(1) } else { offer(call) };
                Command::OfferLost { call, offer }
            }
            Attempt::End { call } => Command::CallEnded { call: live(call) },
            Attempt::Result { call, result, stale } => {
                let call = ledger.at(Stage::Offering, call);
                let offer = if stale { OfferNumber(1) } else { offer(call) };
                Command::OfferResult { call, offer, result }
            }
            Attempt::Bridge { call } => {
                let call = ledger.at(Stage::Connecting, call);
                Command::CallBridged { call, offer: offer(call) }
            }
            Attempt::FailConnect { call } => {
                let call = ledger.at(Stage::Connecting, call);
                Command::ConnectFailed { call, offer: offer(call) }
            }
            Attempt::LoseLeg { call } => {
                Command::AgentLegLost { call: ledger.at(Stage::Connected, call) }
            }
            Attempt::Transfer { call, queue } => Command::CallTransferred {
                call: ledger.at(Stage::Connected, call),
                queue: queue.map(QueueId),
            },
            Attempt::Device { agent, device } => {
                Command::DeviceChanged { agent: AgentId(agent), device }
            }
            Attempt::Hold { call } => Command::CallHeld { call: ledger.at(Stage::Connected, call) },
            Attempt::Retrieve { call } => {
                Command::CallRetrieved { call: ledger.at(Stage::Held, call) }
            }
            Attempt::LogIn { agent } => Command::AgentLogIn { agent: AgentId(agent) },
            Attempt::LogOut { agent } => Command::AgentLogOut { agent: AgentId(agent) },
            Attempt::Ready { agent } => Command::AgentReady { agent: AgentId(agent) },
            Attempt::NotReady { agent, reason } => {
                Command::AgentNotReady { agent: AgentId(agent), reason: reason.map(ReasonId) }
            }
            Attempt::Accept { agent, call } => {
                let call = ledger.at(Stage::Offering, call);
                Command::AgentAccept { agent: holder(agent, call), offer: offer(call) }
            }
            Attempt::Decline { agent, call } => {
                let call = ledger.at(Stage::Offering, call);
                Command::AgentDecline { agent: holder(agent, call), offer: offer(call) }
            }
            Attempt::Heartbeat { agent, kept: true } => {
                Command::HeartbeatKept { agent: AgentId(agent) }
            }
            Attempt::Heartbeat { agent, kept: false } => {
                Command::HeartbeatLost { agent: AgentId(agent) }
            }
            Attempt::ExtendWrapUp { agent, by } => {
                Command::AgentExtendWrapUp { agent: AgentId(agent), by: Span(by) }
            }
            Attempt::EndWrapUp { agent, call, named, disposition } => {
                let notes = notes_taken(&self.router);
                let nobody = CallHandle { slot: 7, generation: 9_999 };
                let found = notes.get(call % notes.len().max(1)).copied();
                let (agent, call, queue) = found.unwrap_or((AgentId(agent), nobody, QueueId(0)));
                // Mostly one of the queue's.
                let known = &self.router.plan().queues[queue.index()].dispositions;
                let disposition = disposition.map(|it| match known.get(usize::from(it)) {
                    Some(known) => *known,
                    None => DispositionId(it),
                });
                Command::AgentEndWrapUp { agent, call: named.then_some(call), disposition }
            }
            Attempt::Move { call, queue } => {
                Command::MoveCall { call: live(call), queue: QueueId(queue) }
            }
            Attempt::SetPriority { call, priority } => {
                let priority = Priority::new(priority).unwrap();
                Command::SetPriority { call: live(call), priority }
            }
            Attempt::Close { queue, closed, until } => {
                let until = until.map(|seconds| now + Span::from_secs(seconds));
                Command::SetClosed { queue: QueueId(queue), closed, until }
            }
            Attempt::Skill { agent, skill, wanted, until } => Command::SetSkill {
                agent: AgentId(agent),
                skill: SkillId(skill),
                wanted: match wanted {
                    0 => SkillForNow::Without,
                    11 => SkillForNow::AsPlanned,
                    level => SkillForNow::Level(level),
                },
                until: until.map(|seconds| now + Span::from_secs(seconds)),
            },
            Attempt::Pick { agent, call } => {
                let stage = if call % 3 == 0 { Stage::Offering } else { Stage::Waiting };
                Command::PickCall { call: ledger.at(stage, call), agent: AgentId(agent) }
            }
            Attempt::Message { agent, queue, to } => Command::MessageAgents {
                to: match to {
                    0 => MessageTo::Agent(AgentId(agent)),
                    1 => MessageTo::Queue(QueueId(queue)),
                    _ => MessageTo::Everybody,
                },
            },
            Attempt::EndByPerson { call } => {
                Command::EndCall { call: live(call), treatment: Treatment::HangUp }
            }
            Attempt::Force { agent, presence } => {
                Command::ForcePresence { agent: AgentId(agent), presence }
            }
        }
    }
}
