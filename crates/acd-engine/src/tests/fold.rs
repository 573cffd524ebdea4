//! A snapshot and the deltas after it are the view; and the view's counts are those of its rows.

use super::*;
use crate::Asked;
use acd_core::{Presence, Span};
use acd_journal::MemoryLog;
use std::collections::BTreeMap;

/// What a subscriber makes of what he gets.
#[derive(Debug, Default, PartialEq)]
struct Copy {
    position: Position,
    queues: BTreeMap<Arc<str>, QueueRow>,
    skill_queues: BTreeMap<(Arc<str>, Asked), SkillQueueRow>,
    agents: BTreeMap<Arc<str>, AgentRow>,
    calls: BTreeMap<u64, CallRow>,
}

impl Copy {
    fn of(view: &View) -> Self {
        let mut copy = Self { position: view.position(), ..Self::default() };
        copy.take(view.queues(), view.skill_queues(), view.agents());
        copy.calls.extend(view.calls().map(|row| (row.arrival, row.clone())));
        copy
    }

    fn take(&mut self, queues: &[QueueRow], skills: &[SkillQueueRow], agents: &[AgentRow]) {
        self.queues.extend(queues.iter().map(|row| (row.queue.clone(), row.clone())));
        let key = |row: &SkillQueueRow| (row.queue.clone(), row.require.clone());
        self.skill_queues.extend(skills.iter().map(|row| (key(row), row.clone())));
        self.agents.extend(agents.iter().map(|row| (row.agent.clone(), row.clone())));
    }

    fn apply(&mut self, delta: &Delta) {
        assert_eq!(delta.after, self.position, "it applies to the state at this position only");
        let numbers: Vec<u64> = delta.events.iter().map(|event| event.position.number).collect();
        let expected: Vec<u64> = (delta.after.number + 1..=delta.position.number).collect();
        assert_eq!(numbers, expected, "every event is there, once");
        self.position = delta.position;
        self.take(&delta.queues, &delta.skill_queues, &delta.agents);
        for row in &delta.calls {
            match row.state {
                CallState::Ended => drop(self.calls.remove(&row.arrival)),
                _ => drop(self.calls.insert(row.arrival, row.clone())),
            }
        }
    }
}

/// The counts of a view, made again from its rows.
fn check_counts(view: &View) {
    assert!(view.agents().iter().all(|row| AgentRow::STATES.contains(&row.state)));
    let serves = |agent: &AgentRow, require: &SkillLevels| {
        require.iter().all(|(skill, level)| {
            agent.skills.iter().any(|(held, at)| held == skill && at >= level)
        })
    };
    let staffing = |require: &SkillLevels| {
        let mut counted = Staffing::default();
        for agent in view.agents().iter().filter(|agent| serves(agent, require)) {
            let ready = agent.presence == Presence::Ready;
            let free = agent.slots.iter().any(|slot| slot.state == SlotWord::Free);
            counted.staffed += u64::from(agent.presence != Presence::LoggedOut);
            counted.working += u64::from(ready);
            counted.available += u64::from(ready && free && agent.pending.is_none());
        }
        counted
    };
    for row in view.skill_queues() {
        assert_eq!(row.agents, staffing(&row.require.skills), "{}", row.queue);
    }
    for (queue, own) in view.queues().iter().zip(view.skill_queues()) {
        assert_eq!(queue.agents, own.agents);
        let stands = |call: &&CallRow| call.places.iter().any(|place| place.queue == queue.queue);
        let waits = |call: &&CallRow| call.state <= CallState::Offering;
        let waiting: Vec<&CallRow> = view.calls().filter(stands).filter(waits).collect();
        assert_eq!(queue.waiting, waiting.len() as u64);
        let offering = waiting.iter().filter(|call| call.state == CallState::Offering).count();
        assert_eq!(queue.offering, offering as u64);
        let since = waiting.iter().flat_map(|call| &call.places);
        let since = since.filter(|place| place.queue == queue.queue).map(|place| place.since);
        assert_eq!(queue.oldest_since, since.min());
        let talks = |call: &&CallRow| call.state >= CallState::Connected;
        let via = |call: &&CallRow| call.via_queue.as_ref() == Some(&queue.queue);
        assert_eq!(queue.connected, view.calls().filter(talks).filter(via).count() as u64);
    }
    let waiting = view.calls().filter(|call| call.state <= CallState::Offering).count();
    assert_eq!(view.calls_waiting(), waiting as u64);
    assert_eq!(view.calls_live(), view.calls().count() as u64);
    let depth: u64 = view.skill_queues().iter().map(|row| row.depth).sum();
    let places =
        |call: &CallRow| call.places.len() as u64 * u64::from(call.state == CallState::Waiting);
    assert_eq!(depth, view.calls().map(places).sum::<u64>(), "a line holds those who wait");
}

