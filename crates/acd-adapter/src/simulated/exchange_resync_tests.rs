//! The simulated exchange over a restart of the daemon, without a network.

use super::Behaviour;
use super::tests::{World, call_ref, end, hung_up, result, seconds};
use crate::report::{OfferKey, OfferOutcome, Report};
use crate::resync::{LegState, Resync};
use crate::session::SessionEvent;
use acd_proto::v1;

fn picks_up_after(delay: u64) -> Behaviour {
    Behaviour { pick_up: seconds(delay)..=seconds(delay), ..Behaviour::default() }
}

impl World {
    fn started_anew(&mut self) {
        self.epoch += 1;
        let (epoch, resumed, clock_scale) = (self.epoch, false, 1.0);
        self.event(SessionEvent::Connected { epoch, resumed, clock_scale });
    }

    fn adopted(&mut self, call: &str, number: u64) -> OfferKey {
        let key = OfferKey { epoch: self.epoch, number };
        let offer = v1::Offer {
            offer_number: number,
            call: Some(call_ref(call)),
            agent: "ana".to_owned(),
            adopted: true,
            ..v1::Offer::default()
        };
        self.event(SessionEvent::Offer { key, offer });
        key
    }

    fn resynced(&mut self) {
        self.event(SessionEvent::Resynced { known: 0, adopted: 0, vanished: 0 });
    }

    fn resync(&self) -> &Resync {
        self.resyncs.last().expect("it resynced")
    }

    fn legs(&self) -> Vec<(&str, LegState)> {
        let legs = self.resync().legs.iter();
        legs.map(|leg| (leg.call.call_id.as_str(), leg.state)).collect()
    }
}

#[test]
fn it_names_who_is_there_in_the_order_of_coming_and_how_long_he_has_waited() {
    let mut world = World::new(Behaviour::default());
    for (start, call) in ["first", "second", "third"].into_iter().enumerate() {
        world.call(call, start as u64, None, 60);
    }
    world.call("gone", 0, Some(3), 60);
    world.until(4);
    world.offered("second", 1);
    world.connect("second", 1);
    world.until(10);
    world.started_anew();
    let calls = world.resync().calls.iter();
    let named: Vec<_> =
        calls.map(|call| (call.call_id.as_str(), call.waited.as_secs(), call.talks)).collect();
    assert_eq!(named, [("first", 10, false), ("second", 3, true), ("third", 8, false)]);
    assert!(world.resync().calls.iter().all(|call| call.queue == "billing"));
    assert_eq!(world.tally().offered, 4, "nobody is counted again");
}

#[test]
fn it_names_every_leg_as_far_as_it_is() {
    let mut world = World::new(picks_up_after(4));
    for call in ["talks", "answered", "rings", "given-up"] {
        world.call(call, 0, (call == "given-up").then_some(7), 60);
    }
    world.until(0);
    world.offered("talks", 1);
    world.offered("answered", 2);
    world.until(5);
    world.connect("talks", 1);
    world.offered("rings", 3);
    world.offered("given-up", 4);
    world.until(7);
    world.started_anew();
    assert_eq!(
        world.legs(),
        [
            ("talks", LegState::Talking),
            ("answered", LegState::Answered),
            ("rings", LegState::Ringing)
        ]
    );
    assert!(world.resync().legs.iter().all(|leg| leg.agent == "ana" && leg.call.adapter == "pbx"));
}

#[test]
fn who_holds_nothing_says_so() {
    let mut world = World::new(Behaviour::default());
    world.started_anew();
    assert_eq!(world.resyncs, [Resync::default()]);
}

#[test]
fn an_adopted_leg_goes_on_and_is_picked_up_when_it_would_have_been() {
    let mut world = World::new(picks_up_after(10));
    world.call("a", 0, None, 60);
    world.until(0);
    world.offered("a", 1);
    world.until(6);
    world.started_anew();
    let key = world.adopted("a", 1);
    world.resynced();
    let ringing = world.reports.len();
    world.until(9);
    assert_eq!(world.reports.len(), ringing, "nothing rings again");
    world.until(10);
    assert_eq!(world.reports[ringing..], [result(key, OfferOutcome::Accepted)]);
    world.connect("a", 1);
    assert_eq!(*world.last(), Report::CallBridged { offer: key });
    world.until(70);
    assert_eq!(*world.last(), hung_up("a"));
    assert_eq!((world.tally().answered, world.tally().offered), (1, 1));
}

