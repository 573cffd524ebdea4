//! Numbering against a model daemon that breaks streams, restarts and forgets.

use super::{Breach, Numbering, SendId, Verdict};
use proptest::prelude::*;
use std::collections::VecDeque;

/// A numbering that is connected in epoch 1 and has sent `sent` messages.
fn connected(sent: u64) -> Numbering<u64> {
    let mut numbering = Numbering::default();
    numbering.welcome(1, false, 0).expect("the first welcome");
    for message in 1..=sent {
        assert_eq!(numbering.push(message), SendId(message));
    }
    while numbering.next_to_write().is_some() {}
    numbering
}

fn written(numbering: &mut Numbering<u64>) -> Vec<(u64, u64)> {
    std::iter::from_fn(|| numbering.next_to_write().map(|(number, message)| (number, *message)))
        .collect()
}

#[test]
fn a_resumed_stream_sends_again_what_was_not_received_with_its_old_numbers() {
    let mut numbering = connected(5);
    numbering.acknowledge(1, 2).expect("two of five");
    let freed = numbering.welcome(1, true, 3).expect("resumed");
    assert_eq!(freed, Some((1, SendId(3))), "what is received is durable");
    assert_eq!(written(&mut numbering), [(4, 4), (5, 5)]);
    assert_eq!(numbering.outstanding(), 2);
}

#[test]
fn a_new_epoch_goes_on_with_the_old_numbers() {
    let mut numbering = connected(4);
    numbering.acknowledge(1, 1).expect("one of four");
    assert_eq!(numbering.welcome(2, false, 2), Ok(Some((1, SendId(2)))));
    assert_eq!(numbering.push(5), SendId(5));
    assert_eq!(written(&mut numbering), [(3, 3), (4, 4), (5, 5)]);
    assert_eq!(numbering.acknowledge(2, 5), Ok(Some((3, SendId(5)))));
    assert_eq!(numbering.acknowledge(2, 5), Ok(None), "that is no news");
}

#[test]
fn what_becomes_durable_before_it_is_sent_again_is_not_sent_again() {
    let mut numbering = connected(4);
    numbering.welcome(1, true, 1).expect("three more have arrived");
    assert_eq!(numbering.acknowledge(1, 3), Ok(Some((2, SendId(3)))));
    assert_eq!(written(&mut numbering), [(4, 4)]);
}

#[test]
fn an_id_is_known_for_ever_and_none_that_was_not_sent() {
    let mut numbering = connected(2);
    numbering.acknowledge(1, 2).expect("all");
    numbering.welcome(2, false, 2).expect("anew");
    assert_eq!(numbering.id_of(2), Some(SendId(2)));
    assert_eq!(numbering.id_of(3), None);
    assert_eq!(numbering.id_of(0), None);
}

#[test]
fn an_order_counts_once() {
    let mut numbering = connected(0);
    assert_eq!(numbering.order(1, 1), Ok(Verdict::Take));
    assert_eq!(numbering.order(1, 1), Ok(Verdict::Duplicate));
    assert_eq!(numbering.order(1, 3), Err(Breach::OrderGap { number: 3, after: 1 }));
    assert_eq!(numbering.order(1, 2), Ok(Verdict::Take));
}

#[test]
fn orders_of_a_former_epoch_are_ignored_and_later_ones_need_a_welcome() {
    let mut numbering = connected(0);
    numbering.welcome(4, false, 0).expect("anew");
    assert_eq!(numbering.order(3, 1), Ok(Verdict::Former));
    assert_eq!(numbering.order(5, 1), Err(Breach::ForeignEpoch { epoch: 5, session: 4 }));
    let breach = Breach::EpochWentBack { epoch: 3, seen: 4 };
    assert_eq!(numbering.welcome(3, false, 0), Err(breach));
    assert!(!breach.is_final(), "the right daemon may come back");
}

