//! What the reader promises about sound configurations: what is left out has its default, what is
//! written keeps its order, and each key ends up where the Router looks for it.

use acd_config::{Config, Journal, LogFormat, OnFailure, Sync};
use acd_core::{
    Action, Admission, Affinity, AnnouncementId, Bound, Criterion, Gauge, KeepFree, LadderId,
    Latch, MissedOffers, NumberId, Order, Priority, QueueId, Requirement, Rule, ServiceLevel,
    SkillId, Span, Treatment, When,
};
use std::path::PathBuf;
use std::time::Duration;

fn parsed(text: &str) -> Config {
    acd_config::parse("acdd.toml", text).expect("the text is sound")
}

#[test]
fn one_queue_is_enough_and_the_rest_has_defaults() {
    let Config { server, plan } = parsed("[queues.front-desk]\n");

    assert_eq!(server.listen.to_string(), "127.0.0.1:7170");
    assert_eq!(server.http.to_string(), "127.0.0.1:7180");
    assert_eq!((server.log.level.as_str(), server.log.format), ("info", LogFormat::Text));
    let in_memory = Journal {
        path: None,
        sync: Sync::Group,
        retention: Duration::from_secs(30 * 86_400),
        segment_bytes: 64 << 20,
        snapshot_every: 250_000,
        on_failure: OnFailure::RouteOn,
    };
    assert_eq!(server.journal, in_memory);

    assert_eq!(plan.order, Order::Strict);
    assert_eq!(plan.short_abandon, Span::from_secs(5));
    assert_eq!(plan.exclude_for, Span::from_secs(30));
    assert_eq!(plan.connect_within, Span::from_secs(5));
    assert_eq!(plan.recovery_grace, Span::from_secs(10));
    assert_eq!(plan.missed_offers, MissedOffers::NotReadyAfter(2));
    assert_eq!(plan.reasons, ["break", "lunch", "meeting", "training"]);
    assert!(plan.skills.is_empty() && plan.adapters.is_empty() && plan.agents.is_empty());

    let [queue] = plan.queues.as_slice() else { panic!("one queue is written") };
    assert_eq!(queue.name, "front-desk");
    assert_eq!(queue.require, Requirement::default());
    assert_eq!(queue.select, [Criterion::LongestIdle]);
    assert_eq!(queue.ring, Span::from_secs(15));
    assert_eq!((queue.wrap_up, queue.wrap_up_at_most), (Span(0), Span::from_secs(600)));
    let promise = ServiceLevel { answered_percent: 80, within: Span::from_secs(20) };
    assert_eq!(queue.service_level, promise);
    let end = vec![Action::End(Treatment::Voicemail)];
    let give_up = Rule::after(Span::from_secs(7_200), "give-up", end);
    assert_eq!(queue.rules, [give_up]);
}

#[test]
fn what_is_written_takes_the_place_of_the_defaults() {
    let Config { server, plan } = parsed(
        r#"
        [server]
        listen = "[::1]:0"
        http = "127.0.0.2:0"
        [log]
        level = "trace"
        format = "json"
        [routing]
        order = "credit"
        credit = "1m30s"
        short_abandon = "0s"
        exclude_for = "500ms"
        connect_within = "7d"
        recovery_grace = "2m30s"
        missed_offers = "stay_ready"
        [presence]
        reasons = ["paperwork"]
        [queues.a]
        select = ["highest_level", "longest_idle"]
        ring = "1d2h3m4s5ms"
        wrap_up = "1m"
        wrap_up_at_most = "90s"
        service_level = { answered = "100%" }
        "#,
    );
    assert_eq!(server.listen.to_string(), "[::1]:0");
    assert_eq!(server.http.to_string(), "127.0.0.2:0");
    assert_eq!((server.log.level.as_str(), server.log.format), ("trace", LogFormat::Json));
    assert_eq!(plan.order, Order::Credit { per_step: Span::from_secs(90) });
    assert_eq!(plan.short_abandon, Span(0));
    assert_eq!(plan.exclude_for, Span::from_millis(500));
    assert_eq!(plan.connect_within, Span::from_secs(7 * 86_400));
    assert_eq!(plan.recovery_grace, Span::from_secs(150));
    assert_eq!(plan.missed_offers, MissedOffers::StayReady);
    assert_eq!(plan.reasons, ["paperwork"]);
    let queue = &plan.queues[0];
    assert_eq!(queue.select, [Criterion::HighestLevel, Criterion::LongestIdle]);
    assert_eq!(queue.ring, Span::from_millis(93_784_005));
    assert_eq!(queue.wrap_up, Span::from_secs(60));
    assert_eq!(queue.wrap_up_at_most, Span::from_secs(90));
    let promise = ServiceLevel { answered_percent: 100, within: Span::from_secs(20) };
    assert_eq!(queue.service_level, promise);
}

