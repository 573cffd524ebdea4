//! Any bytes as the life of a Router: whatever they say, it refuses or does it, and never panics.
//!
//! The fuzzer looks for bytes that show otherwise; a test tries some without one.

use crate::everything;
use crate::plans::{rule, seconds};
use acd_core::{
    Action, AdapterId, Admission, Affinity, AgentId, AnnouncementId, Bound, CallEntry, CallFacts,
    CallHandle, CallerKey, Channel, Command, DeskPlan, DeviceState, DispositionId, ForcedPresence,
    Gauge, KeepFree, Latch, MessageTo, MissedOffers, OfferNumber, OfferResult, Order, Priority,
    QueueId, ReasonId, Requirement, Router, RoutingPlan, Service, SkillForNow, SkillId, SlotState,
    Span, Timestamp, Treatment,
};
use std::sync::Arc;

/// The most slots of calls: what mints handles does not jump.
const SLOTS: u32 = 64;
/// Every index is checked after so many commands.
const BETWEEN_CHECKS: usize = 16;
/// The most slices of what is due that are done between two commands.
const SLICES_MAX: usize = 256;
/// The first byte of a command that follows as a journal holds it.
pub(crate) const AS_KEPT: u8 = 0;

/// Lives by these bytes.
///
/// # Panics
/// When the Router does, or an index of its is wrong.
pub(crate) fn live(bytes: &[u8]) {
    let mut router = Router::new(Arc::new(plan())).expect("the plan has no defect");
    let mut bytes = Bytes { left: bytes };
    let (mut now, mut events) = (Timestamp(1_000_000_000), Vec::new());
    let mut minted = 0;
    let mut told = 0;
    while let Some(pause) = bytes.next() {
        now = now + pause_of(pause);
        for _ in 0..SLICES_MAX {
            if router.next_deadline().is_none_or(|due| due > now) {
                break;
            }
            router.apply(now, Command::AdvanceTime, &mut events).expect("time goes on");
        }
        let Some(command) = bytes.command(&router, now, &mut minted) else { continue };
        let _ = router.apply(now, command, &mut events);
        events.clear();
        told += 1;
        if told % BETWEEN_CHECKS == 0 {
            router.check_invariants();
        }
    }
    router.check_invariants();
    let restored = Router::restore(Arc::clone(router.plan()), &router.snapshot());
    let restored = restored.expect("what was written is read");
    restored.check_invariants();
    assert_eq!(restored.digest(), router.digest(), "it is what was written");
}

/// Nothing at all, some seconds, hours.
fn pause_of(byte: u8) -> Span {
    match byte {
        0..128 => Span(0),
        128..240 => Span(u64::from(byte - 127) * 250_000),
        240..=255 => Span::from_secs(u64::from(byte - 239) * 3_600),
    }
}

