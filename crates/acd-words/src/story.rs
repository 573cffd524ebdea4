//! What happened to a call, a line each, and why each offer of it was made.

use crate::times::{Instant, elapsed, human, length};
use crate::{Line, Told, counted, listed};
use acd_proto::v1;

impl Told<'_> {
    /// What happened to it, in order.
    pub fn story(&self) -> Vec<Line> {
        let left_out = |said: String| Line { at: String::new(), said, why: String::new() };
        let mut lines = Vec::new();
        if self.answer.story_begins_late {
            lines.push(left_out("What was before the daemon started is not kept.".to_owned()));
        }
        let mut before = None;
        for (number, step) in self.answer.story.iter().enumerate() {
            if let (1, many @ 1..) = (number, self.answer.steps_left_out) {
                lines.push(left_out(format!("... {} not kept ...", counted(many, "step"))));
            }
            let event = step.event.clone().unwrap_or_default();
            // Of all that somebody did at once, the first step says who.
            let cause = (event.at, event.origin.clone());
            let is_news = before.replace(cause.clone()) != Some(cause);
            let Some(said) = sentence(&event) else { continue };
            let at = event.at.unwrap_or_default();
            let by = if is_news { by_whom(&event) } else { String::new() };
            let why = step.decision.as_ref().and_then(|it| why(it, &event, &at));
            lines.push(Line {
                at: (self.time_of_day)(&at),
                said: said + &by,
                why: why.unwrap_or_default(),
            });
        }
        lines
    }
}

/// A step by itself, of whatever call, in a line.
pub fn told(step: &v1::Step) -> String {
    let event = step.event.clone().unwrap_or_default();
    let at = event.at.unwrap_or_default();
    let call = event.call.as_ref().map(|call| &*call.call_id).unwrap_or_default();
    let said = sentence(&event).unwrap_or_default();
    let why = step.decision.as_ref().and_then(|it| why(it, &event, &at));
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    format!("call {call}: {said}{why}{}", by_whom(&event))
}

/// The person who caused it, unless he is the agent whom it is about.
fn by_whom(event: &v1::Event) -> String {
    let origin = event.origin.clone().unwrap_or_default();
    if origin.kind() != v1::origin::Kind::Person || origin.name == event.agent {
        return String::new();
    }
    let reason = match origin.reason.is_empty() {
        true => String::new(),
        false => format!(": {}", origin.reason),
    };
    format!(" (by {}{reason})", origin.name)
}

/// What happened; nothing where the next step says it too.
fn sentence(event: &v1::Event) -> Option<String> {
    let v1::Event { agent, queue, detail, .. } = event;
    Some(match event.kind.as_str() {
        "call_arrived" => format!("arrived ({detail})"),
        "agent_awaited" => format!("waits for {agent} alone, for a while"),
        "agent_awaited_no_more" => "waits for anybody from here on".to_owned(),
        "place_entered" => format!("entered {queue}"),
        "place_left" => match detail.as_str() {
            "moved" => format!("left {queue}"),
            "withdrawn" => format!("left {queue}: what had let it wait there too was over"),
            _ => return None,
        },
        "requirement_changed" => format!("asks for {detail} in {queue} from here on"),
        "priority_changed" => format!("has priority {detail} from here on"),
        "rule_fired" => format!("the rule `{detail}` of {queue} acted"),
        "rule_without_effect" => {
            format!("the rule `{detail}` of {queue} acted, and changed nothing")
        }
        "offer_issued" => format!("offered to {agent}, through {queue}"),
        "offer_ended" => offer_end(agent, detail),
        "connect_failed" => format!("could not be connected with {agent}"),
        "call_connected" => format!("talks with {agent}"),
        "call_held" => "is on hold".to_owned(),
        "call_retrieved" => "is off hold".to_owned(),
        "call_returned" => match detail.as_str() {
            "agent_leg_lost" => "lost its agent, and waits again, first of its priority".to_owned(),
            "transferred" => "was transferred, and waits again".to_owned(),
            _ => "waits again".to_owned(),
        },
        "play_ordered" => format!("hears `{detail}`"),
        "callback_offer_ordered" => "is asked whether he wants to be called back".to_owned(),
        "ladder_ordered" => format!("the ladder `{detail}` is tried for it"),
        "transfer_ordered" => format!("is sent to {detail}"),
        "call_ended" => call_end(detail),
        "wrap_up_ended" if detail.is_empty() => format!("the wrap-up of {agent} is over"),
        "wrap_up_ended" => format!("the wrap-up of {agent} is over: `{detail}`"),
        other => format!("{} {detail}", other.replace('_', " ")),
    })
}

fn offer_end(agent: &str, detail: &str) -> String {
    match detail {
        "accepted" => format!("{agent} accepted"),
        "declined" => format!("{agent} declined"),
        "no_answer" => format!("{agent} did not answer"),
        "failed" => format!("{agent} could not be rung"),
        "revoked_call_ended" => format!("taken back from {agent}: the call was over"),
        "revoked_agent_unavailable" => format!("taken back from {agent}, who takes no calls now"),
        "revoked_answered_elsewhere" => format!("taken back from {agent}: somebody else took it"),
        "revoked_call_moved" => format!("taken back from {agent}: the call was moved"),
        "revoked_picked" => format!("taken back from {agent}: the call was given to another"),
        "revoked_adapter_restarted" => format!("taken back from {agent}: the adapter began anew"),
        other => format!("the offer to {agent} is over: {}", other.replace('_', " ")),
    }
}

