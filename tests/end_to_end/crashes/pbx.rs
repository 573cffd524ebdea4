//! An adapter and its PBX: callers come and go, phones ring, whatever the daemon does.

use super::Life;
use super::truth::{Caller, Leg, Name, Said, SentAway, Stage, Truth};
use crate::harness::{Adapter, Hello, Lost, call};
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::offer_result::Result as How;
use acd_proto::v1::resync_leg::State as LegState;
use acd_proto::v1::{self as acd};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// How many callers one PBX holds at most.
const CALLERS_MAX: usize = 12;
/// The codes of rejections that come when two sides speak at the same time, or of what is over.
const CROSSINGS: [&str; 4] = ["offer_over", "unknown_offer", "unknown_call", "wrong_state"];

/// A PBX and the process that connects it.
pub(super) struct Pbx {
    name: String,
    random: StdRng,
    connection: Connection,
    calls: u64,
}

enum Connection {
    /// A process that has never been connected.
    New,
    There(Box<Adapter>),
    Lost(Lost),
}

impl Pbx {
    pub(super) fn new(name: &str, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { name: name.to_owned(), random, connection: Connection::New, calls: 0 }
    }

    /// Nobody answers: callers hang up, and the process may end and start as well.
    pub(super) fn while_it_is_away(&mut self, truth: &RefCell<Truth>) {
        self.lose_connection();
        let restarts = self.random.random_ratio(1, 4);
        if restarts {
            self.connection = Connection::New;
        }
        let mut truth = truth.borrow_mut();
        for name in truth.held_by(&self.name) {
            if !self.random.random_ratio(1, 8) {
                continue;
            }
            let known = truth.callers[&name].told.durable && self.random.random();
            match &mut self.connection {
                Connection::Lost(lost) if !known => {
                    let ended = Up::CallEnded(acd::CallEnded { call_id: name.1.clone() });
                    truth.goes(&name, Said::under(lost.say(ended)));
                }
                _ => {
                    truth.goes(&name, Said::never());
                    truth.gone.get_mut(&name).expect("he has just gone").by_resync = true;
                }
            }
        }
        truth.forget_what_was_not_heard(&self.name, restarts);
    }

    fn lose_connection(&mut self) {
        self.connection = match std::mem::replace(&mut self.connection, Connection::New) {
            Connection::There(adapter) => Connection::Lost(adapter.lose_connection()),
            other @ (Connection::New | Connection::Lost(_)) => other,
        };
    }

    /// Connects, and says who is there if it is asked; `false` if the daemon is gone again.
    pub(super) async fn come_back(&mut self, life: &Life<'_>) -> bool {
        self.connect(life).await && (self.is_resumed() || self.resync(life).await)
    }

    async fn connect(&mut self, life: &Life<'_>) -> bool {
        let connection = match std::mem::replace(&mut self.connection, Connection::New) {
            Connection::New => {
                life.daemon.try_welcome(Hello::of(&self.name)).await.ok().map(Box::new)
            }
            Connection::There(adapter) => Some(adapter),
            Connection::Lost(lost) => match lost.return_to(life.daemon).await {
                Ok(adapter) => Some(Box::new(adapter)),
                Err(lost) => {
                    self.connection = Connection::Lost(lost);
                    None
                }
            },
        };
        let Some(adapter) = connection else { return false };
        life.truth.borrow_mut().acknowledged(&self.name, adapter.welcome.received);
        self.connection = Connection::There(adapter);
        true
    }

    fn is_resumed(&self) -> bool {
        matches!(&self.connection, Connection::There(adapter) if adapter.welcome.resumed)
    }

    fn adapter(&mut self) -> &mut Adapter {
        match &mut self.connection {
            Connection::There(adapter) => adapter,
            Connection::New | Connection::Lost(_) => panic!("{} has no session", self.name),
        }
    }

    /// Says who is here and which legs there are, and takes in what becomes of that.
    async fn resync(&mut self, life: &Life<'_>) -> bool {
        let held = life.truth.borrow().held_by(&self.name);
        for name in &held {
            let caller = life.truth.borrow().callers[name].clone();
            let waited = prost_types::Duration::try_from(caller.since.elapsed()).ok();
            let offered = acd::CallOffered { waited, ..caller.offered };
            let number = self.adapter().holds_call(offered).await;
            life.truth.borrow_mut().caller(name).told.again_under(number);
        }
        for name in &held {
            let Some(leg) = life.truth.borrow().callers[name].leg.clone() else { continue };
            let state = match leg.stage {
                Stage::Ringing => LegState::Ringing,
                Stage::Answered => LegState::Answered,
                Stage::Talking => LegState::Talking,
                Stage::OnHold => LegState::Held,
            };
            let said = self.adapter().leg(&name.1, &leg.agent, state);
            let number = self.adapter().holds_leg(said).await;
            if let Some(leg) = &mut life.truth.borrow_mut().caller(name).leg
                && let Some(bridged) = &mut leg.bridged
            {
                bridged.again_under(number);
            }
        }
        life.heard.borrow_mut().insert(self.name.clone());
        let number = self.adapter().holds_no_more().await;
        life.truth.borrow_mut().ends_are_told(&self.name, number);
        loop {
            match self.next_order(life).await {
                None => return false,
                Some(Down::Resynced(_)) => break,
                Some(Down::Offer(offer)) if !offer.adopted => {
                    panic!("{} is to ring before its resync is taken in: {offer:?}", self.name)
                }
                Some(order) => self.obey(life, order).await,
            }
        }
        let epoch = self.adapter().epoch();
        life.truth.borrow_mut().hang_up_void_legs(&self.name, epoch);
        true
    }

