//! Transfers, of which Asterisk says the two halves in any order.

use super::*;
use acd_adapter::HandedOnTo;

const PAIR: &str = "Local/x@agents-0000002a";

/// An end of the Local channel that connects the two sides.
fn end(id: &str, end: &str, app_data: &str) -> ChannelInfo {
    ChannelInfo { name: format!("{PAIR};{end}"), ..channel(id, app_data) }
}

/// The agent who talks to `c1` hands him on: a Local channel takes the place of his leg.
fn hands_on() -> Event {
    let replace_channel = Some(Box::new(channel(LEG, "acd,leg")));
    Event::StasisStart { args: Vec::new(), channel: end("l1", "1", "acd"), replace_channel }
}

/// The other end of that channel comes into the queue for nurses.
fn asks_for_nurses() -> Event {
    let args = vec!["call".to_owned(), "nurse".to_owned()];
    let channel = end("l2", "2", "acd,call,nurse");
    Event::StasisStart { args, channel, replace_channel: None }
}

/// How long the second half may be away, and a little.
fn later(now: Now) -> Now {
    let instant = now.instant + std::time::Duration::from_millis(300);
    Now { instant, ..now }
}

#[test]
fn a_caller_handed_on_to_a_queue_waits_there_whichever_half_is_heard_of_first() {
    for halves in [[hands_on(), asks_for_nurses()], [asks_for_nurses(), hands_on()]] {
        let mut switch = with_a_caller();
        talk(&mut switch);
        for half in halves {
            switch.on_event(at(3), half);
        }
        soon_after(&mut switch, at(3));
        let does = does(&mut switch);
        assert!(does.contains(&"CallTransferred".to_owned()), "{does:?}");
        for over in ["Delete channels/l1", "Delete channels/acd-1-7"] {
            assert!(does.contains(&over.to_owned()), "{over}: {does:?}");
        }
        assert!(does.contains(&"Post bridges/acd-hold-acd/addChannel".to_owned()), "{does:?}");
        assert_eq!(switch.calls["c1"].memory.call.queue, "nurse");
        assert_eq!(switch.counts(), (1, 0));
        switch.on_time(at(10));
        assert_eq!(switch.counts(), (1, 0), "it is settled");
    }
}

#[test]
fn a_caller_handed_on_elsewhere_is_acdd_s_no_more_and_ends_with_whom_he_talks_to() {
    let mut switch = with_a_caller();
    talk(&mut switch);
    switch.on_event(at(3), hands_on());
    assert_eq!(told(&mut switch), [], "it is not clear yet");
    switch.on_time(later(at(3)));
    let over = Report::CallTransferred { call_id: "c1".to_owned(), to: HandedOnTo::Outside };
    assert_eq!(told(&mut switch), [over]);
    assert_eq!(switch.counts(), (0, 0));
    switch.on_event(at(9), Event::StasisEnd { channel: end("l1", "1", "acd") });
    assert_eq!(does(&mut switch), ["Delete channels/c1"]);
    switch.on_time(later(at(9)));
    assert_eq!(does(&mut switch), [format!("Delete bridges/acd-talk-{LEG}")]);
    switch.on_event(at(9), Event::StasisEnd { channel: channel("c1", "acd,call,billing") });
    assert_eq!(does(&mut switch), [""; 0]);
}

#[test]
fn a_local_channel_that_is_no_transfer_is_a_caller_like_any() {
    let mut switch = with_a_caller();
    switch.on_event(at(3), asks_for_nurses());
    assert_eq!(told(&mut switch), []);
    switch.on_time(later(at(3)));
    assert!(
        matches!(&told(&mut switch)[..], [Report::CallOffered { queue, .. }] if queue == "nurse")
    );
    // One that is gone before that has never been one.
    let mut switch = with_a_caller();
    switch.on_event(at(3), asks_for_nurses());
    switch.on_event(at(3), Event::StasisEnd { channel: end("l2", "2", "acd,call,nurse") });
    switch.on_time(later(at(3)));
    assert_eq!(told(&mut switch), []);
}

