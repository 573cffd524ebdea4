//! What is measured of a queue, and whether that is trouble: the targets that the wallboard watches.
//! A change here is a change in its `figures.js`, and in the table of docs/wallboard.md.

use super::picture::{Picture, QueueSeen};
use super::words::{AGENT_STATES, percent, said};
use crate::times::{Instant, elapsed, length};
use acd_proto::v1;
use std::time::Duration;

/// The longest wait is a notice above the queue's promised time, an alarm above so many times that.
const LONGEST_WAIT_ALARM: u32 = 3;
/// A service level below its target counts with so many calls in half an hour.
const SERVICE_LEVEL_CALLS_MIN: u64 = 10;
/// So far below its target, in percent points, it is an alarm, else a notice.
const SERVICE_LEVEL_ALARM_BELOW: f64 = 10.0;
/// More callers than these percent give up.
const ABANDONMENT_ALARM_PERCENT: f64 = 5.0;
/// ... of so many at least in half an hour.
const ABANDONMENT_CALLS_MIN: u64 = 20;

/// How bad it is; an alarm is more than a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    Notice,
    Alarm,
}

impl Grade {
    /// What stands for it, so that nobody needs colours.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Notice => "△",
            Self::Alarm => "▲",
        }
    }
}

/// Something that is wrong with a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) grade: Grade,
    pub(super) text: String,
}

/// Of the calls that have left a queue: in the latest half hour, or where no figures are told, today.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recent {
    pub(super) calls: u64,
    pub(super) answered: u64,
    pub(super) service_level: Option<f64>,
    pub(super) abandonment: Option<f64>,
    pub(super) mean_wait: Option<Duration>,
}

/// See [`Recent`].
pub(super) fn recent(seen: &QueueSeen) -> Recent {
    let told = seen.statistics.as_ref().and_then(|told| told.last_30_minutes.as_ref());
    if let Some(told) = told {
        let levels = told.service_level.as_ref();
        return Recent {
            calls: told.answered + told.abandoned,
            answered: told.answered,
            service_level: levels.and_then(|levels| levels.abandons_missed_without_short),
            abandonment: told.abandonment_percent,
            mean_wait: told.wait_mean.as_ref().map(|wait| length(Some(wait))),
        };
    }
    let queue = &seen.queue;
    let calls = queue.answered + queue.abandoned;
    let waited = length(queue.answered_wait.as_ref()).as_secs_f64();
    let mean = (queue.answered > 0).then(|| waited / queue.answered as f64);
    Recent {
        calls,
        answered: queue.answered,
        service_level: share(queue.answered_in_time, calls),
        abandonment: share(queue.abandoned, calls),
        mean_wait: mean.and_then(|mean| Duration::try_from_secs_f64(mean).ok()),
    }
}

/// `80% in 20s`.
pub(super) fn target(queue: &v1::Queue) -> String {
    let within = length(queue.service_level_within.as_ref());
    format!("{}% in {}", queue.service_level_percent, said(within))
}

/// A share that misses its limit, not so rounded that it seems to meet it; both in percent.
fn missing(share: f64, limit: f64) -> String {
    let rounded = percent(Some(share));
    if rounded != percent(Some(limit)) {
        return rounded;
    }
    let tenths = if share < limit { (10.0 * share).floor() } else { (10.0 * share).ceil() };
    format!("{:.1}%", tenths / 10.0)
}

