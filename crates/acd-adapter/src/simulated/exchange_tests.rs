//! The simulated exchange, call by call, without a network.

use super::{Act, Alarm, Behaviour, Exchange, ScriptedCall};
use crate::numbering::Numbering;
use crate::report::{OfferKey, OfferOutcome, Report};
use crate::resync::Resync;
use crate::session::SessionEvent;
use crate::simulated::Tally;
use acd_proto::v1;
use std::time::Duration;

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// An exchange, and what it has reported and asked for.
pub(super) struct World {
    pub(super) exchange: Exchange,
    ids: Numbering<()>,
    pub(super) reports: Vec<Report>,
    pub(super) resyncs: Vec<Resync>,
    alarms: Vec<(Duration, Alarm)>,
    pub(super) now: Duration,
    pub(super) epoch: u64,
}

impl World {
    pub(super) fn new(behaviour: Behaviour) -> Self {
        Self {
            exchange: Exchange::new("pbx".to_owned(), behaviour),
            ids: Numbering::default(),
            reports: Vec::new(),
            resyncs: Vec::new(),
            alarms: Vec::new(),
            now: Duration::ZERO,
            epoch: 1,
        }
    }

    pub(super) fn call(&mut self, id: &str, start: u64, patience: Option<u64>, service: u64) {
        self.exchange.call(ScriptedCall {
            id: id.to_owned(),
            start: seconds(start),
            queue: "billing".to_owned(),
            numbers: crate::Numbers::default(),
            priority: None,
            attributes: [].into(),
            patience: patience.map(seconds),
            service: seconds(service),
        });
        self.act();
    }

    pub(super) fn act(&mut self) {
        for act in self.exchange.take_acts() {
            match act {
                Act::Resync(resync, purposes) => {
                    for purpose in purposes {
                        let id = self.ids.push(());
                        self.exchange.sent(id, purpose);
                    }
                    self.resyncs.push(resync);
                }
                Act::Wake(at, alarm) => self.alarms.push((at, alarm)),
                Act::Send(report, purpose) => {
                    let id = self.ids.push(());
                    self.reports.push(report);
                    if let Some(purpose) = purpose {
                        self.exchange.sent(id, purpose);
                    }
                }
            }
        }
    }

    /// Lets everything happen that is due until then.
    pub(super) fn until(&mut self, at: u64) {
        while let Some(next) = (0..self.alarms.len())
            .min_by_key(|index| self.alarms[*index].0)
            .filter(|index| self.alarms[*index].0 <= seconds(at))
        {
            let (due, alarm) = self.alarms.remove(next);
            self.now = self.now.max(due);
            self.exchange.wake(self.now, alarm);
            self.act();
        }
        self.now = seconds(at);
    }

    pub(super) fn event(&mut self, event: SessionEvent) {
        self.exchange.event(self.now, event);
        self.act();
    }

    pub(super) fn offered(&mut self, call: &str, number: u64) -> OfferKey {
        let key = OfferKey { epoch: self.epoch, number };
        let offer = v1::Offer {
            offer_number: number,
            call: Some(call_ref(call)),
            agent: "ana".to_owned(),
            ..v1::Offer::default()
        };
        self.event(SessionEvent::Offer { key, offer });
        key
    }

    pub(super) fn connect(&mut self, call: &str, number: u64) {
        let key = OfferKey { epoch: self.epoch, number };
        let connect = v1::Connect { call: Some(call_ref(call)), ..v1::Connect::default() };
        self.event(SessionEvent::Connect { key, connect });
    }

    pub(super) fn reject(&mut self, report: u64, code: &str) {
        let id = self.ids.id_of(report).expect("it was sent");
        let (code, message, field) = (code.to_owned(), "no".to_owned(), String::new());
        self.event(SessionEvent::Rejected { id, code, message, field });
    }

    pub(super) fn last(&self) -> &Report {
        self.reports.last().expect("something was reported")
    }

    pub(super) fn tally(&self) -> Tally {
        let tally = self.exchange.tally().clone();
        assert_eq!(
            tally.offered,
            tally.answered + tally.abandoned + tally.left + tally.rejected + tally.waiting
        );
        tally
    }
}

pub(super) fn call_ref(call: &str) -> v1::CallRef {
    v1::CallRef { adapter: "pbx".to_owned(), call_id: call.to_owned() }
}

pub(super) fn end(call: &str) -> SessionEvent {
    SessionEvent::End(v1::End { call: Some(call_ref(call)), ..v1::End::default() })
}

pub(super) fn result(key: OfferKey, outcome: OfferOutcome) -> Report {
    Report::OfferResult { offer: key, outcome }
}

