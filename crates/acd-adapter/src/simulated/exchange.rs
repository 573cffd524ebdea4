//! Decides what the callers and devices of a simulated PBX do. No I/O: what happens goes in with
//! its time, what the PBX does comes out.

use super::caller::{Caller, Stage};
use super::legs::{LegNumber, LegStage, Legs};
use super::{Behaviour, ScriptedCall, Tally};
use crate::numbering::SendId;
use crate::report::{OfferKey, OfferOutcome, Report};
use crate::resync::Resync;
use crate::session::SessionEvent;
use acd_proto::v1;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// What the PBX does next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Reports something; what it was for comes back with its id.
    Send(Report, Option<Purpose>),
    /// Says what it holds; what each call was named for comes back with its id.
    Resync(Resync, Vec<Purpose>),
    /// Wants to be woken at this domain time.
    Wake(Duration, Alarm),
}

/// What a report was sent for, to know what its rejection undoes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Offered { call_id: String, serial: u64 },
    Ended { call_id: String, serial: u64 },
    Bridged { call_id: String, serial: u64, key: OfferKey },
}

/// Something that happens in the PBX at a time known before.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Alarm {
    Arrives(ScriptedCall),
    PatienceEnds { call_id: String, serial: u64 },
    ServiceEnds { call_id: String, serial: u64, talk: u64 },
    PickedUp { leg: LegNumber },
}

#[derive(Debug)]
pub(super) struct Exchange {
    adapter: String,
    behaviour: Behaviour,
    callers: HashMap<String, Caller>,
    legs: Legs,
    sent: BTreeMap<SendId, Purpose>,
    serials: u64,
    talks: u64,
    /// The daemon's.
    epoch: u64,
    tally: Tally,
    acts: Vec<Act>,
}

impl Exchange {
    pub(super) fn new(adapter: String, behaviour: Behaviour) -> Self {
        Self {
            adapter,
            behaviour,
            callers: HashMap::new(),
            legs: Legs::default(),
            sent: BTreeMap::new(),
            serials: 0,
            talks: 0,
            epoch: 0,
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
            Alarm::ServiceEnds { call_id, serial, talk } => {
                self.service_ends(&call_id, serial, talk);
            }
            Alarm::PickedUp { leg } => self.picked_up(leg),
        }
    }

