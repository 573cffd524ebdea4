//! Whatever happens in the random lives of a Router, the promises hold after every step.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and is not bound to the purity of the Router"
)]

mod everything;
mod lives;
mod plans;
mod told;
mod twin;

use acd_core::{
    Action, AdapterId, AgentId, AnnouncementId, Bound, CallEntry, CallHandle, Command,
    DEADLINES_PER_ADVANCE, Event, Gauge, Latch, MissedOffers, Order, Phase, Priority, QueueId,
    Requirement, Router, Span, Timestamp,
};
use lives::{World, a_plan, steps};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::sync::Arc;
use twin::Twin;

/// How many random lives each promise is tried on: few while the code is being changed.
const CASES: u32 = if cfg!(debug_assertions) { 256 } else { 10_000 };

/// The lives above are worth living: most of what they try is accepted.
#[test]
fn random_lives_are_mostly_accepted() {
    let mut runner = TestRunner::deterministic();
    let (mut tried, mut accepted) = (0, 0);
    let (mut vanished, mut adopted, mut recoveries) = (0, 0, 0);
    let is_adoption = |command: &Command| matches!(command, Command::OfferAdopted { .. });
    for _ in 0..100 {
        let (plan, steps) = (a_plan(), steps()).new_tree(&mut runner).unwrap().current();
        let mut world = World::new(plan);
        steps.iter().for_each(|step| world.take(step));
        tried += steps.len();
        accepted += world.accepted;
        vanished += world.ledger.vanished;
        adopted += world.log.iter().filter(|(_, it)| is_adoption(it)).count();
        recoveries += world.events.iter().filter(|it| **it == Event::RecoveryOver).count();
    }
    assert!(accepted * 2 > tried, "{accepted} of {tried}");
    assert!(vanished.min(adopted).min(recoveries) > 100, "{vanished}, {adopted}, {recoveries}");
}

/// What is overdue fires in slices, whatever has piled up; calls are offered after the last of them.
#[test]
fn a_recovery_catches_up_in_slices() {
    let plan = Arc::new(everything::plan(Order::Strict, MissedOffers::StayReady));
    let mut router = Router::new(Arc::clone(&plan)).unwrap();
    let mut events = Vec::new();
    let adapter = AdapterId(0);
    let (agent, queue, priority) = (AgentId(0), QueueId(0), Priority::NORMAL);
    let up = Command::AdapterUp { adapter, incarnation: 1, resync: false };
    let calls = DEADLINES_PER_ADVANCE as u32 + 1;
    let (then, now) = (Timestamp(1_000_000), Timestamp(60_000_000));
    router.apply(then, up.clone(), &mut events).unwrap();
    for slot in 0..calls {
        let call = CallHandle { slot, generation: 1 };
        let entry = CallEntry::new(queue, priority, then);
        let offered = Command::CallOffered { call, adapter, entry };
        router.apply(then, offered, &mut events).unwrap();
    }
    let later =
        [Command::EpochBegan, Command::AgentLogIn { agent }, Command::AgentReady { agent }, up];
    for command in later {
        router.apply(now, command, &mut events).unwrap();
    }
    // Each call is told something once.
    let told = |events: &[Event]| {
        events.iter().filter(|it| matches!(it, Event::PlayOrdered { .. })).count()
    };
    let before = told(&events);
    router.apply(now, Command::RecoveryOver, &mut events).unwrap();
    assert_eq!((router.phase(), told(&events)), (Phase::CatchingUp, before));
    router.apply(now, Command::AdvanceTime, &mut events).unwrap();
    router.check_invariants();
    assert_eq!(router.phase(), Phase::CatchingUp);
    assert_eq!(told(&events) - before, DEADLINES_PER_ADVANCE);

    let mut router = Router::restore(plan, &router.snapshot()).unwrap();
    while router.next_deadline().is_some_and(|at| at <= now) {
        assert!(!events.iter().any(|event| matches!(event, Event::OfferIssued { .. })));
        router.apply(now, Command::AdvanceTime, &mut events).unwrap();
        router.check_invariants();
    }
    assert_eq!(router.phase(), Phase::Normal);
    let tail = events.iter().rev().take(3).collect::<Vec<_>>();
    assert!(matches!(tail[1], Event::OfferIssued { .. }), "{tail:?}");
    assert_eq!(*tail[2], Event::RecoveryOver);
}

