//! Whatever happens in the random lives of a Router, the promises hold after every step.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and is not bound to the purity of the Router"
)]

mod asked;
mod books;
mod bytes;
mod choosing;
mod chosen;
mod commands;
#[path = "../crashes/dice.rs"]
#[expect(dead_code, reason = "others draw more from it")]
mod dice;
mod edges;
mod everything;
mod kept;
mod lives;
mod plans;
mod scenario;
mod shortest;
mod told;
mod twin;
mod words;
mod written;

use acd_core::{
    Action, AdapterId, Admission, AgentId, AnnouncementId, Bound, CallEntry, CallHandle, Channel,
    Command, DEADLINES_PER_ADVANCE, Event, EventDigest, Gauge, Latch, MissedOffers, Order, Phase,
    Priority, QueueId, Rejection, Requirement, Router, RoutingPlan, Rule, Span, Timestamp,
    Treatment, When,
};
use books::Stage;
use kept::{BestFirst, Bounded, Capacity, Conservation, IdleFirst, Timers, WorkConserving, keeps};
use lives::{World, a_plan, steps};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shortest::{cases, in_random_lives};
use std::sync::Arc;
use twin::Twin;

/// The lives above are worth living: most of what they try is accepted.
#[test]
fn random_lives_are_mostly_accepted() {
    let mut runner = TestRunner::deterministic();
    let (mut tried, mut accepted) = (0, 0);
    let (mut vanished, mut adopted, mut recoveries) = (0, 0, 0);
    let (mut asking, mut dropped) = (0, 0);
    let is_adoption = |command: &Command| matches!(command, Command::OfferAdopted { .. });
    for _ in 0..200 {
        let (plan, steps) = (a_plan(), steps()).new_tree(&mut runner).unwrap().current();
        let mut world = World::new(plan);
        assert!(steps.len() >= 200, "a life is long");
        steps.iter().for_each(|step| world.take(step));
        tried += steps.len();
        accepted += world.accepted;
        vanished += world.ledger.vanished;
        adopted += world.log.iter().filter(|(_, it)| is_adoption(it)).count();
        let asks = |command: &Command| {
            matches!(command, Command::CallOffered { entry: CallEntry { extra: Some(_), .. }, .. })
        };
        asking += world.log.iter().filter(|(_, it)| asks(it)).count();
        let plan = Arc::clone(world.router.plan());
        dropped += world.events.iter().filter(|event| drops(&plan, event)).count();
        recoveries += world.events.iter().filter(|it| **it == Event::RecoveryOver).count();
    }
    assert!(accepted * 2 > tried, "{accepted} of {tried}");
    assert!(vanished.min(adopted).min(recoveries) > 200, "{vanished}, {adopted}, {recoveries}");
    assert!(asking > 2_000 && dropped > 100, "{asking}, {dropped}");
}