    /// The next order; none if the daemon is gone. What it acknowledges is noted.
    async fn next_order(&mut self, life: &Life<'_>) -> Option<Down> {
        let adapter = self.adapter();
        let order = adapter.next_order().await;
        let acknowledged = adapter.acknowledged;
        life.truth.borrow_mut().acknowledged(&self.name, acknowledged);
        Some(order.ok()?.body.expect("every order has a body"))
    }

    /// Carries on until the daemon is gone.
    pub(super) async fn work(&mut self, life: &Life<'_>) {
        loop {
            let pause = Duration::from_micros(self.random.random_range(0..6_000));
            let order = tokio::time::timeout(pause, self.next_order(life)).await;
            match order {
                Ok(Some(order)) => self.obey(life, order).await,
                Ok(None) => return,
                Err(_elapsed) if self.random.random_ratio(1, 150) => {
                    // The connection breaks, and is there again.
                    self.lose_connection();
                    if !self.connect(life).await {
                        return;
                    }
                    assert!(self.is_resumed(), "the session goes on by number");
                }
                Err(_elapsed) => self.act(life).await,
            }
        }
    }

    /// Something happens in the PBX.
    async fn act(&mut self, life: &Life<'_>) {
        let held = life.truth.borrow().held_by(&self.name);
        let one = held.choose(&mut self.random).cloned();
        match (self.random.random_range(0..100), one) {
            (0..35, _) | (_, None) if held.len() < CALLERS_MAX => self.somebody_calls(life).await,
            (35..45, Some(name)) => self.hangs_up(life, &name).await,
            (_, Some(name)) => self.something_becomes_of_the_leg(life, &name).await,
            (_, None) => {}
        }
    }

    async fn somebody_calls(&mut self, life: &Life<'_>) {
        self.calls += 1;
        let call_id = format!("{}-{}", self.name, self.calls);
        let queue = if self.random.random() { "billing" } else { "front-desk" };
        let priority = Some(self.random.random_range(4..=6));
        let attributes = [("crm".to_owned(), format!("token-{call_id}"))].into();
        let offered = acd::CallOffered { priority, attributes, ..call(&call_id, queue) };
        let number = self.adapter().offer_call_with(offered.clone()).await;
        let caller = Caller {
            offered,
            since: Instant::now(),
            told: Said::under(number),
            leg: None,
            sent_away: SentAway::No,
        };
        let name = (self.name.clone(), call_id);
        assert!(life.truth.borrow_mut().callers.insert(name, caller).is_none());
    }

    async fn hangs_up(&mut self, life: &Life<'_>, name: &Name) {
        let number = self.adapter().end_call(&name.1).await;
        life.truth.borrow_mut().goes(name, Said::under(number));
    }

    async fn something_becomes_of_the_leg(&mut self, life: &Life<'_>, name: &Name) {
        let Some(leg) = life.truth.borrow().callers[name].leg.clone() else { return };
        let call_id = name.1.clone();
        let dice = self.random.random_range(0..100);
        match (leg.stage, dice) {
            (Stage::Ringing, 0..60) => {
                self.adapter().result(leg.offer, How::Accepted).await;
                life.truth.borrow_mut().leg(name).stage = Stage::Answered;
            }
            (Stage::Ringing, _) => {
                let how = [How::Declined, How::NoAnswer, How::Failed][dice % 3];
                self.adapter().result(leg.offer, how).await;
                life.truth.borrow_mut().caller(name).leg = None;
            }
            (Stage::Answered, _) => {}
            (Stage::Talking, 0..20) => {
                self.adapter().say(Up::CallHeld(acd::CallHeld { call_id })).await;
                life.truth.borrow_mut().leg(name).stage = Stage::OnHold;
            }
            (Stage::OnHold, 0..60) => {
                self.adapter().say(Up::CallRetrieved(acd::CallRetrieved { call_id })).await;
                life.truth.borrow_mut().leg(name).stage = Stage::Talking;
            }
            (Stage::Talking | Stage::OnHold, 60..75) => {
                self.adapter().say(Up::AgentLegLost(acd::AgentLegLost { call_id })).await;
                life.truth.borrow_mut().caller(name).leg = None;
            }
            (Stage::Talking | Stage::OnHold, _) => {
                life.truth.borrow_mut().tally.handled += 1;
                self.hangs_up(life, name).await;
            }
        }
    }

