//! Adapter, acdd, their connections and Asterisk itself fail, with callers who wait, are being put
//! through, and talk.

use super::bed::until;
use super::phones::{Habit, Phone, agent, calls};
use super::site::Site;
use super::{CONFIG, TALKS, patient, port};
use serde_json::Value;
use std::time::Duration;

/// One caller talks to ana, one waits, and for one ben is being rung.
struct Busy {
    site: Site,
    talks: Phone,
    rings: Phone,
    _callers: [Phone; 3],
}

impl Busy {
    fn start() -> Self {
        // Long enough for it all to fail and come back.
        let config = CONFIG.replace("ring = \"3s\"", "ring = \"30s\"");
        let talks = agent(port(), TALKS);
        let rings = agent(port(), Habit::Answers { rings: 8_000, talks: 60_000 });
        let site = Site::start(&config, &[("ana", talks.port), ("ben", rings.port)]);
        let sip = site.bed().sip;
        site.ready("ana");
        let first = calls(sip, patient("billing"));
        site.until_state("connected", 1);
        site.ready("ben");
        let second = calls(sip, patient("billing"));
        site.until_state("offering", 1);
        let third = calls(sip, patient("billing"));
        site.until_state("waiting", 1);
        Self { site, talks, rings, _callers: [first, second, third] }
    }

    /// The calls, in their order.
    fn calls(&self) -> Vec<(Value, Value)> {
        let calls = self.site.calls();
        calls.iter().map(|call| (call["call_id"].clone(), call["state"].clone())).collect()
    }

    /// Everybody is where he was, and the one who was being put through soon talks.
    fn all_has_survived(&self, before: &[(Value, Value)]) {
        assert_eq!(self.calls(), before);
        self.site.until_state("connected", 2);
        assert_eq!((self.talks.rung(), self.rings.rung()), (1, 1), "nobody is rung twice");
        let ids =
            |calls: &[(Value, Value)]| calls.iter().map(|it| it.0.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&self.calls()), ids(before));
        assert_eq!(self.site.bed().channels_and_bridges(), (5, 2));
        self.site.bed().cli("channel request hangup all");
        self.site.until_all_is_quiet();
    }
}

#[test]
fn an_adapter_that_is_killed_leaves_all_calls_where_they_are() {
    let mut busy = Busy::start();
    let before = busy.calls();
    busy.site.start_adapter_again();
    busy.all_has_survived(&before);
}

#[test]
fn acdd_that_is_killed_leaves_all_calls_where_they_are() {
    let mut busy = Busy::start();
    let before = busy.calls();
    busy.site.start_acdd_again();
    busy.all_has_survived(&before);
}

#[test]
fn a_websocket_that_drops_leaves_all_calls_where_they_are() {
    let busy = Busy::start();
    let before = busy.calls();
    busy.site.relay.cut();
    until("the adapter's leave", || !busy.site.adapter_is_there());
    busy.site.relay.mend();
    busy.site.until_adapter_is_there();
    busy.all_has_survived(&before);
}

#[test]
fn a_caller_who_hangs_up_while_the_websocket_is_away_is_missed_when_it_is_back() {
    let phone = agent(port(), TALKS);
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    let mut caller = calls(site.bed().sip, super::Caller { dials: "billing", stays_ms: 1_500 });
    site.until_state("connected", 1);
    site.relay.cut();
    until("the caller's end", || caller.is_over());
    site.relay.mend();
    site.until_all_is_quiet();
    assert_eq!(site.agent("ana")["presence"], "ready");
}

#[test]
fn callers_go_on_in_the_dialplan_while_there_is_no_adapter_or_acdd_has_long_been_away() {
    let phone = agent(port(), TALKS);
    let mut site = Site::start(CONFIG, &[("ana", phone.port)]);
    let sip = site.bed().sip;
    let goes_on = || {
        let mut caller = calls(sip, patient("billing"));
        until("the dialplan's end", || caller.is_over());
    };
    let mut known = calls(sip, patient("billing"));
    // That acdd shows the call is not enough: the adapter must have been told that it is kept.
    until("acdd's word for the call", || site.adapter_has_said("acdd has the call"));
    site.acdd.kill();
    // Nobody knows yet that it stays away: he is kept for a while, and then goes on too.
    goes_on();
    goes_on();
    assert!(!known.is_over(), "he has an age");
    site.start_acdd_again();
    site.until_state("waiting", 1);
    site.adapter.kill();
    goes_on();
    site.start_adapter_again();
    site.ready("ana");
    site.until_state("connected", 1);
    assert!(!known.is_over());
}

#[test]
fn a_caller_who_comes_while_acdd_is_away_for_a_moment_is_kept_for_it() {
    let mut site = Site::start(CONFIG, &[]);
    site.acdd.kill();
    let _caller = calls(site.bed().sip, patient("billing"));
    // The caller is there a little later than he is told to come.
    std::thread::sleep(Duration::from_secs(2));
    site.start_acdd_again();
    site.until_state("waiting", 1);
    let age = site.calls()[0]["age_seconds"].as_f64();
    assert!(age.is_some_and(|age| age >= 1.0), "his wait has begun before: {age:?}");
}

#[test]
fn a_restarted_asterisk_has_lost_its_calls_and_takes_new_ones() {
    let mut busy = Busy::start();
    busy.site.start_asterisk_again();
    until("the end of the lost calls", || busy.site.calls().is_empty());
    busy.site.until_adapter_is_there();
    let _new = calls(busy.site.bed().sip, patient("billing"));
    busy.site.until_state("connected", 1);
    assert_eq!(busy.site.bed().channels_and_bridges(), (2, 1));
}

/// Asterisk may end the application that has just registered together with the one that went away,
/// and says nothing of it: the adapter must find out by itself.
#[test]
#[ignore = "takes minutes"]
fn an_adapter_that_is_killed_again_and_again_hears_of_callers_each_time() {
    let phone = agent(port(), Habit::Answers { rings: 1, talks: 60_000 });
    let mut site = Site::start(CONFIG, &[("ana", phone.port)]);
    let sip = site.bed().sip;
    site.ready("ana");
    let mut in_the_dialplan = 0;
    for _ in 0..100 {
        site.start_adapter_again();
        let mut caller = calls(sip, super::Caller { dials: "billing", stays_ms: 500 });
        until("the caller's end", || {
            if caller.is_over() {
                in_the_dialplan += 1;
                caller = calls(sip, super::Caller { dials: "billing", stays_ms: 500 });
            }
            site.in_state("connected") == 1
        });
        site.until_all_is_quiet();
    }
    println!("{in_the_dialplan} callers went on in the dialplan");
}
