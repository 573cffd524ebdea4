//! The stable JSON of an explanation; docs/acdctl.md explains it.

use crate::rows::{CallRow, EventRow};
use crate::times::{Instant, elapsed, length, rfc_3339, seconds};
use acd_proto::v1;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct ExplainRow {
    epoch: u64,
    number: u64,
    call_id: String,
    adapter: String,
    /// As `acdctl calls` lists it; none once it has ended.
    now: Option<CallRow>,
    age_seconds: Option<f64>,
    hold: Option<String>,
    hold_until: Option<String>,
    agent: Option<String>,
    places: Vec<PlaceRow>,
    story: Vec<StepRow>,
    steps_left_out: u64,
    story_begins_late: bool,
}

#[derive(Debug, Serialize)]
struct PlaceRow {
    queue: String,
    ahead: u32,
    free: u32,
    barred: Vec<BarrierRow>,
    asked: Vec<BarrierRow>,
    next_rule: Option<String>,
    next_rule_at: Option<String>,
    next_rule_does: Vec<EffectRow>,
    awaiting: Vec<AwaitingRow>,
    reserve: Option<ReserveRow>,
}

#[derive(Debug, Serialize)]
struct EffectRow {
    kind: String,
    value: String,
}

#[derive(Debug, Serialize)]
struct AwaitingRow {
    rule: String,
    queue: String,
    measures: Vec<MeasureRow>,
}

/// Calls, agents, percent, or seconds.
#[derive(Debug, Serialize)]
struct MeasureRow {
    kind: String,
    at_least: bool,
    bound: f64,
    now: Option<f64>,
}

#[derive(Debug, Serialize)]
struct ReserveRow {
    keeps: u32,
    for_priority: u32,
    available: u32,
    holds_back: bool,
}

#[derive(Debug, Serialize)]
struct BarrierRow {
    kind: String,
    agents: u32,
    until: Option<String>,
    skill: Option<String>,
    needs: Option<u32>,
    has: Option<u32>,
    alternative: Option<u32>,
    detail: Option<String>,
    adapter: Option<String>,
    agent: Option<String>,
    slots: Option<u32>,
}

/// Something that happened to a call.
#[derive(Debug, Serialize)]
pub(crate) struct StepRow {
    #[serde(flatten)]
    event: EventRow,
    decision: Option<DecisionRow>,
}

#[derive(Debug, Serialize)]
struct DecisionRow {
    how: String,
    decided_by: Option<String>,
    free: Option<u32>,
    nth: Option<u32>,
    at_once: Option<u32>,
    agent: Option<AgentStandingRow>,
    other_agent: Option<AgentStandingRow>,
    call: Option<CallStandingRow>,
    other_call: Option<CallStandingRow>,
}

#[derive(Debug, Serialize)]
struct AgentStandingRow {
    agent: String,
    missed: u32,
    idle_seconds: Option<f64>,
    level: u32,
    rank: u32,
    busy_seconds: f64,
    ready_seconds: f64,
    connected: u32,
    last_offer: Option<u64>,
}

#[derive(Debug, Serialize)]
struct CallStandingRow {
    call_id: String,
    adapter: String,
    queue: String,
    rank: u32,
    priority: u32,
    lost_leg: bool,
    age_seconds: Option<f64>,
    due: Option<String>,
    awaits_agent: bool,
}

impl ExplainRow {
    pub(super) fn new(answer: &v1::ExplainResponse, agent: &str) -> Self {
        let v1::Position { epoch, number } = answer.position.unwrap_or_default();
        let call = answer.call.clone().unwrap_or_default();
        let at = answer.at.unwrap_or_default();
        Self {
            epoch,
            number,
            call_id: call.call_id,
            adapter: call.adapter,
            now: answer.now.clone().map(|now| CallRow::new(now, &at)),
            age_seconds: answer.age.map(|age| seconds(length(Some(&age)))),
            hold: some(&answer.hold),
            hold_until: answer.hold_until.as_ref().and_then(rfc_3339),
            agent: some(agent),
            places: answer.places.iter().map(place).collect(),
            story: answer.story.iter().map(step).collect(),
            steps_left_out: answer.steps_left_out,
            story_begins_late: answer.story_begins_late,
        }
    }
}

fn place(place: &v1::PlaceExplanation) -> PlaceRow {
    let effect = |it: &v1::RuleEffect| EffectRow { kind: it.kind.clone(), value: it.value.clone() };
    PlaceRow {
        queue: place.place.clone().unwrap_or_default().queue,
        ahead: place.ahead,
        free: place.free,
        barred: place.barred.iter().map(barrier).collect(),
        asked: place.asked.iter().map(barrier).collect(),
        next_rule: some(&place.next_rule),
        next_rule_at: place.next_rule_at.as_ref().and_then(rfc_3339),
        next_rule_does: place.next_rule_does.iter().map(effect).collect(),
        awaiting: place.awaiting.iter().map(awaiting).collect(),
        reserve: place.reserve.map(|it| ReserveRow {
            keeps: it.keeps,
            for_priority: it.for_priority,
            available: it.available,
            holds_back: it.holds_back,
        }),
    }
}

