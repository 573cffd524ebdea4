//! A journal as a recording: what people did, day by day.

use crate::failure::Failure;
use crate::journal::{folder, instant, progress_bar, refused, show_progress};
use crate::output::Output;
use acd_journal::tools::{self, CallHistory, History, HistoryEnd};
use acd_sim::what_if::{
    AtWork, Closing, Door, PresenceChange, RecordedCall, RecordedDay, RecordedEnd, Recording, Span,
    Timestamp,
};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads the days of a journal that are asked for, or all of them.
pub(super) fn recording(path: &Path, days: &[Date], output: Output) -> Result<Recording, Failure> {
    let bar = progress_bar(output);
    let history = tools::history(&folder(path), &mut |progress| show_progress(&bar, progress));
    bar.finish_and_clear();
    let history = history.map_err(refused)?;
    let by_day = by_day(&history);
    if let Some(missing) = days.iter().find(|day| !by_day.contains_key(*day)) {
        let has: Vec<String> = by_day.keys().map(Date::to_string).collect();
        let has = if has.is_empty() { "no calls at all".to_owned() } else { has.join(", ") };
        let path = path.display();
        return Err(Failure::Wrong(format!("{path} has no calls of {missing}; it has {has}")));
    }
    let wanted = by_day.into_iter().filter(|(day, _)| days.is_empty() || days.contains(day));
    let recorded = wanted.filter_map(|(day, calls)| recorded(day, calls, &history));
    Ok(Recording { days: recorded.collect(), notes: notes(&history) })
}

/// The day here of an instant, in microseconds since the epoch.
fn day_of(at: u64) -> Option<Date> {
    let at = instant(at);
    let at = jiff::Timestamp::new(at.seconds, at.nanos).ok()?;
    Some(TimeZone::system().to_datetime(at).date())
}

/// When a day begins here.
fn midnight(day: Date) -> Option<u64> {
    let midnight = TimeZone::system().to_timestamp(day.to_datetime(Time::midnight())).ok()?;
    u64::try_from(midnight.as_microsecond()).ok()
}

fn by_day(history: &History) -> BTreeMap<Date, Vec<&CallHistory>> {
    let mut days: BTreeMap<Date, Vec<&CallHistory>> = BTreeMap::new();
    for call in &history.calls {
        if let Some(day) = day_of(call.since.0) {
            days.entry(day).or_default().push(call);
        }
    }
    days
}

fn recorded(day: Date, calls: Vec<&CallHistory>, history: &History) -> Option<RecordedDay> {
    let (begins, ends) = (midnight(day)?, midnight(day.tomorrow().ok()?)?);
    let mut calls: Vec<RecordedCall> = calls.into_iter().map(recorded_call).collect();
    calls.sort_by_key(|call| call.at);
    let at_midnight = Timestamp(begins);
    // Who was at work at midnight comes then; who still is when the day is over stays until his calls are.
    let mut at_first: BTreeMap<&str, AtWork> = BTreeMap::new();
    let mut presence = Vec::new();
    for change in &history.presence {
        let to = AtWork::from(change.presence);
        if change.at.0 < begins {
            at_first.insert(&change.agent, to);
        } else if change.at.0 < ends {
            presence.push(PresenceChange { at: change.at, agent: change.agent.clone(), to });
        }
    }
    let there = at_first.into_iter().filter(|(_, to)| *to != AtWork::Gone);
    let there =
        there.map(|(agent, to)| PresenceChange { at: at_midnight, agent: agent.to_owned(), to });
    let mut closed: BTreeMap<&str, bool> = BTreeMap::new();
    let mut closings = Vec::new();
    for change in &history.closings {
        let tools::QueueClosed { at, queue, closed: is_closed } = change;
        if at.0 < begins {
            closed.insert(queue, *is_closed);
        } else if at.0 < ends {
            closings.push(Closing { at: *at, queue: queue.clone(), closed: *is_closed });
        }
    }
    let shut = closed.into_iter().filter(|(_, closed)| *closed);
    let shut =
        shut.map(|(queue, closed)| Closing { at: at_midnight, queue: queue.to_owned(), closed });
    Some(RecordedDay {
        name: day.to_string(),
        midnight: at_midnight,
        calls,
        presence: there.chain(presence).collect(),
        closings: shut.chain(closings).collect(),
        last_one_stays: false,
    })
}

fn recorded_call(call: &CallHistory) -> RecordedCall {
    let card = &call.card;
    let door = if call.by_route {
        Door::Routes {
            dialed: card.dialed.to_string(),
            caller: card.caller.to_string(),
            attributes: card.attributes.to_vec(),
        }
    } else {
        Door::Queue(call.queue.clone())
    };
    RecordedCall {
        id: card.call_id.to_string(),
        at: call.since,
        door,
        group: call.queue.clone(),
        channel: call.channel,
        priority: call.priority,
        preferred: call.preferred.clone(),
        caller: call.caller,
        wait: call.wait,
        ring: call.ring,
        end: match call.end {
            HistoryEnd::Answered(_) => {
                let (talk, notes) = (call.talk, call.notes);
                RecordedEnd::Answered { talk, notes, pause: Some(Span(0)) }
            }
            HistoryEnd::Abandoned => RecordedEnd::Abandoned,
            HistoryEnd::SentAway => RecordedEnd::SentAway,
            HistoryEnd::Unknown => RecordedEnd::Unknown,
        },
    }
}

/// What of the journal is not played.
fn notes(history: &History) -> Vec<String> {
    let left_out = [
        (
            history.interventions,
            "time a supervisor moved, ended or changed a waiting call, or set a skill: not done again",
            "times a supervisor moved, ended or changed a waiting call, or set a skill: not done again",
        ),
        (
            history.handed_on,
            "conversation was handed on or lost its agent: it ends there",
            "conversations were handed on or lost their agent: they end there",
        ),
        (
            history.missed,
            "offer was declined, missed or failed: here agents answer each, as fast as that call was \
             answered",
            "offers were declined, missed or failed: here agents answer each, as fast as that call was \
             answered",
        ),
    ];
    let told = left_out.into_iter().filter(|(count, ..)| *count > 0);
    told.map(|(count, one, more)| format!("{count} {}", if count == 1 { one } else { more }))
        .collect()
}