#[test]
fn a_consultation_goes_on_with_the_caller_whichever_half_is_heard_of_first() {
    for swapped in [false, true] {
        let mut switch = with_a_caller();
        talk(&mut switch);
        // The agent calls the nurses' queue himself, and is still waiting there.
        let args = vec!["call".to_owned(), "nurse".to_owned()];
        let own = channel("c2", "acd,call,nurse");
        let asks = Event::StasisStart { args, channel: own.clone(), replace_channel: None };
        switch.on_event(at(3), asks);
        switch.take_outputs();
        let replace_channel = Some(Box::new(own.clone()));
        let second = end("l2", "2", "acd");
        let takes = Event::StasisStart { args: Vec::new(), channel: second, replace_channel };
        let halves = if swapped { [hands_on(), takes] } else { [takes, hands_on()] };
        for half in halves {
            switch.on_event(at(4), half);
        }
        switch.on_event(at(4), Event::StasisEnd { channel: own });
        let over = Report::CallTransferred { call_id: "c1".to_owned(), to: HandedOnTo::Outside };
        assert_eq!(told(&mut switch), [over]);
        assert_eq!(
            switch.calls["c1"].memory.call.call_id, "c2",
            "he is the caller of that call now"
        );
        assert_eq!(switch.counts(), (1, 0));
        switch.on_event(at(5), Event::StasisEnd { channel: channel("c1", "acd,call,billing") });
        assert_eq!(told(&mut switch), [Report::CallEnded { call_id: "c2".to_owned() }]);
    }
}

#[test]
fn a_caller_who_is_sent_into_another_queue_keeps_his_call_and_one_who_is_hung_up_has_ended_it() {
    let mut switch = with_a_caller();
    talk(&mut switch);
    let caller = channel("c1", "acd,call,nurse");
    switch.on_event(at(3), Event::StasisEnd { channel: caller.clone() });
    let args = vec!["call".to_owned(), "nurse".to_owned()];
    let back = Event::StasisStart { args, channel: caller.clone(), replace_channel: None };
    switch.on_event(at(3), back);
    let moved = |to| Report::CallTransferred { call_id: "c1".to_owned(), to };
    assert_eq!(told(&mut switch), [moved(HandedOnTo::Queue("nurse".to_owned()))]);
    assert_eq!(switch.counts(), (1, 0), "without the agent");

    // Where the dialplan names no queue, acdd's routes find one by the extension.
    let mut switch = with_a_caller();
    talk(&mut switch);
    switch.on_event(at(3), Event::StasisEnd { channel: caller.clone() });
    let mut there = channel("c1", "acd,call");
    there.dialplan.exten = "2001".to_owned();
    let args = vec!["call".to_owned()];
    let back = Event::StasisStart { args, channel: there, replace_channel: None };
    switch.on_event(at(3), back);
    assert_eq!(told(&mut switch), [moved(HandedOnTo::Number("2001".to_owned()))]);

    let mut switch = with_a_caller();
    talk(&mut switch);
    let gone = Event::ChannelHangupRequest { cause: 32, soft: true, channel: caller.clone() };
    switch.on_event(at(3), gone);
    switch.on_event(at(3), Event::StasisEnd { channel: caller });
    assert_eq!(told(&mut switch), [Report::CallEnded { call_id: "c1".to_owned() }]);
}

#[test]
fn acdd_that_has_no_such_queue_for_a_transfer_has_the_caller_go_on_in_the_dialplan() {
    let mut switch = with_a_caller();
    talk(&mut switch);
    switch.on_event(at(3), hands_on());
    switch.on_event(at(3), asks_for_nurses());
    switch.take_outputs();
    let (call_id, channel) = ("c1".to_owned(), "c1".to_owned());
    let subject = Subject::Transferred { call_id, channel };
    switch.on_refused(&subject, "unknown_queue", "");
    let expected = ["Post channels/c1/variable", "Post channels/c1/continue", "CallEnded"];
    assert_eq!(does(&mut switch), expected);
}

#[test]
fn a_new_process_lets_those_talk_whom_it_has_nothing_to_do_with() {
    let mut old = with_a_caller();
    talk(&mut old);
    let mut switch = Switch::new(old.settings.clone(), at(5));
    let caller = channel("c1", "acd,call,billing");
    let caller = FoundChannel { info: caller, memory: Some("left".to_owned()) };
    let stand_in = FoundChannel { info: end("l1", "1", "acd"), memory: None };
    let id = format!("acd-talk-{LEG}");
    let together = crate::ari::BridgeInfo { id, channels: vec!["c1".to_owned(), "l1".to_owned()] };
    let (channels, devices) = (vec![caller, stand_in], Vec::new());
    switch.on_found(at(5), Found { channels, bridges: vec![together], devices });
    assert_eq!(does(&mut switch), [""; 0]);
    assert_eq!(switch.counts(), (0, 0));
    switch.on_event(at(6), Event::StasisEnd { channel: end("l1", "1", "acd") });
    assert_eq!(does(&mut switch)[0], "Delete channels/c1");
}

#[test]
fn a_caller_whose_other_side_has_gone_unseen_is_hung_up() {
    let mut switch = Switch::new(with_a_caller().settings, at(5));
    let info = channel("c1", "acd,call,billing");
    let channels = vec![FoundChannel { info, memory: Some("left".to_owned()) }];
    switch.on_found(at(5), Found { channels, ..Found::default() });
    assert_eq!(does(&mut switch), ["Delete channels/c1"]);
}
