//! Numbering against a model daemon that breaks streams, restarts and forgets.

use super::{Breach, Numbering, SendId, Verdict};
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};

/// A numbering that is connected in epoch 1 and has sent `sent` messages.
fn connected(sent: u64) -> Numbering<u64> {
    let mut numbering = Numbering::default();
    numbering.welcome(1, false, 0, |_| false).expect("the first welcome");
    for message in 1..=sent {
        numbering.push(message);
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
    numbering.welcome(1, true, 3, |_| false).expect("resumed");
    assert_eq!(written(&mut numbering), [(4, 4), (5, 5)]);
    assert_eq!(numbering.outstanding(), 3, "what is received is kept until it is durable");
}

#[test]
fn a_new_epoch_numbers_from_one_again_and_ids_stay() {
    let mut numbering = connected(3);
    let third = numbering.id_of(3).expect("it was sent");
    numbering.acknowledge(1, 1).expect("one of three");
    let lapsed = numbering.welcome(2, false, 0, |message| *message == 2).expect("anew");
    assert_eq!(lapsed, [SendId(2)]);
    let fresh = numbering.push(4);
    assert_eq!(written(&mut numbering), [(1, 3), (2, 4)]);
    assert_eq!(numbering.id_of(1), Some(third));
    assert_eq!(numbering.id_of(2), Some(fresh));
    assert_eq!(numbering.id_of(3), None);
    assert_eq!(numbering.id_of(0), None);
}

#[test]
fn an_id_is_still_known_after_its_acknowledgement() {
    let mut numbering = connected(2);
    let second = numbering.id_of(2);
    numbering.acknowledge(1, 2).expect("all");
    assert_eq!(numbering.id_of(2), second);
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
    numbering.welcome(4, false, 0, |_| false).expect("anew");
    assert_eq!(numbering.order(3, 1), Ok(Verdict::Former));
    assert_eq!(numbering.order(5, 1), Err(Breach::ForeignEpoch { epoch: 5, session: 4 }));
    assert_eq!(
        numbering.welcome(3, false, 0, |_| false),
        Err(Breach::EpochWentBack { epoch: 3, seen: 4 })
    );
}

#[test]
fn only_what_the_user_has_taken_is_acknowledged() {
    let mut numbering = connected(0);
    numbering.order(1, 1).expect("the first");
    numbering.order(1, 2).expect("the second");
    numbering.take(1, 1);
    assert_eq!(numbering.position(), (1, 1));
    let before = numbering.generation();
    numbering.welcome(2, false, 0, |_| false).expect("anew");
    numbering.order(2, 1).expect("the first");
    numbering.order(2, 2).expect("the second");
    numbering.take(before, 2);
    assert_eq!(numbering.position(), (2, 0), "it was an order of the time before");
}

#[test]
fn a_daemon_cannot_have_received_what_was_never_sent() {
    let mut numbering = connected(2);
    numbering.acknowledge(1, 1).expect("one of two");
    let breach = |received| Err(Breach::ImpossibleCount { received, least: 1, most: 2 });
    assert_eq!(numbering.welcome(1, true, 3, |_| false), breach(3));
    assert_eq!(numbering.welcome(1, true, 0, |_| false), breach(0));
    assert_eq!(
        numbering.acknowledge(1, 3),
        Err(Breach::ImpossibleCount { received: 3, least: 1, most: 2 })
    );
}

/// What may happen between an adapter and a daemon.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The adapter sends a message; one in some speaks of an offer of the present epoch.
    Send { of_offer: bool },
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
        6 => prop::bool::weighted(0.2).prop_map(|of_offer| Step::Send { of_offer }),
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

/// A message of the model: its count, and the epoch that it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Message {
    count: u64,
    epoch: Option<u64>,
}

#[derive(Debug, Default)]
struct World {
    numbering: Numbering<Message>,
    sent: u64,
    lapsed: BTreeSet<u64>,
    up: VecDeque<(u64, u64, Message)>,
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
    /// What the daemon has applied in its epoch, in order.
    applied: Vec<Message>,
    /// What was applied in the life of each session and did not get lost, in order.
    kept: Vec<Vec<Message>>,
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
            self.received = 0;
            self.durable = 0;
            self.orders = 0;
            self.orders_acknowledged = 0;
            self.applied.clear();
            self.untaken.clear();
            self.taken.clear();
            self.knows_session = true;
        }
        let now = self.epoch;
        let lapsed = self
            .numbering
            .welcome(now, resumed, self.received, |message| {
                message.epoch.is_some_and(|epoch| epoch != now)
            })
            .expect("an honest welcome");
        self.lapsed.extend(lapsed.iter().map(|id| id.0));
        for number in self.orders_acknowledged + 1..=self.orders {
            self.down.push_back((self.epoch, number, self.durable));
        }
    }

    /// The daemon's life, or its memory of the session, ends.
    fn lose_session(&mut self, keep: u64) {
        self.applied.truncate(usize::try_from(keep).expect("it is small"));
        let applied = std::mem::take(&mut self.applied);
        self.kept.push(applied);
        self.knows_session = false;
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send { of_offer } => {
                self.sent += 1;
                let epoch = of_offer.then_some(self.epoch);
                let id = self.numbering.push(Message { count: self.sent, epoch });
                assert_eq!(id.0, self.sent);
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
                self.lose_session(self.durable);
                self.epoch += 1;
                self.connect();
            }
            Step::Forget => {
                self.lose_session(self.received);
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
            assert_eq!(self.numbering.id_of(number), Some(SendId(message.count)));
            assert!(message.epoch.is_none_or(|epoch| epoch == self.epoch));
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
        self.lose_session(self.durable);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever breaks: within the life of a session every message is applied once, in the order
    /// of sending; over all lives none is lost, and one is applied again only if the daemon had
    /// made it durable and could not say so.
    #[test]
    fn every_message_is_applied_in_order_and_none_is_lost(
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.step(*step);
        }
        world.settle();
        for life in &world.kept {
            prop_assert!(life.windows(2).all(|pair| pair[0].count < pair[1].count));
        }
        let all = world.kept.iter().flatten().map(|message| message.count);
        let mut arrived: BTreeSet<u64> = all.clone().collect();
        arrived.extend(&world.lapsed);
        prop_assert_eq!(arrived.len() as u64, world.sent);
        if world.kept.len() == 1 {
            prop_assert_eq!(all.collect::<Vec<_>>(), (1..=world.sent).collect::<Vec<_>>());
        }
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