#[test]
fn only_what_the_user_has_taken_is_acknowledged() {
    let mut numbering = connected(0);
    numbering.order(1, 1).expect("the first");
    numbering.order(1, 2).expect("the second");
    numbering.take(1, 1);
    assert_eq!(numbering.position(), (1, 1));
    let before = numbering.generation();
    numbering.welcome(2, false, 0).expect("anew");
    numbering.order(2, 1).expect("the first");
    numbering.order(2, 2).expect("the second");
    numbering.take(before, 2);
    assert_eq!(numbering.position(), (2, 0), "it was an order of the time before");
}

#[test]
fn a_daemon_cannot_have_received_what_was_never_sent() {
    let mut numbering = connected(2);
    numbering.acknowledge(1, 1).expect("one of two");
    for (epoch, resumed) in [(1, true), (1, false), (2, false)] {
        let breach = Breach::NotOurs { received: 3, sent: 2 };
        assert_eq!(numbering.welcome(epoch, resumed, 3), Err(breach));
        assert!(breach.is_final());
    }
    assert_eq!(numbering.acknowledge(1, 3), Err(Breach::NeverSent { number: 3, sent: 2 }));
}

#[test]
fn a_daemon_that_has_lost_what_it_acknowledged_is_told_so() {
    let mut numbering = connected(3);
    numbering.acknowledge(1, 2).expect("two of three");
    for (epoch, resumed) in [(1, true), (1, false), (2, false)] {
        let breach = Breach::Lost { received: 1, acknowledged: 2 };
        assert_eq!(numbering.welcome(epoch, resumed, 1), Err(breach));
        assert!(breach.is_final());
    }
    assert_eq!(numbering.position(), (1, 0), "nothing has changed");
    assert_eq!(numbering.outstanding(), 1);
}

/// What may happen between an adapter and a daemon.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The adapter sends a message.
    Send,
    /// So many messages go onto the wire.
    Write(usize),
    /// So many messages arrive.
    DeliverUp(usize),
    /// So many orders arrive.
    DeliverDown(usize),
    /// So many of the messages applied become durable, and the daemon says so.
    Persist(usize),
    /// The daemon gives an order.
    Order,
    /// The user takes so many orders.
    Take(usize),
    /// The stream breaks, with everything that is on it; a new one is opened.
    Break,
    /// The daemon dies, with everything that is not durable, and starts again in a new epoch.
    Restart,
    /// The stream breaks, and the daemon forgets the session within its epoch.
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Send),
        4 => (1_usize..6).prop_map(Step::Write),
        4 => (1_usize..6).prop_map(Step::DeliverUp),
        4 => (1_usize..6).prop_map(Step::DeliverDown),
        3 => (1_usize..6).prop_map(Step::Persist),
        4 => Just(Step::Order),
        3 => (1_usize..6).prop_map(Step::Take),
        2 => Just(Step::Break),
        1 => Just(Step::Restart),
        1 => Just(Step::Forget),
    ]
}

#[derive(Debug, Default)]
struct World {
    numbering: Numbering<u64>,
    sent: u64,
    up: VecDeque<(u64, u64, u64)>,
    down: VecDeque<(u64, u64, u64)>,
    /// Orders that have come in and wait for the user.
    untaken: VecDeque<(u64, u64)>,
    taken: Vec<u64>,
    // The daemon.
    epoch: u64,
    knows_session: bool,
    received: u64,
    durable: u64,
    orders: u64,
    orders_acknowledged: u64,
    /// What the daemon has applied over all its lives, in order.
    applied: Vec<u64>,
}

impl World {
    fn new() -> Self {
        let mut world = Self { epoch: 1, ..Self::default() };
        world.connect();
        world
    }