pub(super) fn hung_up(call: &str) -> Report {
    Report::CallEnded { call_id: call.to_owned() }
}

#[test]
fn a_call_rings_is_answered_and_ends_after_its_service_time() {
    let behaviour = Behaviour { pick_up: seconds(4)..=seconds(4), ..Behaviour::default() };
    let mut world = World::new(behaviour);
    world.call("a", 10, None, 60);
    world.until(10);
    assert!(matches!(world.last(), Report::CallOffered { call_id, .. } if call_id == "a"));
    let key = world.offered("a", 1);
    assert_eq!(*world.last(), result(key, OfferOutcome::Ringing));
    world.until(14);
    assert_eq!(*world.last(), result(key, OfferOutcome::Accepted));
    world.until(15);
    world.connect("a", 1);
    assert_eq!(*world.last(), Report::CallBridged { offer: key });
    world.until(74);
    assert_eq!(world.tally().talking, 1);
    world.until(75);
    assert_eq!(*world.last(), hung_up("a"));
    let tally = world.tally();
    assert_eq!((tally.answered, tally.answered_within), (1, 1));
    assert_eq!(tally.answered_wait, seconds(5));
    assert!(tally.is_over());
}

#[test]
fn a_caller_hangs_up_when_his_patience_ends_unless_he_talks() {
    let mut world = World::new(Behaviour::default());
    world.call("gives-up", 0, Some(30), 60);
    world.call("talks", 0, Some(30), 60);
    world.until(20);
    let key = world.offered("talks", 1);
    assert_eq!(*world.last(), result(key, OfferOutcome::Accepted), "nobody waits to pick up");
    world.connect("talks", 1);
    world.until(30);
    assert_eq!(*world.last(), hung_up("gives-up"));
    let tally = world.tally();
    assert_eq!((tally.abandoned, tally.abandoned_wait), (1, seconds(30)));
    assert_eq!((tally.answered, tally.talking), (1, 1));
    assert_eq!(tally.answered_within, 1, "20 s are within 20 s");
}

#[test]
fn a_caller_without_any_patience_hangs_up_behind_his_own_call() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 5, Some(0), 60);
    world.until(5);
    assert!(matches!(world.reports[0], Report::CallOffered { .. }));
    assert_eq!(world.reports[1], hung_up("a"));
    assert_eq!(world.tally().abandoned, 1);
}

#[test]
fn a_revoked_offer_is_not_answered() {
    let behaviour = Behaviour { pick_up: seconds(4)..=seconds(4), ..Behaviour::default() };
    let mut world = World::new(behaviour);
    world.call("a", 0, None, 60);
    world.until(0);
    let key = world.offered("a", 1);
    let revoke = v1::Revoke { call: Some(call_ref("a")), ..v1::Revoke::default() };
    world.event(SessionEvent::Revoke { key, revoke });
    world.until(100);
    assert_eq!(*world.last(), result(key, OfferOutcome::Ringing));
    assert_eq!(world.tally().waiting, 1);
}

#[test]
fn agents_miss_and_decline_as_often_as_they_are_told_to() {
    let outcomes = |misses, declines| {
        let mut world = World::new(Behaviour { misses, declines, seed: 1, ..Behaviour::default() });
        let count = |world: &World, wanted: OfferOutcome| {
            let is = |r: &&Report| matches!(r, Report::OfferResult { outcome, .. } if *outcome == wanted);
            world.reports.iter().filter(is).count()
        };
        for number in 0..1_000 {
            world.offered("foreign", number);
        }
        (count(&world, OfferOutcome::Accepted), count(&world, OfferOutcome::Declined))
    };
    assert_eq!(outcomes(0.0, 0.0), (1_000, 0));
    assert_eq!(outcomes(0.0, 1.0), (0, 1_000));
    assert_eq!(outcomes(1.0, 0.0), (0, 0));
    let (accepted, declined) = outcomes(0.5, 0.5);
    assert!((200..300).contains(&accepted), "{accepted}");
    assert!((200..300).contains(&declined), "{declined}");
    assert_eq!(outcomes(0.5, 0.5), (accepted, declined), "the seed decides");
}

#[test]
fn a_call_that_acdd_ends_has_left() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, Some(30), 60);
    world.until(10);
    world.event(end("a"));
    world.until(100);
    let tally = world.tally();
    assert_eq!((tally.left, tally.abandoned), (1, 0));
    assert!(tally.is_over());
}

#[test]
fn when_caller_and_rule_end_a_call_at_once_the_daemons_word_counts() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, Some(30), 60);
    world.until(30);
    assert_eq!(world.tally().abandoned, 1);
    world.event(end("a"));
    world.reject(2, "unknown_call");
    let tally = world.tally();
    assert_eq!((tally.left, tally.abandoned, tally.abandoned_wait), (1, 0, Duration::ZERO));
}

