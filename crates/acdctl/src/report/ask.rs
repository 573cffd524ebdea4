//! What the daemon is asked for a report: totals in one request, and intervals day by day.

use super::cli::ReportArguments;
use super::fairness::Fairness;
use super::row::{AgentRow, QueueRow, Target};
use super::{Report, Shows, every};
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::Output;
use crate::range::{Edge, Every, Range};
use crate::times;
use acd_proto::v1;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::collections::HashMap;

/// A report that is asked for, and what else the daemon has said for it.
pub(super) struct Asked<'d> {
    daemon: &'d Daemon,
    range: Range,
    every: Every,
    queues: Vec<String>,
    agents: Vec<String>,
    shows: Shows,
    targets: HashMap<String, Target>,
    known_until: Timestamp,
    durable: bool,
}

impl<'d> Asked<'d> {
    pub(super) async fn of(
        daemon: &'d Daemon,
        arguments: &ReportArguments,
    ) -> Result<Self, Failure> {
        let message = v1::GetStatusRequest { domain: daemon.domain.clone() };
        let status = daemon.answer(daemon.admin().get_status(request(message)).await)?;
        let now = times::timestamp(status.now)
            .ok_or_else(|| Failure::Refused("the daemon does not say what time it is".into()))?;
        let range = arguments.range.at(now, &Edge::DaysAgo(0))?;
        range.at_most_ten_years()?;
        if range.from >= now {
            let said = |at| crate::range::said(at, &range.zone);
            let (from, now) = (said(range.from), said(now));
            return Err(Failure::Wrong(format!("--from is {from}, but it is {now} only")));
        }
        let every = every(arguments, &range);
        let message = v1::ListQueuesRequest { domain: daemon.domain.clone() };
        let queues = daemon.answer(daemon.supervisors().list_queues(request(message)).await)?;
        // Who names queues alone, or agents alone, means these.
        let (names, ids) = (&arguments.queue_names, &arguments.agent_ids);
        let shows = Shows {
            queues: !arguments.agents && (ids.is_empty() || !names.is_empty()),
            agents: !arguments.queues && (names.is_empty() || !ids.is_empty()),
        };
        Ok(Self {
            daemon,
            known_until: now.min(range.to),
            range: range.beginning_whole(every),
            every,
            queues: names.clone(),
            agents: ids.clone(),
            shows,
            targets: queues.queues.iter().map(target).collect(),
            durable: status.journal.is_some(),
        })
    }

    pub(super) async fn answer(self, output: Output) -> Result<Report, Failure> {
        let days = match self.every {
            Every::Whole => Vec::new(),
            Every::Part(_) | Every::Day => self.range.days(),
        };
        let bar = progress_bar(days.len() as u64 + 1, output);
        let (queues, agents) = self.rows(self.range.from, self.range.to, Every::Whole).await?;
        bar.inc(1);
        let (mut queue_intervals, mut agent_intervals) = (Vec::new(), Vec::new());
        for (from, to) in days {
            let (queues, agents) = self.rows(from, to, self.every).await?;
            queue_intervals.extend(queues);
            agent_intervals.extend(agents);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let Self { range, every, shows, known_until, durable, .. } = self;
        Ok(Report {
            from: range.rfc_3339(range.from),
            to: range.rfc_3339(range.to),
            timezone: range.zone.iana_name().unwrap_or("local").to_owned(),
            known_until: range.rfc_3339(known_until),
            known_until_at: known_until,
            durable,
            interval: interval(every),
            fairness: Fairness::of(&agents),
            queues,
            agents,
            queue_intervals,
            agent_intervals,
            insights: None,
            range,
            every,
            domain: self.daemon.domain.clone(),
            shows,
        })
    }

    /// The rows of some time: of all of it, or each of a part.
    async fn rows(
        &self,
        from: Timestamp,
        to: Timestamp,
        every: Every,
    ) -> Result<(Vec<QueueRow>, Vec<AgentRow>), Failure> {
        let seconds = match every {
            Every::Whole | Every::Day => 0,
            Every::Part(part) => part.as_secs().cast_signed(),
        };
        let message = v1::ListIntervalsRequest {
            domain: self.daemon.domain.clone(),
            from: Some(times::of_timestamp(from)),
            to: Some(times::of_timestamp(to)),
            every: Some(prost_types::Duration { seconds, nanos: 0 }),
            queues: self.queues.clone(),
            agents: self.agents.clone(),
            without_queues: !self.shows.queues,
            without_agents: !self.shows.agents,
        };
        let answer = self.daemon.supervisors().list_intervals(request(message)).await;
        let mut stream = self.daemon.answer(answer)?;
        let (mut queues, mut agents) = (Vec::new(), Vec::new());
        while let Some(some) = stream.message().await.map_err(|it| self.daemon.failure(&it))? {
            queues.extend(some.queues.into_iter().map(|row| {
                let target = self.targets.get(&row.queue).copied();
                QueueRow::new(row, target, &self.range)
            }));
            agents.extend(some.agents.into_iter().map(|row| AgentRow::new(row, &self.range)));
        }
        Ok((queues, agents))
    }
}

fn target(queue: &v1::Queue) -> (String, Target) {
    let share = f64::from(queue.service_level_percent) / 100.0;
    let seconds = times::seconds(times::length(queue.service_level_within.as_ref()));
    (queue.queue.clone(), Target { share, seconds })
}

/// As it is written on the command line.
pub(super) fn interval(every: Every) -> Option<String> {
    match every {
        Every::Whole => None,
        Every::Day => Some("1d".to_owned()),
        Every::Part(part) => {
            let minutes = part.as_secs() / 60;
            Some(match minutes % 60 {
                0 => format!("{}h", minutes / 60),
                _ => format!("{minutes}m"),
            })
        }
    }
}

fn progress_bar(requests: u64, output: Output) -> ProgressBar {
    if output.json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} answers  {eta} left");
    ProgressBar::new(requests).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