/// What is wrong with a queue, the worst first.
pub(super) fn troubles(seen: &QueueSeen, now: &Instant) -> Vec<Trouble> {
    let queue = &seen.queue;
    let Recent { calls, service_level, abandonment, .. } = recent(seen);
    let mut found = Vec::new();
    let mut find = |grade, text| found.push(Trouble { grade, text });
    if queue.waiting > 0 && queue.agents_working == 0 {
        let wait = if queue.waiting == 1 { "waits" } else { "wait" };
        find(Grade::Alarm, format!("Nobody at work, {} {wait}", queue.waiting));
    }
    let promised = length(queue.service_level_within.as_ref());
    let waited = queue.oldest_since.as_ref().and_then(|since| elapsed(since, now));
    let waited = waited.unwrap_or_default();
    if !promised.is_zero() && waited > promised {
        let much = promised.saturating_mul(LONGEST_WAIT_ALARM);
        let (grade, over) =
            if waited > much { (Grade::Alarm, much) } else { (Grade::Notice, promised) };
        find(grade, format!("Longest wait over {}", said(over)));
    }
    let wanted = f64::from(queue.service_level_percent);
    if let Some(level) = service_level.filter(|level| *level < wanted)
        && calls >= SERVICE_LEVEL_CALLS_MIN
    {
        let far = level < wanted - SERVICE_LEVEL_ALARM_BELOW;
        let grade = if far { Grade::Alarm } else { Grade::Notice };
        find(grade, format!("{} in time, target {wanted}%", missing(level, wanted)));
    }
    if let Some(gave_up) = abandonment.filter(|share| *share > ABANDONMENT_ALARM_PERCENT)
        && calls >= ABANDONMENT_CALLS_MIN
    {
        let gave_up = missing(gave_up, ABANDONMENT_ALARM_PERCENT);
        find(Grade::Alarm, format!("{gave_up} gave up, at most {ABANDONMENT_ALARM_PERCENT}%"));
    }
    found.sort_by_key(|trouble| std::cmp::Reverse(trouble.grade));
    found
}

/// The worst that is wrong with a queue.
pub(super) fn grade(seen: &QueueSeen, now: &Instant) -> Option<Grade> {
    troubles(seen, now).first().map(|trouble| trouble.grade)
}

/// All queues together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Totals {
    pub(super) waiting: u64,
    pub(super) in_conversation: u64,
    /// Since when the longest waiting has waited, and in which queue.
    pub(super) longest: Option<(Instant, String)>,
    /// Percent in time of today; absent where nobody has left a queue.
    pub(super) service_level: Option<f64>,
}

/// See [`Totals`].
pub(super) fn totals(picture: &Picture) -> Totals {
    let mut totals = Totals::default();
    let (mut in_time, mut over) = (0, 0);
    for seen in picture.queues() {
        let queue = &seen.queue;
        totals.waiting += queue.waiting;
        let today = seen.statistics.as_ref().and_then(|told| told.today.as_ref());
        let (met, answered, abandoned) = today
            .map_or((queue.answered_in_time, queue.answered, queue.abandoned), |today| {
                (today.answered_in_time, today.answered, today.abandoned)
            });
        in_time += met;
        over += answered + abandoned;
        let Some(since) = queue.oldest_since else { continue };
        let earlier = |(other, _): &(Instant, String)| {
            (since.seconds, since.nanos) < (other.seconds, other.nanos)
        };
        if totals.longest.as_ref().is_none_or(earlier) {
            totals.longest = Some((since, queue.queue.clone()));
        }
    }
    let talks =
        |call: &&v1::Call| matches!(call.state(), v1::CallState::Connected | v1::CallState::Held);
    totals.in_conversation = picture.calls().filter(talks).count() as u64;
    totals.service_level = share(in_time, over);
    totals
}