#[test]
fn the_journal_is_kept_as_it_is_written() {
    let journal = parsed(
        r#"
        [journal]
        path = "/var/lib/acdd/journal"
        sync = "always"
        retention = "400d12h"
        segment_size = "1536KiB"
        snapshot_every = 10_000
        on_failure = "stop"
        [queues.a]
        "#,
    )
    .server
    .journal;
    let written = Journal {
        path: Some(PathBuf::from("/var/lib/acdd/journal")),
        sync: Sync::Always,
        retention: Duration::from_secs(400 * 86_400 + 12 * 3_600),
        segment_bytes: 1_536 << 10,
        snapshot_every: 10_000,
        on_failure: OnFailure::Stop,
    };
    assert_eq!(journal, written);
}

#[test]
fn the_journal_and_the_grace_may_stand_at_their_bounds() {
    let at_bounds = |grace: &str, retention: &str, size: &str, every: &str| {
        let Config { server, plan } = parsed(&format!(
            "[routing]\nrecovery_grace = \"{grace}\"\n[journal]\nsync = \"off\"\n\
             retention = \"{retention}\"\nsegment_size = \"{size}\"\nsnapshot_every = {every}\n\
             [queues.a]\n"
        ));
        assert_eq!(server.journal.sync, Sync::Off);
        let Journal { retention, segment_bytes, snapshot_every, .. } = server.journal;
        (plan.recovery_grace, retention.as_secs(), segment_bytes, snapshot_every)
    };
    assert_eq!(at_bounds("0s", "1h", "1MiB", "1000"), (Span(0), 3_600, 1_048_576, 1_000));
    assert_eq!(
        at_bounds("10m", "3650d", "1GiB", "100000000"),
        (Span::from_secs(600), 3_650 * 86_400, 1_073_741_824, 100_000_000)
    );
}

#[test]
fn missed_offers_have_three_forms() {
    let policy = |form: &str| {
        parsed(&format!("routing.missed_offers = {form}\n[queues.a]\n")).plan.missed_offers
    };
    assert_eq!(policy("\"stay_ready\""), MissedOffers::StayReady);
    assert_eq!(policy("\"not_ready\""), MissedOffers::NotReadyAfter(1));
    assert_eq!(policy("{ not_ready_after = 3 }"), MissedOffers::NotReadyAfter(3));
}

#[test]
fn queues_agents_and_rules_keep_the_order_of_the_file() {
    let plan = parsed(
        r#"
        [agents.zoe]
        [queues.zebra]
        [[queues.zebra.rules]]
        name = "z"
        when = { waited = "3m" }
        then = { priority = 8 }
        [queues.apple]
        [agents.ana]
        [queues.mango]
        [[queues.zebra.rules]]
        name = "a"
        when = { waited = "1m" }
        then = { end = "message" }
        [agents.mia]
        "#,
    )
    .plan;
    let queues: Vec<&str> = plan.queues.iter().map(|queue| queue.name.as_str()).collect();
    assert_eq!(queues, ["zebra", "apple", "mango"]);
    let agents: Vec<&str> = plan.agents.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!(agents, ["zoe", "ana", "mia"]);
    let rules: Vec<&str> = plan.queues[0].rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(rules, ["z", "a"]);
}

