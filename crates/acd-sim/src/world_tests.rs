//! A world carries out what the Router orders, as callers and agents would.

use super::*;
use crate::chance::Luck;
use crate::surroundings::{Call, NewCall, Reaction, Surroundings};
use acd_core::{
    Action, AgentPlan, CallEntry, MissedOffers, Outcome, Priority, QueueId, QueuePlan, Requirement,
    Rule, Treatment,
};
use std::collections::VecDeque;

const START: Timestamp = Timestamp(1_000_000_000_000);

fn at(seconds: u64) -> Timestamp {
    START + Span::from_secs(seconds)
}

/// What people do, written down; and what became of it, as lines.
struct Script {
    calls: VecDeque<NewCall>,
    changes: VecDeque<(Timestamp, Vec<Command>)>,
    /// By agent.
    reactions: Vec<Reaction>,
    talk: Span,
    notes: Span,
    leaves: Option<AgentId>,
    told: Vec<String>,
}

impl Script {
    fn new(reactions: &[Reaction]) -> Self {
        let agents = 0..reactions.len() as u32;
        let come = agents
            .map(AgentId)
            .flat_map(|agent| [Command::AgentLogIn { agent }, Command::AgentReady { agent }]);
        Self {
            calls: VecDeque::new(),
            changes: VecDeque::from([(START, come.collect())]),
            reactions: reactions.to_vec(),
            talk: Span::from_secs(60),
            notes: Span::from_secs(0),
            leaves: None,
            told: Vec::new(),
        }
    }

    fn call(mut self, seconds: u64, patience: Option<u64>) -> Self {
        let kind = self.calls.len() as u32;
        let entry = CallEntry::new(QueueId(0), Priority::NORMAL, START);
        let patience = patience.map(Span::from_secs);
        let luck = Luck::default();
        self.calls.push_back(NewCall { at: at(seconds), entry, kind, patience, luck });
        self
    }

    fn tell(&mut self, now: Timestamp, what: String) {
        self.told.push(format!("{} {what}", now.since(START).0 / 1_000_000));
    }

    /// Plays it through one queue with agents of this script.
    fn play(self, wrap_up: Span) -> Vec<String> {
        let end = Rule::after(Span::from_secs(600), "end", vec![Action::End(Treatment::Voicemail)]);
        let queue = QueuePlan::new("queue", Requirement::default(), vec![end]);
        let wrap_up_at_most = wrap_up + wrap_up;
        let queue = QueuePlan { wrap_up, wrap_up_at_most, ..queue };
        let agents = self.reactions.iter().enumerate();
        let agents =
            agents.map(|(number, _)| AgentPlan::new(&format!("agent-{number}"), Vec::new()));
        let plan = RoutingPlan {
            missed_offers: MissedOffers::StayReady,
            queues: vec![queue],
            agents: agents.collect(),
            ..RoutingPlan::default()
        };
        let mut world = World::new(Arc::new(plan), START, self).expect("the plan is sound");
        world.run().expect("people do what can be");
        assert_eq!(world.router().live_calls(), 0, "every call ends");
        world.router().check_invariants();
        world.surroundings.told
    }
}

impl Surroundings for Script {
    fn next_call(&mut self) -> Option<NewCall> {
        self.calls.pop_front()
    }

    fn next_change(&self) -> Option<Timestamp> {
        self.changes.front().map(|(at, _)| *at)
    }

    fn change(&mut self, _: Timestamp, commands: &mut Vec<Command>) {
        commands.extend(self.changes.pop_front().into_iter().flat_map(|(_, commands)| commands));
    }

    fn reaction(&mut self, _: &Call, agent: AgentId) -> Reaction {
        self.reactions[agent.index()]
    }

    fn talk(&mut self, _: &Call, _: AgentId) -> Span {
        self.talk
    }

    fn notes(&mut self, _: &Call, _: AgentId) -> Span {
        self.notes
    }

    fn goes_home(&mut self, agent: AgentId) -> bool {
        self.leaves.take_if(|leaves| *leaves == agent).is_some()
    }

