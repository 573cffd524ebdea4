//! Why a call is where it is, as it stands on the wire.

use crate::convert::row;
use crate::convert::time::{position, span, timestamp};
use acd_core::{
    AgentStanding, CallStanding, Criterion, Hold, How, Pick, PickedBy, Reserve, Take, TookBy,
};
use acd_engine::{
    AwaitingRow, BarrierRow, CallCard, DecisionRow, Explained, Measure, MeasureRow, PlaceStanding,
    Step,
};
use acd_proto::v1;

/// All of it.
pub(crate) fn explained(explained: &Explained) -> v1::ExplainResponse {
    let Explained { position: reached, at, story, now } = explained;
    let hold = now.as_ref().and_then(|now| now.hold).map(hold);
    let (hold, hold_until) = hold.unwrap_or(("", None));
    v1::ExplainResponse {
        position: Some(position(*reached)),
        at: Some(timestamp(*at)),
        call: Some(row::call_ref(&story.call)),
        now: now.as_ref().map(|now| row::call(&now.call)),
        age: now.as_ref().map(|now| span(now.age)),
        hold: hold.to_owned(),
        hold_until,
        places: now.iter().flat_map(|now| &now.places).map(place).collect(),
        story: story.steps.iter().map(|it| step(it, &story.call)).collect(),
        steps_left_out: story.left_out,
        story_begins_late: story.began_before,
    }
}

fn hold(hold: Hold) -> (&'static str, Option<prost_types::Timestamp>) {
    match hold {
        Hold::DomainRecovers => ("domain_recovers", None),
        Hold::AdapterAway => ("adapter_away", None),
        Hold::AdapterAwaited { until } => ("adapter_awaited", Some(timestamp(until))),
    }
}

fn place(place: &PlaceStanding) -> v1::PlaceExplanation {
    let next = place.next_rule.as_ref();
    let does = next.map_or(&[][..], |next| &next.does);
    let effect = |(kind, value): &(&str, String)| v1::RuleEffect {
        kind: (*kind).to_owned(),
        value: value.clone(),
    };
    v1::PlaceExplanation {
        place: Some(row::place_of(&place.queue, place.since, &place.require)),
        ahead: place.ahead,
        next_rule: next.map(|next| next.name.clone()).unwrap_or_default(),
        next_rule_at: next.map(|next| timestamp(next.at)),
        next_rule_does: does.iter().map(effect).collect(),
        awaiting: place.awaiting.iter().map(awaiting).collect(),
        reserve: place.reserve.map(reserve),
        free: place.free,
        barred: place.barred.iter().map(barrier).collect(),
        asked: place.asked.iter().map(barrier).collect(),
    }
}

fn awaiting(row: &AwaitingRow) -> v1::AwaitingRule {
    v1::AwaitingRule {
        rule: row.name.clone(),
        queue: row.queue.to_string(),
        measures: row.measures.iter().map(measure).collect(),
    }
}

fn measure(row: &MeasureRow) -> v1::Measure {
    let count = |it| match it {
        Measure::Count(count) => count,
        Measure::Time(_) => 0,
    };
    let time = |it| match it {
        Measure::Count(_) => None,
        Measure::Time(time) => Some(span(time)),
    };
    v1::Measure {
        kind: row.kind.to_owned(),
        at_least: row.at_least,
        bound: count(row.bound),
        now: row.now.map_or(0, count),
        bound_time: time(row.bound),
        now_time: row.now.and_then(time),
    }
}

fn reserve(reserve: Reserve) -> v1::Reserve {
    let Reserve { keeps, for_priority, available, holds_back } = reserve;
    v1::Reserve { keeps, for_priority: u32::from(for_priority.get()), available, holds_back }
}

fn barrier(row: &BarrierRow) -> v1::Barrier {
    v1::Barrier {
        kind: row.kind.to_owned(),
        agents: row.agents,
        until: row.until.map(timestamp),
        skill: row.skill.to_string(),
        needs: u32::from(row.needs),
        has: u32::from(row.has),
        alternative: u32::from(row.alternative),
        detail: row.detail.to_string(),
        adapter: row.adapter.to_string(),
        agent: row.agent.to_string(),
        slots: u32::from(row.slots),
    }
}

