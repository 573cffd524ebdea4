//! Why a call still waits, what happens next, and what would have to be otherwise.

use crate::times::{human, length};
use crate::{Told, asked_text, counted, listed};
use acd_proto::v1;
use std::collections::BTreeMap;

/// What somebody may not or cannot take at all, however long it waits.
const OF_PROFILE: [&str; 4] =
    ["takes_no_such_calls", "not_his_queue", "lacks_skill", "lacks_alternative"];

impl Told<'_> {
    /// Why it is there still, and what happens next; a line that belongs to the one before is indented.
    pub fn present(&self) -> Vec<String> {
        let Some(now) = &self.answer.now else { return Vec::new() };
        let mut lines = Vec::new();
        lines.extend(self.hold());
        let waits = now.state() == v1::CallState::Waiting;
        for place in &self.answer.places {
            lines.push(self.where_it_stands(place, waits));
            if waits {
                lines.extend(self.who_could(place));
            }
            lines.extend(self.what_is_next(place, waits));
            lines.extend(what_rules_await(place));
            if !self.agent.is_empty() {
                lines.extend(self.otherwise(place, waits));
            }
        }
        if self.answer.places.is_empty() && !self.agent.is_empty() {
            lines.push(format!(
                "It waits nowhere now, so there is nothing for {} to take.",
                self.agent
            ));
        }
        lines
    }

    fn hold(&self) -> Option<String> {
        let adapter = self.answer.call.as_ref().map_or("", |call| &call.adapter);
        let until = self.until(self.answer.hold_until.as_ref());
        let why = match self.answer.hold.as_str() {
            "" => return None,
            "domain_recovers" => "the domain recovers after a restart".to_owned(),
            "adapter_away" => format!("its adapter {adapter} is not connected"),
            "adapter_awaited" => format!("its adapter {adapter} has not said yet what it holds"),
            other => other.replace('_', " "),
        };
        let until = until.map(|until| format!(", for {until} at most")).unwrap_or_default();
        Some(format!("It is offered to nobody: {why}{until}."))
    }

    fn where_it_stands(&self, explained: &v1::PlaceExplanation, waits: bool) -> String {
        let place = explained.place.clone().unwrap_or_default();
        let any_of = place.any_of.iter().map(|one| levels(&one.skills));
        let asked = match asked_text(levels(&place.require), any_of).as_str() {
            "-" => "no skill".to_owned(),
            asked => asked.to_owned(),
        };
        let since = self.since(place.since.as_ref());
        let ahead = match explained.ahead {
            _ if !waits => String::new(),
            0 => ", first in line".to_owned(),
            ahead => format!(", behind {}", counted(ahead.into(), "other")),
        };
        format!("In {} for {since}{ahead}; it asks for {asked}.", place.queue)
    }

    /// Who may take it, and what keeps them.
    fn who_could(&self, place: &v1::PlaceExplanation) -> Vec<String> {
        let (never, now): (Vec<_>, Vec<_>) =
            place.barred.iter().partition(|it| OF_PROFILE.contains(&it.kind.as_str()));
        let barred: u32 = now.iter().map(|barrier| barrier.agents).sum();
        let able = barred + place.free;
        let kept = |all: &[&v1::Barrier]| {
            listed(&all.iter().map(|barrier| self.counted(barrier)).collect::<Vec<_>>())
        };
        let mut lines = Vec::new();
        if able == 0 {
            let why =
                if never.is_empty() { "there are no agents".to_owned() } else { kept(&never) };
            return vec![format!("  Nobody qualifies: {why}.")];
        }
        match place.free {
            0 if able == 1 => {
                lines
                    .push(format!("  Only one qualifies, and cannot take it now: {}.", kept(&now)));
            }
            0 => {
                lines.push(format!(
                    "  None of the {able} who qualify can take it now: {}.",
                    kept(&now)
                ));
            }
            free if barred == 0 => lines.push(format!("  All {free} who qualify are free.")),
            free => {
                lines.push(format!("  {free} of the {able} who qualify are free; {}.", kept(&now)))
            }
        }
        if !never.is_empty() {
            lines.push(format!("  Others do not qualify: {}.", kept(&never)));
        }
        if let Some(reserve) = place.reserve.as_ref().filter(|reserve| reserve.holds_back) {
            let v1::Reserve { keeps, for_priority, available, .. } = reserve;
            lines.push(format!(
                "  The queue keeps {keeps} free for priority {for_priority} and above; {available} are available."
            ));
        }
        lines
    }

    /// What calls of its channel are called.
    fn such_calls(&self) -> &'static str {
        match self.answer.now.as_ref().map(v1::Call::channel) {
            Some(v1::Channel::Voice) => "telephone calls",
            Some(v1::Channel::Chat) => "chats",
            Some(v1::Channel::Text) => "messages",
            Some(v1::Channel::Callback) => "callbacks",
            Some(v1::Channel::Task) => "tasks",
            None | Some(v1::Channel::Unspecified) => "such calls",
        }
    }

    /// `2 are not ready (lunch)`.
    fn counted(&self, barrier: &v1::Barrier) -> String {
        let v1::Barrier { agents, skill, detail, .. } = barrier;
        let (is, has) = if *agents == 1 { ("is", "has") } else { ("are", "have") };
        let s = if *agents == 1 { "s" } else { "" };
        let until = self.until(barrier.until.as_ref());
        let first = if *agents == 1 { "" } else { "the first " };
        let timed = |what: &str| match &until {
            Some(until) => format!("{what} ({first}for {until} more)"),
            None => what.to_owned(),
        };
        let what = match barrier.kind.as_str() {
            "has_it" => format!("{has} it"),
            "takes_no_such_calls" => format!("take{s} no {}", self.such_calls()),
            "not_his_queue" => format!("serve{s} other queues only"),
            "lacks_skill" => format!("{has} too little {skill} or none"),
            "lacks_alternative" => format!("meet{s} none of the alternatives"),
            "logged_out" => format!("{is} logged out"),
            "not_ready" if detail.is_empty() => format!("{is} not ready"),
            "not_ready" => format!("{is} not ready ({})", detail.replace('_', " ")),
            "presence_pending" => format!("{is} about to stop"),
            "device_out" => format!("{has} a device out of service"),
            "device_busy" => format!("{is} in a call of another kind"),
            "desktop_silent" => format!("{has} a silent desktop"),
            "talking" => format!("talk{s}"),
            "holding" => format!("{has} a caller on hold"),
            "connecting" => format!("{is} about to talk"),
            "reserved" => format!("{is} being offered another call"),
            "wrap_up" => timed(&format!("{is} in wrap-up")),
            "channel_barred" => format!("{has} other work in hand"),
            "adapter_away" => format!("{has} a telephone whose adapter is away"),
            "adapter_awaited" => timed(&format!("{has} a telephone whose adapter is not ready")),
            "delayed" => timed(&format!("help{s} out only later")),
            "excluded" => timed(&format!("did not take it and {is} skipped")),
            "awaits_another" => timed("must leave it to another"),
            "kept_free" => format!("{is} kept free for urgent calls"),
            other => other.replace('_', " "),
        };
        format!("{agents} {what}")
    }

    fn what_is_next(&self, place: &v1::PlaceExplanation, waits: bool) -> Option<String> {
        if place.next_rule.is_empty() {
            return None;
        }
        let when = match self.until(place.next_rule_at.as_ref())?.as_str() {
            "0s" => "At once".to_owned(),
            until => format!("In {until}"),
        };
        let when = if waits { when } else { format!("If it waits again: {}", when.to_lowercase()) };
        let does: Vec<String> = place.next_rule_does.iter().map(effect).collect();
        Some(format!("  {when} the rule `{}` {}.", place.next_rule, listed(&does)))
    }

    /// What would have to be otherwise for the agent to take it.
    fn otherwise(&self, place: &v1::PlaceExplanation, waits: bool) -> Vec<String> {
        let agent = self.agent;
        if place.asked.is_empty() {
            let but = if waits { "" } else { ", had it not gone elsewhere" };
            return vec![format!("  Nothing about {agent} is in the way{but}.")];
        }
        if place.asked.iter().any(|barrier| barrier.kind == "has_it") {
            return vec![format!("  {agent} has it, or is being offered it.")];
        }
        let mut lines = vec![format!("  For {agent} to take it, all of this:")];
        lines.extend(place.asked.iter().map(|it| format!("    - {}", self.condition(it))));
        if waits && place.ahead > 0 {
            let (ahead, has) = (place.ahead, if place.ahead == 1 { "has" } else { "have" });
            let ahead = counted(ahead.into(), "other");
            lines.push(format!(
                "    - {ahead} ahead of it {has} to go first, if {agent} may take them"
            ));
        }
        lines
    }

    fn condition(&self, barrier: &v1::Barrier) -> String {
        let v1::Barrier { skill, needs, has, detail, adapter, agent: other, slots, .. } = barrier;
        let agent = self.agent;
        let until = self.until(barrier.until.as_ref()).unwrap_or_default();
        let level = match has {
            0 => "has not got it".to_owned(),
            has => format!("has {has}"),
        };
        match barrier.kind.as_str() {
            "takes_no_such_calls" => format!("{agent} would have to take {detail} calls"),
            "not_his_queue" => format!("{agent} would have to serve this queue"),
            "lacks_skill" => format!("{agent} would need {skill} {needs}, and {level}"),
            "lacks_alternative" => format!(
                "alternative {}: {agent} would need {skill} {needs}, and {level}",
                barrier.alternative
            ),
            "logged_out" => format!("{agent} would have to log in"),
            "not_ready" if detail.is_empty() => format!("{agent} would have to be ready"),
            "not_ready" => {
                format!("{agent} would have to be ready, and is not ({})", detail.replace('_', " "))
            }
            "presence_pending" => {
                format!("{agent} would have to go on, and is to be {}", detail.replace('_', " "))
            }
            "device_out" => format!("the device of {agent} would have to be in service"),
            "device_busy" => {
                format!("the telephone of {agent} is in a call that is none of acdd's")
            }
            "desktop_silent" => format!("the desktop of {agent} would have to be heard"),
            "wrap_up" => format!("the wrap-up of {agent} would have to end; it does in {until}"),
            "talking" | "holding" | "connecting" | "reserved" => {
                let free = if *slots == 1 { "the slot" } else { "one of the slots" };
                format!("{free} of {agent} would have to be free: {}", doing(&barrier.kind))
            }
            "channel_barred" => format!("the {detail} call that {agent} has bars it"),
            "adapter_away" => format!("the adapter {adapter} would have to be connected"),
            "adapter_awaited" => {
                format!("the adapter {adapter} has to say what it holds, within {until}")
            }
            "delayed" => {
                format!("{agent} takes calls of this queue only after a wait, over in {until}")
            }
            "excluded" => format!("{agent} did not take it, and is skipped for {until} more"),
            "awaits_another" => format!("it waits for {other} alone, for {until} at most"),
            "kept_free" => "more agents would have to be available than are kept free".to_owned(),
            other => other.replace('_', " "),
        }
    }
}

