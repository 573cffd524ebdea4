//! `Router::choose` says what the next offer will say: in random lives, and at a small site.

use crate::lives::World;
use crate::plans::{self, agent, plan, queue, seconds};
use crate::shortest::{cases, in_random_lives};
use acd_core::{
    Action, AdapterId, Affinity, AgentId, CallEntry, CallHandle, Channel, Command, Endpoint, Event,
    KeepFree, Order, Priority, QueueId, Requirement, Router, RoutingPlan, Service, Span, Timestamp,
    TookBy,
};
use std::cell::Cell;
use std::sync::Arc;

/// Before whatever makes an agent available, `choose` knows the call that he is offered then; and
/// an agent who is available would take none.
#[test]
fn what_is_chosen_is_what_the_next_offer_says() {
    let compared = Cell::new(0);
    in_random_lives("choose", World::choosing, |world| {
        compared.set(compared.get() + world.foreseen);
    });
    assert!(compared.get() > 2 * cases() as usize, "{} offers compared", compared.get());
}

/// A small site, and what happens there.
struct Site {
    router: Router,
    at: u64,
    calls: u32,
}

impl Site {
    fn new(plan: RoutingPlan) -> Self {
        let router = Router::new(Arc::new(plan)).unwrap();
        let mut site = Self { router, at: 1_000, calls: 0 };
        for adapter in [0, 1].map(AdapterId) {
            site.does(Command::AdapterUp { adapter, incarnation: 1, resync: false });
        }
        site
    }

    fn does(&mut self, command: Command) -> Vec<Event> {
        let mut events = Vec::new();
        let now = Timestamp(0) + Span::from_secs(self.at);
        while self.router.next_deadline().is_some_and(|due| due <= now) {
            self.router.apply(now, Command::AdvanceTime, &mut events).unwrap();
        }
        self.router.apply(now, command, &mut events).unwrap();
        events
    }

    fn passes(&mut self, seconds: u64) {
        self.at += seconds;
        self.does(Command::AdvanceTime);
    }

    fn call(&mut self, queue: u16, priority: u8) -> CallHandle {
        self.call_for(queue, priority, None)
    }

    fn call_for(&mut self, queue: u16, priority: u8, preferred: Option<AgentId>) -> CallHandle {
        self.calls += 1;
        let call = CallHandle { slot: self.calls, generation: 1 };
        let since = Timestamp(0) + Span::from_secs(self.at);
        let priority = Priority::new(priority).unwrap();
        let entry = CallEntry { preferred, ..CallEntry::new(QueueId(queue), priority, since) };
        self.does(Command::CallOffered { call, adapter: AdapterId(0), entry });
        call
    }

    fn goes_to_work(&mut self, agent: u32) -> Vec<Event> {
        let agent = AgentId(agent);
        self.does(Command::AgentLogIn { agent });
        self.does(Command::AgentReady { agent })
    }

    /// What the agent would take of the telephone, and what decides.
    fn chooses(&self, agent: u32) -> Option<(CallHandle, TookBy)> {
        let before = self.router.digest();
        let take = self.router.choose(AgentId(agent), Channel::Voice);
        assert_eq!(self.router.digest(), before, "who asks changes nothing");
        take.map(|take| (take.winner.call, take.decided_by))
    }
}

fn offered(events: &[Event]) -> Option<CallHandle> {
    events.iter().find_map(|event| match event {
        Event::OfferIssued { call, .. } => Some(*call),
        _ => None,
    })
}

fn two_queues(order: Order, agents: &[&str]) -> RoutingPlan {
    let queues = ["front", "back"].map(|name| queue(name, Requirement::default(), Vec::new()));
    let agents = agents.iter().map(|id| agent(id, &[])).collect();
    RoutingPlan { order, ..plan(queues.into(), agents) }
}

#[test]
fn the_order_of_the_domain_decides() {
    let credit = |seconds| Order::Credit { per_step: Span::from_secs(seconds) };
    let chosen = |order| {
        let mut site = Site::new(two_queues(order, &["ana"]));
        let older = site.call(0, 5);
        site.passes(60);
        let urgent = site.call(1, 6);
        let chosen = site.chooses(0);
        assert_eq!(offered(&site.goes_to_work(0)), chosen.map(|(call, _)| call));
        chosen.map(|(call, by)| (call == urgent, call == older, by))
    };
    assert_eq!(chosen(Order::Strict), Some((true, false, TookBy::Priority)));
    assert_eq!(chosen(Order::Oldest), Some((false, true, TookBy::Age)));
    assert_eq!(chosen(credit(90)), Some((true, false, TookBy::Credit)));
    assert_eq!(chosen(credit(30)), Some((false, true, TookBy::Credit)));
}

#[test]
fn calls_of_one_instant_and_priority_are_told_apart_by_arrival() {
    let mut site = Site::new(two_queues(Order::Strict, &["ana"]));
    assert_eq!(site.chooses(0), None, "nobody waits");
    let first = site.call(0, 5);
    assert_eq!(site.chooses(0), Some((first, TookBy::OnlyOne)));
    site.call(0, 5);
    assert_eq!(site.chooses(0), Some((first, TookBy::Arrival)));
}

#[test]
fn a_rank_and_a_delay_of_his_count() {
    let mut plan = two_queues(Order::Strict, &["ana", "ben"]);
    let delay = seconds(20);
    plan.agents[0].queues = vec![(QueueId(1), Service { rank: 7, ..Service::default() })];
    plan.agents[1].queues = vec![(QueueId(0), Service { delay, ..Service::default() })];
    let mut site = Site::new(plan);
    let front = site.call(0, 8);
    site.passes(1);
    let back = site.call(1, 5);
    assert_eq!(site.chooses(0), Some((back, TookBy::Rank)));
    assert_eq!(site.chooses(1), Some((back, TookBy::OnlyOne)), "he may not take the other yet");
    site.passes(19);
    assert_eq!(site.chooses(1), Some((front, TookBy::Priority)));
}

