//! Decides what the callers and devices of a simulated PBX do. No I/O: what happens goes in with
//! its time, what the PBX does comes out.

use super::{Behaviour, ScriptedCall, Tally};
use crate::numbering::SendId;
use crate::report::{OfferKey, OfferOutcome, Report};
use crate::session::SessionEvent;
use acd_proto::v1;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The code by which the daemon says that it knows the call.
const CALL_EXISTS: &str = "call_exists";

/// What the PBX does next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Reports something; what it was for comes back with its id.
    Send(Report, Option<Purpose>),
    /// Wants to be woken at this domain time.
    Wake(Duration, Alarm),
}

/// What a report was sent for, to know what its rejection undoes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Offered { call_id: String, serial: u64 },
    Ended { call_id: String, serial: u64 },
    Bridged { call_id: String, serial: u64 },
}

/// Something that happens in the PBX at a time known before.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Alarm {
    Arrives(ScriptedCall),
    PatienceEnds { call_id: String, serial: u64 },
    ServiceEnds { call_id: String, serial: u64, key: OfferKey },
    PickedUp { key: OfferKey },
}

/// One caller.
#[derive(Debug)]
struct Caller {
    script: ScriptedCall,
    /// Tells him from another who has the same call id later.
    serial: u64,
    offered_at: Duration,
    stage: Stage,
    /// He was offered again after the daemon had started anew.
    offered_again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Talking {
        key: OfferKey,
        wait: Duration,
    },
    /// He has hung up, and the daemon has not acknowledged it yet.
    Over {
        abandoned: Option<Duration>,
    },
}

/// A device that rings.
#[derive(Clone, Copy, Debug)]
struct Leg {
    declines: bool,
}

#[derive(Debug)]
pub(super) struct Exchange {
    adapter: String,
    behaviour: Behaviour,
    callers: HashMap<String, Caller>,
    legs: HashMap<OfferKey, Leg>,
    sent: BTreeMap<SendId, Purpose>,
    serials: u64,
    tally: Tally,
    acts: Vec<Act>,
}