/// Rules that would act, if only it stood otherwise with a queue.
fn what_rules_await(place: &v1::PlaceExplanation) -> impl Iterator<Item = String> {
    let own = place.place.as_ref().map_or("", |place| &place.queue);
    place.awaiting.iter().map(move |rule| {
        let measures: Vec<String> = rule.measures.iter().map(measure).collect();
        let of = match rule.queue.as_str() {
            "*" => " in all queues together".to_owned(),
            queue if queue == own => String::new(),
            queue => format!(" in {queue}"),
        };
        format!("  The rule `{}` waits until {}{of}.", rule.rule, listed(&measures))
    })
}

/// `the estimated wait reaches 5m 00s (now 3m 12s)`.
fn measure(measure: &v1::Measure) -> String {
    let v1::Measure { kind, bound, now, bound_time, now_time, .. } = measure;
    let reaches = |what: &str| {
        let time = |it| human(length(Some(it)));
        let now = now_time
            .as_ref()
            .map_or_else(|| "not known".to_owned(), |now| format!("now {}", time(now)));
        let bound = bound_time.as_ref().map(time).unwrap_or_default();
        format!("the {what} reaches {bound} ({now})")
    };
    let few = |what: &str| match bound {
        0 => format!("no agent is {what} (now {now})"),
        1 => format!("at most 1 agent is {what} (now {now})"),
        most => format!("at most {most} agents are {what} (now {now})"),
    };
    match kind.as_str() {
        "calls_waiting" if *bound == 1 => format!("a call waits (now {now})"),
        "calls_waiting" => format!("{bound} calls wait (now {now})"),
        "longest_wait" => reaches("longest wait"),
        "estimated_wait" => reaches("estimated wait"),
        "agents_staffed" => few("logged in"),
        "agents_working" => few("ready"),
        "agents_available" => few("free"),
        "service_level" => format!("fewer than {bound}% are answered in time (now {now}%)"),
        other => other.replace('_', " "),
    }
}

fn doing(kind: &str) -> &'static str {
    match kind {
        "talking" => "a call is in progress",
        "holding" => "a caller is on hold",
        "connecting" => "a call is being connected",
        _ => "another call is being offered",
    }
}

fn effect(effect: &v1::RuleEffect) -> String {
    let v1::RuleEffect { kind, value } = effect;
    match kind.as_str() {
        "require" => format!("makes it ask for {value}"),
        "priority" => format!("raises it to priority {value}"),
        "add_queue" => format!("lets it wait in {value} too"),
        "move_to" => format!("moves it to {value}"),
        "end" => format!("ends it ({})", value.replace('_', " ")),
        "transfer_to" => format!("sends it to {value}"),
        "play" => format!("plays `{value}`"),
        "offer_callback" => "asks the caller whether he wants to be called back".to_owned(),
        "ladder" => format!("tries the ladder `{value}`"),
        other => format!("{} {value}", other.replace('_', " ")),
    }
}

/// By skill, so that the order is the same for all.
fn levels(levels: &[v1::SkillLevel]) -> BTreeMap<&str, u32> {
    levels.iter().map(|it| (it.skill.as_str(), it.level)).collect()
}
