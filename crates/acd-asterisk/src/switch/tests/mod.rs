//! The switch alone: what it asks for when things happen in an order that a real site seldom has.

mod telephones;
mod transfers;

use super::memory::Kept as _;
use super::*;
use crate::ari::ChannelInfo;
use crate::settings;
use acd_proto::v1;
use serde_json::Value;
use std::time::Duration;

fn at(secs: u64) -> Now {
    use std::sync::OnceLock;
    static START: OnceLock<Instant> = OnceLock::new();
    let span = Duration::from_secs(secs);
    let instant = *START.get_or_init(Instant::now) + span;
    Now { instant, wall: SystemTime::UNIX_EPOCH + span }
}

/// A switch that is connected, announces from the 10th second on, and holds the caller `c1`.
fn with_a_caller() -> Switch {
    let text = settings::EXAMPLE.replace("# first = \"20s\"", "every = \"10s\"");
    let settings = settings::parse("example", &text).expect("it is right");
    let mut switch = Switch::new(settings, at(0));
    let resumed = SessionEvent::Connected { epoch: 1, resumed: true, clock_scale: 1.0 };
    switch.on_order(at(0), resumed);
    let args = vec!["call".to_owned(), "billing".to_owned()];
    let channel = channel("c1", "acd,call,billing");
    switch.on_event(at(0), Event::StasisStart { args, channel, replace_channel: None });
    assert_eq!(does(&mut switch), ["CallOffered"], "an agent may be free");
    soon_after(&mut switch, at(0));
    let settled = ["Post bridges/acd-hold-acd/addChannel", "Post channels/c1/variable"];
    assert_eq!(does(&mut switch), settled);
    switch
}

/// Lets it do what it has put off.
fn soon_after(switch: &mut Switch, now: Now) {
    switch.on_time(Now { instant: now.instant + SOON, ..now });
}

fn channel(id: &str, app_data: &str) -> ChannelInfo {
    let mut channel = ChannelInfo { id: id.to_owned(), ..ChannelInfo::default() };
    channel.state = "Up".to_owned();
    channel.dialplan.app_name = "Stasis".to_owned();
    channel.dialplan.app_data = app_data.to_owned();
    channel
}

const KEY: OfferKey = OfferKey { epoch: 1, number: 7 };
const LEG: &str = "acd-1-7";

fn offer(switch: &mut Switch) {
    let call = v1::CallRef { adapter: "asterisk".to_owned(), call_id: "c1".to_owned() };
    let (agent, address) = ("ana".to_owned(), "201".to_owned());
    let offer = v1::Offer { call: Some(call), agent, address, ..v1::Offer::default() };
    switch.on_order(at(1), SessionEvent::Offer { key: KEY, offer });
}

fn answer(switch: &mut Switch) {
    let args = vec!["leg".to_owned()];
    let channel = channel(LEG, "acd,leg");
    switch.on_event(at(2), Event::StasisStart { args, channel, replace_channel: None });
}

fn talk(switch: &mut Switch) {
    offer(switch);
    answer(switch);
    switch.on_order(at(2), SessionEvent::Connect { key: KEY, connect: v1::Connect::default() });
    let success = Response { status: 204, body: Value::Null };
    switch.on_response(at(2), &Purpose::Bridge(LEG.to_owned()), &success);
    switch.take_outputs();
}

/// What it does now, in short.
fn does(switch: &mut Switch) -> Vec<String> {
    let short = |output: Output| match output {
        Output::Ask(_, request) => format!("{:?} {}", request.method, request.uri),
        Output::Tell(_, report) => {
            let text = format!("{report:?}");
            text.split([' ', '{']).next().unwrap_or_default().to_owned()
        }
        Output::Resync(resync, _) => format!("resync {}", resync.calls.len()),
        Output::AskPositions => "positions".to_owned(),
    };
    switch.take_outputs().into_iter().map(short).collect()
}

