//! The rows of a domain that goes on where it was: what was counted before is not counted again.

use super::View;
use super::calls::{LiveCall, Out, Stay};
use super::rows::{CallRow, CallState, PlaceRow};
use super::words::call_in;
use crate::names::Names;
use acd_core::{
    AgentFacts, CallFacts, CallHandle, CallStage, DemandId, HandFacts, Presence, QueueId, Router,
    SlotFacts,
};
use acd_journal::{CallCard, Closings};
use acd_statistics::Statistics;
use std::sync::{Arc, OnceLock};

impl View {
    /// The rows of what a Router holds; `card` names its calls, `closings` those who closed queues.
    pub(crate) fn of(
        names: &Arc<Names>,
        router: &Router,
        epoch: u64,
        statistics: Statistics,
        card: impl Fn(CallHandle) -> Option<Arc<CallCard>>,
        closings: &Closings,
    ) -> Self {
        let mut view = Self::new(Arc::clone(names), router.demands(), epoch, statistics);
        for closing in router.closings() {
            let row = &mut view.queues[closing.queue.index()];
            (row.closed, row.closed_until) = (closing.closed, closing.until);
        }
        for row in &mut view.queues {
            let Some(by) = closings.of(&row.queue) else { continue };
            row.closed_by = Arc::clone(&by.person);
            row.closed_reason = Arc::clone(&by.reason);
        }
        for (queue, rule) in router.active_rules() {
            view.rule_is_active(queue, rule, true);
        }
        for facts in router.calls() {
            if let Some(card) = card(facts.call) {
                view.restore_call(&facts, card);
            }
        }
        for facts in router.agents() {
            view.restore_agent(&facts, &card);
        }
        let lines: Vec<_> = (0..router.demands().len() as u32)
            .map(|demand| (DemandId(demand), router.skill_queue(DemandId(demand))))
            .collect();
        view.set_lines(&lines);
        view.at = router.now();
        // Also of queues in which nothing has happened since the figures were read.
        (0..view.queues.len() as u16).for_each(|queue| view.count_of_today(QueueId(queue)));
        // Nobody has been shown anything yet that could have changed.
        drop(view.take_delta());
        view
    }

    fn restore_call(&mut self, facts: &CallFacts, card: Arc<CallCard>) {
        let state = match facts.stage {
            CallStage::Waiting => CallState::Waiting,
            CallStage::Offering => CallState::Offering,
            CallStage::Connecting => CallState::Connecting,
            CallStage::Connected => CallState::Connected,
            CallStage::Held => CallState::Held,
        };
        let places = facts.places.iter().map(|place| PlaceRow {
            queue: self.names.queue(place.queue).clone(),
            since: place.since,
            require: self.require_of(place.demand),
        });
        let mut live = LiveCall {
            generation: facts.call.generation,
            row: CallRow {
                call: card,
                arrival: facts.arrival,
                state,
                channel: facts.channel,
                awaits: facts.awaits.map(|(agent, until)| (self.names.agent(agent).clone(), until)),
                priority: facts.priority,
                arrived_at: facts.arrived_at,
                places: places.collect(),
                agent: None,
                also_offered_to: Vec::new(),
                offer: 0,
                ring_until: None,
                state_since: facts.stage_since,
                via_queue: None,
                outcome: None,
            },
            concerned: OnceLock::new(),
            stays: facts
                .places
                .iter()
                .map(|place| Stay { queue: place.queue, since: place.since })
                .collect(),
            left: Vec::new(),
            via: None,
            out: Vec::new(),
        };
        for hand in &facts.hands {
            let HandFacts { offer, agent, queue, until, .. } = *hand;
            if state == CallState::Offering {
                live.out.push(Out { offer, agent, queue, ring_until: until });
                self.calls.offers.insert(offer.0, facts.call);
                live.show_offers(&self.names);
            } else {
                live.goes_to(&self.names, agent, queue);
                live.row.offer = offer.0;
            }
        }
        self.stories.goes_on_with(facts.call, Arc::clone(&live.row.call));
        self.calls.insert(facts.call, live);
        self.count(facts.call, true);
    }

    fn restore_agent(
        &mut self,
        facts: &AgentFacts,
        card: impl Fn(CallHandle) -> Option<Arc<CallCard>>,
    ) {
        let AgentFacts {
            agent,
            presence,
            presence_since,
            pending,
            device,
            heartbeat,
            slots,
            skills,
        } = facts;
        for changed in skills {
            self.skill_changed(*agent, *changed, true);
        }
        self.heartbeat_changed(*agent, *heartbeat);
        self.device_changed(*agent, *device);
        if *presence != Presence::LoggedOut || pending.is_some() {
            self.at = presence_since.unwrap_or_default();
            self.presence_changed(*agent, *presence, *pending);
        }
        for (slot, SlotFacts { state, since }) in (0..).zip(slots) {
            if let Some(since) = since {
                self.at = *since;
                self.slot_changed(*agent, slot, *state, call_in(*state).and_then(&card));
            }
        }
        if let Some(row) = self.agents.get_mut(agent.index()) {
            row.restored(*presence_since);
        }
    }
}
