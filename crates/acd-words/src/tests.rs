//! The words of explanations, as people read them.

use super::Told;
use crate::times::Instant;
use acd_proto::v1;

/// So many seconds after nine in the morning.
fn at(seconds: i64) -> Option<Instant> {
    Some(Instant {
        seconds: 1_800_003_600 - 1_800_003_600 % 86_400 + 9 * 3_600 + seconds,
        nanos: 0,
    })
}

/// The time of day in UTC, wherever the test runs.
fn time_of_day(at: &Instant) -> String {
    let of_day = at.seconds.rem_euclid(86_400);
    let (hours, minutes, seconds) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", at.nanos / 1_000_000)
}

fn text(answer: &v1::ExplainResponse, agent: &str) -> String {
    Told { answer, agent, time_of_day: &time_of_day }.text()
}

fn call(call_id: &str) -> Option<v1::CallRef> {
    Some(v1::CallRef { adapter: "asterisk-a".to_owned(), call_id: call_id.to_owned() })
}

/// `kind agent queue detail`, with `-` for what is empty.
fn step(seconds: i64, event: &str) -> v1::Step {
    let words = event.split(' ').map(|word| if word == "-" { "" } else { word }.to_owned());
    let [kind, agent, queue, detail] = words.collect::<Vec<_>>().try_into().expect("four words");
    let event = v1::Event { at: at(seconds), kind, agent, queue, detail, ..v1::Event::default() };
    v1::Step { event: Some(event), decision: None }
}

fn barrier(kind: &str, agents: u32) -> v1::Barrier {
    v1::Barrier { kind: kind.to_owned(), agents, ..v1::Barrier::default() }
}

fn place(queue: &str, since: i64, skill: &str, level: u32) -> Option<v1::Place> {
    let require = vec![v1::SkillLevel { skill: skill.to_owned(), level }];
    let queue = queue.to_owned();
    Some(v1::Place { queue, since: at(since), require, any_of: Vec::new() })
}

fn waiting(call_id: &str, since: i64) -> v1::ExplainResponse {
    v1::ExplainResponse {
        at: at(130),
        call: call(call_id),
        now: Some(v1::Call {
            call: call(call_id),
            state: v1::CallState::Waiting.into(),
            priority: 5,
            state_since: at(since),
            ..v1::Call::default()
        }),
        age: Some(prost_types::Duration { seconds: 130, nanos: 0 }),
        ..v1::ExplainResponse::default()
    }
}

fn answered() -> v1::ExplainResponse {
    let standing = |agent: &str, idle_since: i64| {
        let agent = agent.to_owned();
        Some(v1::AgentStanding { agent, idle_since: at(idle_since), rank: 5, ..Default::default() })
    };
    let mut offered = step(1, "offer_issued ana billing -");
    offered.decision = Some(v1::Decision {
        how: "call_picked".to_owned(),
        decided_by: "longest_idle".to_owned(),
        free: 3,
        nth: 1,
        at_once: 1,
        agent: standing("ana", -189),
        other_agent: standing("ben", -11),
        ..v1::Decision::default()
    });
    v1::ExplainResponse {
        at: at(400),
        call: call("c1"),
        story: vec![
            step(0, "call_arrived - - voice"),
            step(0, "place_entered - billing -"),
            offered,
            step(6, "offer_ended ana billing accepted"),
            step(7, "call_connected ana billing -"),
            step(7, "place_left - billing connected"),
            step(307, "call_ended ana billing handled"),
        ],
        ..v1::ExplainResponse::default()
    }
}

