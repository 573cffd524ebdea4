//! Names and handles: what is new, what is known, what is over.

use super::*;
use acd_core::{Channel, RoutingPlan};

fn card(call_id: &str) -> Arc<CallCard> {
    let attributes = Arc::from([]);
    let [adapter, call_id, dialed, caller] = ["a", call_id, "", ""].map(Arc::from);
    Arc::new(CallCard { adapter, call_id, dialed, caller, attributes })
}

fn known() -> (Directory, AdapterId) {
    let adapters = vec!["x".to_owned(), "y".to_owned()];
    let plan = RoutingPlan { adapters, ..RoutingPlan::default() };
    let router = Router::new(Arc::new(plan)).expect("a plan of nothing else is sound");
    let mut directory = Directory::of(&router, &Cast::default());
    directory.follow_plan(&router);
    let id = directory.adapter("a").expect("there is room");
    assert_eq!(id, AdapterId(2), "the plan's adapters come first");
    (directory, id)
}

#[test]
fn an_id_that_comes_back_is_a_new_call() {
    let (mut directory, a) = known();
    let first = directory.mint(a, &card("1"), Priority::NORMAL, Channel::Voice).expect("new");
    let again =
        directory.mint(a, &card("1"), Priority::NORMAL, Channel::Voice).expect_err("it lives");
    assert_eq!((again.kind, again.code), (RefusalKind::AlreadyExists, code::CALL_EXISTS));
    directory.free(first);
    assert!(directory.find(a, "1").is_err());
    let second = directory
        .mint(a, &card("1"), Priority::NORMAL, Channel::Voice)
        .expect("the first has ended");
    assert_eq!((second.slot, second.generation), (first.slot, first.generation + 1));
    assert_eq!(directory.find(a, "1").expect("it lives"), second);
    assert!(directory.call(first).is_none());
    directory.free(first);
    assert!(directory.call(second).is_some(), "freeing the old one again changes nothing");
}

#[test]
fn a_handle_taken_back_is_as_if_never_minted() {
    let (mut directory, a) = known();
    let handle = directory.mint(a, &card("1"), Priority::NORMAL, Channel::Voice).expect("new");
    directory.unmint(handle);
    assert_eq!(
        directory.mint(a, &card("2"), Priority::NORMAL, Channel::Voice).expect("new"),
        handle
    );
}

#[test]
fn two_adapters_may_use_one_id() {
    let (mut directory, a) = known();
    let b = directory.adapter("b").expect("there is room");
    let of_a = directory.mint(a, &card("1"), Priority::NORMAL, Channel::Voice).expect("new");
    let of_b = directory.mint(b, &card("1"), Priority::NORMAL, Channel::Voice).expect("new to b");
    assert_ne!(of_a, of_b);
    let call = CallRef { adapter: "b".to_owned(), call_id: "1".to_owned() };
    assert_eq!(directory.find_ref(&call).expect("it lives"), of_b);
}

#[test]
fn adapters_are_bounded() {
    let (mut directory, _) = known();
    for number in 3..ADAPTERS_MAX {
        assert!(directory.adapter(&format!("n{number}")).is_ok());
    }
    let refused = directory.adapter("one-more").expect_err("full");
    assert_eq!(refused.code, code::TOO_MANY_ADAPTERS);
    assert!(directory.adapter("a").is_ok(), "those known are found");
}

#[test]
fn an_offer_that_is_over_says_how_it_ended() {
    let (mut directory, a) = known();
    let call = directory.mint(a, &card("1"), Priority::NORMAL, Channel::Voice).expect("new");
    let agent = AgentId(4);
    let out = |number| LiveOffer {
        offer: OfferNumber(number),
        call,
        agent,
        rung_by: a,
        stage: LegStage::Out,
    };
    assert_eq!(directory.only_offer_to(agent).expect_err("none").code, code::WRONG_STATE);
    for number in 1..=2 {
        directory.offer_issued(out(number));
    }
    assert!(directory.only_offer_to(agent).expect_err("two").message.contains("2 offers"));
    directory.offer_ended(OfferNumber(1), OfferEnd::Revoked(RevokeCause::CallEnded));
    assert_eq!(directory.only_offer_to(agent).expect("one"), 2);
    let over = directory.offer(1).expect_err("over");
    assert_eq!(over.code, code::OFFER_OVER);
    assert!(over.message.starts_with("offer 1 is over: revoked, the caller hung up"));
    assert_eq!(directory.offer(3).expect_err("never").code, code::UNKNOWN_OFFER);
    assert_eq!(directory.offer(0).expect_err("never").code, code::UNKNOWN_OFFER);
}

#[test]
fn an_accepted_offer_is_known_as_a_leg_until_the_agent_is_out_of_the_call() {
    let (mut directory, a) = known();
    let call = directory.mint(a, &card("1"), Priority::NORMAL, Channel::Voice).expect("new");
    let offer = OfferNumber(1);
    let agent = AgentId(0);
    let stage = LegStage::Out;
    directory.offer_issued(LiveOffer { offer, call, agent, rung_by: a, stage });
    directory.offer_ended(offer, OfferEnd::Accepted);
    assert_eq!(directory.offer(1).expect("not bridged yet").stage, LegStage::Accepted);
    assert!(directory.only_offer_to(agent).is_err(), "it is out no more");
    directory.bridged(call);
    let talking = directory.legs_at(a);
    assert_eq!(talking.len(), 1);
    assert_eq!(talking[0].stage, LegStage::Bridged);
    assert_eq!(directory.offer(1).expect("it is known").stage, LegStage::Bridged);
    assert_eq!(directory.leg_over(call).expect("it was").offer, offer);
    assert_eq!(directory.leg_over(call), None);
    let over = directory.offer(1).expect_err("over");
    assert_eq!(over.message, "offer 1 is over: it was accepted");
}

#[test]
fn only_the_newest_ended_offers_are_remembered_in_detail() {
    let mut ended = EndedOffers::default();
    for offer in 1..=ENDED_OFFERS_KEPT as u64 + 1 {
        ended.remember(offer, OfferEnd::NoAnswer);
    }
    assert_eq!(ended.how.len(), ENDED_OFFERS_KEPT);
    assert!(!ended.how.contains_key(&1));
}