fn awaiting(rule: &v1::AwaitingRule) -> AwaitingRow {
    let measure = |it: &v1::Measure| MeasureRow {
        kind: it.kind.clone(),
        at_least: it.at_least,
        bound: it.bound_time.as_ref().map_or(it.bound as f64, |time| seconds(length(Some(time)))),
        now: match it.bound_time {
            Some(_) => it.now_time.as_ref().map(|time| seconds(length(Some(time)))),
            None => Some(it.now as f64),
        },
    };
    AwaitingRow {
        rule: rule.rule.clone(),
        queue: rule.queue.clone(),
        measures: rule.measures.iter().map(measure).collect(),
    }
}

fn barrier(barrier: &v1::Barrier) -> BarrierRow {
    let number = |number: u32| (number > 0).then_some(number);
    BarrierRow {
        kind: barrier.kind.clone(),
        agents: barrier.agents,
        until: barrier.until.as_ref().and_then(rfc_3339),
        skill: some(&barrier.skill),
        needs: number(barrier.needs),
        has: number(barrier.has),
        alternative: number(barrier.alternative),
        detail: some(&barrier.detail),
        adapter: some(&barrier.adapter),
        agent: some(&barrier.agent),
        slots: number(barrier.slots),
    }
}

/// A step, of whatever call.
pub(crate) fn step(step: &v1::Step) -> StepRow {
    let event = step.event.clone().unwrap_or_default();
    let at = event.at.unwrap_or_default();
    StepRow {
        decision: step.decision.as_ref().map(|it| decision(it, &at)),
        event: EventRow::new(event),
    }
}

/// `at` is when it was made.
fn decision(decision: &v1::Decision, at: &Instant) -> DecisionRow {
    let picked = decision.how == "call_picked";
    let agent = |it: &v1::AgentStanding| AgentStandingRow {
        agent: it.agent.clone(),
        missed: it.missed,
        idle_seconds: before(it.idle_since.as_ref(), at),
        level: it.level,
        rank: it.rank,
        busy_seconds: seconds(length(it.busy.as_ref())),
        ready_seconds: seconds(length(it.ready.as_ref())),
        connected: it.connected,
        last_offer: (it.last_offer > 0).then_some(it.last_offer),
    };
    let call = |it: &v1::CallStanding| {
        let v1::CallRef { adapter, call_id } = it.call.clone().unwrap_or_default();
        CallStandingRow {
            call_id,
            adapter,
            queue: it.queue.clone(),
            rank: it.rank,
            priority: it.priority,
            lost_leg: it.lost_leg,
            age_seconds: before(it.age_from.as_ref(), at),
            due: it.due.as_ref().and_then(rfc_3339),
            awaits_agent: it.awaits_him,
        }
    };
    DecisionRow {
        how: decision.how.clone(),
        decided_by: some(&decision.decided_by),
        free: picked.then_some(decision.free),
        nth: picked.then_some(decision.nth),
        at_once: picked.then_some(decision.at_once),
        agent: decision.agent.as_ref().map(agent),
        other_agent: decision.other_agent.as_ref().map(agent),
        call: decision.call.as_ref().map(call),
        other_call: decision.other_call.as_ref().map(call),
    }
}

fn before(since: Option<&Instant>, at: &Instant) -> Option<f64> {
    since.and_then(|since| elapsed(since, at)).map(seconds)
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_the_facts_that_people_read() {
        let at = |seconds| Some(Instant { seconds, nanos: 0 });
        let standing = v1::AgentStanding {
            agent: "ana".to_owned(),
            idle_since: at(10),
            ..v1::AgentStanding::default()
        };
        let decision = v1::Decision {
            how: "call_picked".to_owned(),
            decided_by: "longest_idle".to_owned(),
            agent: Some(standing),
            ..v1::Decision::default()
        };
        let event = v1::Event { at: at(200), ..v1::Event::default() };
        let barrier =
            v1::Barrier { kind: "lacks_skill".to_owned(), needs: 3, ..v1::Barrier::default() };
        let answer = v1::ExplainResponse {
            story: vec![v1::Step { event: Some(event), decision: Some(decision) }],
            places: vec![v1::PlaceExplanation { asked: vec![barrier], ..Default::default() }],
            ..v1::ExplainResponse::default()
        };
        let row = serde_json::to_value(ExplainRow::new(&answer, "dora")).expect("it is JSON");
        assert_eq!(row["now"], serde_json::Value::Null);
        assert_eq!(row["story"][0]["decision"]["decided_by"], "longest_idle");
        assert_eq!(row["story"][0]["decision"]["agent"]["idle_seconds"], 190.0);
        assert_eq!(row["places"][0]["asked"][0]["needs"], 3);
        assert_eq!(row["agent"], "dora");
    }
}