/// A snapshot between two slices of one instant knows what is still due, of calls in an agent's
/// hands too: a Router that is restored from it does the same at the same command.
#[test]
fn a_router_restored_between_two_slices_goes_on_as_the_straight_one() {
    let plan = Arc::new(everything::plan(Order::Strict, MissedOffers::StayReady));
    let mut straight = Router::new(Arc::clone(&plan)).unwrap();
    let mut events = Vec::new();
    let (adapter, agent) = (AdapterId(0), AgentId(0));
    let (queue, priority, since) = (QueueId(0), Priority::NORMAL, Timestamp(1_000_000));
    let mut commands = vec![Command::AdapterUp { adapter, incarnation: 1, resync: false }];
    commands.extend((0..2 * DEADLINES_PER_ADVANCE as u32).map(|slot| {
        let call = CallHandle { slot, generation: 1 };
        Command::CallOffered { call, adapter, entry: CallEntry::new(queue, priority, since) }
    }));
    commands.extend([Command::AgentLogIn { agent }, Command::AgentReady { agent }]);
    for command in commands {
        straight.apply(since, command, &mut events).unwrap();
    }
    assert!(events.iter().any(|event| matches!(event, Event::OfferIssued { .. })));
    let mut slices = 0;
    for _ in 0..200 {
        let Some(due) = straight.next_deadline() else { break };
        slices += usize::from(due <= straight.now());
        let mut restored = Router::restore(Arc::clone(&plan), &straight.snapshot()).unwrap();
        assert_eq!(restored.next_deadline(), Some(due));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        straight.apply(due, Command::AdvanceTime, &mut ours).unwrap();
        restored.apply(due, Command::AdvanceTime, &mut theirs).unwrap();
        assert_eq!(theirs, ours);
        straight.check_invariants();
    }
    assert!(slices > 0, "all was done at once");
}

fn replay(router: &mut Router, log: &[(Timestamp, Command)]) -> Vec<Event> {
    let mut events = Vec::new();
    for (now, command) in log {
        router.apply(*now, command.clone(), &mut events).expect("what was accepted once is again");
    }
    events
}

