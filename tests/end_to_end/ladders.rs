//! What rules have adapters do for callers who go on waiting.

use crate::CONFIG;
use crate::harness::{Adapter, Daemon, Hello, call};
use acd_proto::v1::adapter_order::Body as Down;

/// Callers of billing are asked, then whoever is on call is tried.
fn config() -> String {
    let last = "[[queues.billing.rules]]\nname = \"give-up\"";
    let rule = "[[queues.billing.rules]]\nname = \"on-call\"\nwhen = { waited = \"20s\" }\n\
                then = { offer_callback = true, ladder = \"on-call-nurse\" }\n\n";
    CONFIG.replace(last, &format!("{rule}{last}"))
}

async fn next(pbx: &mut Adapter) -> Down {
    pbx.next_order().await.expect("a live stream").body.expect("it says something")
}

#[tokio::test]
async fn a_ladder_is_told_again_until_an_agent_has_the_call() {
    let mut daemon = Daemon::start_kept(&config(), &["--clock-scale", "50"]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    let Down::OfferCallback(asked) = next(&mut pbx).await else { panic!("he is asked first") };
    assert_eq!(asked.rule, "billing/on-call");
    let Down::Ladder(ladder) = next(&mut pbx).await else { panic!("then they are tried") };
    assert_eq!((&*ladder.ladder, &*ladder.rule), ("on-call-nurse", "billing/on-call"));
    assert_eq!(daemon.queue("billing").await.waiting, 1, "he waits on");

    daemon.kill();
    let daemon = daemon.start_again().await;
    let mut pbx = daemon.welcome(Hello::of("pbx")).await;
    let (_, before) = pbx.resync(vec![call("c1", "billing")], Vec::new()).await;
    let [Down::Ladder(again)] = &before[..] else {
        panic!("it may not have been heard: {before:?}")
    };
    assert_eq!((&*again.ladder, &again.call), ("on-call-nurse", &ladder.call));

    let _ben = daemon.agent("ben").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.everything_acknowledged().await;
    let mut pbx = daemon.welcome(Hello::of("pbx")).await;
    let leg = pbx.leg("c1", "ben", acd_proto::v1::resync_leg::State::Talking);
    let (_, before) = pbx.resync(vec![call("c1", "billing")], vec![leg]).await;
    assert!(!before.iter().any(|order| matches!(order, Down::Ladder(_))), "{before:?}");
}