#[test]
fn a_rule_acts_in_one_order_however_it_is_written() {
    let plan = parsed(
        r#"
        [queues.a]
        [[queues.a.rules]]
        name = "all"
        when = { waited = "45s" }
        then = { move_to = "c", add_queue = "b", require = { nurse = 2 }, priority = 7 }
        [[queues.a.rules]]
        name = "anyone"
        when = { waited = "0s" }
        then = { end = "message", require = {} }
        [queues.b]
        [queues.c]
        "#,
    )
    .plan;
    let seven = Priority::new(7).expect("7 is a priority");
    let nurse = Requirement { skills: vec![(SkillId(0), 2)], any_of: Vec::new() };
    assert_eq!(plan.queues[0].rules[0].when.waited, Span::from_secs(45));
    assert_eq!(
        plan.queues[0].rules[0].then,
        [
            Action::RaisePriority(seven),
            Action::Require(nurse),
            Action::AddQueue { to: QueueId(1), while_active: false },
            Action::MoveTo(QueueId(2)),
        ]
    );
    assert_eq!(
        plan.queues[0].rules[1].then,
        [Action::Require(Requirement::default()), Action::End(Treatment::Message)]
    );
}

#[test]
fn declared_skills_have_the_handles_of_their_order() {
    let plan = parsed(
        r#"
        [skills]
        spanish = {}
        billing = { description = "Statements" }
        [queues.a]
        require = { billing = 3, spanish = 5 }
        [agents]
        ana = { skills = { billing = 10, spanish = 1 } }
        "#,
    )
    .plan;
    assert_eq!(plan.skills, ["spanish", "billing"]);
    assert_eq!(plan.queues[0].require.skills, [(SkillId(0), 5), (SkillId(1), 3)]);
    assert_eq!(plan.agents[0].skills, [(SkillId(0), 1), (SkillId(1), 10)]);
}

#[test]
fn without_a_table_of_skills_each_is_declared_by_its_use() {
    let plan = parsed(
        r#"
        [queues.a]
        require = { spanish = 5 }
        [agents]
        ana = { skills = { billing = 2, spanish = 1 } }
        "#,
    )
    .plan;
    assert_eq!(plan.skills, ["spanish", "billing"]);
    assert_eq!(plan.agents[0].skills, [(SkillId(0), 1), (SkillId(1), 2)]);
}

#[test]
fn a_queue_may_keep_agents_free_and_wait_for_one() {
    let plan = parsed(
        r#"
        [queues.a]
        keep_free = { agents = 2, for_priority = 8 }
        affinity = { window = "7d", wait = "30s" }
        [queues.b]
        "#,
    )
    .plan;
    let keep_free = KeepFree { agents: 2, for_priority: Priority::HIGHEST_BY_RULE };
    assert_eq!(plan.queues[0].keep_free, Some(keep_free));
    let affinity =
        |window, wait| Affinity { window: Span::from_secs(window), wait: Span::from_secs(wait) };
    assert_eq!(plan.queues[0].affinity, affinity(7 * 86_400, 30));
    assert_eq!((plan.queues[1].keep_free, plan.queues[1].affinity), (None, affinity(0, 20)));
}

#[test]
fn a_queue_has_its_own_dispositions_or_those_of_the_domain() {
    let plan = parsed(
        r#"
        [routing]
        dispositions = ["resolved", "spam"]
        [queues.a]
        wrap_up = "30s"
        [queues.b]
        wrap_up = "30s"
        dispositions = ["sold", "spam"]
        [queues.c]
        wrap_up = "30s"
        dispositions = []
        "#,
    )
    .plan;
    let of = |queue: usize| {
        plan.queues[queue].dispositions.iter().map(|it| &*plan.dispositions[it.index()])
    };
    assert_eq!(of(0).collect::<Vec<_>>(), ["resolved", "spam"]);
    assert_eq!(of(1).collect::<Vec<_>>(), ["sold", "spam"]);
    assert_eq!(of(2).count(), 0);
    assert_eq!(plan.dispositions, ["resolved", "spam", "sold"], "each once");
}

