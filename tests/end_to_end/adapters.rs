//! Two adapters at once: neither disturbs the other.

use crate::CONFIG;
use crate::harness::{Daemon, Hello};

#[tokio::test]
async fn two_adapters_have_calls_of_the_same_id() {
    let daemon = Daemon::start(CONFIG).await;
    let mut east = daemon.adapter("east").await;
    let mut west = daemon.adapter("west").await;
    let _ben = daemon.agent("ben").await;
    let _ana = daemon.agent("ana").await;

    east.offer_call("c1", "billing").await;
    let in_the_east = east.expect_offer().await;
    west.offer_call("c1", "billing").await;
    let in_the_west = west.expect_offer().await;
    assert_eq!((&*in_the_east.agent, &*in_the_west.agent), ("ben", "ana"));

    // An adapter cannot speak of the other's offer.
    west.accepted(&in_the_east).await;
    assert_eq!(west.expect_rejected().await.code, "unknown_offer");

    east.answer(&in_the_east).await;
    west.answer(&in_the_west).await;
    east.end_call("c1").await;
    east.everything_acknowledged().await;
    west.everything_acknowledged().await;
    let calls = daemon.calls().await;
    assert_eq!(calls.len(), 1, "only the call in the east is over");
    assert_eq!(calls[0].call.as_ref().expect("a name").adapter, "west");
}

#[tokio::test]
async fn an_endpoint_says_which_adapter_rings_the_agent() {
    let config = CONFIG.replace(
        "sam = { name = \"Sam Whitaker\" }",
        "sam = { name = \"Sam Whitaker\", endpoints = { voice = \"desk:PJSIP/201\" } }",
    );
    let daemon = Daemon::start(&config).await;
    let mut trunk = daemon.adapter("trunk").await;
    let _sam = daemon.agent("sam").await;

    // Nobody can ring sam yet.
    trunk.offer_call("c1", "front-desk").await;
    trunk.everything_acknowledged().await;
    assert_eq!(daemon.queue("front-desk").await.offering, 0);

    let mut desk = daemon.adapter("desk").await;
    let offer = desk.expect_offer().await;
    assert_eq!((&*offer.agent, &*offer.address), ("sam", "PJSIP/201"));
    let call = offer.call.clone().expect("an offer names its call");
    assert_eq!((&*call.adapter, &*call.call_id), ("trunk", "c1"));
    desk.accepted(&offer).await;
}

#[tokio::test]
async fn what_one_adapter_breaks_the_other_does_not_feel() {
    let daemon = Daemon::start(CONFIG).await;
    let mut steady = daemon.adapter("steady").await;
    let mut clumsy = daemon.adapter("clumsy").await;
    let _sam = daemon.agent("sam").await;
    steady.offer_call("c1", "front-desk").await;
    let offer = steady.expect_offer().await;

    clumsy.offer_call("c1", "front-desk").await;
    drop(clumsy.lose_connection());

    steady.answer(&offer).await;
    steady.end_call("c1").await;
    steady.everything_acknowledged().await;
}

#[tokio::test]
async fn an_adapter_may_not_take_the_name_of_the_built_in_one() {
    let daemon = Daemon::start(CONFIG).await;
    let refused = daemon.open_session(Hello::of("manual")).await.err().expect("it is refused");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert!(refused.message().contains("manual"), "{refused}");
}