/// A plan with a bit of everything.
fn plan() -> RoutingPlan {
    let mut plan = everything::plan(Order::Deadline, MissedOffers::NotReadyAfter(2));
    let bound = |gauge, at_least, value| Bound { gauge, at_least, value };
    let mut full = rule("full", 0, vec![Action::End(Treatment::Message)]);
    full.when.admission = Some(Admission { of: None, closed: false, calls_in_system: Some(12) });
    let mut closed = rule("closed", 0, vec![Action::MoveTo(QueueId(1))]);
    closed.when.admission =
        Some(Admission { of: Some(QueueId(0)), closed: true, calls_in_system: None });
    let mut crowded =
        rule("crowded", 0, vec![Action::AddQueue { to: QueueId(2), while_active: true }]);
    crowded.when.latch = Some(Latch {
        of: Some(QueueId(0)),
        set: vec![bound(Gauge::CallsWaiting, true, 3)],
        clear: vec![bound(Gauge::CallsWaiting, false, 1)],
    });
    let mut long = rule("long", 2, vec![Action::Play(AnnouncementId(0))]);
    long.repeat_every = Some(seconds(5));
    long.when.latch = Some(Latch {
        of: None,
        set: vec![bound(Gauge::LongestWait, true, 20_000_000)],
        clear: Vec::new(),
    });
    let mut alone = rule("alone", 1, vec![Action::Require(Requirement::default())]);
    alone.when.priority_at_least = Some(Priority::NORMAL);
    alone.when.latch = Some(Latch {
        of: Some(QueueId(1)),
        set: vec![bound(Gauge::AgentsAvailable, false, 0), bound(Gauge::AgentsStaffed, false, 4)],
        clear: vec![bound(Gauge::AgentsWorking, true, 2)],
    });
    let mut slow = rule("slow", 0, vec![Action::RaisePriority(Priority::HIGHEST_BY_RULE)]);
    slow.when.channels = vec![Channel::Voice, Channel::Chat];
    slow.when.latch = Some(Latch {
        of: Some(QueueId(0)),
        set: vec![bound(Gauge::EstimatedWait, true, 30_000_000)],
        clear: vec![bound(Gauge::EstimatedWait, false, 10_000_000)],
    });
    let mut missed = rule("missed", 0, vec![Action::Play(AnnouncementId(0))]);
    missed.when.latch = Some(Latch {
        of: None,
        set: vec![bound(Gauge::ServiceLevel, false, 79)],
        clear: Vec::new(),
    });
    plan.queues[0].rules.splice(0..0, [full, closed, crowded, long, slow, missed]);
    plan.queues[0].closing_ends_waits = true;
    plan.queues[0].broadcast = 2;
    plan.queues[1].keep_free = Some(KeepFree { agents: 1, for_priority: Priority::EMERGENCY });
    plan.queues[1].affinity = Affinity { window: seconds(60), wait: seconds(5) };
    let chat = DeskPlan { channel: Channel::Chat, capacity: 2, endpoint: None };
    plan.agents[0].desks.push(chat);
    plan.queues[1].rules.insert(0, alone);
    plan.agents[0].queues = vec![(QueueId(0), Service { rank: 8, delay: seconds(3) })];
    plan
}