#[test]
fn a_conversation_that_a_supervisor_ends_stays_answered() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, None, 60);
    world.until(0);
    world.offered("a", 1);
    world.connect("a", 1);
    world.event(end("a"));
    world.until(100);
    assert!(matches!(world.last(), Report::CallBridged { .. }), "there is nothing to hang up");
    assert_eq!(world.tally().answered, 1);
    assert!(world.tally().is_over());
}

#[test]
fn a_bridge_that_came_too_late_is_none() {
    let mut world = World::new(Behaviour::default());
    world.call("patient", 0, None, 60);
    world.call("impatient", 0, Some(5), 60);
    world.until(0);
    for (number, call) in [(1, "patient"), (2, "impatient")] {
        let key = world.offered(call, number);
        world.connect(call, number);
        assert_eq!(*world.last(), Report::CallBridged { offer: key });
    }
    world.until(10);
    for (number, call) in [(1, "patient"), (2, "impatient")] {
        let revoke = v1::Revoke { call: Some(call_ref(call)), ..v1::Revoke::default() };
        let key = OfferKey { epoch: 1, number };
        world.event(SessionEvent::Revoke { key, revoke });
    }
    assert_eq!(*world.last(), hung_up("impatient"));
    let tally = world.tally();
    assert_eq!((tally.answered, tally.abandoned, tally.waiting), (0, 1, 1));
    world.until(100);
    assert_eq!(world.tally().waiting, 1, "the service that had begun ends nothing");
    world.offered("patient", 3);
    world.connect("patient", 3);
    world.until(160);
    assert_eq!((world.tally().answered, world.tally().talking), (1, 0));
}

#[test]
fn a_refused_bridge_lets_the_caller_wait_again() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, None, 60);
    world.until(0);
    world.offered("a", 1);
    world.connect("a", 1);
    // Offered, ringing, accepted, bridged.
    world.reject(4, "offer_over");
    let tally = world.tally();
    assert_eq!((tally.answered, tally.waiting), (0, 1));
}

#[test]
fn a_refused_call_is_rejected_and_says_why() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, Some(0), 60);
    world.call("b", 0, None, 60);
    world.until(0);
    world.reject(1, "unknown_queue");
    world.reject(3, "unknown_queue");
    let tally = world.tally();
    assert_eq!((tally.rejected, tally.abandoned, tally.waiting), (2, 0, 0));
    assert_eq!(tally.first_rejection.as_deref(), Some("unknown_queue: no"));
}

#[test]
fn two_live_calls_cannot_share_an_id_and_later_ones_may() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, Some(30), 60);
    world.call("a", 10, Some(60), 60);
    world.until(30);
    assert_eq!((world.tally().rejected, world.tally().abandoned), (1, 1));
    let up_to = world.ids.id_of(2).expect("offered and ended");
    world.event(SessionEvent::Acknowledged { up_to });
    world.call("a", 40, Some(60), 60);
    world.until(60);
    assert_eq!(world.tally().waiting, 1, "the first one's patience is not his");
    world.until(100);
    assert_eq!(world.tally().abandoned, 2);
}

#[test]
fn a_caller_of_another_pbx_is_bridged_too() {
    let mut world = World::new(Behaviour::default());
    let key = OfferKey { epoch: 1, number: 1 };
    let call = v1::CallRef { adapter: "elsewhere".to_owned(), call_id: "a".to_owned() };
    let connect = v1::Connect { call: Some(call), ..v1::Connect::default() };
    world.event(SessionEvent::Connect { key, connect });
    assert_eq!(world.reports, [Report::CallBridged { offer: key }]);
}

#[test]
fn at_the_end_everybody_who_is_there_hangs_up() {
    let mut world = World::new(Behaviour::default());
    world.call("waits", 0, None, 60);
    world.call("talks", 0, None, 60);
    world.call("never-came", 50, None, 60);
    world.until(0);
    world.offered("talks", 1);
    world.connect("talks", 1);
    world.reports.clear();
    world.exchange.hang_up_all();
    world.act();
    assert_eq!(world.reports, [hung_up("waits"), hung_up("talks")]);
}

#[test]
fn what_a_report_was_for_is_forgotten_with_its_acknowledgement() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, Some(0), 60);
    world.until(0);
    let up_to = world.ids.id_of(2).expect("offered and ended");
    world.event(SessionEvent::Acknowledged { up_to });
    assert!(world.exchange.sent.is_empty());
    assert!(world.exchange.callers.is_empty());
}