/// 0..`below`, by a seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Something happens; whether it can be is not asked.
pub(super) async fn anything(running: &Running, pbx: &mut Pbx, dice: &mut Dice, calls: &mut u64) {
    let agent = ["ana", "ben", "cleo"][dice.roll(3) as usize].to_owned();
    let queue = ["billing", "nurse"][dice.roll(2) as usize].to_owned();
    let call_id = format!("c{}", dice.roll(*calls + 1));
    let of_call = call("pbx", &call_id);
    let offer = dice.roll(*calls * 2 + 2);
    let request = match dice.roll(20) {
        0 => Request::LogIn { agent, ready: true },
        1 if dice.roll(4) == 0 => Request::LogOut { agent },
        1..=3 => Request::Ready { agent },
        4 => Request::NotReady { agent, reason: Some("lunch".to_owned()) },
        5..=7 => Request::Accept { agent, offer: None },
        8 => Request::Decline { agent, offer: None },
        9 if dice.roll(2) == 0 => Request::ExtendWrapUp { agent, by: Span::from_secs(20) },
        9 => Request::EndWrapUp { agent, call: None, disposition: None },
        10 if dice.roll(2) == 0 => Request::Heartbeat { agent },
        10 => Request::MoveCall { call: of_call, queue },
        11 => {
            let priority = Priority::new(dice.roll(10) as u8).expect("0..=9");
            Request::SetPriority { call: of_call, priority }
        }
        12 => Request::EndCall { call: of_call, treatment: Treatment::Busy },
        13..=15 => {
            *calls += 1;
            return pbx.offer(&format!("c{calls}"), &queue).await;
        }
        16 => return pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await,
        17 => return pbx.say(AdapterMessage::AgentLegLost { call_id }).await,
        18 => return pbx.say(ended(&call_id)).await,
        _ => {
            let pause = Duration::from_millis(dice.roll(40_000));
            return tokio::time::sleep(pause).await;
        }
    };
    let _whether = running.ask(request).await;
}

/// Answers and bridges, mostly.
pub(super) async fn do_as_told(pbx: &mut Pbx, dice: &mut Dice) {
    while let Ok(down) = timeout(Duration::from_millis(1), pbx.down()).await {
        match down.body {
            DownBody::Order(Order::Offer { offer, .. }) if dice.roll(2) == 0 => {
                pbx.result(offer, OfferResult::Accepted).await;
            }
            DownBody::Order(Order::Connect { offer, .. }) => match dice.roll(10) {
                0 => pbx.say(AdapterMessage::ConnectFailed { offer, epoch: 0 }).await,
                1 => {}
                _ => pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await,
            },
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_and_the_deltas_after_it_are_the_view() {
    let mut answered = 0;
    for seed in 0..20 {
        let running = run_on(MemoryLog::new());
        let mut pbx = running.connect("pbx", 7).await;
        let mut dice = Dice(seed);
        let mut calls = 0;
        for agent in ["ana", "ben", "cleo"] {
            running.ready(agent).await;
        }
        let mut updates = running.domain.subscribe(None).expect("there is room");
        let mut copy = Copy::default();
        for _ in 0..400 {
            anything(&running, &mut pbx, &mut dice, &mut calls).await;
            do_as_told(&mut pbx, &mut dice).await;
            check_counts(&running.domain.view());
            if dice.roll(8) == 0 {
                take_all(&running, &mut updates, &mut copy).await;
            }
        }
        take_all(&running, &mut updates, &mut copy).await;
        assert_eq!(copy, Copy::of(&running.domain.view()), "seed {seed}");
        answered += running.queue("billing").answered + running.queue("nurse").answered;
    }
    assert!(answered > 100, "only {answered} calls were answered: too little happens");
}

async fn take_all(running: &Running, updates: &mut Subscription, copy: &mut Copy) {
    while copy.position < running.domain.view().position() {
        match updates.next().await.expect("the domain runs") {
            Update::Snapshot(_) => *copy = updates.snapshot(Copy::of),
            Update::Delta(delta) => copy.apply(&delta),
        }
    }
}
