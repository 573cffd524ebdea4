//! Several calls or several agents: who comes first.

use crate::CONFIG;
use crate::harness::Daemon;

fn call_of(offer: acd_proto::v1::Offer) -> String {
    offer.call.expect("an offer names its call").call_id
}

#[tokio::test]
async fn the_more_urgent_call_comes_first_then_the_older_one() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call_at("low", "front-desk", 2).await;
    pbx.offer_call("normal-1", "front-desk").await;
    pbx.offer_call("normal-2", "front-desk").await;
    pbx.offer_call_at("urgent", "front-desk", 8).await;
    pbx.offer_call_at("emergency", "front-desk", 9).await;
    pbx.everything_acknowledged().await;

    let mut sam = daemon.agent("sam").await;
    for expected in ["emergency", "urgent", "normal-1", "normal-2", "low"] {
        let offer = pbx.expect_offer().await;
        pbx.answer(&offer).await;
        assert_eq!(call_of(offer), expected);
        pbx.end_call(expected).await;
        pbx.everything_acknowledged().await;
        sam.end_wrap_up().await.expect("he wraps up");
    }
}

#[tokio::test]
async fn with_credit_waiting_makes_up_for_priority() {
    let config = CONFIG.replace("order = \"strict\"", "order = \"credit\"\ncredit = \"10s\"");
    let daemon = Daemon::start_fast(&config, 100).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("patient", "front-desk").await;
    pbx.everything_acknowledged().await;
    // One step is worth 10 s of waiting; here a minute passes in 0.6 s.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    pbx.offer_call_at("urgent", "front-desk", 7).await;
    pbx.offer_call_at("emergency", "front-desk", 9).await;
    pbx.everything_acknowledged().await;

    let mut sam = daemon.agent("sam").await;
    for expected in ["emergency", "patient", "urgent"] {
        let offer = pbx.expect_offer().await;
        pbx.answer(&offer).await;
        assert_eq!(call_of(offer), expected);
        pbx.end_call(expected).await;
        pbx.everything_acknowledged().await;
        sam.end_wrap_up().await.expect("he wraps up");
    }
}

#[tokio::test]
async fn a_queue_may_prefer_the_most_skilled_agent() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ana = daemon.agent("ana").await;
    let _ben = daemon.agent("ben").await;

    pbx.offer_call("c1", "billing").await;
    assert_eq!(pbx.expect_offer().await.agent, "ben", "level 9 before level 5");
    pbx.offer_call("c2", "billing").await;
    assert_eq!(pbx.expect_offer().await.agent, "ana", "ben has a call");
}

#[tokio::test]
async fn otherwise_the_agent_who_has_been_idle_longest_is_first() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    for agent in ["sam", "ben", "ana"] {
        daemon.agent(agent).await;
    }
    for (call, agent) in [("c1", "sam"), ("c2", "ben"), ("c3", "ana")] {
        pbx.offer_call(call, "front-desk").await;
        assert_eq!(pbx.expect_offer().await.agent, agent);
    }
}

#[tokio::test]
async fn an_agent_below_the_level_is_never_offered_the_call() {
    let config = CONFIG.replace("billing = 5, spanish = 8", "billing = 2, spanish = 8");
    let daemon = Daemon::start(&config).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ana = daemon.agent("ana").await;
    let _sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    let queue = daemon.queue("billing").await;
    assert_eq!((queue.waiting, queue.offering), (1, 0), "ana has level 2, billing asks for 3");
    assert_eq!((queue.agents_staffed, queue.agents_qualified), (0, 1));

    // The Spanish queue asks for billing at level 2 only.
    pbx.offer_call("c2", "spanish").await;
    let offer = pbx.expect_offer().await;
    assert_eq!((&*offer.agent, &*call_of(offer.clone())), ("ana", "c2"));

    let _ben = daemon.agent("ben").await;
    let offer = pbx.expect_offer().await;
    assert_eq!((&*offer.agent, &*call_of(offer.clone())), ("ben", "c1"));
}

#[tokio::test]
async fn an_agent_who_frees_up_takes_the_best_call_of_all_queues_that_he_may_serve() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("front", "front-desk").await;
    pbx.offer_call("spanish", "spanish").await;
    pbx.offer_call_at("billing", "billing", 6).await;
    pbx.everything_acknowledged().await;

    let _sam = daemon.agent("sam").await;
    assert_eq!(call_of(pbx.expect_offer().await), "front", "the only one that sam may take");
    let _ana = daemon.agent("ana").await;
    assert_eq!(call_of(pbx.expect_offer().await), "billing", "priority 6 before 5");
}
