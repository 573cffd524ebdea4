//! Why a call is where it is, with the names that people know.

use super::View;
use super::rows::CallRow;
use super::story::Story;
use super::words;
use crate::names::{Asked, Names};
use crate::refusal::{Refusal, code};
use crate::request::{CallRef, Position};
use acd_core::{
    Action, AwaitingRule, Barrier, BarrierKind, Bound, Explanation, Gauge, Hold, Measured,
    PlaceExplanation, QueueId, Reserve, Span, Timestamp, Treatment,
};
use std::sync::Arc;

/// Why a call is where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The last event that it contains.
    pub position: Position,
    /// Domain time of the question.
    pub at: Timestamp,
    /// What became of the call.
    pub story: Story,
    /// How it stands now; none once it has ended.
    pub now: Option<Standing>,
}

/// How a live call stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its row.
    pub call: CallRow,
    /// All that it has waited.
    pub age: Span,
    /// What keeps everybody from it.
    pub hold: Option<Hold>,
    /// Of each place, in the order it joined them.
    pub places: Vec<PlaceStanding>,
}

/// How a call stands in one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceStanding {
    /// Where.
    pub queue: Arc<str>,
    /// Since when.
    pub since: Timestamp,
    /// What it asks for there.
    pub require: Asked,
    /// Calls that wait there and come before it.
    pub ahead: u32,
    /// The rule that falls due next.
    pub next_rule: Option<NextRule>,
    /// Rules that would act if what they look at of a queue came about.
    pub awaiting: Vec<AwaitingRow>,
    /// The agents that the queue keeps free.
    pub reserve: Option<Reserve>,
    /// Agents whom nothing keeps from it here, but what keeps everybody.
    pub free: u32,
    /// All others, by the first thing that keeps them.
    pub barred: Vec<BarrierRow>,
    /// All that keeps the agent from it who was asked about.
    pub asked: Vec<BarrierRow>,
}

/// A rule that will act on a call if it waits on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextRule {
    /// Its name.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// What it does, each a stable word and what goes with it.
    pub does: Vec<(&'static str, String)>,
}

/// A rule that waits for something to come about in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitingRow {
    /// Its name.
    pub name: String,
    /// The queue that it looks at, or `*`.
    pub queue: Arc<str>,
    /// All that it looks at.
    pub measures: Vec<MeasureRow>,
}

/// How it stands with one thing that a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureRow {
    /// A stable word.
    pub kind: &'static str,
    /// It has to be the bound or more; else the bound or less, or, of the service level, less.
    pub at_least: bool,
    /// What it has to come to.
    pub bound: Measure,
    /// What it is; none of a wait that cannot be estimated.
    pub now: Option<Measure>,
}

/// Something measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Calls, agents or percent.
    Count(u64),
    /// A wait.
    Time(Span),
}

/// What keeps an agent, or some of them, from a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BarrierRow {
    /// A stable word.
    pub kind: &'static str,
    /// How many agents; 1 of the one asked about.
    pub agents: u32,
    /// When it ends by itself, for the first of them.
    pub until: Option<Timestamp>,
    /// The skill that is lacking, if one is.
    pub skill: Arc<str>,
    /// The lowest level of it that will do; 0 where there is none.
    pub needs: u8,
    /// His level; 0 if he has not got it.
    pub has: u8,
    /// Which alternative, from 1; 0 where there is none.
    pub alternative: u8,
    /// Why he is not ready, or what presence he has asked for, or the channel.
    pub detail: Arc<str>,
    /// The adapter that cannot ring him.
    pub adapter: Arc<str>,
    /// For whom the call waits.
    pub agent: Arc<str>,
    /// How many slots he has.
    pub slots: u8,
}

impl View {
    /// What is to be said of a call: what the driver found, and its story.
    pub(crate) fn explained(
        &self,
        call: &CallRef,
        at: Timestamp,
        found: Result<Explanation, Refusal>,
    ) -> Result<Explained, Refusal> {
        let handle = found.as_ref().ok().map(|explanation| explanation.call.call);
        let (explanation, refusal) = match found {
            Ok(explanation) => (Some(explanation), None),
            Err(refusal) if refusal.code == code::UNKNOWN_CALL => (None, Some(refusal)),
            Err(refusal) => return Err(refusal),
        };
        let story = self.stories.find(handle, call).cloned();
        let Some(story) = story else {
            return Err(refusal.unwrap_or_else(Refusal::stopping));
        };
        let now = explanation.and_then(|explanation| {
            let call = self.calls.at(explanation.call.call.slot as usize)?.clone();
            let places = explanation.places.iter().map(|place| self.place_standing(place));
            let Explanation { age, hold, .. } = explanation;
            Some(Standing { call, age, hold, places: places.collect() })
        });
        Ok(Explained { position: self.position, at, story, now })
    }