/// Whether a rule has dropped some of what a call asks for besides.
fn drops(plan: &RoutingPlan, event: &Event) -> bool {
    match event {
        Event::RuleFired { queue, rule, without_effect: false, .. } => {
            let then = &plan.queues[queue.index()].rules[usize::from(*rule)].then;
            then.iter().any(|action| matches!(action, Action::Drop(_)))
        }
        _ => false,
    }
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

/// Time that leaps while the domain catches up does not put its recovery off: what was not overdue
/// falls due after it.
#[test]
fn a_leap_of_time_ends_a_recovery_before_what_is_due_later() {
    let plan = Arc::new(everything::plan(Order::Strict, MissedOffers::StayReady));
    let mut router = Router::new(Arc::clone(&plan)).unwrap();
    let mut twin = Twin::new(plan, router.demands());
    let (adapter, agent, queue) = (AdapterId(0), AgentId(0), QueueId(0));
    let second = |at: u64| Timestamp(1_000_000_000) + Span::from_secs(at);
    let up = Command::AdapterUp { adapter, incarnation: 1, resync: false };
    let offered = |slot: u32, at: u64| Command::CallOffered {
        call: CallHandle { slot, generation: 1 },
        adapter,
        entry: CallEntry::new(queue, Priority::NORMAL, second(at)),
    };
    let commands = [
        (0, up.clone()),
        (0, offered(0, 0)),
        (10, offered(1, 10)),
        (20, Command::EpochBegan),
        (20, up),
        (20, Command::AgentLogIn { agent }),
        (20, Command::AgentReady { agent }),
        (20, Command::RecoveryOver),
        // The first call was to hear something at 15 s, the other one is at 25 s.
        (60, Command::AdvanceTime),
    ];
    let mut events = Vec::new();
    for (at, command) in commands {
        events.clear();
        router.apply(second(at), command.clone(), &mut events).unwrap();
        router.check_invariants();
        assert_eq!(twin.apply(second(at), &command).unwrap(), events);
    }
    let position = |of: &dyn Fn(&Event) -> bool| events.iter().position(of).unwrap();
    let second_call = CallHandle { slot: 1, generation: 1 };
    let over = position(&|it| *it == Event::RecoveryOver);
    let rings = position(&|it| matches!(it, Event::OfferIssued { .. }));
    let hears =
        position(&|it| matches!(it, Event::PlayOrdered { call, .. } if *call == second_call));
    assert!(over < rings && rings < hears, "{events:#?}");
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
        let took = router.apply(*now, command.clone(), &mut events);
        keeps!(7, took.is_ok(), "what was accepted once is not again: {command:?}, {took:?}");
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

/// Time goes on, and nobody does anything any more, until no call waits.
fn nobody_comes_any_more(world: &mut World) {
    if world.router.phase() == Phase::Recovering {
        assert!(world.apply(Command::RecoveryOver));
    }
    while let Some(due) = world.router.next_deadline() {
        world.let_time_pass(due.max(world.router.now()));
    }
    let calls = &world.books().calls;
    let talks = |stage| matches!(stage, Stage::Connected | Stage::Held);
    keeps!(6, calls.values().all(|call| talks(call.stage)), "calls wait without end");
}

/// Calls are conserved, capacity is kept, nobody waits beside a free agent, refusals change
/// nothing, every index is what it is made from: after every single step.
#[test]
fn invariants_hold_after_every_step() {
    in_random_lives("invariants", World::new, |_| {});
}

/// Router and naive twin say the same, event by event.
#[test]
fn the_twin_says_the_same() {
    in_random_lives("twin", World::with_twin, |_| {});
}

/// What is said to keep agents from a call does, and nothing else: exactly those of whom nothing is
/// said would be given it, and no call waits beside one of these.
#[test]
fn what_is_explained_is_so() {
    in_random_lives("explained", World::explained, |_| {});
}

/// Whoever knows only the facts knows what he would know from the whole history.
#[test]
fn the_facts_are_what_the_events_told() {
    in_random_lives("facts", World::told, |_| {});
}

/// A call is in exactly one state, and ends exactly once with one outcome: those too that are left
/// at closing time, when all callers hang up.
#[test]
fn promise_1_every_call_is_in_one_state_and_ends_once() {
    let begin = |plan| World::audited(plan, vec![Box::new(Conservation::default())]);
    in_random_lives("promise-1", begin, |world| {
        world.let_time_pass(world.router.now());
        // One who gives up may make a rule act, and end another call.
        while let Some(call) = world.books().calls.keys().next().copied() {
            keeps!(1, world.apply(Command::CallEnded { call }), "{call:?} is lost");
        }
        let books = world.books();
        keeps!(1, books.arrived == books.ended, "a call has not ended");
        keeps!(1, world.router.live_calls() == 0, "a call lives on");
    });
}

/// No agent holds more than he can, and an offer is for whoever meets what is asked for.
#[test]
fn promise_2_offers_go_to_agents_who_may_and_can_take_them() {
    let begin = |plan| World::audited(plan, vec![Box::new(Capacity::default())]);
    in_random_lives("promise-2", begin, |_| {});
}

/// No call waits beside an agent who may take it, from the first instant on at which he may.
#[test]
fn promise_3_no_call_waits_beside_an_agent_who_may_take_it() {
    let begin = |plan| World::audited(plan, vec![Box::new(WorkConserving)]);
    in_random_lives("promise-3", begin, |_| {});
}

/// In a queue, an agent is offered the best call that he may take.
#[test]
fn promise_4_no_better_call_of_the_queue_is_passed_over() {
    let begin = |plan| World::audited(plan, vec![Box::new(BestFirst)]);
    in_random_lives("promise-4", begin, |_| {});
}

/// Among agents of the same standing the longest idle is offered the call; and whoever stands first,
/// where a call picks.
#[test]
fn promise_5_of_equal_agents_the_longer_idle_is_offered() {
    let begin = |plan| World::audited(plan, vec![Box::new(IdleFirst::default())]);
    in_random_lives("promise-5", begin, |_| {});
}

/// No call waits longer than what follows from the plan, whatever becomes of it; and a plan from
/// which nothing follows is refused.
#[test]
fn promise_6_every_wait_is_bounded_by_the_plan() {
    let begin = |plan| World::audited(plan, vec![Box::new(Bounded::default())]);
    in_random_lives("promise-6", begin, nobody_comes_any_more);
}

/// The last rule of every queue looks at the wait alone, and ends it; not with a bare busy tone,
/// since a call of priority 9 may reach any queue.
#[test]
fn promise_6_a_plan_that_does_not_bound_waits_is_refused() {
    let refuses = |last: Option<Rule>| {
        let mut queue = plans::queue("general", Requirement::default(), Vec::new());
        queue.rules.clear();
        queue.rules.extend(last);
        let other = plans::queue("other", Requirement::default(), Vec::new());
        plans::plan(vec![queue, other], Vec::new()).check().is_err()
    };
    let last = |then: Action| Some(plans::rule("last", 60, vec![then]));
    let ends = Action::End(Treatment::Voicemail);
    keeps!(6, !refuses(last(ends.clone())), "a plan is refused for nothing");
    keeps!(6, refuses(None), "no rule at all");
    keeps!(6, refuses(last(Action::MoveTo(QueueId(1)))), "a move is not an end");
    keeps!(6, refuses(last(Action::Play(AnnouncementId(0)))), "nor is an announcement");
    keeps!(6, refuses(last(Action::End(Treatment::Busy))), "an emergency gets a busy tone");
    let conditions: [fn(&mut When); 5] = [
        |when| when.age = Span::from_secs(1),
        |when| when.priority_at_least = Some(Priority::NORMAL),
        |when| when.channels = vec![Channel::Chat],
        |when| {
            let of = Some(QueueId(0));
            when.admission = Some(Admission { of, closed: true, calls_in_system: None });
        },
        |when| {
            let set = vec![Bound { gauge: Gauge::CallsWaiting, at_least: true, value: 1 }];
            when.latch = Some(Latch { of: None, set, clear: Vec::new() });
        },
    ];
    for condition in conditions {
        let mut rule = plans::rule("last", 0, vec![ends.clone()]);
        condition(&mut rule.when);
        keeps!(6, refuses(Some(rule.clone())), "it may never come: {:?}", rule.when);
    }
}

/// What a call asks for after a rule has acted is one thing.
#[test]
fn a_rule_that_asks_for_two_things_is_refused() {
    let ask = || Action::Require(Requirement::default());
    let accepts = |then: Vec<Action>| {
        let rules = vec![plans::rule("widen", 5, then)];
        let queue = plans::queue("general", Requirement::default(), rules);
        plans::plan(vec![queue], Vec::new()).check()
    };
    assert_eq!(accepts(vec![ask()]), Ok(()));
    let refusal = accepts(vec![ask(), ask()]).unwrap_err();
    assert_eq!(refusal.0, "queue general, rule widen: it can ask for one thing only");
}

/// Closing is a state of one queue.
#[test]
fn a_rule_on_entry_looks_at_a_queue_that_is_there() {
    let accepts = |of: Option<u16>, closed: bool| {
        let of = of.map(QueueId);
        let mut rule = plans::rule("full", 0, vec![Action::OfferCallback]);
        rule.when.admission = Some(Admission { of, closed, calls_in_system: Some(3) });
        let queue = plans::queue("general", Requirement::default(), vec![rule]);
        plans::plan(vec![queue], Vec::new()).check()
    };
    assert_eq!((accepts(Some(0), true), accepts(None, false)), (Ok(()), Ok(())));
    let refusal = accepts(Some(1), false).unwrap_err();
    assert_eq!(refusal.0, "queue general, rule full: no such queue");
    let refusal = accepts(None, true).unwrap_err();
    let why = "queue general, rule full: queues are closed one by one, not all together";
    assert_eq!(refusal.0, why);
}

/// The same commands give the same events, byte for byte; and any prefix, snapshot, restore, suffix
/// equals the straight run.
#[test]
fn promise_7_the_same_commands_give_the_same_events() {
    in_random_lives("promise-7", World::new, |world| {
        let plan = Arc::clone(world.router.plan());
        // What a journal keeps is as good as what was said.
        let log: Vec<(Timestamp, Command)> = world.log.iter().map(as_kept).collect();
        let cut = plan.seed as usize % (log.len() + 1);

        let mut straight = Router::new(Arc::clone(&plan)).unwrap();
        let mut events = replay(&mut straight, &log[..cut]);
        let bytes = straight.snapshot();
        let mut restored = Router::restore(Arc::clone(&plan), &bytes).unwrap();
        keeps!(7, restored.snapshot() == bytes, "a restored Router has another snapshot");
        keeps!(7, restored.digest() == straight.digest(), "it has another digest");
        keeps!(7, restored.next_deadline() == straight.next_deadline(), "another deadline");
        restored.check_invariants();
        let from = events.len();
        events.extend(replay(&mut restored, &log[cut..]));
        let straight_on = replay(&mut straight, &log[cut..]);
        keeps!(7, digest(&events) == digest(&world.events), "restored, it says something else");
        keeps!(7, events[from..] == straight_on, "straight on, it says something else");
        keeps!(7, events == world.events, "the same commands give other events");
        let end = world.router.snapshot();
        keeps!(7, restored.snapshot() == end, "restored, it ends in another state");
        keeps!(7, straight.snapshot() == end, "it ends in another state");
    });
}

fn as_kept((now, command): &(Timestamp, Command)) -> (Timestamp, Command) {
    let mut bytes = Vec::new();
    command.encode(&mut bytes);
    let kept = Command::decode(&mut bytes.as_slice()).unwrap();
    keeps!(7, kept == *command, "a journal keeps {kept:?}");
    (*now, kept)
}

fn digest(events: &[Event]) -> u64 {
    let mut digest = EventDigest::default();
    events.iter().for_each(|event| digest.take_in(event));
    digest.value()
}

/// Each timer counts from one event, and nothing comes early or late; time that passes in one leap
/// brings the same as time that passes deadline by deadline; it never goes back.
#[test]
fn promise_8_timers_count_from_one_event_and_fire_in_their_time() {
    let begin = |plan| World::audited(plan, vec![Box::new(Timers::default())]);
    in_random_lives("promise-8", begin, |world| {
        world.let_time_pass(world.router.now());
        let plan = Arc::clone(world.router.plan());
        let mut leaping = Router::new(plan).unwrap();
        let mut events = Vec::new();
        let leap = |leaping: &mut Router, until: Timestamp, events: &mut Vec<Event>| {
            while leaping.next_deadline().is_some_and(|due| due <= until) {
                leaping.apply(until, Command::AdvanceTime, events).unwrap();
            }
        };
        // As far as time had passed before an epoch began, and otherwise to the next command.
        let mut passed = None;
        for (now, command) in &world.log {
            if *command == Command::AdvanceTime {
                passed = Some(*now);
                continue;
            }
            let until = if *command == Command::EpochBegan { passed } else { Some(*now) };
            until.into_iter().for_each(|until| leap(&mut leaping, until, &mut events));
            passed = None;
            leaping.apply(*now, command.clone(), &mut events).unwrap();
        }
        leap(&mut leaping, world.router.now(), &mut events);
        let differ = events.iter().zip(&world.events).find(|(leaping, slow)| leaping != slow);
        keeps!(8, differ.is_none(), "time that leaps brings something else: {differ:?}");
        let same = events.len() == world.events.len();
        keeps!(8, same, "time that leaps brings more, or less");

        let before = (world.router.digest(), Timestamp(world.router.now().0 - 1));
        let refused = world.router.apply(before.1, Command::EpochBegan, &mut events);
        let at = world.router.now();
        keeps!(8, refused == Err(Rejection::TimeWentBack { at }), "time goes back: {refused:?}");
        keeps!(8, world.router.digest() == before.0, "time that went back has changed something");
    });
}

/// A life that is written down as a scenario and read again is the same life, word for word.
#[test]
fn a_life_written_down_reads_as_it_went() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..60 {
        let (plan, steps) = (a_plan(), steps()).new_tree(&mut runner).unwrap().current();
        let mut world = World::audited(plan.clone(), Vec::new());
        steps.iter().for_each(|step| world.take(step));
        let written = written::scenario(&plan, &world.log);
        assert!(!written.contains('#'), "words can say all of it");
        let said = scenario::run("a life", &written);
        let differ = written.lines().zip(said.lines()).find(|(written, said)| written != said);
        assert_eq!(differ, None);
        assert_eq!(written.lines().count(), said.lines().count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

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