/// What acdd is told now.
fn told(switch: &mut Switch) -> Vec<Report> {
    let outputs = switch.take_outputs().into_iter();
    let report = |output| match output {
        Output::Tell(_, report) => Some(report),
        _ => None,
    };
    outputs.filter_map(report).collect()
}

#[test]
fn what_is_left_of_a_conversation_is_taken_down_after_the_next_offer() {
    let mut switch = with_a_caller();
    talk(&mut switch);
    let channel = channel(LEG, "acd,leg");
    switch.on_event(at(3), Event::ChannelHangupRequest { cause: 0, soft: false, channel });
    assert_eq!(does(&mut switch), ["CallEnded"]);
    soon_after(&mut switch, at(3));
    let bridge = format!("Delete bridges/acd-talk-{LEG}");
    assert_eq!(does(&mut switch), [bridge.as_str(), "Delete channels/c1"]);
}

#[test]
fn a_caller_whose_agent_picks_up_at_once_is_not_put_where_the_music_is() {
    let mut switch = with_a_caller();
    switch.waits_again("c1");
    talk(&mut switch);
    soon_after(&mut switch, at(2));
    assert_eq!(does(&mut switch), [""; 0]);
}

#[test]
fn a_caller_is_told_where_he_stands_each_time_though_an_answer_was_empty() {
    let mut switch = with_a_caller();
    switch.on_time(at(10));
    assert_eq!(does(&mut switch), ["positions"]);
    switch.on_positions(&[].into());
    assert_eq!(does(&mut switch), [""; 0]);
    switch.on_time(at(20));
    assert_eq!(does(&mut switch), ["positions"]);
    switch.on_positions(&[("c1".to_owned(), 2)].into());
    assert_eq!(does(&mut switch), ["Post channels/c1/play/acd-1-c1"]);
}

#[test]
fn what_a_caller_is_told_ends_when_an_agent_picks_up_and_begins_for_nobody_who_is_being_rung() {
    let mut switch = with_a_caller();
    switch.on_time(at(10));
    switch.on_positions(&[("c1".to_owned(), 1)].into());
    switch.take_outputs();
    offer(&mut switch);
    assert_eq!(does(&mut switch), ["Post channels"]);
    answer(&mut switch);
    assert_eq!(does(&mut switch), ["Delete playbacks/acd-1-c1", "OfferResult"]);

    let mut switch = with_a_caller();
    offer(&mut switch);
    switch.take_outputs();
    switch.on_time(at(10));
    assert_eq!(does(&mut switch), [""; 0]);
}

#[test]
fn a_conversation_that_acdd_does_not_take_goes_on_and_a_caller_who_waits_goes_to_the_dialplan() {
    let refused = Subject::Call("c1".to_owned());
    let mut switch = with_a_caller();
    talk(&mut switch);
    switch.on_refused(&refused, "unknown_queue", "");
    assert_eq!(does(&mut switch), [""; 0]);
    let mut switch = with_a_caller();
    switch.on_refused(&refused, "unknown_queue", "");
    assert_eq!(does(&mut switch), ["Post channels/c1/variable", "Post channels/c1/continue"]);
}

#[test]
fn an_agent_who_hangs_up_ends_the_call_and_a_leg_that_asterisk_ends_does_not() {
    for (soft, expected) in [(false, "CallEnded"), (true, "AgentLegLost")] {
        let mut switch = with_a_caller();
        talk(&mut switch);
        let channel = channel(LEG, "acd,leg");
        let gone = Event::ChannelHangupRequest { cause: 0, soft, channel: channel.clone() };
        switch.on_event(at(3), gone);
        switch.on_event(at(3), Event::StasisEnd { channel });
        let does = does(&mut switch);
        let told: Vec<_> = does.iter().filter(|it| !it.contains(' ')).collect();
        assert_eq!(told, [expected], "once: {does:?}");
        assert_eq!(switch.counts(), (usize::from(soft), 0));
    }
}