    fn place_standing(&self, said: &PlaceExplanation) -> PlaceStanding {
        let names = &self.names;
        let barred = said.barred.iter().map(|barred| BarrierRow {
            agents: barred.agents,
            until: barred.soonest,
            ..counted_row(names, barred.by)
        });
        let next_rule = said.next_rule.map(|(rule, at)| {
            let planned = names.plan.queues.get(said.place.queue.index());
            let planned = planned.and_then(|queue| queue.rules.get(usize::from(rule)));
            let does = planned.map_or(&[][..], |rule| &rule.then);
            NextRule {
                name: names.rule_name(said.place.queue, rule).to_owned(),
                at,
                does: does.iter().map(|action| effect(names, action)).collect(),
            }
        });
        PlaceStanding {
            queue: names.queue(said.place.queue).clone(),
            since: said.place.since,
            require: self.require_of(said.place.demand),
            ahead: said.ahead,
            next_rule,
            awaiting: said
                .awaiting
                .iter()
                .map(|it| awaiting(names, said.place.queue, it))
                .collect(),
            reserve: said.reserve,
            free: said.free,
            barred: barred.collect(),
            asked: said.asked.iter().map(|barrier| barrier_row(names, barrier)).collect(),
        }
    }
}

/// A rule of a queue, and what it waits for.
fn awaiting(names: &Names, of: QueueId, said: &AwaitingRule) -> AwaitingRow {
    let planned = names.plan.queues.get(of.index());
    let planned = planned.and_then(|queue| queue.rules.get(usize::from(said.rule)));
    let looks_at = planned.and_then(|rule| rule.when.latch.as_ref()?.of);
    AwaitingRow {
        name: names.rule_name(of, said.rule).to_owned(),
        queue: looks_at.map_or_else(|| Arc::from("*"), |queue| names.queue(queue).clone()),
        measures: said.measured.iter().map(measure_row).collect(),
    }
}

fn measure_row(Measured { bound, now }: &Measured) -> MeasureRow {
    let Bound { gauge, at_least, value } = *bound;
    let (kind, is_time) = match gauge {
        Gauge::CallsWaiting => ("calls_waiting", false),
        Gauge::LongestWait => ("longest_wait", true),
        Gauge::AgentsStaffed => ("agents_staffed", false),
        Gauge::AgentsWorking => ("agents_working", false),
        Gauge::AgentsAvailable => ("agents_available", false),
        Gauge::ServiceLevel => ("service_level", false),
        Gauge::EstimatedWait => ("estimated_wait", true),
    };
    // Less than so many percent is one less at most.
    let less = gauge == Gauge::ServiceLevel && !at_least;
    let measure = |value| match is_time {
        true => Measure::Time(Span(value)),
        false => Measure::Count(value),
    };
    let bound = measure(if less { value.saturating_add(1) } else { value });
    MeasureRow { kind, at_least, bound, now: now.map(measure) }
}

