//! The first moments of an epoch: the state is there again, time waits for the adapters.

use super::engine::Engine;
use super::numbering::Adapter;
use crate::domain::StartError;
use crate::names::Names;
use crate::view::View;
use acd_core::{AdapterFacts, AdapterId, Command, Rejection, RoutingPlan, Timestamp};
use acd_journal::Closings;
use acd_statistics::Statistics;
use std::collections::BTreeSet;
use std::sync::Arc;
use tracing::{error, info};

/// Deadlines and offers wait until the adapters have said what they hold, or have had their time.
#[derive(Debug)]
pub(super) struct Recovery {
    awaited: BTreeSet<AdapterId>,
    pub(super) until: Timestamp,
}

impl Recovery {
    /// Nobody is waited for any more.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.awaited.is_empty() || self.until <= now
    }
}

impl Engine {
    /// Begins the epoch on what was recovered, under a plan that may be a new one: the commands
    /// that open it wait for the log as its first batch.
    ///
    /// # Errors
    /// Why the plan cannot take over what is there.
    pub(crate) fn open_epoch(
        &mut self,
        now: Timestamp,
        plan: &RoutingPlan,
        statistics: &mut Statistics,
    ) -> Result<(), StartError> {
        // The log's tail was counted by the process that wrote it.
        statistics.forget_totals();
        let (by, before) = (self.by_plan.clone(), self.router.now());
        let begins = self.apply(now, &by, Command::EpochBegan, None);
        begins.map_err(|rejection| StartError::Misfit(rejection.to_string()))?;
        self.hand_over_to(statistics);
        let plan = with_adapters_known(plan, self.directory.adapter_names());
        if !routes_alike(&plan, self.router.plan()) {
            let plan = Arc::new(plan);
            let changes = Command::PlanChanged { plan: Arc::clone(&plan) };
            let changed = self.apply(now, &by, changes, None);
            changed.map_err(|rejection| StartError::Misfit(self.misfit(rejection)))?;
            statistics.plan_changed(now, &self.router);
            self.directory.follow_plan(&self.router);
            self.names = Arc::new(Names::new(plan));
        }
        let facts: Vec<AdapterFacts> = self.router.adapters().collect();
        for known in facts.into_iter().filter(|known| known.incarnation != 0) {
            self.remember(known);
        }
        let awaited = (0..self.directory.adapter_names().len() as u16).map(AdapterId);
        let awaited = awaited.filter(|adapter| self.directory.concerns(*adapter)).collect();
        self.recovery = Some(Recovery { awaited, until: now });
        self.give_time(now);
        self.tell_who_is_awaited();
        self.end_recovery_if_due(now);
        self.end_unit(now);
        self.count_half_minutes_from(before, now);
        // Subscribers of this epoch begin with the state as it is now.
        self.hand_over_to(statistics);
        self.number = 0;
        Ok(())
    }

    /// What has happened so far is for the figures alone.
    fn hand_over_to(&mut self, statistics: &mut Statistics) {
        for record in std::mem::take(&mut self.parcel).records {
            statistics.fold(record.at, &record.event);
        }
    }

    /// Adapters and desktops have the whole of their time from now on: before the epoch's first batch was durable
    /// none of them could come.
    pub(super) fn give_time(&mut self, now: Timestamp) {
        let grace = self.router.plan().recovery_grace;
        if let Some(recovery) = &mut self.recovery {
            recovery.until = now + grace;
        }
        self.expect_heartbeats(now);
    }

    /// Why calls that are there keep a plan from being taken, and what can be done.
    fn misfit(&self, rejection: Rejection) -> String {
        let (what, name) = match rejection {
            Rejection::QueueInUse { queue } => ("queue", self.names.queue(queue)),
            Rejection::AgentInUse { agent } => ("agent", self.names.agent(agent)),
            other => return other.to_string(),
        };
        format!(
            "{what} `{name}`, or a part of it, is not in this configuration, and there are calls \
             that need it: start with the former configuration, and take it out when those calls \
             are over"
        )
    }

