//! The values of all metrics, looked up when somebody asks. Labels are names of the configuration, of
//! adapters, and words: nothing of a call or a caller.

use super::Metric;
use crate::about::About;
use crate::convert::status::health_word;
use acd_engine::{AdapterStatus, AgentRow, Domain, Health, Latency, QueueRow, Status, View};
use acd_statistics::{Totals, WAIT_BOUNDS};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, NoLabelSet};
use std::collections::BTreeMap;
use std::fmt;

/// One answer to Prometheus.
#[derive(Debug)]
pub(super) struct Scrape {
    domain: Domain,
    about: About,
}

impl Scrape {
    pub(super) fn new(domain: Domain, about: About) -> Self {
        Self { domain, about }
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut out = Out { encoder };
        let status = self.domain.status();
        out.process(&status, &self.about)?;
        {
            let view = self.domain.view();
            out.queues(&view, &self.domain)?;
            out.totals(&view)?;
            out.skill_queues(&view)?;
            out.agents(&view)?;
        }
        out.adapters(&status.adapters)?;
        out.engine(&status)?;
        out.journal(&self.about)
    }
}

type Written = Result<(), fmt::Error>;
/// A label: what of, and which.
type Label<'a> = (&'static str, &'a str);

struct Out<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl Out<'_> {
    /// A gauge with a value for each set of labels.
    fn gauges<'l, Value: EncodeGaugeValue, const N: usize>(
        &mut self,
        metric: Metric,
        samples: impl IntoIterator<Item = ([Label<'l>; N], Value)>,
    ) -> Written {
        let Metric { name, help, unit, kind } = metric;
        let mut metric = self.encoder.encode_descriptor(name, help, unit, kind)?;
        for (labels, value) in samples {
            metric.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// A counter with a value for each set of labels.
    fn counters<'l, const N: usize>(
        &mut self,
        metric: Metric,
        samples: impl IntoIterator<Item = ([Label<'l>; N], f64)>,
    ) -> Written {
        let Metric { name, help, unit, kind } = metric;
        let mut metric = self.encoder.encode_descriptor(name, help, unit, kind)?;
        for (labels, value) in samples {
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }

    fn process(&mut self, status: &Status, about: &About) -> Written {
        let Metric { name, help, unit, kind } = super::BUILD;
        let labels = [("version", About::VERSION)];
        self.encoder.encode_descriptor(name, help, unit, kind)?.encode_info(&labels)?;
        self.gauges(super::UPTIME, [([], about.uptime().as_secs_f64())])?;
        let states = [Health::Serving, Health::Recovering, Health::Degraded, Health::Draining];
        let states = states
            .map(|state| ([("state", health_word(state))], u64::from(state == status.health)));
        self.gauges(super::HEALTH, states)?;
        self.gauges(super::EPOCH, [([], status.position.epoch)])?;
        self.counters(super::EVENTS, [([], status.position.number as f64)])
    }

    fn queues(&mut self, view: &View, domain: &Domain) -> Written {
        let rows = view.queues();
        let now = domain.clock().now();
        self.of_queues(super::QUEUE_WAITING, rows, |row| Some(row.waiting))?;
        self.of_queues(super::QUEUE_OFFERING, rows, |row| Some(row.offering))?;
        self.of_queues(super::QUEUE_CONNECTED, rows, |row| Some(row.connected))?;
        self.of_queues(super::QUEUE_OLDEST, rows, |row| {
            Some(row.oldest_since.map_or(0.0, |since| seconds(now.since(since).0)))
        })?;
        self.of_queues(super::QUEUE_ESTIMATE, rows, |row| {
            row.estimated_wait.map(|wait| seconds(wait.0))
        })?;
        let agents = rows.iter().flat_map(|row| {
            let by = [
                ("staffed", row.agents.staffed),
                ("working", row.agents.working),
                ("available", row.agents.available),
            ];
            by.map(|(state, agents)| ([("queue", &*row.queue), ("state", state)], agents))
        });
        self.gauges(super::QUEUE_AGENTS, agents)?;
        self.of_queues(super::QUEUE_CLOSED, rows, |row| Some(u64::from(row.closed)))?;
        self.of_queues(super::QUEUE_TARGET_SHARE, rows, |row| {
            Some(f64::from(row.service_level.answered_percent) / 100.0)
        })?;
        self.of_queues(super::QUEUE_TARGET_TIME, rows, |row| {
            Some(seconds(row.service_level.within.0))
        })
    }

    fn of_queues<Value: EncodeGaugeValue>(
        &mut self,
        metric: Metric,
        rows: &[QueueRow],
        value: impl Fn(&QueueRow) -> Option<Value>,
    ) -> Written {
        let samples = rows.iter().filter_map(|row| Some(([("queue", &*row.queue)], value(row)?)));
        self.gauges(metric, samples)
    }

    fn totals(&mut self, view: &View) -> Written {
        let all: Vec<(&str, Totals)> =
            view.queues().iter().map(|row| &*row.queue).zip(view.queue_totals()).collect();
        let plain = |of: fn(&Totals) -> u64| {
            all.iter().map(move |(queue, totals)| ([("queue", *queue)], of(totals) as f64))
        };
        self.counters(super::ENTERED, plain(|it| it.counts.entered))?;
        self.counters(super::ANSWERED_IN_TIME, plain(|it| it.counts.answered_in_time))?;
        let abandoned = all.iter().flat_map(|(queue, Totals { counts, .. })| {
            [("no", counts.abandoned), ("yes", counts.short_abandoned)]
                .map(|(short, calls)| ([("queue", *queue), ("short", short)], calls as f64))
        });
        self.counters(super::ABANDONED, abandoned)?;
        let in_time = all.iter().flat_map(|(queue, Totals { counts, .. })| {
            [("no", counts.abandoned_in_time), ("yes", counts.short_abandoned_in_time)]
                .map(|(short, calls)| ([("queue", *queue), ("short", short)], calls as f64))
        });
        self.counters(super::ABANDONED_IN_TIME, in_time)?;
        let left = all.iter().flat_map(|(queue, Totals { counts, .. })| {
            let by = [
                ("overflowed", counts.overflowed),
                ("rejected", counts.rejected),
                ("moved", counts.moved),
                ("withdrawn", counts.withdrawn),
                ("vanished", counts.vanished),
                ("answered_elsewhere", counts.answered_elsewhere),
            ];
            by.map(|(how, calls)| ([("queue", *queue), ("how", how)], calls as f64))
        });
        self.counters(super::LEFT, left)?;
        self.waits(&all)?;
        self.counters(super::HANDLED, plain(|it| it.counts.handled))?;
        self.counters(super::TRANSFERRED, plain(|it| it.counts.transferred))?;
        let handling = all.iter().flat_map(|(queue, Totals { counts, .. })| {
            let by = [
                ("talk", counts.talk_us),
                ("hold", counts.hold_us),
                ("wrap_up", counts.wrap_up_us),
            ];
            by.map(|(doing, us)| ([("queue", *queue), ("doing", doing)], seconds(us)))
        });
        self.counters(super::HANDLING, handling)?;
        self.counters(super::ESTIMATES, plain(|it| it.counts.estimates))?;
        let error =
            all.iter().map(|(queue, it)| ([("queue", *queue)], seconds(it.counts.estimate_off_us)));
        self.counters(super::ESTIMATE_ERROR, error)
    }

    fn waits(&mut self, all: &[(&str, Totals)]) -> Written {
        let Metric { name, help, unit, kind } = super::WAIT;
        let mut metric = self.encoder.encode_descriptor(name, help, unit, kind)?;
        for (queue, Totals { counts, waited_up_to }) in all {
            // Each bucket by itself: the encoder adds them up.
            let mut below = 0;
            let mut buckets: Vec<(f64, u64)> = Vec::with_capacity(WAIT_BOUNDS.len() + 1);
            for (bound, up_to) in WAIT_BOUNDS.iter().zip(waited_up_to) {
                buckets.push((seconds(bound.0), up_to - below));
                below = *up_to;
            }
            buckets.push((f64::INFINITY, counts.answered - below));
            metric.encode_family(&[("queue", *queue)])?.encode_histogram::<NoLabelSet>(
                seconds(counts.wait_us),
                counts.answered,
                &buckets,
                None,
            )?;
        }
        Ok(())
    }

    fn skill_queues(&mut self, view: &View) -> Written {
        let lines: Vec<(&str, String, u64)> = view
            .skill_queues()
            .iter()
            .map(|row| (&*row.queue, row.require.to_string(), row.depth))
            .collect();
        let samples = lines.iter().map(|(queue, requires, depth)| {
            ([("queue", *queue), ("requires", requires.as_str())], *depth)
        });
        self.gauges(super::LINE_DEPTH, samples)
    }

    fn agents(&mut self, view: &View) -> Written {
        // A state that nobody is in has a sample too: what has none cannot be compared with.
        let mut by_state: BTreeMap<&str, u64> = AgentRow::STATES.map(|state| (state, 0)).into();
        let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
        for agent in view.agents() {
            *by_state.entry(agent.state).or_default() += 1;
            if agent.state == "not_ready" {
                *by_reason.entry(&agent.reason).or_default() += 1;
            }
        }
        let states = by_state.into_iter().map(|(state, agents)| ([("state", state)], agents));
        self.gauges(super::AGENTS, states)?;
        let reasons = by_reason.into_iter().map(|(reason, agents)| ([("reason", reason)], agents));
        self.gauges(super::AGENTS_NOT_READY, reasons)
    }

    fn adapters(&mut self, adapters: &[AdapterStatus]) -> Written {
        let plain = |of: fn(&AdapterStatus) -> u64| {
            adapters.iter().map(move |it| ([("adapter", it.adapter.as_str())], of(it)))
        };
        self.gauges(super::ADAPTER_CONNECTED, plain(|it| u64::from(it.connected)))?;
        self.gauges(super::ADAPTER_CALLS, plain(|it| it.calls))?;
        self.gauges(super::ADAPTER_ORDERS, plain(|it| it.orders_unacknowledged))
    }

    fn engine(&mut self, status: &Status) -> Written {
        self.gauges(super::CALLS, [([], status.calls)])?;
        self.gauges(super::SUBSCRIBERS, [([], status.subscribers)])?;
        self.counters(super::COMMANDS, [([], status.commands as f64)])?;
        self.counters(super::REFUSED, [([], status.rejected as f64)])?;
        self.gauges(super::UNDURABLE, [([], status.undurable)])?;
        self.latency(super::DECISION, &status.decision)?;
        self.latency(super::MAILBOX, &status.mailbox)
    }

    fn latency(&mut self, metric: Metric, latency: &Latency) -> Written {
        let Latency { p50_us, p99_us, p999_us, max_us, .. } = *latency;
        let by = [("0.5", p50_us), ("0.99", p99_us), ("0.999", p999_us), ("1", max_us)];
        self.gauges(metric, by.map(|(quantile, us)| ([("quantile", quantile)], us / 1e6)))
    }

    fn journal(&mut self, about: &About) -> Written {
        let Some(gauge) = &about.journal else { return Ok(()) };
        let statistics = gauge.statistics();
        self.counters(super::JOURNAL_SYNCS, [([], statistics.syncs as f64)])?;
        let by = [
            ("0.5", statistics.sync_p50_us),
            ("0.99", statistics.sync_p99_us),
            ("1", statistics.sync_max_us),
        ];
        let by = by.map(|(quantile, us)| ([("quantile", quantile)], seconds(us)));
        self.gauges(super::JOURNAL_SYNC, by)?;
        self.counters(super::JOURNAL_FAILURES, [([], statistics.failures as f64)])?;
        self.counters(super::JOURNAL_BYTES, [([], statistics.bytes as f64)])
    }
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}