/// Bytes, taken from the front.
struct Bytes<'a> {
    left: &'a [u8],
}

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(*first)
    }

    /// 0 where nothing is left.
    fn byte(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    fn command(&mut self, router: &Router, now: Timestamp, minted: &mut u32) -> Option<Command> {
        let kind = self.next()?;
        if kind == AS_KEPT {
            return self.command_as_kept();
        }
        let agent = AgentId(u32::from(self.byte() % 7));
        let adapter = AdapterId(u16::from(self.byte() % 3));
        let queue = QueueId(u16::from(self.byte() % 5));
        let priority = Priority::new(self.byte() % 10)?;
        let (call, offer) = self.a_call(router);
        let result = [
            OfferResult::Ringing,
            OfferResult::Accepted,
            OfferResult::Declined,
            OfferResult::NoAnswer,
            OfferResult::Failed,
        ];
        let forced = [ForcedPresence::Ready, ForcedPresence::NotReady, ForcedPresence::LoggedOut];
        let devices = [DeviceState::Up, DeviceState::Busy, DeviceState::Down];
        let choice = self.byte();
        Some(match kind % 40 {
            0 => Command::EpochBegan,
            1 => Command::RecoveryOver,
            2 | 3 => Command::AdapterUp {
                adapter,
                incarnation: u64::from(choice % 3),
                resync: choice > 127,
            },
            4 => Command::AdapterSynced { adapter },
            5 => Command::AdapterDown { adapter },
            6 => Command::AdapterHeard { adapter, number: choice.into() },
            7..12 => {
                *minted += 1;
                let call = CallHandle { slot: *minted % SLOTS, generation: *minted };
                let since = now - Span::from_secs(u64::from(choice.saturating_sub(200)));
                let entry = CallEntry {
                    channel: Channel::ALL[usize::from(choice) % Channel::ALL.len()],
                    preferred: choice.is_multiple_of(3).then_some(agent),
                    caller: choice.is_multiple_of(2).then_some(CallerKey(u64::from(choice % 8))),
                    ..CallEntry::new(queue, priority, since)
                };
                Command::CallOffered { call, adapter, entry }
            }
            12 => Command::CallEnded { call },
            13 => Command::CallVanished { call },
            14 => Command::OfferAdopted { call, agent, rung_by: adapter, talking: choice > 127 },
            15 => Command::OfferLost { call, offer },
            16..19 => {
                let result = result[usize::from(choice) % result.len()];
                Command::OfferResult { call, offer, result }
            }
            19 => Command::CallBridged { call, offer },
            20 => Command::ConnectFailed { call, offer },
            21 => Command::AgentLegLost { call },
            22 if choice > 127 => Command::CallHeld { call },
            22 => Command::CallRetrieved { call },
            23 => Command::CallTransferred { call, queue: (choice > 60).then_some(queue) },
            24 => {
                let device = devices[usize::from(choice) % devices.len()];
                Command::DeviceChanged { agent, device }
            }
            25 if choice > 127 => Command::HeartbeatKept { agent },
            25 => Command::HeartbeatLost { agent },
            26 => Command::AgentLogIn { agent },
            27 if choice > 200 => Command::AgentLogOut { agent },
            27 => Command::AgentReady { agent },
            28 => {
                let reason = (choice > 127).then_some(ReasonId(u16::from(choice % 3)));
                Command::AgentNotReady { agent, reason }
            }
            29 => Command::AgentAccept { agent, offer },
            30 => Command::AgentDecline { agent, offer },
            31 if choice > 127 => {
                let disposition =
                    choice.is_multiple_of(2).then_some(DispositionId(u16::from(choice % 3)));
                let notes = router.agent(agent).into_iter().flat_map(|known| known.slots);
                let mut notes = notes.filter_map(|slot| match slot.state {
                    SlotState::WrapUp { call, .. } => Some(call),
                    _ => None,
                });
                let call = notes.next_back().filter(|_| choice > 200);
                Command::AgentEndWrapUp { agent, call, disposition }
            }
            31 => {
                let by = Span(u64::from(choice) << (choice % 60));
                Command::AgentExtendWrapUp { agent, by }
            }
            32 => Command::MoveCall { call, queue },
            33 if choice > 127 => Command::SetPriority { call, priority },
            33 => Command::EndCall { call, treatment: Treatment::HangUp },
            34 => {
                let until = (choice % 64 > 9).then(|| now + Span(1 << (choice % 64)));
                Command::SetClosed { queue, closed: choice > 127, until }
            }
            35 => Command::HalfMinutePassed,
            36 => Command::PickCall { call, agent },
            37 => Command::SetSkill {
                agent,
                skill: SkillId(u16::from(choice % 3)),
                wanted: match choice % 5 {
                    0 => SkillForNow::Without,
                    1 => SkillForNow::AsPlanned,
                    _ => SkillForNow::Level(choice % 12),
                },
                until: (choice % 64 > 9).then(|| now + Span(1 << (choice % 64))),
            },
            38 => Command::MessageAgents {
                to: match choice % 3 {
                    0 => MessageTo::Agent(agent),
                    1 => MessageTo::Queue(queue),
                    _ => MessageTo::Everybody,
                },
            },
            _ => {
                let presence = forced[usize::from(choice) % forced.len()];
                Command::ForcePresence { agent, presence }
            }
        })
    }

    /// Any command at all, as the bytes have it; skips one of them where there is none.
    fn command_as_kept(&mut self) -> Option<Command> {
        let Ok(mut command) = Command::decode(&mut self.left) else {
            self.next();
            return None;
        };
        // A slot in the millions would only cost memory.
        if let Command::CallOffered { call, .. } = &mut command {
            call.slot %= SLOTS;
        }
        Some(command)
    }

    /// One that lives, and its offer; or one that does not.
    fn a_call(&mut self, router: &Router) -> (CallHandle, OfferNumber) {
        let calls: Vec<CallFacts> = router.calls().collect();
        let nobody = CallHandle { slot: 7, generation: u32::MAX };
        let found = calls.get(usize::from(self.byte()) % calls.len().max(1));
        let offer = found.and_then(|call| call.hands.first()).map(|hand| hand.offer);
        (found.map_or(nobody, |call| call.call), offer.unwrap_or_default())
    }
}
