//! As much as there may be, and one more; as late as it may be, and later.

use crate::plans::{agent, plan, queue};
use acd_core::{
    AdapterId, AgentId, CallEntry, CallHandle, Command, EXCLUSIONS_MAX, Event, ExtraId, MOVES_MAX,
    OfferNumber, Priority, QueueId, Rejection, Requirement, RouteId, Router, RoutingPlan,
    SkillForNow, SkillId, Timestamp,
};
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_000_000);

/// One queue, and so many agents.
fn a_site(agents: usize) -> RoutingPlan {
    let agents = (0..agents).map(|number| agent(&number.to_string(), &[])).collect();
    plan(vec![queue("sales", Requirement::default(), Vec::new())], agents)
}

/// A call's handle names one call for ever: who comes later in its slot has a greater generation, and the first is 1.
#[test]
fn a_handle_is_never_used_again() {
    let plan = Arc::new(a_site(1));
    let mut router = Router::new(plan).unwrap();
    let (adapter, now) = (AdapterId(0), Timestamp(1_000_000));
    let mut tell = |command| router.apply(now, command, &mut Vec::new());
    tell(Command::AdapterUp { adapter, incarnation: 1, resync: false }).unwrap();
    let handle = |slot, generation| CallHandle { slot, generation };
    let offered = |call| Command::CallOffered {
        call,
        adapter,
        entry: CallEntry::new(QueueId(0), Priority::NORMAL, now),
    };
    let exists = Err(Rejection::CallExists);
    assert_eq!(tell(offered(handle(0, 0))), exists);
    assert_eq!(tell(offered(handle(0, 3))), Ok(()));
    assert_eq!(tell(offered(handle(0, 3))), exists);
    assert_eq!(tell(offered(handle(0, 4))), exists, "it lives");
    assert_eq!(tell(Command::CallEnded { call: handle(0, 3) }), Ok(()));
    for generation in [0, 2, 3] {
        assert_eq!(tell(offered(handle(0, generation))), exists, "{generation}");
    }
    assert_eq!(tell(offered(handle(0, 4))), Ok(()));
    // A slot that nobody has had yet, among those that somebody has.
    assert_eq!(tell(offered(handle(2, 1))), Ok(()));
    assert_eq!(tell(offered(handle(1, 0))), exists);
    assert_eq!(tell(offered(handle(1, 1))), Ok(()));
}

/// A call skips only so many agents: with one more, it may be offered to the first of them again.
#[test]
fn one_exclusion_too_many_ends_the_earliest() {
    let agents = EXCLUSIONS_MAX as u32 + 1;
    let mut router = Router::new(Arc::new(a_site(agents as usize))).unwrap();
    let mut tell = |at: u64, command| {
        let mut events = Vec::new();
        router.apply(Timestamp(NOW.0 + at), command, &mut events).unwrap();
        router.check_invariants();
        events.iter().find_map(|event| match event {
            Event::OfferIssued { agent, offer, .. } => Some((*agent, *offer)),
            _ => None,
        })
    };
    let adapter = AdapterId(0);
    tell(0, Command::AdapterUp { adapter, incarnation: 1, resync: false });
    for agent in (0..agents).map(AgentId) {
        tell(0, Command::AgentLogIn { agent });
        tell(0, Command::AgentReady { agent });
    }
    let call = CallHandle { slot: 0, generation: 1 };
    let entry = CallEntry::new(QueueId(0), Priority::NORMAL, NOW);
    let mut offered: Option<(AgentId, OfferNumber)> =
        tell(0, Command::CallOffered { call, adapter, entry });
    for turn in 0..agents {
        let (agent, offer) = offered.unwrap_or_else(|| panic!("nobody is left at {turn}"));
        assert_eq!(agent, AgentId(turn), "whoever has declined is skipped");
        offered = tell(u64::from(turn) + 1, Command::AgentDecline { agent, offer });
    }
    assert_eq!(offered.map(|(agent, _)| agent), Some(AgentId(0)));
}

