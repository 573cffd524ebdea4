//! What agents say at the end of wrap-up of how calls came out.

use crate::CONFIG;
use crate::harness::{Adapter, Daemon, acdctl};
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::{self as acd, SlotState};
use tonic::Code;

/// Sam takes three at once.
fn config() -> String {
    let says = "wrap_up = \"10m\"\ndispositions = [\"resolved\", \"follow-up\"]";
    let config = CONFIG.replace("wrap_up = \"10m\"", says);
    config.replace("sam = { name", "sam = { capacity = { voice = 3 }, name")
}

async fn is_over(pbx: &mut Adapter, call_id: &str) {
    pbx.offer_call(call_id, "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.end_call(call_id).await;
    pbx.everything_acknowledged().await;
}

fn named(call_id: &str) -> Option<acd::CallRef> {
    Some(acd::CallRef { adapter: "pbx".to_owned(), call_id: call_id.to_owned() })
}

#[tokio::test]
async fn a_disposition_is_said_of_one_call_and_told_to_all() {
    let daemon = Daemon::start(&config()).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;
    is_over(&mut pbx, "c1").await;
    is_over(&mut pbx, "c2").await;
    let slot = daemon.agent_seen("sam").await.slots[0].clone();
    assert_eq!((slot.state(), slot.call), (SlotState::WrapUp, named("c1")), "it is over");
    assert_eq!(
        (&*slot.queue, slot.dispositions.join(" ")),
        ("front-desk", "resolved follow-up".into())
    );

    let which = sam.came_out(None, "resolved").await.expect_err("of which?");
    assert_eq!(which.code(), Code::FailedPrecondition);
    let unknown = sam.came_out(named("c2"), "sold").await.expect_err("no such one");
    assert_eq!(unknown.code(), Code::InvalidArgument);
    assert!(unknown.message().contains("one of `resolved`, `follow-up`"), "{unknown:?}");
    sam.came_out(named("c2"), "follow-up").await.expect("it is in wrap-up");
    let told = watcher.until("wrap_up_ended", "c2").await;
    assert_eq!((&*told.agent, &*told.queue, &*told.detail), ("sam", "front-desk", "follow-up"));

    // At the telephone, of the only one that is left.
    let (agent, disposition) = ("sam".to_owned(), "resolved".to_owned());
    pbx.say(Up::WrapUpDone(acd::WrapUpDone { agent, disposition, ..Default::default() })).await;
    assert_eq!(watcher.until("wrap_up_ended", "c1").await.detail, "resolved");
    assert_eq!(daemon.agent_seen("sam").await.state, "ready");
}

#[tokio::test]
async fn a_restart_still_knows_which_call_it_was() {
    let mut daemon = Daemon::start_kept(&config(), &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    is_over(&mut pbx, "c1").await;
    daemon.kill();
    let daemon = daemon.start_again().await;
    let mut watcher = daemon.watcher().await;
    assert_eq!(daemon.agent_seen("sam").await.slots[0].call, named("c1"));
    let server = daemon.grpc.to_string();
    let says = ["--server", &server, "agent", "end-wrap-up", "sam", "--disposition"];
    let wrong = acdctl(&[&says[..], &["sold"]].concat());
    assert_eq!(wrong.status.code(), Some(1));
    let of_call = ["resolved", "--call", "c1", "--adapter", "pbx"];
    let said = acdctl(&[&says[..], &of_call].concat());
    assert!(said.status.success(), "{said:?}");
    let told = watcher.until("wrap_up_ended", "c1").await;
    assert_eq!((&*told.agent, &*told.detail), ("sam", "resolved"));
}