impl Exchange {
    pub(super) fn new(adapter: String, behaviour: Behaviour) -> Self {
        Self {
            adapter,
            behaviour,
            callers: HashMap::new(),
            legs: HashMap::new(),
            sent: BTreeMap::new(),
            serials: 0,
            tally: Tally::default(),
            acts: Vec::new(),
        }
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What is to be done now, in this order.
    pub(super) fn take_acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    /// A report has got its id.
    pub(super) fn sent(&mut self, id: SendId, purpose: Purpose) {
        self.sent.insert(id, purpose);
    }

    /// A report could not be sent at all.
    pub(super) fn not_sent(&mut self, purpose: Option<Purpose>, why: String) {
        if let Some(purpose) = purpose {
            self.rejected(Duration::ZERO, purpose, "too_large", why);
        }
    }

    /// Somebody will call.
    pub(super) fn call(&mut self, script: ScriptedCall) {
        self.tally.scheduled += 1;
        self.acts.push(Act::Wake(script.start, Alarm::Arrives(script)));
    }

    /// Everybody hangs up, and nobody calls any more. The tally stands as it was.
    pub(super) fn hang_up_all(&mut self) {
        let mut live: Vec<_> =
            self.callers.iter().filter(|(_, caller)| !caller.is_over()).collect();
        live.sort_by_key(|(_, caller)| caller.serial);
        for (call_id, _) in live {
            self.acts.push(Act::Send(Report::CallEnded { call_id: call_id.clone() }, None));
        }
        self.callers.clear();
        self.legs.clear();
    }

    pub(super) fn wake(&mut self, now: Duration, alarm: Alarm) {
        match alarm {
            Alarm::Arrives(script) => self.arrives(now, script),
            Alarm::PatienceEnds { call_id, serial } => self.patience_ends(now, &call_id, serial),
            Alarm::ServiceEnds { call_id, serial, key } => {
                self.service_ends(&call_id, serial, key);
            }
            Alarm::PickedUp { key } => self.picked_up(key),
        }
    }

    pub(super) fn event(&mut self, now: Duration, event: SessionEvent) {
        match event {
            SessionEvent::Connected { resumed: false, .. } => self.daemon_started_anew(),
            SessionEvent::Offer { key, offer } => self.rings(now, key, offer),
            SessionEvent::Revoke { key, revoke } => {
                self.legs.remove(&key);
                if let Some(call) = revoke.call.filter(|call| self.is_ours(call)) {
                    self.unbridge(now, &call.call_id, |talking| talking == key);
                }
            }
            SessionEvent::Connect { key, connect } => self.connect(now, key, connect),
            SessionEvent::End(end) => {
                if let Some(call) = end.call.filter(|call| self.is_ours(call)) {
                    self.sent_away(&call.call_id);
                }
            }
            SessionEvent::Rejected { id, code, message, .. } => {
                if let Some(purpose) = self.sent.remove(&id) {
                    self.rejected(now, purpose, &code, message);
                }
            }
            SessionEvent::Acknowledged { up_to } => self.acknowledged(up_to),
            SessionEvent::Connected { .. }
            | SessionEvent::Lapsed { .. }
            | SessionEvent::Disconnected { .. } => {}
        }
    }

    fn is_ours(&self, call: &v1::CallRef) -> bool {
        call.adapter == self.adapter
    }

    fn arrives(&mut self, now: Duration, script: ScriptedCall) {
        self.tally.scheduled -= 1;
        self.tally.offered += 1;
        if self.callers.contains_key(&script.id) {
            // The daemon would refuse it too: one id, one live call.
            self.refused(format!("a live call has the id of the call due at {:?}", script.start));
            return;
        }
        self.tally.waiting += 1;
        self.serials += 1;
        let serial = self.serials;
        let call_id = script.id.clone();
        if let Some(patience) = script.patience {
            // Counted from when the call was due, so that lateness does not add up.
            let ends = script.start.saturating_add(patience);
            let alarm = Alarm::PatienceEnds { call_id: call_id.clone(), serial };
            if patience > Duration::ZERO {
                self.acts.push(Act::Wake(ends, alarm));
            }
        }
        let hangs_up_at_once = script.patience == Some(Duration::ZERO);
        let stage = Stage::Waiting;
        let caller = Caller { script, serial, offered_at: now, stage, offered_again: false };
        self.acts.push(caller.offer());
        self.callers.insert(call_id.clone(), caller);
        if hangs_up_at_once {
            self.patience_ends(now, &call_id, serial);
        }
    }

    fn patience_ends(&mut self, now: Duration, call_id: &str, serial: u64) {
        let Some(caller) = self.callers.get_mut(call_id) else {
            return;
        };
        if caller.serial != serial || caller.stage != Stage::Waiting {
            return;
        }
        let wait = now.saturating_sub(caller.offered_at);
        caller.stage = Stage::Over { abandoned: Some(wait) };
        self.tally.waiting -= 1;
        self.tally.abandoned += 1;
        self.tally.abandoned_wait += wait;
        self.report_end(call_id, serial);
    }

    fn service_ends(&mut self, call_id: &str, serial: u64, key: OfferKey) {
        let Some(caller) = self.callers.get_mut(call_id) else {
            return;
        };
        let talks = matches!(caller.stage, Stage::Talking { key: with, .. } if with == key);
        if caller.serial != serial || !talks {
            return;
        }
        caller.stage = Stage::Over { abandoned: None };
        self.tally.talking -= 1;
        self.report_end(call_id, serial);
    }

    fn report_end(&mut self, call_id: &str, serial: u64) {
        let purpose = Purpose::Ended { call_id: call_id.to_owned(), serial };
        let report = Report::CallEnded { call_id: call_id.to_owned() };
        self.acts.push(Act::Send(report, Some(purpose)));
    }

    fn rings(&mut self, now: Duration, key: OfferKey, offer: v1::Offer) {
        self.report_offer(key, OfferOutcome::Ringing);
        // One generator for each offer: what an agent does depends on no other agent.
        let mut chance = StdRng::seed_from_u64(self.behaviour.seed ^ key.number);
        if chance.random_bool(self.behaviour.misses.clamp(0.0, 1.0)) {
            tracing::debug!(offer = offer.offer_number, "the simulated agent misses it");
            return;
        }
        let declines = chance.random_bool(self.behaviour.declines.clamp(0.0, 1.0));
        self.legs.insert(key, Leg { declines });
        let pick_up = &self.behaviour.pick_up;
        let after = if pick_up.is_empty() {
            *pick_up.start()
        } else {
            chance.random_range(pick_up.clone())
        };
        if after == Duration::ZERO {
            self.picked_up(key);
        } else {
            self.acts.push(Act::Wake(now.saturating_add(after), Alarm::PickedUp { key }));
        }
    }

    fn picked_up(&mut self, key: OfferKey) {
        let Some(leg) = self.legs.remove(&key) else {
            return;
        };
        let outcome = if leg.declines { OfferOutcome::Declined } else { OfferOutcome::Accepted };
        self.report_offer(key, outcome);
    }

    fn report_offer(&mut self, offer: OfferKey, outcome: OfferOutcome) {
        self.acts.push(Act::Send(Report::OfferResult { offer, outcome }, None));
    }

    fn connect(&mut self, now: Duration, key: OfferKey, connect: v1::Connect) {
        let report = Report::CallBridged { offer: key };
        let Some(call) = connect.call.filter(|call| self.is_ours(call)) else {
            // A device of this PBX, a caller of another one.
            self.acts.push(Act::Send(report, None));
            return;
        };
        let Some(caller) = self.callers.get_mut(&call.call_id) else {
            return;
        };
        if caller.stage != Stage::Waiting {
            // He has just hung up; that is on its way to the daemon.
            return;
        }
        let wait = now.saturating_sub(caller.offered_at);
        caller.stage = Stage::Talking { key, wait };
        let serial = caller.serial;
        let ends = now.saturating_add(caller.script.service);
        self.tally.waiting -= 1;
        self.tally.talking += 1;
        self.tally.count_answer(wait, self.behaviour.service_level_within);
        let call_id = call.call_id;
        let purpose = Purpose::Bridged { call_id: call_id.clone(), serial };
        self.acts.push(Act::Send(report, Some(purpose)));
        self.acts.push(Act::Wake(ends, Alarm::ServiceEnds { call_id, serial, key }));
    }

    /// The daemon took the conversation for failed: the caller waits again.
    fn unbridge(&mut self, now: Duration, call_id: &str, with: impl Fn(OfferKey) -> bool) {
        let Some(caller) = self.callers.get_mut(call_id) else {
            return;
        };
        let Stage::Talking { key, wait } = caller.stage else {
            return;
        };
        if !with(key) {
            return;
        }
        caller.stage = Stage::Waiting;
        self.tally.talking -= 1;
        self.tally.waiting += 1;
        self.tally.uncount_answer(wait, self.behaviour.service_level_within);
        let serial = caller.serial;
        let impatient = caller
            .script
            .patience
            .is_some_and(|patience| caller.script.start.saturating_add(patience) <= now);
        if impatient {
            self.patience_ends(now, call_id, serial);
        }
    }

    /// acdd sent the caller out of acdd.
    fn sent_away(&mut self, call_id: &str) {
        let Some(caller) = self.callers.remove(call_id) else {
            return;
        };
        match caller.stage {
            Stage::Waiting => {
                self.tally.waiting -= 1;
                self.tally.left += 1;
            }
            // A supervisor ended the conversation.
            Stage::Talking { .. } => self.tally.talking -= 1,
            // Both at once, and the daemon's word counts.
            Stage::Over { abandoned: Some(wait) } => {
                self.tally.abandoned -= 1;
                self.tally.abandoned_wait = self.tally.abandoned_wait.saturating_sub(wait);
                self.tally.left += 1;
            }
            Stage::Over { abandoned: None } => {}
        }
    }

    fn rejected(&mut self, now: Duration, purpose: Purpose, code: &str, message: String) {
        match purpose {
            Purpose::Offered { call_id, serial } => {
                let Some(caller) = self.callers.get(&call_id) else {
                    return;
                };
                let known = caller.offered_again && code == CALL_EXISTS;
                if caller.serial != serial || known {
                    return;
                }
                match caller.stage {
                    Stage::Waiting => self.tally.waiting -= 1,
                    Stage::Over { abandoned: Some(wait) } => {
                        self.tally.abandoned -= 1;
                        self.tally.abandoned_wait = self.tally.abandoned_wait.saturating_sub(wait);
                    }
                    // Refused now, but known once: he has been answered and stays so.
                    Stage::Talking { .. } | Stage::Over { abandoned: None } => return,
                }
                self.callers.remove(&call_id);
                self.refused(format!("{code}: {message}"));
            }
            Purpose::Bridged { call_id, serial } => {
                if self.callers.get(&call_id).is_some_and(|caller| caller.serial == serial) {
                    self.unbridge(now, &call_id, |_| true);
                }
            }
            // The daemon ended the call first; its order to do so comes before this.
            Purpose::Ended { .. } => {}
        }
    }

    fn refused(&mut self, why: String) {
        self.tally.rejected += 1;
        self.tally.first_rejection.get_or_insert(why);
    }

    /// What is durable can be forgotten.
    fn acknowledged(&mut self, up_to: SendId) {
        while let Some(first) = self.sent.first_entry() {
            if *first.key() > up_to {
                return;
            }
            if let Purpose::Ended { call_id, serial } = first.remove()
                && self.callers.get(&call_id).is_some_and(|caller| caller.serial == serial)
            {
                self.callers.remove(&call_id);
            }
        }
    }

    /// It knows no offer of the past, and perhaps not our callers: those who wait are offered
    /// again, in the order in which they came.
    fn daemon_started_anew(&mut self) {
        self.legs.clear();
        let mut waiting: Vec<_> =
            self.callers.values_mut().filter(|caller| caller.stage == Stage::Waiting).collect();
        waiting.sort_by_key(|caller| caller.serial);
        for caller in waiting {
            caller.offered_again = true;
            self.acts.push(caller.offer());
        }
    }
}

impl Caller {
    fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    fn offer(&self) -> Act {
        let script = &self.script;
        let report = Report::CallOffered {
            call_id: script.id.clone(),
            queue: script.queue.clone(),
            priority: script.priority,
            attributes: script.attributes.clone(),
        };
        let purpose = Purpose::Offered { call_id: script.id.clone(), serial: self.serial };
        Act::Send(report, Some(purpose))
    }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