#[test]
fn an_agent_who_picks_up_after_the_revoke_is_hung_up_and_nothing_is_said() {
    let mut switch = with_a_caller();
    offer(&mut switch);
    switch.on_order(at(2), SessionEvent::Revoke { key: KEY, revoke: v1::Revoke::default() });
    switch.take_outputs();
    answer(&mut switch);
    assert_eq!(does(&mut switch), ["Delete channels/acd-1-7"]);
}

#[test]
fn a_new_process_finds_who_waits_and_who_talks_and_names_them() {
    let mut old = with_a_caller();
    talk(&mut old);
    let memory = old.calls["c1"].memory.to_variable();
    let mut switch = Switch::new(old.settings.clone(), at(5));
    let caller = FoundChannel { info: channel("c1", "acd,call,billing"), memory: Some(memory) };
    let kept = r#"{"agent": "ana", "id": "c1", "held": true}"#.to_owned();
    let leg = FoundChannel { info: channel(LEG, "acd,leg"), memory: Some(kept) };
    let together = crate::ari::BridgeInfo {
        id: format!("acd-talk-{LEG}"),
        channels: vec!["c1".to_owned(), LEG.to_owned()],
    };
    let found = Found { channels: vec![caller, leg], bridges: vec![together], devices: Vec::new() };
    switch.on_found(at(5), found);
    assert_eq!(does(&mut switch), [""; 0], "it is all as it should be");
    let anew = SessionEvent::Connected { epoch: 2, resumed: false, clock_scale: 1.0 };
    switch.on_order(at(6), anew);
    let Some(Output::Resync(resync, _)) = switch.take_outputs().pop() else { panic!("a resync") };
    assert_eq!(resync.calls[0].waited, Duration::from_secs(2), "talk time is no wait");
    assert_eq!(resync.legs[0].state, acd_adapter::LegState::Held);
}

#[test]
fn when_acdd_stays_away_callers_whom_it_has_never_had_go_to_the_dialplan() {
    let away = || SessionEvent::Disconnected { reason: String::new(), retrying: true };
    for acdd_has_him in [false, true] {
        let mut switch = with_a_caller();
        if acdd_has_him {
            switch.is_known("c1", None);
        }
        switch.on_order(at(1), away());
        switch.on_time(at(5));
        assert_eq!(does(&mut switch), [""; 0], "acdd may be back in time");
        switch.on_time(at(6));
        let gone = ["CallEnded", "Post channels/c1/variable", "Post channels/c1/continue"];
        assert_eq!(does(&mut switch), if acdd_has_him { &[][..] } else { &gone[..] });
    }
}

#[test]
fn a_caller_who_comes_while_acdd_was_never_there_is_kept_for_it_as_long_as_any_other() {
    let settings = settings::parse("example", settings::EXAMPLE).expect("it is right");
    let mut switch = Switch::new(settings, at(0));
    let args = vec!["call".to_owned(), "billing".to_owned()];
    let channel = channel("c1", "acd,call,billing");
    switch.on_event(at(3), Event::StasisStart { args, channel, replace_channel: None });
    switch.on_time(at(4));
    does(&mut switch);
    switch.on_time(at(5));
    let gone = ["CallEnded", "Post channels/c1/variable", "Post channels/c1/continue"];
    assert_eq!(does(&mut switch), gone);
}

#[test]
fn a_telephone_that_asterisk_cannot_ring_is_looked_at_and_told_of() {
    let mut switch = with_a_caller();
    offer(&mut switch);
    switch.take_outputs();
    let refused = Response { status: 500, body: Value::Null };
    switch.on_response(at(2), &Purpose::Ring(LEG.to_owned()), &refused);
    assert_eq!(does(&mut switch), ["OfferResult", "Get deviceStates/201"]);
    let body = serde_json::json!({ "name": "201", "state": "INVALID" });
    switch.on_response(at(2), &Purpose::LookAt, &Response { status: 200, body });
    let told = told(&mut switch);
    let down =
        Report::DeviceChanged { address: "201".to_owned(), state: acd_adapter::DeviceState::Down };
    assert_eq!(told, [down]);
}