#[test]
fn what_is_picked_up_before_it_is_adopted_is_reported_under_the_new_key() {
    for (declines, outcome) in [(0.0, OfferOutcome::Accepted), (1.0, OfferOutcome::Declined)] {
        let mut world = World::new(Behaviour { declines, ..picks_up_after(5) });
        world.call("a", 0, None, 60);
        world.until(0);
        world.offered("a", 1);
        world.until(3);
        world.started_anew();
        let reported = world.reports.len();
        world.until(6);
        assert_eq!(world.reports.len(), reported, "there is no offer to speak of");
        let key = world.adopted("a", 9);
        assert_eq!(world.reports[reported..], [result(key, outcome)]);
    }
}

#[test]
fn what_is_picked_up_between_two_restarts_is_named_as_it_is() {
    for (declines, named) in [(0.0, vec![("a", LegState::Answered)]), (1.0, Vec::new())] {
        let mut world = World::new(Behaviour { declines, ..picks_up_after(5) });
        world.call("a", 0, None, 60);
        world.until(0);
        world.offered("a", 1);
        world.until(3);
        world.started_anew();
        assert_eq!(world.legs(), [("a", LegState::Ringing)]);
        world.until(6);
        world.started_anew();
        assert_eq!(world.legs(), named);
    }
}

#[test]
fn a_leg_that_nobody_adopts_is_hung_up_and_a_conversation_is_not() {
    let mut world = World::new(picks_up_after(1));
    world.call("talks", 0, None, 60);
    world.call("answered", 0, None, 60);
    world.until(0);
    world.offered("talks", 1);
    world.offered("answered", 2);
    world.until(1);
    world.connect("talks", 1);
    world.started_anew();
    world.resynced();
    assert_eq!(world.exchange.legs.len(), 1);
    let key = world.adopted("answered", 3);
    assert_eq!(*world.last(), result(key, OfferOutcome::Failed), "it came too late");
    world.until(61);
    assert_eq!(*world.last(), hung_up("talks"));
    let hang_ups = world.reports.iter().filter(|report| **report == hung_up("talks")).count();
    assert_eq!(hang_ups, 1);
    assert_eq!(world.tally().answered, 1);
    assert_eq!(world.exchange.legs.len(), 0);
}

#[test]
fn a_bridge_that_only_the_daemon_of_before_was_told_of_stands() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, None, 60);
    world.until(0);
    world.offered("a", 1);
    world.connect("a", 1);
    world.started_anew();
    // Offered, ringing, accepted, bridged.
    world.reject(4, "offer_over");
    assert_eq!((world.tally().answered, world.tally().talking), (1, 1));
    // The daemon believes that he waits, and finds another agent.
    world.offered("a", 2);
    world.connect("a", 2);
    let key = OfferKey { epoch: 2, number: 2 };
    assert_eq!(*world.last(), Report::ConnectFailed { offer: key });
    world.until(60);
    assert_eq!(*world.last(), hung_up("a"));
    assert_eq!((world.tally().answered, world.tally().talking), (1, 0));
}

#[test]
fn who_was_sent_away_meanwhile_goes_once() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, Some(50), 60);
    world.until(5);
    world.started_anew();
    world.event(end("a"));
    world.event(end("a"));
    world.until(60);
    let tally = world.tally();
    assert_eq!((tally.left, tally.abandoned, tally.waiting), (1, 0, 0));
    assert!(!world.reports.contains(&hung_up("a")));
}

#[test]
fn who_is_refused_in_the_resync_is_refused_once() {
    let mut world = World::new(Behaviour::default());
    world.call("a", 0, None, 60);
    world.until(5);
    world.started_anew();
    // As it was offered, and as it was named.
    world.reject(1, "unknown_queue");
    world.reject(2, "unknown_queue");
    assert_eq!((world.tally().rejected, world.tally().waiting), (1, 0));
}

#[test]
fn a_leg_with_a_caller_of_another_pbx_is_named_until_the_device_rings_again() {
    let mut world = World::new(Behaviour::default());
    let call = v1::CallRef { adapter: "elsewhere".to_owned(), call_id: "x".to_owned() };
    let key = OfferKey { epoch: 1, number: 1 };
    let (agent, offered) = ("ana".to_owned(), Some(call.clone()));
    let offer = v1::Offer { offer_number: 1, agent, call: offered, ..v1::Offer::default() };
    world.event(SessionEvent::Offer { key, offer });
    let connect = v1::Connect { call: Some(call), ..v1::Connect::default() };
    world.event(SessionEvent::Connect { key, connect });
    assert_eq!(*world.last(), Report::CallBridged { offer: key });
    world.started_anew();
    assert_eq!(world.legs(), [("x", LegState::Talking)]);
    world.call("a", 0, None, 60);
    world.until(0);
    world.offered("a", 1);
    world.started_anew();
    assert_eq!(world.legs(), [("a", LegState::Answered)]);
}