#[test]
fn rules_have_callers_asked_and_ladders_tried() {
    let plan = parsed(
        r#"
        [[queues.a.rules]]
        name = "ask"
        when = { waited = "5s" }
        then = { ladder = "nurse", offer_callback = true, play = "please-hold" }
        [[queues.a.rules]]
        name = "give-up"
        when = { waited = "9s" }
        then = { end = "message", ladder = "nurse", offer_callback = false }
        "#,
    )
    .plan;
    assert_eq!(plan.ladders, ["nurse"]);
    let (play, tries) = (Action::Play(AnnouncementId(0)), Action::Ladder(LadderId(0)));
    let rules = &plan.queues[0].rules;
    assert_eq!(rules[0].then, [play, Action::OfferCallback, tries.clone()]);
    assert_eq!(rules[1].then, [tries, Action::End(Treatment::Message)]);
}

#[test]
fn rules_name_announcements_and_numbers_which_are_kept_once() {
    let plan = parsed(
        r#"
        [[queues.a.rules]]
        name = "say"
        when = { waited = "5s" }
        then = { transfer_to = "+15550100", play = "please-hold" }
        [[queues.a.rules]]
        name = "say-again"
        when = { waited = "9s" }
        then = { transfer_to = "+15550100", play = "closed" }
        "#,
    )
    .plan;
    assert_eq!(plan.announcements, ["please-hold", "closed"]);
    assert_eq!(plan.numbers, ["+15550100"]);
    let then = |rule: usize| plan.queues[0].rules[rule].then.as_slice();
    let doctor = Action::TransferTo(NumberId(0));
    assert_eq!(then(0), [Action::Play(AnnouncementId(0)), doctor.clone()]);
    assert_eq!(then(1), [Action::Play(AnnouncementId(1)), doctor]);
}

#[test]
fn alternatives_stand_beside_what_is_required_and_a_rule_replaces_both() {
    let plan = parsed(
        r#"
        [skills]
        billing = {}
        spanish = {}
        interpreter = {}
        license = { hard = true }
        [queues.a]
        require = { billing = 3, license = 1 }
        any_of = [{ spanish = 5 }, { interpreter = 1, billing = 5 }]
        select = ["rank", "lowest_level", "least_occupied", "fewest_calls", "round_robin", "random"]
        [[queues.a.rules]]
        name = "anyone"
        when = { waited = "30s" }
        then = { require = { license = 1 } }
        [[queues.a.rules]]
        name = "alternatives-only"
        when = { waited = "40s" }
        then = { require = { license = 2 }, any_of = [{ spanish = 1 }], end = "message" }
        "#,
    )
    .plan;
    let [billing, spanish, interpreter, license] = [0, 1, 2, 3].map(SkillId);
    let any_of = vec![vec![(spanish, 5)], vec![(billing, 5), (interpreter, 1)]];
    let skills = vec![(billing, 3), (license, 1)];
    assert_eq!(plan.queues[0].require, Requirement { skills, any_of });
    assert_eq!(plan.hard, [license]);
    let asked = |rule: usize| match &plan.queues[0].rules[rule].then[0] {
        Action::Require(requirement) => requirement.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(0), Requirement { skills: vec![(license, 1)], any_of: Vec::new() });
    let any_of = vec![vec![(spanish, 1)]];
    assert_eq!(asked(1), Requirement { skills: vec![(license, 2)], any_of });
    let select = [
        Criterion::Rank,
        Criterion::LowestLevel,
        Criterion::LeastOccupied,
        Criterion::FewestCalls,
        Criterion::RoundRobin,
        Criterion::Random,
    ];
    assert_eq!(plan.queues[0].select, select);
}