    fn answered(&mut self, now: Timestamp, call: &Call, agent: AgentId, _: QueueId) {
        self.tell(now, format!("call {} is answered by {}", call.kind, agent.0));
    }

    fn ended(&mut self, now: Timestamp, call: &Call, outcome: Outcome) {
        self.tell(now, format!("call {} ends: {outcome:?}", call.kind));
    }

    fn slot_changed(&mut self, now: Timestamp, agent: AgentId, _: u8, state: SlotState) {
        if state == SlotState::Free {
            self.tell(now, format!("agent {} is free", agent.0));
        }
    }
}

const AT_ONCE: Reaction = Reaction::Accepts(Span(0));

#[test]
fn a_call_rings_until_it_is_accepted_and_ends_when_they_have_talked() {
    let told = Script::new(&[Reaction::Accepts(Span::from_secs(4))]).call(10, None).play(Span(0));
    let expected = ["14 call 0 is answered by 0", "74 agent 0 is free", "74 call 0 ends: Handled"];
    assert_eq!(told, expected);
}

#[test]
fn who_lets_it_ring_leaves_the_call_to_the_next() {
    let reactions = [Reaction::LetsRing, Reaction::LetsRing, AT_ONCE];
    let told = Script::new(&reactions).call(10, None).play(Span(0));
    let expected = [
        "25 agent 0 is free",
        "40 agent 1 is free",
        "40 call 0 is answered by 2",
        "100 agent 2 is free",
        "100 call 0 ends: Handled",
    ];
    assert_eq!(told, expected);
}

#[test]
fn callers_hang_up_while_they_wait_and_while_it_rings_but_not_later() {
    let slow = Reaction::Accepts(Span::from_secs(5));
    let told = Script::new(&[slow]).call(0, Some(3)).call(10, Some(5)).call(20, Some(30));
    let told = told.call(21, Some(30)).play(Span(0));
    let expected = [
        "3 agent 0 is free",
        "3 call 0 ends: ShortAbandoned",
        // Both at once: what was planned first, the hanging up, comes first.
        "15 agent 0 is free",
        "15 call 1 ends: Abandoned",
        "25 call 2 is answered by 0",
        "51 call 3 ends: Abandoned",
        "85 agent 0 is free",
        "85 call 2 ends: Handled",
    ];
    assert_eq!(told, expected);
}

#[test]
fn notes_last_as_long_as_they_are_taken_but_no_longer_than_the_queue_lets_them() {
    let frees = |notes| {
        let mut script = Script::new(&[AT_ONCE]).call(0, None);
        script.notes = Span::from_secs(notes);
        script.play(Span::from_secs(20))
    };
    assert_eq!(frees(5).last().map(String::as_str), Some("65 agent 0 is free"));
    assert_eq!(frees(20).last().map(String::as_str), Some("80 agent 0 is free"));
    assert_eq!(frees(30).last().map(String::as_str), Some("90 agent 0 is free"));
    assert_eq!(frees(500).last().map(String::as_str), Some("100 agent 0 is free"));
}

#[test]
fn who_goes_home_finishes_first_and_takes_no_more() {
    let mut script = Script::new(&[AT_ONCE]).call(0, None).call(1, None);
    script.leaves = Some(AgentId(0));
    let told = script.play(Span(0));
    let expected = [
        "0 call 0 is answered by 0",
        "60 agent 0 is free",
        "60 call 0 ends: Handled",
        "601 call 1 ends: Overflowed",
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_cannot_be_is_told() {
    let mut script = Script::new(&[AT_ONCE]);
    script.changes.push_back((at(1), vec![Command::AgentLogIn { agent: AgentId(7) }]));
    let mut world =
        World::new(Arc::new(RoutingPlan::default()), START, script).expect("it is empty");
    let refused = world.run().expect_err("nobody is known");
    assert!(refused.to_string().starts_with("the Router refused AgentLogIn"), "{refused}");
}