#[test]
fn whatever_ends_by_itself_does_so_by_the_latest_instant() {
    let mut router = Router::new(Arc::new(a_site(1))).unwrap();
    let mut tell = |now, command| router.apply(now, command, &mut Vec::new());
    let (agent, skill, queue) = (AgentId(0), SkillId(0), QueueId(0));
    let wanted = SkillForNow::Level(3);
    let too_late = Timestamp(Timestamp::LATEST.0 + 1);
    let skill = |until| Command::SetSkill { agent, skill, wanted, until: Some(until) };
    let closed = |until| Command::SetClosed { queue, closed: true, until: Some(until) };
    assert_eq!(tell(NOW, skill(too_late)), Err(Rejection::TimeTooLate));
    assert_eq!(tell(NOW, skill(Timestamp::LATEST)), Ok(()));
    assert_eq!(tell(NOW, closed(too_late)), Err(Rejection::TimeTooLate));
    assert_eq!(tell(NOW, closed(Timestamp::LATEST)), Ok(()));
    assert_eq!(tell(too_late, Command::AdvanceTime), Err(Rejection::TimeTooLate));
    assert_eq!(tell(Timestamp::LATEST, Command::AdvanceTime), Ok(()));
}

/// The first of each kind that is not there is unknown.
#[test]
fn what_the_plan_does_not_know_is_refused() {
    let mut router = Router::new(Arc::new(a_site(1))).unwrap();
    let mut tell = |command| router.apply(NOW, command, &mut Vec::new());
    let adapter = AdapterId(0);
    tell(Command::AdapterUp { adapter, incarnation: 1, resync: false }).unwrap();
    let call = CallHandle { slot: 0, generation: 1 };
    let known = CallEntry::new(QueueId(0), Priority::NORMAL, NOW);
    let mut offered = |entry| tell(Command::CallOffered { call, adapter, entry });
    let unknown_queue = CallEntry::new(QueueId(1), Priority::NORMAL, NOW);
    assert_eq!(offered(unknown_queue), Err(Rejection::UnknownQueue));
    assert_eq!(offered(known.by_route(RouteId(0))), Err(Rejection::UnknownRoute));
    assert_eq!(offered(known.asking(Some(ExtraId(0)))), Err(Rejection::UnknownRoute));
    assert_eq!(offered(known), Ok(()));
}

/// What an adapter was heard to say is not said again.
#[test]
fn an_adapter_is_heard_further_each_time() {
    let mut router = Router::new(Arc::new(a_site(1))).unwrap();
    let mut tell = |command| router.apply(NOW, command, &mut Vec::new());
    let adapter = AdapterId(0);
    tell(Command::AdapterUp { adapter, incarnation: 1, resync: false }).unwrap();
    let mut heard = |number| tell(Command::AdapterHeard { adapter, number });
    assert_eq!(heard(5), Ok(()));
    assert_eq!(heard(5), Err(Rejection::NumberWentBack { heard: 5 }));
    assert_eq!(heard(4), Err(Rejection::NumberWentBack { heard: 5 }));
    assert_eq!(heard(6), Ok(()));
}

#[test]
fn a_call_is_moved_only_so_often() {
    let mut site = a_site(1);
    site.queues.push(queue("care", Requirement::default(), Vec::new()));
    let mut router = Router::new(Arc::new(site)).unwrap();
    let mut tell = |at: u64, command| router.apply(Timestamp(NOW.0 + at), command, &mut Vec::new());
    let (adapter, call) = (AdapterId(0), CallHandle { slot: 0, generation: 1 });
    tell(0, Command::AdapterUp { adapter, incarnation: 1, resync: false }).unwrap();
    let entry = CallEntry::new(QueueId(0), Priority::NORMAL, NOW);
    tell(0, Command::CallOffered { call, adapter, entry }).unwrap();
    let mut moved = |at: u8| {
        let queue = QueueId(u16::from(at % 2));
        tell(at.into(), Command::MoveCall { call, queue })
    };
    for at in 1..=MOVES_MAX {
        assert_eq!(moved(at), Ok(()), "{at}");
    }
    assert_eq!(moved(MOVES_MAX + 1), Err(Rejection::TooManyMoves));
}

/// A route that asks for what the queue asks for already makes no demand of its own.
#[test]
fn what_is_asked_for_twice_is_one_demand() {
    let asks = |level| Requirement { skills: vec![(SkillId(0), level)], any_of: Vec::new() };
    let demands = |extra| {
        let mut site = a_site(1);
        site.queues[0].require = asks(3);
        site.extras.push(asks(extra));
        Router::new(Arc::new(site)).unwrap().demands().len()
    };
    assert_eq!((demands(2), demands(3), demands(4)), (1, 1, 2));
}