    fn connect(&mut self) {
        self.up.clear();
        self.down.clear();
        let (epoch, ack) = self.numbering.position();
        let resumed = self.knows_session && epoch == self.epoch;
        if resumed {
            self.orders_acknowledged = self.orders_acknowledged.max(ack);
        } else {
            self.orders = 0;
            self.orders_acknowledged = 0;
            self.untaken.clear();
            self.taken.clear();
            self.knows_session = true;
        }
        self.numbering.welcome(self.epoch, resumed, self.durable).expect("an honest welcome");
        for number in self.orders_acknowledged + 1..=self.orders {
            self.down.push_back((self.epoch, number, self.durable));
        }
    }

    /// Up to what is durable, the next life goes on where this one ends.
    fn die(&mut self) {
        self.received = self.durable;
        self.applied.truncate(usize::try_from(self.durable).expect("it is small"));
        self.knows_session = false;
        self.epoch += 1;
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send => {
                self.sent += 1;
                assert_eq!(self.numbering.push(self.sent), SendId(self.sent));
            }
            Step::Write(most) => {
                let (_, ack) = self.numbering.position();
                for _ in 0..most {
                    let Some((number, message)) = self.numbering.next_to_write() else {
                        break;
                    };
                    self.up.push_back((number, ack, *message));
                }
            }
            Step::DeliverUp(most) => (0..most).for_each(|_| self.deliver_up()),
            Step::DeliverDown(most) => (0..most).for_each(|_| self.deliver_down()),
            Step::Persist(most) => {
                self.durable = self.received.min(self.durable + most as u64);
                self.down.push_back((self.epoch, 0, self.durable));
            }
            Step::Order => {
                self.orders += 1;
                self.down.push_back((self.epoch, self.orders, self.durable));
            }
            Step::Take(most) => {
                for (generation, number) in self.untaken.drain(..most.min(self.untaken.len())) {
                    self.numbering.take(generation, number);
                    self.taken.push(number);
                }
            }
            Step::Break => self.connect(),
            Step::Restart => {
                self.die();
                self.connect();
            }
            Step::Forget => {
                self.knows_session = false;
                self.connect();
            }
        }
    }

    fn deliver_up(&mut self) {
        let Some((number, ack, message)) = self.up.pop_front() else {
            return;
        };
        assert!(ack <= self.orders, "it acknowledges an order that was never given");
        self.orders_acknowledged = self.orders_acknowledged.max(ack);
        assert!(number <= self.received + 1, "number {number} leaves a gap");
        if number == self.received + 1 {
            assert_eq!(self.numbering.id_of(number), Some(SendId(message)));
            self.received = number;
            self.applied.push(message);
        }
    }

    fn deliver_down(&mut self) {
        let Some((epoch, number, ack)) = self.down.pop_front() else {
            return;
        };
        if number > 0 && self.numbering.order(epoch, number) == Ok(Verdict::Take) {
            self.untaken.push_back((self.numbering.generation(), number));
        }
        self.numbering.acknowledge(epoch, ack).expect("an honest acknowledgement");
    }

    /// Everything that is under way arrives, over one more stream.
    fn settle(&mut self) {
        self.connect();
        while self.numbering.outstanding() > 0 || !self.down.is_empty() {
            for step in [
                Step::Write(usize::MAX),
                Step::DeliverUp(1_000),
                Step::Persist(1_000),
                Step::DeliverDown(1_000),
                Step::Take(usize::MAX),
            ] {
                self.step(step);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever breaks, restarts or forgets: every message is applied once, in the order of
    /// sending.
    #[test]
    fn every_message_is_applied_once_in_order(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World::new();
        for step in &steps {
            world.step(*step);
        }
        world.settle();
        prop_assert_eq!(&world.applied, &(1..=world.sent).collect::<Vec<_>>());
    }

    /// Whatever breaks: the user takes every order of the last session once, in order.
    #[test]
    fn every_order_is_taken_once_in_order(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World::new();
        for step in &steps {
            world.step(*step);
        }
        world.settle();
        prop_assert_eq!(&world.taken, &(1..=world.orders).collect::<Vec<_>>());
    }
}
