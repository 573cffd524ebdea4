//! Callers who are kept: what is known of them, and what outlives the process.

use super::*;
use acd_proto::v1;

fn at(secs: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000 + secs)
}

fn call() -> LiveCall {
    LiveCall::new("1.7", "billing", Some(7), HashMap::new(), at(0))
}

#[test]
fn the_wait_goes_on_over_a_restart_and_stands_still_in_a_conversation() {
    let again = |call: &LiveCall| -> LiveCall {
        let text = serde_json::to_string(call).expect("it can be written");
        serde_json::from_str(&text).expect("its own words")
    };
    let mut call = again(&call());
    assert_eq!(call.waited(at(20)), Duration::from_secs(20));
    call.talks(at(30));
    call = again(&call);
    assert_eq!(call.waited(at(100)), Duration::from_secs(30));
    assert!(call.held(at(100)).talks);
    call.waits(at(100));
    call.waits(at(110));
    assert_eq!(call.waited(at(115)), Duration::from_secs(45));
}

#[test]
fn a_clock_that_was_set_back_takes_no_wait_away() {
    let mut call = call();
    let before = UNIX_EPOCH + Duration::from_secs(5);
    assert_eq!(call.waited(before), Duration::ZERO);
    call.talks(before);
    assert_eq!(call.waited(UNIX_EPOCH), Duration::ZERO);
}

fn offered(call_id: &str) -> Report {
    Report::CallOffered {
        call_id: call_id.to_owned(),
        queue: "billing".to_owned(),
        numbers: Numbers { dialed: "2000".to_owned(), caller: "+15550199".to_owned() },
        priority: Some(8),
        attributes: [("crm".to_owned(), "token-7".to_owned())].into(),
        waited: Some(Duration::from_secs(60)),
    }
}

fn ids(calls: &LiveCalls) -> Vec<String> {
    calls.held().into_iter().map(|call| call.call_id).collect()
}

#[test]
fn a_file_outlives_the_process_and_a_torn_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("calls");
    let mut calls = LiveCalls::kept_in(&path).expect("a new file");
    for call_id in ["a", "b", "c"] {
        calls.sending(&offered(call_id)).expect("a disk");
    }
    calls.sending(&Report::CallEnded { call_id: "b".to_owned() }).expect("a disk");
    drop(calls);
    let mut file = File::options().append(true).open(&path).expect("it is there");
    file.write_all(b"{\"over\":\"a").expect("a disk");
    let mut calls = LiveCalls::kept_in(&path).expect("the same file");
    assert_eq!(ids(&calls), ["a", "c"]);
    let held = &calls.held()[0];
    assert!(held.waited >= Duration::from_secs(60));
    assert_eq!((held.priority, held.attributes.len()), (Some(8), 1));
    assert_eq!((&*held.numbers.dialed, &*held.numbers.caller), ("2000", "+15550199"));
    calls.retain(|call| call.call_id != "a").expect("a disk");
    assert_eq!(ids(&LiveCalls::kept_in(&path).expect("the same file")), ["c"]);
}

#[test]
fn a_file_does_not_grow_with_the_calls_that_are_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("calls");
    let mut calls = LiveCalls::kept_in(&path).expect("a new file");
    for number in 0..STALE_LINES_MAX {
        let call_id = number.to_string();
        calls.sending(&offered(&call_id)).expect("a disk");
        calls.forget(&call_id).expect("a disk");
    }
    calls.sending(&offered("last")).expect("a disk");
    let lines = std::fs::read_to_string(&path).expect("it is there").lines().count();
    assert!(lines <= STALE_LINES_MAX + 1, "{lines}");
    assert_eq!(ids(&LiveCalls::kept_in(&path).expect("the same file")), ["last"]);
}

#[test]
fn what_is_said_over_the_session_tells_who_waits_and_who_talks() {
    let mut calls = LiveCalls::default();
    calls.sending(&offered("a")).expect("no disk");
    let key = OfferKey { epoch: 1, number: 3 };
    let call = Some(v1::CallRef { adapter: "pbx".to_owned(), call_id: "a".to_owned() });
    let connect = v1::Connect { call: call.clone(), ..v1::Connect::default() };
    let talks = |calls: &LiveCalls| calls.held()[0].talks;
    calls.received(&SessionEvent::Connect { key, connect }).expect("no disk");
    assert!(!talks(&calls), "not before they hear each other");
    calls.sending(&Report::CallBridged { offer: key }).expect("no disk");
    assert!(talks(&calls));
    let handed_on = |to| Report::CallTransferred { call_id: "a".to_owned(), to };
    let nurse = HandedOnTo::Queue("nurse".to_owned());
    calls.sending(&handed_on(nurse)).expect("no disk");
    assert!(!talks(&calls));
    assert_eq!(calls.held()[0].queue, "nurse");
    let by_routes = HandedOnTo::Number("2001".to_owned());
    calls.sending(&handed_on(by_routes)).expect("no disk");
    let held = &calls.held()[0];
    assert_eq!((&*held.queue, &*held.numbers.dialed), ("", "2001"));
    let end = v1::End { call, ..v1::End::default() };
    calls.received(&SessionEvent::End(end)).expect("no disk");
    assert_eq!(calls.held(), []);
}

#[test]
fn a_call_that_is_refused_is_no_live_call() {
    let mut numbering = crate::numbering::Numbering::<()>::default();
    let mut calls = LiveCalls::default();
    for call_id in ["a", "b"] {
        calls.sending(&offered(call_id)).expect("no disk");
        calls.named.insert(call_id.to_owned(), numbering.push(()));
    }
    let refused = |id, code: &str| SessionEvent::Rejected {
        id,
        code: code.to_owned(),
        message: String::new(),
        field: String::new(),
    };
    let (a, other) = (calls.named["a"], numbering.push(()));
    for event in [refused(other, "unknown_queue"), refused(a, CALL_EXISTS)] {
        calls.received(&event).expect("no disk");
        assert_eq!(ids(&calls), ["a", "b"]);
    }
    calls.received(&refused(a, "unknown_queue")).expect("no disk");
    assert_eq!(ids(&calls), ["b"]);
}