/// One of all that keep an agent from a call.
fn barrier_row(names: &Names, barrier: &Barrier) -> BarrierRow {
    let row =
        BarrierRow { agents: 1, until: barrier.until(), ..counted_row(names, barrier.kind()) };
    match *barrier {
        Barrier::LacksSkill { needs, has, .. } => {
            BarrierRow { needs, has: has.unwrap_or(0), ..row }
        }
        Barrier::LacksAlternative { alternative, skill, needs, has } => BarrierRow {
            alternative: alternative.saturating_add(1),
            skill: names.skill(skill).clone(),
            needs,
            has: has.unwrap_or(0),
            ..row
        },
        Barrier::TakesNoSuchCalls { channel } | Barrier::ChannelBarred { by: channel } => {
            BarrierRow { detail: Arc::from(channel.word()), ..row }
        }
        Barrier::PresencePending { presence } => {
            BarrierRow { detail: Arc::from(words::presence(presence)), ..row }
        }
        Barrier::NoFreeSlot { slots, .. } => BarrierRow { slots, ..row },
        Barrier::DeviceAdapterAway { adapter } | Barrier::DeviceAdapterAwaited { adapter, .. } => {
            let adapter = names.plan.adapters.get(adapter.index());
            BarrierRow { adapter: Arc::from(adapter.map_or("", |name| name)), ..row }
        }
        Barrier::AwaitsAnother { agent, .. } => {
            BarrierRow { agent: names.agent(agent).clone(), ..row }
        }
        Barrier::HasIt
        | Barrier::NotHisQueue
        | Barrier::LoggedOut
        | Barrier::NotReady { .. }
        | Barrier::DeviceOut
        | Barrier::DeviceBusy
        | Barrier::DesktopSilent
        | Barrier::Delayed { .. }
        | Barrier::Excluded { .. }
        | Barrier::KeptFree => row,
    }
}

/// What a kind of barrier is called, and what it leaves open.
fn counted_row(names: &Names, kind: BarrierKind) -> BarrierRow {
    let row = |kind| BarrierRow { kind, ..BarrierRow::default() };
    match kind {
        BarrierKind::HasIt => row("has_it"),
        BarrierKind::TakesNoSuchCalls => row("takes_no_such_calls"),
        BarrierKind::NotHisQueue => row("not_his_queue"),
        BarrierKind::LacksSkill(skill) => {
            BarrierRow { skill: names.skill(skill).clone(), ..row("lacks_skill") }
        }
        BarrierKind::LacksAlternative => row("lacks_alternative"),
        BarrierKind::LoggedOut => row("logged_out"),
        BarrierKind::NotReady(reason) => {
            let reason = names.reason(acd_core::Presence::NotReady(reason));
            BarrierRow { detail: reason, ..row("not_ready") }
        }
        BarrierKind::PresencePending => row("presence_pending"),
        BarrierKind::DeviceOut => row("device_out"),
        BarrierKind::DeviceBusy => row("device_busy"),
        BarrierKind::DesktopSilent => row("desktop_silent"),
        BarrierKind::Talking => row("talking"),
        BarrierKind::Holding => row("holding"),
        BarrierKind::Connecting => row("connecting"),
        BarrierKind::Reserved => row("reserved"),
        BarrierKind::WrapUp => row("wrap_up"),
        BarrierKind::ChannelBarred => row("channel_barred"),
        BarrierKind::DeviceAdapterAway => row("adapter_away"),
        BarrierKind::DeviceAdapterAwaited => row("adapter_awaited"),
        BarrierKind::Delayed => row("delayed"),
        BarrierKind::Excluded => row("excluded"),
        BarrierKind::AwaitsAnother => row("awaits_another"),
        BarrierKind::KeptFree => row("kept_free"),
    }
}

/// What an action does, and to or with what.
fn effect(names: &Names, action: &Action) -> (&'static str, String) {
    let listed = |list: &[String], index: usize| list.get(index).cloned().unwrap_or_default();
    match action {
        Action::RaisePriority(priority) => ("priority", priority.get().to_string()),
        Action::Require(requirement) => ("require", names.asked(requirement).to_string()),
        Action::Drop(skills) => {
            let names: Vec<&str> = skills.iter().map(|skill| &**names.skill(*skill)).collect();
            ("drop", names.join(", "))
        }
        Action::AddQueue { to, .. } => ("add_queue", names.queue(*to).to_string()),
        Action::MoveTo(to) => ("move_to", names.queue(*to).to_string()),
        Action::End(treatment) => {
            let word = match treatment {
                Treatment::Busy => "busy",
                Treatment::Voicemail => "voicemail",
                Treatment::Message => "message",
                Treatment::HangUp => "hang_up",
            };
            ("end", word.to_owned())
        }
        Action::TransferTo(number) => ("transfer_to", listed(&names.plan.numbers, number.index())),
        Action::Play(announcement) => {
            ("play", listed(&names.plan.announcements, announcement.index()))
        }
        Action::OfferCallback => ("offer_callback", String::new()),
        Action::Ladder(ladder) => ("ladder", listed(&names.plan.ladders, ladder.index())),
    }
}