    /// Does what the daemon says.
    async fn obey(&mut self, life: &Life<'_>, order: Down) {
        match order {
            Down::Offer(offer) if offer.adopted => self.leg_goes_on(life, &offer),
            Down::Offer(offer) => self.rings(life, &offer).await,
            Down::Connect(connect) => self.bridges(life, &connect).await,
            Down::Revoke(revoke) => {
                let name = name_of(revoke.call);
                if let Some(caller) = life.truth.borrow_mut().callers.get_mut(&name)
                    && caller.leg.as_ref().is_some_and(|leg| leg.offer == revoke.offer_number)
                {
                    caller.leg = None;
                }
            }
            Down::End(end) => {
                let name = name_of(end.call);
                let mut truth = life.truth.borrow_mut();
                if truth.callers.contains_key(&name) {
                    truth.goes(&name, Said::for_good());
                }
            }
            Down::Rejected(rejected) => {
                assert!(CROSSINGS.contains(&&*rejected.code), "{rejected:?}");
                let number = rejected.rejected_number;
                life.truth.borrow_mut().refused(&self.name, number);
            }
            Down::Resynced(_)
            | Down::Welcome(_)
            | Down::Acknowledged(_)
            | Down::Transfer(_)
            | Down::Play(_)
            | Down::OfferCallback(_)
            | Down::Ladder(_) => {
                panic!("nobody waits for {order:?}, and no rule wants it")
            }
        }
    }

    async fn rings(&mut self, life: &Life<'_>, offer: &acd::Offer) {
        assert!(life.may_offer(), "it offers before all have said what they hold: {offer:?}");
        let name = name_of(offer.call.clone());
        let epoch = self.adapter().epoch();
        {
            let mut truth = life.truth.borrow_mut();
            let busy = truth.leg_at(&self.name, &offer.agent);
            assert!(busy.is_none(), "{} has a leg: {busy:?} {offer:?}", offer.agent);
            // He may have hung up in this moment.
            let Some(caller) = truth.callers.get_mut(&name) else { return };
            assert!(caller.leg.is_none(), "a second leg for {name:?}: {caller:?} {offer:?}");
            assert_eq!(offer.attributes, caller.offered.attributes, "what travels with the call");
            caller.leg = Some(Leg {
                agent: offer.agent.clone(),
                offer: offer.offer_number,
                epoch,
                stage: Stage::Ringing,
                bridged: None,
                accepted: false,
            });
        }
        if self.random.random() {
            self.adapter().ringing(offer).await;
        }
    }

    fn leg_goes_on(&mut self, life: &Life<'_>, offer: &acd::Offer) {
        let epoch = self.adapter().epoch();
        let mut truth = life.truth.borrow_mut();
        truth.tally.adopted_legs += 1;
        let leg = truth.leg(&name_of(offer.call.clone()));
        assert_eq!(leg.agent, offer.agent, "the leg that was named");
        assert!(leg.stage < Stage::Talking, "a conversation needs no offer: {leg:?}");
        (leg.offer, leg.epoch) = (offer.offer_number, epoch);
    }

    async fn bridges(&mut self, life: &Life<'_>, connect: &acd::Connect) {
        let (name, offer_number) = (name_of(connect.call.clone()), connect.offer_number);
        let offer_epoch = self.adapter().epoch();
        let leg = life.truth.borrow().callers.get(&name).map(|caller| caller.leg.clone());
        let goes = match leg {
            // He hung up in this moment.
            None => return,
            Some(leg) => leg.is_some_and(|leg| leg.offer == offer_number),
        };
        if !goes || self.random.random_ratio(1, 12) {
            let failed = acd::ConnectFailed { offer_number, offer_epoch };
            self.adapter().say(Up::ConnectFailed(failed)).await;
            life.truth.borrow_mut().caller(&name).leg = None;
            return;
        }
        let bridged = acd::CallBridged { offer_number, offer_epoch };
        let number = self.adapter().say(Up::CallBridged(bridged)).await;
        let mut truth = life.truth.borrow_mut();
        let leg = truth.leg(&name);
        (leg.stage, leg.bridged) = (Stage::Talking, Some(Said::under(number)));
    }
}

fn name_of(call: Option<acd::CallRef>) -> Name {
    let acd::CallRef { adapter, call_id } = call.expect("a name");
    (adapter, call_id)
}
