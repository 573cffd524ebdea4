//! A call that one adapter holds, for an agent whose device another one rings.

use super::*;
use acd_core::{AdapterId, Endpoint};
use acd_journal::MemoryLog;

/// Ana's telephone hangs on `desk`.
async fn running() -> (Running, Pbx, Pbx) {
    let mut with_desk = RoutingPlan::clone(&plan());
    with_desk.adapters = vec!["desk".to_owned()];
    let address = "PJSIP/201".to_owned();
    with_desk.agents[0].desks[0].endpoint = Some(Endpoint { adapter: AdapterId(0), address });
    let running = run_by(Arc::new(with_desk), MemoryLog::new(), Settings::default());
    let pbx = running.connect("pbx", 7).await;
    let desk = running.connect("desk", 8).await;
    running.ready("ana").await;
    (running, pbx, desk)
}

async fn connecting(pbx: &mut Pbx, desk: &mut Pbx) -> u64 {
    pbx.offer("c1", "billing").await;
    let Order::Offer { offer, address, call: of, .. } = desk.order().await else {
        panic!("the adapter of her device rings");
    };
    assert_eq!((&*address, of), ("PJSIP/201", call("pbx", "c1")));
    desk.result(offer, OfferResult::Accepted).await;
    for adapter in [desk, pbx] {
        let connect = adapter.order().await;
        assert!(matches!(connect, Order::Connect { .. }), "both have a leg of it");
    }
    offer
}

#[tokio::test(start_paused = true)]
async fn both_are_told_to_connect_and_either_may_report_it() {
    let (running, mut pbx, mut desk) = running().await;
    let offer = connecting(&mut pbx, &mut desk).await;
    pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    let last = pbx.number;
    pbx.acknowledged(last).await;
    assert_eq!(running.calls()[0].state, CallState::Connected);
    desk.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    assert!(desk.hears_nothing().await, "it is known already");
    assert_eq!(running.domain.status().rejected, 0);
}

#[tokio::test(start_paused = true)]
async fn a_bridge_that_one_gives_up_is_over_for_the_other() {
    let (_running, mut pbx, mut desk) = running().await;
    let offer = connecting(&mut pbx, &mut desk).await;
    desk.say(AdapterMessage::ConnectFailed { offer, epoch: 0 }).await;
    let revoked = pbx.order().await;
    assert!(matches!(revoked, Order::Revoke { reason: RevokeReason::Failed, .. }));
    assert!(desk.hears_nothing().await);
}

#[tokio::test(start_paused = true)]
async fn a_bridge_that_nobody_makes_is_over_for_both() {
    let (_running, mut pbx, mut desk) = running().await;
    connecting(&mut pbx, &mut desk).await;
    for adapter in [&mut pbx, &mut desk] {
        let revoked = adapter.order().await;
        assert!(matches!(revoked, Order::Revoke { reason: RevokeReason::ConnectTimeout, .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_hangs_up_during_the_bridge_frees_the_device() {
    let (_running, mut pbx, mut desk) = running().await;
    connecting(&mut pbx, &mut desk).await;
    pbx.say(ended("c1")).await;
    let revoked = desk.order().await;
    assert!(matches!(revoked, Order::Revoke { reason: RevokeReason::CallEnded, .. }));
    assert!(pbx.hears_nothing().await, "it reported it");
}

#[tokio::test(start_paused = true)]
async fn the_adapter_of_the_caller_is_told_again_to_connect() {
    let (running, mut pbx, mut desk) = running().await;
    pbx.offer("c1", "billing").await;
    let offer = desk.rings().await;
    let last = pbx.number;
    pbx.acknowledged(last).await;
    drop(pbx);
    desk.result(offer, OfferResult::Accepted).await;
    assert!(matches!(desk.order().await, Order::Connect { .. }));
    let mut again = running.open(hello("pbx", 9, 0, 0)).await;
    again.holds(held("c1", "billing")).await;
    again.holds(ResyncPart::Done).await;
    let order = again.order().await;
    assert!(matches!(order, Order::Connect { .. }), "{order:?}");
    assert!(matches!(again.body().await, DownBody::Resynced { known: 1, .. }));
}