fn call_end(detail: &str) -> String {
    let how = match detail {
        "handled" => "the conversation has ended".to_owned(),
        "abandoned" => "the caller hung up before anybody talked with him".to_owned(),
        "short_abandoned" => "the caller hung up at once".to_owned(),
        "overflowed" => "it was sent away".to_owned(),
        "vanished" => "its adapter does not hold it any more".to_owned(),
        "transferred" => "the agent sent it elsewhere".to_owned(),
        "rejected" => "it was turned away as it came".to_owned(),
        other => other.replace('_', " "),
    };
    format!("over: {how}")
}

/// Why an offer was made; `at` is when.
pub(super) fn why(decision: &v1::Decision, event: &v1::Event, at: &Instant) -> Option<String> {
    match decision.how.as_str() {
        "call_picked" => Some(why_picked(decision, at)),
        "agent_took" => Some(why_taken(decision, &event.agent, at)),
        "picked" => Some("given to this agent by hand, whosever turn it was".to_owned()),
        "adopted" => Some("it was found so when its adapter came back".to_owned()),
        _ => None,
    }
}

fn why_picked(decision: &v1::Decision, at: &Instant) -> String {
    let winner = decision.agent.clone().unwrap_or_default();
    let of_several = match (decision.nth, decision.at_once) {
        (_, 0 | 1) => String::new(),
        (nth, most) => format!("offer {nth} of up to {most} at once; "),
    };
    let name = &winner.agent;
    let Some(other) = &decision.other_agent else {
        let why = match decision.decided_by.as_str() {
            "awaited" => format!("it waited for {name} alone"),
            _ if decision.free > 1 => "it skips the others who were free".to_owned(),
            _ => "nobody else was free for it".to_owned(),
        };
        return of_several + &why;
    };
    let mut free = vec![name.clone(), other.agent.clone()];
    if decision.free > 2 {
        free.push(format!("{} more", decision.free - 2));
    }
    format!("{of_several}{} were free; {}", listed(&free), by_agent(decision, &winner, other, at))
}

fn by_agent(
    decision: &v1::Decision,
    winner: &v1::AgentStanding,
    other: &v1::AgentStanding,
    at: &Instant,
) -> String {
    let (name, others_name) = (&winner.agent, &other.agent);
    let idle = |standing: &v1::AgentStanding| waited(standing.idle_since.as_ref(), at);
    let share = |standing: &v1::AgentStanding| {
        let ready = length(standing.ready.as_ref()).as_secs_f64().max(1e-6);
        100.0 * length(standing.busy.as_ref()).as_secs_f64() / ready
    };
    match decision.decided_by.as_str() {
        "missed_offers" => {
            let missed = counted(other.missed.into(), "offer");
            format!("{others_name} has left {missed} in a row unanswered")
        }
        "longest_idle" => {
            format!("{name} had been idle longer ({} against {})", idle(winner), idle(other))
        }
        "highest_level" => {
            format!("{name} is the more able ({} against {})", winner.level, other.level)
        }
        "lowest_level" => {
            format!(
                "{name} is able enough, and {others_name} is spared ({} against {})",
                winner.level, other.level
            )
        }
        "rank" => {
            format!("{name} has the higher rank there ({} against {})", winner.rank, other.rank)
        }
        "least_occupied" => {
            format!(
                "{name} had been busy less ({:.0}% against {:.0}%)",
                share(winner),
                share(other)
            )
        }
        "fewest_calls" => {
            format!("{name} had had fewer calls ({} against {})", winner.connected, other.connected)
        }
        "round_robin" => format!("the last offer to {name} was longer ago"),
        "listed" => format!("{name} comes first in the configuration"),
        "random" => format!("{name} was drawn by lot"),
        other => other.replace('_', " "),
    }
}

fn why_taken(decision: &v1::Decision, agent: &str, at: &Instant) -> String {
    let winner = decision.call.clone().unwrap_or_default();
    let alone = match winner.awaits_him {
        true => format!("it waited for {agent} alone; "),
        false => String::new(),
    };
    let Some(other) = &decision.other_call else {
        return format!("{alone}{agent} became free, and had no other call to take");
    };
    let others_name = other.call.clone().unwrap_or_default().call_id;
    let (age, others_age) =
        (waited(winner.age_from.as_ref(), at), waited(other.age_from.as_ref(), at));
    let by = match decision.decided_by.as_str() {
        "emergency" => "emergencies come before all others".to_owned(),
        "rank" => format!(
            "{} ranks higher for {agent} than {} ({} against {})",
            winner.queue, other.queue, winner.rank, other.rank
        ),
        "priority" => format!("priority {} against {}", winner.priority, other.priority),
        "lost_leg" => "it had lost its agent, and goes first".to_owned(),
        "age" => format!("it had waited longer ({age} against {others_age})"),
        "credit" => format!(
            "waiting and priority together ({age} with priority {} against {others_age} with {})",
            winner.priority, other.priority
        ),
        "deadline" => "it was promised an answer earlier".to_owned(),
        "arrival" => "it came first, in the same instant".to_owned(),
        "joined_first" => {
            return format!("{alone}{agent} became free; it had joined {} first", winner.queue);
        }
        other => other.replace('_', " "),
    };
    format!(
        "{alone}{agent} became free, and was offered it before {others_name} of {}: {by}",
        other.queue
    )
}

/// How long before an instant it was.
fn waited(since: Option<&Instant>, at: &Instant) -> String {
    since.and_then(|since| elapsed(since, at)).map_or_else(|| "-".to_owned(), human)
}
