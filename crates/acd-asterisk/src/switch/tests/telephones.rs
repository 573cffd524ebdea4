//! Agents' telephones, what is dialled there, and what rules have callers hear.

use super::*;
use crate::ari::DeviceInfo;
use acd_adapter::DeviceState;

fn device(switch: &mut Switch, now: Now, state: &str) {
    let (name, state) = ("201".to_owned(), state.to_owned());
    switch.on_event(now, Event::DeviceStateChanged { device_state: DeviceInfo { name, state } });
}

fn device_is(state: DeviceState) -> Report {
    Report::DeviceChanged { address: "201".to_owned(), state }
}

#[test]
fn a_telephone_is_busy_with_its_own_calls_and_not_with_ours() {
    let mut switch = with_a_caller();
    device(&mut switch, at(0), "NOT_INUSE");
    assert_eq!(told(&mut switch), [device_is(DeviceState::Up)]);
    device(&mut switch, at(0), "INUSE");
    assert_eq!(told(&mut switch), [device_is(DeviceState::Busy)]);
    device(&mut switch, at(0), "ONHOLD");
    assert_eq!(told(&mut switch), [], "that is no news");
    device(&mut switch, at(0), "NOT_INUSE");
    assert_eq!(told(&mut switch), [device_is(DeviceState::Up)]);
    offer(&mut switch);
    device(&mut switch, at(1), "RINGING");
    device(&mut switch, at(2), "UNAVAILABLE");
    assert_eq!(told(&mut switch), [device_is(DeviceState::Down)]);
}

#[test]
fn a_telephone_is_not_busy_because_asterisk_says_late_that_ours_is_over() {
    let mut switch = with_a_caller();
    device(&mut switch, at(0), "NOT_INUSE");
    talk(&mut switch);
    device(&mut switch, at(2), "INUSE");
    switch.on_order(at(3), SessionEvent::Revoke { key: KEY, revoke: v1::Revoke::default() });
    switch.take_outputs();
    switch.on_time(at(3));
    assert_eq!(told(&mut switch), []);
    device(&mut switch, at(3), "NOT_INUSE");
    switch.on_time(at(5));
    assert_eq!(told(&mut switch), []);
    // If it never says so, he is in a call that is not ours.
    device(&mut switch, at(6), "INUSE");
    assert_eq!(told(&mut switch), [device_is(DeviceState::Busy)]);
}

fn dials(switch: &mut Switch, code: &[&str]) -> Vec<String> {
    let args = std::iter::once("agent").chain(code.iter().copied()).map(str::to_owned).collect();
    let channel = ChannelInfo { name: "201-0000002a".to_owned(), ..channel("f1", "acd,agent") };
    switch.on_event(at(1), Event::StasisStart { args, channel, replace_channel: None });
    does(switch)
}

/// What the dialplan is told.
fn result(switch: &mut Switch) -> Vec<String> {
    let outputs = switch.take_outputs().into_iter();
    let value = |output| match output {
        Output::Ask(_, request) => request.query.into_iter().find(|(name, _)| *name == "value"),
        _ => None,
    };
    outputs.filter_map(value).map(|(_, value)| value).collect()
}

#[test]
fn the_dialplan_hears_what_came_of_a_feature_code() {
    let feature = Subject::Feature("f1".to_owned());
    let mut switch = with_a_caller();
    assert_eq!(dials(&mut switch, &["log-in"]), ["AgentPresence"]);
    switch.on_refused(&feature, "unknown_agent", "");
    assert_eq!(result(&mut switch), ["unknown_agent"]);
    switch.on_time(at(9));
    assert_eq!(result(&mut switch), [""; 0], "once");

    assert_eq!(dials(&mut switch, &["end-wrap-up"]), ["WrapUpDone"]);
    switch.on_time(at(9));
    assert_eq!(result(&mut switch), ["unavailable"], "acdd did not answer");

    assert_eq!(dials(&mut switch, &["not-ready", "lunch"]), ["AgentPresence"]);
    switch.on_event(at(2), Event::StasisEnd { channel: channel("f1", "acd,agent") });
    switch.on_refused(&feature, "unknown_reason", "");
    assert_eq!(result(&mut switch), [""; 0], "he has hung up");
}

#[test]
fn a_feature_code_that_cannot_be_done_is_told_at_once() {
    let mut switch = with_a_caller();
    for wrong in [&["log-in", "lunch"][..], &["sleep"], &[]] {
        let does = dials(&mut switch, wrong);
        assert_eq!(does, ["Post channels/f1/variable", "Post channels/f1/continue"], "{wrong:?}");
    }
    switch.on_session_over(at(1));
    assert_eq!(dials(&mut switch, &["log-in"])[0], "Post channels/f1/variable", "acdd is away");
}

fn play(switch: &mut Switch, announcement: &str) {
    let call = Some(v1::CallRef { adapter: "asterisk".to_owned(), call_id: "c1".to_owned() });
    let announcement = announcement.to_owned();
    let play = v1::Play { call, announcement, ..v1::Play::default() };
    switch.on_order(at(1), SessionEvent::Play(play));
}

#[test]
fn a_caller_hears_all_that_a_rule_says_before_he_leaves() {
    let mut switch = with_a_caller();
    play(&mut switch, "holiday-hours");
    assert_eq!(does(&mut switch), ["Post channels/c1/play/acd-1-c1"]);
    let call = Some(v1::CallRef { adapter: "asterisk".to_owned(), call_id: "c1".to_owned() });
    let number = "+15550199".to_owned();
    let transfer = v1::Transfer { call, number, ..v1::Transfer::default() };
    switch.on_order(at(1), SessionEvent::Transfer(transfer));
    assert_eq!(does(&mut switch), [""; 0]);
    let playback = serde_json::from_str(r#"{"id": "acd-1-c1"}"#).expect("a playback");
    switch.on_event(at(4), Event::PlaybackFinished { playback });
    assert_eq!(does(&mut switch), ["Post channels/c1/continue"]);
}

#[test]
fn what_a_rule_says_takes_the_place_of_where_the_caller_stands_and_ends_for_an_agent() {
    let mut switch = with_a_caller();
    switch.on_time(at(10));
    switch.on_positions(&[("c1".to_owned(), 2)].into());
    switch.take_outputs();
    play(&mut switch, "holiday-hours");
    let expected = ["Delete playbacks/acd-1-c1", "Post channels/c1/play/acd-2-c1"];
    assert_eq!(does(&mut switch), expected);
    offer(&mut switch);
    answer(&mut switch);
    assert!(does(&mut switch).contains(&"Delete playbacks/acd-2-c1".to_owned()));
}