/// A step by itself, of whatever call it is.
pub(crate) fn told(told: &Step) -> v1::Step {
    match &told.event.call {
        Some(call) => step(told, call),
        None => v1::Step { event: Some(row::event(&told.event)), decision: None },
    }
}

fn step(step: &Step, call: &CallCard) -> v1::Step {
    let event = &step.event;
    let agent = event.agent.as_deref().unwrap_or_default();
    let queue = event.queue.as_deref().unwrap_or_default();
    let decision = step.decision.as_ref().map(|it| decision(it, agent, (call, queue)));
    v1::Step { event: Some(row::event(event)), decision }
}

/// `agent`, and `call` in its queue, are those that were brought together.
fn decision(row: &DecisionRow, agent: &str, call: (&CallCard, &str)) -> v1::Decision {
    match &row.how {
        How::CallPicked(Pick { free, nth, at_once, winner, runner_up, decided_by, .. }) => {
            let other = row.other_agent.as_deref().unwrap_or_default();
            v1::Decision {
                how: "call_picked".to_owned(),
                decided_by: picked_by(*decided_by).to_owned(),
                free: *free,
                nth: u32::from(*nth),
                at_once: u32::from(*at_once),
                agent: Some(agent_standing(winner, agent)),
                other_agent: runner_up.as_ref().map(|it| agent_standing(it, other)),
                ..v1::Decision::default()
            }
        }
        How::AgentTook(Take { winner, runner_up, decided_by }) => {
            let other = row.other_call.as_ref();
            let other = runner_up
                .as_ref()
                .zip(other)
                .map(|(standing, (call, queue))| call_standing(standing, (call, queue)));
            v1::Decision {
                how: "agent_took".to_owned(),
                decided_by: took_by(*decided_by).to_owned(),
                call: Some(call_standing(winner, call)),
                other_call: other,
                ..v1::Decision::default()
            }
        }
        How::Picked => v1::Decision { how: "picked".to_owned(), ..v1::Decision::default() },
        How::Adopted => v1::Decision { how: "adopted".to_owned(), ..v1::Decision::default() },
    }
}

fn agent_standing(standing: &AgentStanding, agent: &str) -> v1::AgentStanding {
    v1::AgentStanding {
        agent: agent.to_owned(),
        missed: standing.missed,
        idle_since: Some(timestamp(standing.idle_since)),
        level: u32::from(standing.level),
        rank: u32::from(standing.rank),
        busy: Some(span(standing.busy)),
        ready: Some(span(standing.ready)),
        connected: standing.connected,
        last_offer: standing.last_offer.0,
    }
}

fn call_standing(standing: &CallStanding, (call, queue): (&CallCard, &str)) -> v1::CallStanding {
    v1::CallStanding {
        call: Some(row::call_ref(call)),
        queue: queue.to_owned(),
        rank: u32::from(standing.rank),
        priority: u32::from(standing.priority.get()),
        lost_leg: standing.lost_leg,
        age_from: Some(timestamp(standing.age_from)),
        due: standing.due.map(timestamp),
        awaits_him: standing.awaits_him,
    }
}

fn picked_by(decided_by: PickedBy) -> &'static str {
    match decided_by {
        PickedBy::OnlyOne => "only_one",
        PickedBy::Awaited => "awaited",
        PickedBy::MissedOffers => "missed_offers",
        PickedBy::Criterion(criterion) => match criterion {
            Criterion::LongestIdle => "longest_idle",
            Criterion::HighestLevel => "highest_level",
            Criterion::LowestLevel => "lowest_level",
            Criterion::Rank => "rank",
            Criterion::LeastOccupied => "least_occupied",
            Criterion::FewestCalls => "fewest_calls",
            Criterion::RoundRobin => "round_robin",
            Criterion::Listed => "listed",
            Criterion::Random => "random",
        },
    }
}

fn took_by(decided_by: TookBy) -> &'static str {
    match decided_by {
        TookBy::OnlyOne => "only_one",
        TookBy::Emergency => "emergency",
        TookBy::Rank => "rank",
        TookBy::Priority => "priority",
        TookBy::LostLeg => "lost_leg",
        TookBy::Age => "age",
        TookBy::Credit => "credit",
        TookBy::Deadline => "deadline",
        TookBy::Arrival => "arrival",
        TookBy::JoinedFirst => "joined_first",
    }
}