/// A rule that becomes active acts on those who wait slice by slice, in the order of their keys; in
/// between others are heard, and a Router may be restored.
#[test]
fn an_active_rule_sees_to_many_calls_in_slices() {
    const CALLS: u32 = 600;
    const SLICE: usize = 256;
    let set = vec![Bound { gauge: Gauge::CallsWaiting, at_least: true, value: CALLS.into() }];
    let latch = Latch { of: Some(QueueId(0)), set, clear: Vec::new() };
    let mut sorry = plans::rule("sorry", 0, vec![Action::Play(AnnouncementId(0))]);
    sorry.when.latch = Some(latch);
    let queue = plans::queue("general", Requirement::default(), vec![sorry]);
    let plan = Arc::new(plans::plan(vec![queue], Vec::new()));
    let mut router = Router::new(Arc::clone(&plan)).unwrap();
    let mut twin = Twin::new(Arc::clone(&plan), router.demands());
    let now = Timestamp(1_000_000);
    let mut told = Vec::new();
    let mut both = |router: &mut Router, at: Timestamp, command: Command| {
        let mut events = Vec::new();
        router.apply(at, command.clone(), &mut events).unwrap();
        router.check_invariants();
        assert_eq!(twin.apply(at, &command).unwrap(), events, "{command:?}");
        let played = events.iter().filter_map(|event| match event {
            Event::PlayOrdered { call, .. } => Some(call.slot),
            _ => None,
        });
        let before = told.len();
        told.extend(played);
        (told.len() - before, told.clone())
    };
    let (adapter, queue) = (AdapterId(0), QueueId(0));
    both(&mut router, now, Command::AdapterUp { adapter, incarnation: 1, resync: false });
    let offered = |slot: u32, priority: Priority| Command::CallOffered {
        call: CallHandle { slot, generation: 1 },
        adapter,
        entry: CallEntry::new(queue, priority, now),
    };
    for slot in 0..CALLS - 1 {
        assert_eq!(both(&mut router, now, offered(slot, Priority::NORMAL)).0, 0);
    }
    assert_eq!(both(&mut router, now, offered(CALLS - 1, Priority::NORMAL)).0, SLICE);
    let next = now + Span::from_millis(1);
    assert_eq!(router.next_deadline(), Some(next));

    // Whoever comes in front of what has been seen to is seen to at once, whoever comes behind in
    // his turn.
    assert_eq!(both(&mut router, now, offered(CALLS, Priority::HIGHEST_BY_RULE)).0, 1);
    assert_eq!(both(&mut router, now, offered(CALLS + 1, Priority::LOWEST)).0, 0);
    let mut router = Router::restore(plan, &router.snapshot()).unwrap();
    assert_eq!(both(&mut router, next, Command::AdvanceTime).0, SLICE);
    let next = next + Span::from_millis(1);
    let (rest, told) = both(&mut router, next, Command::AdvanceTime);
    assert_eq!(rest, CALLS as usize + 1 - 2 * SLICE);
    let mut expected: Vec<u32> = (0..SLICE as u32).chain([CALLS]).collect();
    expected.extend((SLICE as u32..CALLS).chain([CALLS + 1]));
    assert_eq!(told, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    /// Calls are conserved, capacity is kept, nobody waits beside a free agent, refusals change
    /// nothing: after every single step.
    #[test]
    fn invariants_hold_after_every_step(plan in a_plan(), steps in steps()) {
        let mut world = World::new(plan);
        steps.iter().for_each(|step| world.take(step));
    }

    /// Router and naive twin say the same, event by event.
    #[test]
    fn the_twin_says_the_same(plan in a_plan(), steps in steps()) {
        let mut world = World::with_twin(plan);
        steps.iter().for_each(|step| world.take(step));
    }

    /// What is said to keep agents from a call does, and nothing else: exactly those of whom nothing
    /// is said would be given it, and no call waits beside one of these.
    #[test]
    fn what_is_explained_is_so(plan in a_plan(), steps in steps()) {
        let mut world = World::explained(plan);
        steps.iter().for_each(|step| world.take(step));
    }

    /// Whoever knows only the facts knows what he would know from the whole history.
    #[test]
    fn the_facts_are_what_the_events_told(plan in a_plan(), steps in steps()) {
        let mut world = World::told(plan);
        steps.iter().for_each(|step| world.take(step));
    }

    /// Deterministic: the same commands give the same events, and any prefix, snapshot, restore,
    /// suffix equals the straight run.
    #[test]
    fn a_restored_router_goes_on_as_the_straight_one(
        plan in a_plan(),
        steps in steps(),
        cut in 0.0_f64..1.0,
    ) {
        let mut world = World::new(plan);
        steps.iter().for_each(|step| world.take(step));
        let plan = Arc::clone(world.router.plan());
        let cut = (world.log.len() as f64 * cut) as usize;

        let mut straight = Router::new(Arc::clone(&plan)).unwrap();
        let mut events = replay(&mut straight, &world.log[..cut]);
        let bytes = straight.snapshot();
        let mut restored = Router::restore(Arc::clone(&plan), &bytes).unwrap();
        restored.check_invariants();
        prop_assert_eq!(restored.digest(), straight.digest());
        prop_assert_eq!(restored.next_deadline(), straight.next_deadline());
        events.extend(replay(&mut restored, &world.log[cut..]));
        prop_assert_eq!(&events, &world.events);
        prop_assert_eq!(restored.digest(), world.router.digest());
    }

    /// A damaged snapshot is refused or restored to something sound; it never panics.
    #[test]
    fn damage_to_a_snapshot_is_found(
        plan in a_plan(),
        steps in steps(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut world = World::new(plan);
        steps.iter().take(120).for_each(|step| world.take(step));
        let mut bytes = world.router.snapshot();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
            let restored = Router::restore(Arc::clone(world.router.plan()), &bytes);
            prop_assert!(restored.is_err(), "a cut snapshot is refused");
        } else if let Ok(mut router) = Router::restore(Arc::clone(world.router.plan()), &bytes) {
            let mut events = Vec::new();
            let _ = router.apply(router.now(), Command::RecoveryOver, &mut events);
            let _ = router.apply(Timestamp::LATEST, Command::AdvanceTime, &mut events);
        }
    }
}
