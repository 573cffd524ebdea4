//! Agents who take calls of several channels: what they may hold at once.

use crate::harness::{Adapter, Daemon, call};
use acd_proto::v1::{self as acd, Channel, SlotState};

/// One agent, who takes a call and three chats.
const CONFIG: &str = r#"
[queues.desk]
ring = "10m"

[[queues.desk.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "voicemail" }

[agents]
sam = { capacity = { voice = 1, chat = 3 } }
"#;

async fn comes(pbx: &mut Adapter, call_id: &str, channel: Channel) {
    let offered = acd::CallOffered { channel: channel.into(), ..call(call_id, "desk") };
    pbx.offer_call_with(offered).await;
}

async fn is_taken(pbx: &mut Adapter, call_id: &str) {
    let offer = pbx.expect_offer().await;
    assert_eq!(offer.call.as_ref().expect("it names its call").call_id, call_id);
    pbx.answer(&offer).await;
    pbx.everything_acknowledged().await;
}

#[tokio::test]
async fn an_agent_has_three_chats_and_a_telephone_call_beside_them() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    for chat in ["a", "b", "c"] {
        comes(&mut pbx, chat, Channel::Chat).await;
        is_taken(&mut pbx, chat).await;
    }
    comes(&mut pbx, "d", Channel::Chat).await;
    comes(&mut pbx, "phone", Channel::Voice).await;
    // The fourth chat waits, and nothing of it comes before the telephone call that may interrupt.
    is_taken(&mut pbx, "phone").await;
    let slots = daemon.agent_seen("sam").await.slots;
    assert!(slots.iter().all(|slot| slot.state() == SlotState::Talking), "{slots:?}");
    let of_chat = slots.iter().filter(|slot| slot.channel() == Channel::Chat).count();
    assert_eq!((slots.len(), of_chat), (4, 3));

    // Voice is exclusive: while he telephones, no chat comes, though a slot is free.
    pbx.end_call("b").await;
    pbx.everything_acknowledged().await;
    let sam = daemon.agent_seen("sam").await;
    assert_eq!(sam.slots.iter().filter(|slot| slot.state() == SlotState::Free).count(), 1);
    assert_eq!(daemon.queue("desk").await.waiting, 1);
    pbx.end_call("phone").await;
    is_taken(&mut pbx, "d").await;
}

#[tokio::test]
async fn a_chat_that_is_exclusive_is_interrupted_by_those_alone_that_it_lists() {
    let channels = "[channels]\nchat = { exclusive = true, interruptible_by = [\"chat\"] }\n";
    let daemon = Daemon::start(&format!("{channels}{CONFIG}")).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    comes(&mut pbx, "a", Channel::Chat).await;
    is_taken(&mut pbx, "a").await;
    comes(&mut pbx, "phone", Channel::Voice).await;
    comes(&mut pbx, "b", Channel::Chat).await;
    is_taken(&mut pbx, "b").await;
    pbx.end_call("a").await;
    pbx.end_call("b").await;
    is_taken(&mut pbx, "phone").await;
}