    /// What readers begin with; `closings` says who closed queues.
    pub(crate) fn outlook(
        &self,
        statistics: Statistics,
        closings: &Closings,
    ) -> (Arc<Names>, View) {
        let card = |call| self.directory.name_of(call).map(Arc::clone);
        let view = View::of(&self.names, &self.router, self.epoch, statistics, card, closings);
        (Arc::clone(&self.names), view)
    }

    /// What the Router knows of an adapter that has spoken before.
    fn remember(&mut self, known: AdapterFacts) {
        let AdapterFacts { adapter: id, incarnation, heard, .. } = known;
        let Some(name) = self.directory.adapter_name(id).cloned() else { return };
        let gauge = self.gauges.adapter(&name, "");
        let mut adapter = Adapter::new(id, name, gauge);
        adapter.goes_on(incarnation, heard);
        adapter.held_calls(self.directory.calls_of(id).len());
        if self.adapters.len() <= id.index() {
            self.adapters.resize_with(id.index() + 1, || None);
        }
        self.adapters[id.index()] = Some(adapter);
    }

    /// Lets time go on once nobody is waited for any more.
    pub(super) fn end_recovery_if_due(&mut self, now: Timestamp) {
        if !self.recovery.as_ref().is_some_and(|recovery| recovery.is_over(now)) {
            return;
        }
        let Some(Recovery { awaited, .. }) = self.recovery.take() else { return };
        let late: Vec<&str> = awaited.iter().filter_map(|id| self.name_of(*id)).collect();
        info!(without = ?late, calls = self.router.live_calls(), "recovered: time goes on");
        self.gauges.recovered();
        let by = self.by_time.clone();
        if let Err(rejection) = self.apply(now, &by, Command::RecoveryOver, None) {
            error!(%rejection, "the router does not end its recovery");
        }
        self.fire_what_is_due(now);
    }

    /// An adapter has said what it holds.
    pub(super) fn recovery_goes_on_without(&mut self, id: AdapterId) {
        let Some(recovery) = &mut self.recovery else { return };
        recovery.awaited.remove(&id);
        self.tell_who_is_awaited();
    }

    /// Shows in the domain's health whom it waits for.
    pub(super) fn tell_who_is_awaited(&self) {
        let Some(recovery) = &self.recovery else { return };
        let awaited: Vec<&str> =
            recovery.awaited.iter().filter_map(|id| self.name_of(*id)).collect();
        self.gauges.recovering(&awaited);
    }

    fn name_of(&self, id: AdapterId) -> Option<&str> {
        self.directory.adapter_name(id).map(|name| &**name)
    }
}

/// Whether two plans say the same; adapters that only one of them has heard of do not matter.
fn routes_alike(plan: &RoutingPlan, present: &RoutingPlan) -> bool {
    let mut plan = plan.clone();
    plan.adapters.truncate(present.adapters.len());
    plan == *present
}

/// The plan with the adapters that are known already in front, so that their handles stay.
fn with_adapters_known(plan: &RoutingPlan, known: &[Arc<str>]) -> RoutingPlan {
    let mut plan = plan.clone();
    let own =
        std::mem::replace(&mut plan.adapters, known.iter().map(|name| name.to_string()).collect());
    let handles: Vec<AdapterId> = own
        .into_iter()
        .map(|name| {
            let at = plan.adapters.iter().position(|other| *other == name);
            AdapterId(at.unwrap_or_else(|| {
                plan.adapters.push(name);
                plan.adapters.len() - 1
            }) as u16)
        })
        .collect();
    let desks = plan.agents.iter_mut().flat_map(|agent| &mut agent.desks);
    for endpoint in desks.filter_map(|desk| desk.endpoint.as_mut()) {
        endpoint.adapter = handles[endpoint.adapter.index()];
    }
    plan
}