    pub(super) fn event(&mut self, now: Duration, event: SessionEvent) {
        match event {
            SessionEvent::Connected { resumed: false, epoch, .. } => {
                self.epoch = epoch;
                self.resync(now);
            }
            SessionEvent::Resynced { .. } => self.legs.drop_unknown(),
            SessionEvent::Offer { key, offer } if offer.adopted => self.adopted(key, &offer),
            SessionEvent::Offer { key, offer } => self.rings(now, key, offer),
            SessionEvent::Revoke { key, revoke } => {
                self.legs.revoke(key);
                if let Some(call) = revoke.call.filter(|call| self.is_ours(call)) {
                    self.unbridge(now, &call.call_id, key);
                }
            }
            SessionEvent::Connect { key, connect } => self.connect(now, key, connect),
            SessionEvent::End(v1::End { call, .. })
            | SessionEvent::Transfer(v1::Transfer { call, .. }) => {
                if let Some(call) = call.filter(|call| self.is_ours(call)) {
                    self.sent_away(&call.call_id);
                }
            }
            // His callers are patient or not, whatever they hear.
            SessionEvent::Play(_) | SessionEvent::OfferCallback(_) | SessionEvent::Ladder(_) => {}
            SessionEvent::Rejected { id, code, message, .. } => {
                if let Some(purpose) = self.sent.remove(&id) {
                    self.rejected(now, purpose, &code, message);
                }
            }
            SessionEvent::Acknowledged { up_to } => self.acknowledged(up_to),
            SessionEvent::Connected { .. } | SessionEvent::Disconnected { .. } => {}
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
        let caller = Caller { script, serial, offered_at: now, stage };
        self.acts.push(Act::Send(caller.offer(), Some(caller.purpose())));
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

    fn service_ends(&mut self, call_id: &str, serial: u64, talk: u64) {
        let Some(caller) = self.callers.get_mut(call_id) else {
            return;
        };
        let talks = matches!(caller.stage, Stage::Talking { talk: with, .. } if with == talk);
        if caller.serial != serial || !talks {
            return;
        }
        caller.stage = Stage::Over { abandoned: None };
        self.tally.talking -= 1;
        self.report_end(call_id, serial);
    }

    fn report_end(&mut self, call_id: &str, serial: u64) {
        self.legs.hang_up(&self.adapter, call_id);
        let purpose = Purpose::Ended { call_id: call_id.to_owned(), serial };
        let report = Report::CallEnded { call_id: call_id.to_owned() };
        self.acts.push(Act::Send(report, Some(purpose)));
    }

    fn rings(&mut self, now: Duration, key: OfferKey, offer: v1::Offer) {
        let call = offer.call.as_ref().filter(|call| self.is_ours(call));
        if call.and_then(|call| self.callers.get(&call.call_id)).is_some_and(Caller::is_over) {
            // That he has hung up is on its way to the daemon, and ends the offer.
            return;
        }
        self.report_offer(key, OfferOutcome::Ringing);
        let leg = self.legs.ring(key, offer);
        // One generator for each offer: what an agent does depends on no other agent.
        let mut chance = StdRng::seed_from_u64(self.behaviour.seed ^ key.number);
        if chance.random_bool(self.behaviour.misses.clamp(0.0, 1.0)) {
            tracing::debug!(offer = key.number, "the simulated agent misses it");
            return;
        }
        let declines = chance.random_bool(self.behaviour.declines.clamp(0.0, 1.0));
        if let Some(leg) = self.legs.get_mut(leg) {
            leg.declines = declines;
        }
        let pick_up = &self.behaviour.pick_up;
        let after = if pick_up.is_empty() {
            *pick_up.start()
        } else {
            chance.random_range(pick_up.clone())
        };
        if after == Duration::ZERO {
            self.picked_up(leg);
        } else {
            self.acts.push(Act::Wake(now.saturating_add(after), Alarm::PickedUp { leg }));
        }
    }

    fn picked_up(&mut self, number: LegNumber) {
        let Some(leg) = self.legs.get_mut(number) else {
            return;
        };
        if leg.stage != LegStage::Ringing {
            return;
        }
        if !leg.known {
            // There is no offer to report it of until the daemon has taken the leg over.
            leg.picked_up = true;
            return;
        }
        let key = leg.key;
        if leg.declines {
            self.legs.remove(number);
            self.report_offer(key, OfferOutcome::Declined);
        } else {
            leg.stage = LegStage::Answered;
            self.report_offer(key, OfferOutcome::Accepted);
        }
    }

    /// The daemon goes on with a leg that it was told of.
    fn adopted(&mut self, key: OfferKey, offer: &v1::Offer) {
        let Some(number) = self.legs.adopt(key, offer) else {
            // It was hung up meanwhile.
            self.report_offer(key, OfferOutcome::Failed);
            return;
        };
        let ours = offer.call.as_ref().filter(|call| self.is_ours(call));
        let caller = ours.map(|call| call.call_id.clone());
        if let Some(caller) = caller.and_then(|call_id| self.callers.get_mut(&call_id))
            && let Stage::Talking { key: with, .. } = &mut caller.stage
        {
            *with = key;
        }
        if self.legs.get_mut(number).is_some_and(|leg| std::mem::take(&mut leg.picked_up)) {
            self.picked_up(number);
        }
    }

    fn report_offer(&mut self, offer: OfferKey, outcome: OfferOutcome) {
        self.acts.push(Act::Send(Report::OfferResult { offer, outcome }, None));
    }

    fn connect(&mut self, now: Duration, key: OfferKey, connect: v1::Connect) {
        let report = Report::CallBridged { offer: key };
        let Some(call) = connect.call.filter(|call| self.is_ours(call)) else {
            // A device of this PBX, a caller of another one.
            self.legs.bridge(key, true);
            self.acts.push(Act::Send(report, None));
            return;
        };
        let Some(caller) = self.callers.get_mut(&call.call_id) else {
            return;
        };
        match caller.stage {
            Stage::Waiting => {}
            // He has just hung up; that is on its way to the daemon.
            Stage::Over { .. } => return,
            Stage::Talking { key: with, .. } if with == key => {
                self.acts.push(Act::Send(report, None));
                return;
            }
            Stage::Talking { .. } => {
                self.legs.revoke(key);
                self.acts.push(Act::Send(Report::ConnectFailed { offer: key }, None));
                return;
            }
        }
        self.talks += 1;
        let talk = self.talks;
        let wait = now.saturating_sub(caller.offered_at);
        caller.stage = Stage::Talking { talk, key, wait };
        let serial = caller.serial;
        let ends = now.saturating_add(caller.script.service);
        self.legs.bridge(key, false);
        self.tally.waiting -= 1;
        self.tally.talking += 1;
        self.tally.count_answer(wait, self.behaviour.service_level_within);
        let call_id = call.call_id;
        let purpose = Purpose::Bridged { call_id: call_id.clone(), serial, key };
        self.acts.push(Act::Send(report, Some(purpose)));
        self.acts.push(Act::Wake(ends, Alarm::ServiceEnds { call_id, serial, talk }));
    }

    /// The daemon took the conversation for failed: the caller waits again.
    fn unbridge(&mut self, now: Duration, call_id: &str, with: OfferKey) {
        let Some(caller) = self.callers.get_mut(call_id) else {
            return;
        };
        let Stage::Talking { key, wait, .. } = caller.stage else {
            return;
        };
        if with != key {
            return;
        }
        caller.stage = Stage::Waiting;
        self.legs.revoke(key);
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
        self.legs.hang_up(&self.adapter, call_id);
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
                if caller.serial != serial {
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
                self.legs.hang_up(&self.adapter, &call_id);
                self.refused(format!("{code}: {message}"));
            }
            // The resync settles what the daemon of before was told.
            Purpose::Bridged { key, .. } if key.epoch < self.epoch => {}
            Purpose::Bridged { call_id, serial, key } => {
                if self.callers.get(&call_id).is_some_and(|caller| caller.serial == serial) {
                    self.unbridge(now, &call_id, key);
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

    /// The daemon has started anew, or knows nothing of this process: it is told who is here, in
    /// the order in which they came, and which legs there are.
    fn resync(&mut self, now: Duration) {
        let mut held: Vec<_> = self.callers.values().filter(|caller| !caller.is_over()).collect();
        held.sort_by_key(|caller| caller.serial);
        let (calls, purposes): (Vec<_>, Vec<_>) =
            held.into_iter().map(|caller| (caller.held(now), caller.purpose())).unzip();
        let legs = self.legs.held();
        self.acts.push(Act::Resync(Resync { calls, legs }, purposes));
    }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "exchange_resync_tests.rs"]
mod resync_tests;