fn moved() -> v1::ExplainResponse {
    let standing = |call_id: &str, age_from: i64| {
        let (call, queue) = (call(call_id), "support".to_owned());
        let age_from = at(age_from);
        Some(v1::CallStanding { call, queue, rank: 5, priority: 5, age_from, ..Default::default() })
    };
    let mut offered = step(125, "offer_issued cleo support -");
    offered.decision = Some(v1::Decision {
        how: "agent_took".to_owned(),
        decided_by: "age".to_owned(),
        call: standing("c2", 0),
        other_call: standing("c9", 85),
        ..v1::Decision::default()
    });
    let mut raised = step(95, "priority_changed - - 6");
    if let Some(event) = &mut raised.event {
        event.origin = Some(v1::Origin {
            kind: v1::origin::Kind::Person.into(),
            name: "wim".to_owned(),
            reason: "waited through a transfer".to_owned(),
        });
    }
    let mut answer = waiting("c2", 125);
    if let Some(now) = &mut answer.now {
        now.set_state(v1::CallState::Offering);
        now.agent = "cleo".to_owned();
        now.priority = 6;
    }
    v1::ExplainResponse {
        story: vec![
            step(0, "call_arrived - - voice"),
            step(0, "place_entered - billing -"),
            step(20, "offer_issued ben billing -"),
            step(35, "offer_ended ben billing no_answer"),
            step(35, "call_returned - - offer_ended"),
            step(90, "rule_fired - billing spill"),
            step(90, "place_left - billing moved"),
            step(90, "place_entered - support -"),
            raised,
            offered,
        ],
        steps_left_out: 3,
        places: vec![v1::PlaceExplanation {
            place: place("support", 90, "support", 2),
            barred: vec![barrier("has_it", 1), barrier("talking", 2)],
            next_rule: "give-up".to_owned(),
            next_rule_at: at(390),
            next_rule_does: vec![v1::RuleEffect {
                kind: "end".to_owned(),
                value: "voicemail".to_owned(),
            }],
            ..v1::PlaceExplanation::default()
        }],
        ..answer
    }
}

fn still_waiting() -> v1::ExplainResponse {
    let lacking = v1::Barrier { skill: "billing".to_owned(), ..barrier("lacks_skill", 5) };
    let lunch = v1::Barrier { detail: "lunch".to_owned(), ..barrier("not_ready", 2) };
    let wrap_up = v1::Barrier { until: at(142), ..barrier("wrap_up", 2) };
    let asked = vec![
        v1::Barrier { skill: "billing".to_owned(), needs: 3, has: 1, ..barrier("lacks_skill", 1) },
        v1::Barrier { detail: "lunch".to_owned(), ..barrier("not_ready", 1) },
        v1::Barrier { until: at(145), ..barrier("excluded", 1) },
    ];
    v1::ExplainResponse {
        story: vec![step(0, "call_arrived - - voice"), step(0, "place_entered - billing -")],
        places: vec![v1::PlaceExplanation {
            place: place("billing", 0, "billing", 3),
            ahead: 2,
            next_rule: "widen".to_owned(),
            next_rule_at: at(142),
            next_rule_does: vec![v1::RuleEffect {
                kind: "require".to_owned(),
                value: "billing 1".to_owned(),
            }],
            barred: vec![lacking, barrier("logged_out", 1), lunch, barrier("talking", 4), wrap_up],
            awaiting: awaiting(),
            asked,
            ..v1::PlaceExplanation::default()
        }],
        ..waiting("c3", 0)
    }
}

fn awaiting() -> Vec<v1::AwaitingRule> {
    let count = |kind: &str, at_least, bound, now| v1::Measure {
        kind: kind.to_owned(),
        at_least,
        bound,
        now,
        ..v1::Measure::default()
    };
    let wait = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let time = |kind: &str, bound, now: Option<i64>| v1::Measure {
        kind: kind.to_owned(),
        at_least: true,
        bound_time: wait(bound),
        now_time: now.and_then(wait),
        ..v1::Measure::default()
    };
    let rule = |rule: &str, queue: &str, measures| v1::AwaitingRule {
        rule: rule.to_owned(),
        queue: queue.to_owned(),
        measures,
    };
    let crowded = vec![count("calls_waiting", true, 10, 3), time("longest_wait", 300, Some(130))];
    let few = vec![count("agents_working", false, 0, 2), count("agents_available", false, 3, 4)];
    vec![
        rule("call-back", "billing", vec![time("estimated_wait", 300, Some(192))]),
        rule("spill", "support", vec![time("estimated_wait", 60, None)]),
        rule("all-hands", "*", vec![count("service_level", false, 80, 92)]),
        rule("crowded", "billing", crowded),
        rule("few", "billing", few),
    ]
}