/// How many agents are in each of [`AGENT_STATES`].
pub(super) fn by_state(picture: &Picture) -> [usize; AGENT_STATES.len()] {
    let mut counts = [0; AGENT_STATES.len()];
    for seen in picture.agents() {
        let (place, _) = super::words::agent_state(&seen.agent.state);
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    counts
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant { seconds: 1_000, nanos: 0 };

    /// It promises 80% in 20s, and somebody is at work.
    fn queue() -> QueueSeen {
        let queue = v1::Queue {
            queue: "billing".to_owned(),
            agents_working: 1,
            service_level_percent: 80,
            service_level_within: Some(prost_types::Duration { seconds: 20, nanos: 0 }),
            ..v1::Queue::default()
        };
        QueueSeen { queue, statistics: None }
    }

    fn found(seen: &QueueSeen) -> Vec<(Grade, String)> {
        troubles(seen, &NOW).into_iter().map(|it| (it.grade, it.text)).collect()
    }

    fn waiting_for(seconds: i64) -> QueueSeen {
        let mut seen = queue();
        seen.queue.waiting = 1;
        seen.queue.oldest_since = Some(Instant { seconds: NOW.seconds - seconds, nanos: 0 });
        seen
    }

    #[test]
    fn the_longest_wait_is_held_against_what_was_promised() {
        assert_eq!(found(&waiting_for(20)), []);
        let notice = [(Grade::Notice, "Longest wait over 20s".to_owned())];
        assert_eq!(found(&waiting_for(21)), notice);
        assert_eq!(found(&waiting_for(60)), notice);
        let alarm = [(Grade::Alarm, "Longest wait over 1m".to_owned())];
        assert_eq!(found(&waiting_for(61)), alarm);
    }

    #[test]
    fn callers_for_whom_nobody_works_are_an_alarm() {
        let mut seen = waiting_for(5);
        seen.queue.agents_working = 0;
        assert_eq!(found(&seen), [(Grade::Alarm, "Nobody at work, 1 waits".to_owned())]);
        seen.queue.waiting = 3;
        assert_eq!(found(&seen), [(Grade::Alarm, "Nobody at work, 3 wait".to_owned())]);
    }

    fn measured(calls: u64, service_level: f64, abandonment: f64) -> QueueSeen {
        let levels = v1::ServiceLevels {
            abandons_missed_without_short: Some(service_level),
            ..v1::ServiceLevels::default()
        };
        let figures = v1::QueueFigures {
            answered: calls,
            service_level: Some(levels),
            abandonment_percent: Some(abandonment),
            ..v1::QueueFigures::default()
        };
        let statistics = v1::QueueStatistics {
            last_30_minutes: Some(figures),
            ..v1::QueueStatistics::default()
        };
        QueueSeen { statistics: Some(statistics), ..queue() }
    }

    #[test]
    fn a_service_level_below_its_target_counts_with_ten_calls() {
        assert_eq!(found(&measured(9, 10.0, 0.0)), []);
        assert_eq!(found(&measured(10, 80.0, 0.0)), []);
        let notice = (Grade::Notice, "70% in time, target 80%".to_owned());
        assert_eq!(found(&measured(10, 70.0, 0.0)), [notice]);
        let alarm = (Grade::Alarm, "69% in time, target 80%".to_owned());
        assert_eq!(found(&measured(10, 69.0, 0.0)), [alarm]);
    }

    #[test]
    fn what_misses_its_target_by_little_is_not_rounded_to_it() {
        let texts = |level, gave_up| {
            let found = found(&measured(20, level, gave_up)).into_iter();
            found.map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert_eq!(texts(79.6, 0.0), ["79.6% in time, target 80%"]);
        assert_eq!(texts(79.99, 0.0), ["79.9% in time, target 80%"]);
        assert_eq!(texts(79.4, 0.0), ["79% in time, target 80%"]);
        assert_eq!(texts(90.0, 5.01), ["5.1% gave up, at most 5%"]);
    }

    #[test]
    fn giving_up_counts_with_twenty_calls_and_alarms_stand_before_notices() {
        assert_eq!(found(&measured(19, 90.0, 50.0)), []);
        assert_eq!(found(&measured(20, 90.0, 5.0)), []);
        let gave_up = (Grade::Alarm, "6% gave up, at most 5%".to_owned());
        let late = (Grade::Notice, "75% in time, target 80%".to_owned());
        assert_eq!(found(&measured(20, 75.0, 6.0)), [gave_up, late]);
    }

    #[test]
    fn without_figures_it_is_measured_by_the_counts_of_today() {
        let mut seen = queue();
        (seen.queue.answered, seen.queue.answered_in_time, seen.queue.abandoned) = (6, 4, 2);
        seen.queue.answered_wait = Some(prost_types::Duration { seconds: 90, nanos: 0 });
        let recent = recent(&seen);
        assert_eq!((recent.calls, recent.service_level), (8, Some(50.0)));
        assert_eq!(recent.abandonment, Some(25.0));
        assert_eq!(recent.mean_wait, Some(Duration::from_secs(15)));
    }
}