#[test]
fn rules_look_at_calls_at_entries_and_at_queues() {
    let plan = parsed(
        r#"
        [queues.a]
        at_closing = "apply_rules"
        [[queues.a.rules]]
        name = "old-and-urgent"
        when = { waited = "5s", age = "1m", priority_at_least = 7 }
        repeat_every = "20s"
        then = { play = "sorry" }
        [[queues.a.rules]]
        name = "full"
        when = { closed = true, calls_in_system = 50 }
        then = { move_to = "b" }
        [[queues.a.rules]]
        name = "help"
        when = { calls_waiting = 10, longest_wait = "1m", until = { calls_waiting = 4, longest_wait = "10s" } }
        then = { add_queue = "b", while_active = true }
        [[queues.a.rules]]
        name = "nobody"
        when = { agents_staffed_at_most = 0, agents_working_at_most = 1, agents_available_at_most = 2, queue = "b", until = { agents_available = 3 } }
        then = { priority = 6 }
        [[queues.a.rules]]
        name = "give-up"
        when = { waited = "20m" }
        then = { end = "voicemail" }
        [queues.b]
        [[queues.b.rules]]
        name = "flood"
        when = { calls_waiting = 100, queue = "*" }
        then = { priority = 1 }
        [[queues.b.rules]]
        name = "all-full"
        when = { calls_in_system = 120, queue = "*" }
        then = { end = "message" }
        [[queues.b.rules]]
        name = "other-full"
        when = { calls_in_system = 10, queue = "a" }
        then = { priority = 2 }
        [[queues.b.rules]]
        name = "other-closed"
        when = { closed = true, queue = "a" }
        then = { priority = 3 }
        [[queues.b.rules]]
        name = "own-closed"
        when = { closed = true, queue = "b" }
        then = { priority = 4 }
        [[queues.b.rules]]
        name = "give-up"
        when = { waited = "20m" }
        then = { end = "voicemail" }
        "#,
    )
    .plan;
    let [a, b] = [0, 1].map(QueueId);
    assert!(plan.queues[0].closing_ends_waits && !plan.queues[1].closing_ends_waits);
    let when = |queue: QueueId, rule: usize| plan.queues[queue.index()].rules[rule].when.clone();
    let old_and_urgent = When {
        waited: Span::from_secs(5),
        age: Span::from_secs(60),
        priority_at_least: Priority::new(7),
        ..When::default()
    };
    assert_eq!(when(a, 0), old_and_urgent);
    assert_eq!(plan.queues[0].rules[0].repeat_every, Some(Span::from_secs(20)));
    let on_entry = |of, closed, calls_in_system| When {
        admission: Some(Admission { of, closed, calls_in_system }),
        ..When::default()
    };
    assert_eq!(when(a, 1), on_entry(Some(a), true, Some(50)));

    let at_least = |gauge, value| Bound { gauge, at_least: true, value };
    let at_most = |gauge, value| Bound { gauge, at_least: false, value };
    let latch = |of, set, clear| When { latch: Some(Latch { of, set, clear }), ..When::default() };
    let begins = vec![at_least(Gauge::CallsWaiting, 10), at_least(Gauge::LongestWait, 60_000_000)];
    let ends = vec![at_most(Gauge::CallsWaiting, 4), at_most(Gauge::LongestWait, 10_000_000)];
    assert_eq!(when(a, 2), latch(Some(a), begins, ends));
    assert_eq!(plan.queues[0].rules[2].then, [Action::AddQueue { to: b, while_active: true }]);
    let few = vec![
        at_most(Gauge::AgentsStaffed, 0),
        at_most(Gauge::AgentsWorking, 1),
        at_most(Gauge::AgentsAvailable, 2),
    ];
    assert_eq!(when(a, 3), latch(Some(b), few, vec![at_least(Gauge::AgentsAvailable, 3)]));
    let flood = vec![at_least(Gauge::CallsWaiting, 100)];
    assert_eq!(when(b, 0), latch(None, flood, Vec::new()));
    assert_eq!(when(b, 1), on_entry(None, false, Some(120)));
    assert_eq!(when(b, 2), on_entry(Some(a), false, Some(10)));
    assert_eq!(when(b, 3), on_entry(Some(a), true, None));
    assert_eq!(when(b, 4), on_entry(Some(b), true, None));
}