fn for_nobody() -> v1::ExplainResponse {
    let lacking = v1::Barrier { skill: "nursing".to_owned(), ..barrier("lacks_skill", 3) };
    let mut answer = waiting("c4", 0);
    if let Some(now) = &mut answer.now {
        now.set_channel(v1::Channel::Chat);
    }
    v1::ExplainResponse {
        story: vec![step(0, "call_arrived - - chat"), step(0, "place_entered - nurse -")],
        hold: "adapter_away".to_owned(),
        places: vec![v1::PlaceExplanation {
            place: place("nurse", 0, "nursing", 1),
            barred: vec![barrier("takes_no_such_calls", 4), barrier("not_his_queue", 1), lacking],
            next_rule: "give-up".to_owned(),
            next_rule_at: at(430),
            next_rule_does: vec![v1::RuleEffect {
                kind: "end".to_owned(),
                value: "voicemail".to_owned(),
            }],
            ..v1::PlaceExplanation::default()
        }],
        ..answer
    }
}

#[test]
fn a_call_that_was_answered() {
    insta::assert_snapshot!(text(&answered(), ""), @r#"
        c1 (asterisk-a) is over: handled.
          09:00:00.000  arrived (voice)
          09:00:00.000  entered billing
          09:00:01.000  offered to ana, through billing
                        ana, ben and 1 more were free; ana had been idle longer (3m 10s against 12s)
          09:00:06.000  ana accepted
          09:00:07.000  talks with ana
          09:05:07.000  over: the conversation has ended
    "#);
}

#[test]
fn a_call_that_moved() {
    insta::assert_snapshot!(text(&moved(), ""), @r#"
        c2 (asterisk-a) is being offered to cleo, for 5s (at 09:02:10.000). It has priority 6, and has waited 2m 10s in all.
          09:00:00.000  arrived (voice)
          ... 3 steps not kept ...
          09:00:00.000  entered billing
          09:00:20.000  offered to ben, through billing
          09:00:35.000  ben did not answer
          09:00:35.000  waits again
          09:01:30.000  the rule `spill` of billing acted
          09:01:30.000  left billing
          09:01:30.000  entered support
          09:01:35.000  has priority 6 from here on (by wim: waited through a transfer)
          09:02:05.000  offered to cleo, through support
                        cleo became free, and was offered it before c9 of support: it had waited longer (2m 05s against 40s)
        In support for 40s; it asks for support 2.
          If it waits again: in 4m 20s the rule `give-up` ends it (voicemail).
    "#);
}

#[test]
fn a_call_that_waits_and_what_keeps_one_agent_from_it() {
    insta::assert_snapshot!(text(&still_waiting(), "dora"), @r#"
        c3 (asterisk-a) waits, for 2m 10s (at 09:02:10.000). It has priority 5, and has waited 2m 10s in all.
          09:00:00.000  arrived (voice)
          09:00:00.000  entered billing
        In billing for 2m 10s, behind 2 others; it asks for billing 3.
          None of the 9 who qualify can take it now: 1 is logged out, 2 are not ready (lunch), 4 talk and 2 are in wrap-up (the first for 12s more).
          Others do not qualify: 5 have too little billing or none.
          In 12s the rule `widen` makes it ask for billing 1.
          The rule `call-back` waits until the estimated wait reaches 5m 00s (now 3m 12s).
          The rule `spill` waits until the estimated wait reaches 1m 00s (not known) in support.
          The rule `all-hands` waits until fewer than 80% are answered in time (now 92%) in all queues together.
          The rule `crowded` waits until 10 calls wait (now 3) and the longest wait reaches 5m 00s (now 2m 10s).
          The rule `few` waits until no agent is ready (now 2) and at most 3 agents are free (now 4).
          For dora to take it, all of this:
            - dora would need billing 3, and has 1
            - dora would have to be ready, and is not (lunch)
            - dora did not take it, and is skipped for 15s more
            - 2 others ahead of it have to go first, if dora may take them
    "#);
}

#[test]
fn a_call_that_nobody_may_take() {
    insta::assert_snapshot!(text(&for_nobody(), ""), @r#"
        c4 (asterisk-a) waits, for 2m 10s (at 09:02:10.000). It has priority 5, and has waited 2m 10s in all.
          09:00:00.000  arrived (chat)
          09:00:00.000  entered nurse
        It is offered to nobody: its adapter asterisk-a is not connected.
        In nurse for 2m 10s, first in line; it asks for nursing 1.
          Nobody qualifies: 4 take no chats, 1 serves other queues only and 3 have too little nursing or none.
          In 5m 00s the rule `give-up` ends it (voicemail).
    "#);
}

/// Whatever decided, some sentence says so with the numbers that it was decided by.
#[test]
fn whatever_decided_is_said() {
    let (ana, ben) = (
        v1::AgentStanding {
            agent: "ana".to_owned(),
            idle_since: at(-60),
            level: 8,
            rank: 7,
            busy: Some(prost_types::Duration { seconds: 12, nanos: 0 }),
            ready: Some(prost_types::Duration { seconds: 100, nanos: 0 }),
            connected: 3,
            ..v1::AgentStanding::default()
        },
        v1::AgentStanding {
            agent: "ben".to_owned(),
            missed: 2,
            idle_since: at(-5),
            level: 5,
            rank: 5,
            busy: Some(prost_types::Duration { seconds: 40, nanos: 0 }),
            ready: Some(prost_types::Duration { seconds: 100, nanos: 0 }),
            connected: 7,
            ..v1::AgentStanding::default()
        },
    );
    let picked = |decided_by: &str| v1::Decision {
        how: "call_picked".to_owned(),
        decided_by: decided_by.to_owned(),
        free: 2,
        nth: 1,
        at_once: 1,
        agent: Some(ana.clone()),
        other_agent: Some(ben.clone()).filter(|_| !["only_one", "awaited"].contains(&decided_by)),
        ..v1::Decision::default()
    };
    let standing = |call_id: &str, queue: &str, rank: u32, priority: u32, age_from: i64| {
        let (call, queue, age_from) = (call(call_id), queue.to_owned(), at(age_from));
        Some(v1::CallStanding { call, queue, rank, priority, age_from, ..Default::default() })
    };
    let took = |decided_by: &str| v1::Decision {
        how: "agent_took".to_owned(),
        decided_by: decided_by.to_owned(),
        call: standing("c1", "billing", 7, 6, -130),
        other_call: standing("c9", "support", 5, 5, -40).filter(|_| decided_by != "only_one"),
        ..v1::Decision::default()
    };
    let criteria = [
        "only_one",
        "awaited",
        "missed_offers",
        "longest_idle",
        "highest_level",
        "lowest_level",
        "rank",
        "least_occupied",
        "fewest_calls",
        "round_robin",
        "listed",
        "random",
    ];
    let keys = [
        "only_one",
        "emergency",
        "rank",
        "priority",
        "lost_leg",
        "age",
        "credit",
        "deadline",
        "arrival",
        "joined_first",
    ];
    let event = v1::Event { agent: "ana".to_owned(), ..v1::Event::default() };
    let now = at(0).expect("an instant");
    let all = criteria.map(picked).into_iter().chain(keys.map(took));
    let said = all.filter_map(|decision| super::story::why(&decision, &event, &now));
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @r#"
        it skips the others who were free
        it waited for ana alone
        ana and ben were free; ben has left 2 offers in a row unanswered
        ana and ben were free; ana had been idle longer (1m 00s against 5s)
        ana and ben were free; ana is the more able (8 against 5)
        ana and ben were free; ana is able enough, and ben is spared (8 against 5)
        ana and ben were free; ana has the higher rank there (7 against 5)
        ana and ben were free; ana had been busy less (12% against 40%)
        ana and ben were free; ana had had fewer calls (3 against 7)
        ana and ben were free; the last offer to ana was longer ago
        ana and ben were free; ana comes first in the configuration
        ana and ben were free; ana was drawn by lot
        ana became free, and had no other call to take
        ana became free, and was offered it before c9 of support: emergencies come before all others
        ana became free, and was offered it before c9 of support: billing ranks higher for ana than support (7 against 5)
        ana became free, and was offered it before c9 of support: priority 6 against 5
        ana became free, and was offered it before c9 of support: it had lost its agent, and goes first
        ana became free, and was offered it before c9 of support: it had waited longer (2m 10s against 40s)
        ana became free, and was offered it before c9 of support: waiting and priority together (2m 10s with priority 6 against 40s with 5)
        ana became free, and was offered it before c9 of support: it was promised an answer earlier
        ana became free, and was offered it before c9 of support: it came first, in the same instant
        ana became free; it had joined billing first
    "#);
}