#[test]
fn skills_that_he_lacks_and_calls_that_skip_him_are_left_out() {
    let requirement = Requirement { skills: plans::levels(&[(0, 3)]), any_of: Vec::new() };
    let queues = vec![queue("billing", requirement, Vec::new())];
    let agents = vec![agent("ana", &[(0, 2)]), agent("ben", &[(0, 3)])];
    let mut site = Site::new(plan(queues, agents));
    site.goes_to_work(1);
    let first = site.call(0, 5);
    assert_eq!(site.chooses(1), None, "it is offered to him already");
    let agent = AgentId(1);
    let offer = site.router.call(first).unwrap().hands[0].offer;
    site.does(Command::AgentDecline { agent, offer });
    assert_eq!(site.chooses(1), None, "he has declined it");
    site.passes(30);
    // He is ready: once the exclusion is over it is his again.
    assert!(site.router.call(first).unwrap().hand_by(offer).is_none());
    let offer = site.router.call(first).unwrap().hands[0].offer;
    site.does(Command::AgentAccept { agent, offer });
    site.does(Command::CallBridged { call: first, offer });
    let second = site.call(0, 5);
    assert_eq!(site.chooses(1), Some((second, TookBy::OnlyOne)), "though he talks");
    assert_eq!(site.chooses(0), None, "his level is too low");
}

#[test]
fn who_would_come_is_one_of_those_whom_a_queue_keeps_free() {
    let mut plan = two_queues(Order::Strict, &["ana", "ben"]);
    plan.queues[0].keep_free =
        Some(KeepFree { agents: 1, for_priority: Priority::new(8).unwrap() });
    let mut site = Site::new(plan);
    let plain = site.call(0, 5);
    assert_eq!(site.chooses(0), None, "he would be the last");
    assert_eq!(offered(&site.goes_to_work(0)), None);
    assert_eq!(site.chooses(1), Some((plain, TookBy::OnlyOne)), "ana is free besides");
    assert_eq!(offered(&site.goes_to_work(1)), Some(plain));
}

#[test]
fn who_lacks_what_the_queue_itself_asks_for_is_none_of_those_whom_it_keeps_free() {
    let requirement = Requirement { skills: plans::levels(&[(0, 3)]), any_of: Vec::new() };
    let widen = plans::rule("widen", 10, vec![Action::Require(Requirement::default())]);
    let mut billing = queue("billing", requirement, vec![widen]);
    billing.keep_free = Some(KeepFree { agents: 1, for_priority: Priority::new(8).unwrap() });
    let agents = vec![agent("ana", &[(0, 3)]), agent("ben", &[]), agent("eve", &[(0, 3)])];
    let mut site = Site::new(plan(vec![billing], agents));
    site.goes_to_work(0);
    let call = site.call(0, 5);
    site.passes(10);
    assert_eq!(site.chooses(1), None, "ana is the last, though he may take such a call");
    assert_eq!(offered(&site.goes_to_work(1)), None);
    assert_eq!(site.chooses(2), Some((call, TookBy::OnlyOne)));
    assert_eq!(offered(&site.goes_to_work(2)), Some(call));
}

#[test]
fn a_call_that_waits_for_him_is_his_while_he_talks_and_nobody_elses() {
    let mut plan = two_queues(Order::Strict, &["ana", "ben"]);
    plan.queues[0].affinity = Affinity { window: Span(0), wait: seconds(60) };
    let mut site = Site::new(plan);
    site.goes_to_work(0);
    let first = site.call(0, 5);
    let offer = site.router.call(first).unwrap().hands[0].offer;
    site.does(Command::AgentAccept { agent: AgentId(0), offer });
    site.does(Command::CallBridged { call: first, offer });
    let his = site.call_for(0, 5, Some(AgentId(0)));
    assert_eq!(site.chooses(0), Some((his, TookBy::OnlyOne)));
    assert_eq!(site.chooses(1), None);
    let others = site.call(0, 5);
    assert_eq!(site.chooses(0), Some((his, TookBy::Arrival)));
    assert_eq!(site.chooses(1), Some((others, TookBy::OnlyOne)));
    assert_eq!(offered(&site.does(Command::CallEnded { call: first })), Some(his));
}

#[test]
fn nobody_chooses_whom_the_plan_does_not_know_or_nobody_can_ring() {
    let mut plan = two_queues(Order::Strict, &["ana", "ben"]);
    let (adapter, address) = (AdapterId(1), "PJSIP/2".to_owned());
    plan.agents[1].desks[0].endpoint = Some(Endpoint { adapter, address });
    let mut site = Site::new(plan);
    let call = site.call(0, 5);
    assert_eq!(site.router.choose(AgentId(7), Channel::Voice), None);
    assert_eq!(site.router.choose(AgentId(0), Channel::Chat), None, "he takes no chats");
    assert_eq!(site.chooses(1), Some((call, TookBy::OnlyOne)));
    site.does(Command::AdapterDown { adapter });
    assert_eq!(site.chooses(1), None, "his telephone is out of reach");
    assert_eq!(site.chooses(0), Some((call, TookBy::OnlyOne)));
    site.does(Command::EpochBegan);
    assert_eq!(site.chooses(0), None, "the domain recovers");
}
