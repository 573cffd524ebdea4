//! What the reader promises about any text at all: it never panics, it says where, and what it takes
//! is a plan that the Router takes too.

use acd_config::{Config, Problems};
use proptest::prelude::*;

/// Words out of which mostly broken, sometimes sound configurations can be made.
const WORDS: &[&str] = &[
    "\n",
    "\n",
    "\n",
    "\n",
    " = ",
    " = ",
    " = ",
    ".",
    ", ",
    "{ ",
    " }",
    "[",
    "]",
    "[[",
    "]]",
    "[queues.a]\n",
    "[queues.b]\n",
    "[[queues.a.rules]]\n",
    "[[routes]]\n",
    "queue",
    "match",
    "dialed",
    "drop",
    "[agents.ana]\n",
    "[skills]\n",
    "[routing]\n",
    "[server]\n",
    "[presence]\n",
    "[log]\n",
    "[journal]\n",
    "queues",
    "agents",
    "skills",
    "rules",
    "require",
    "when",
    "then",
    "waited",
    "channel",
    "until",
    "service_level_below",
    "estimated_wait",
    "end",
    "move_to",
    "play",
    "transfer_to",
    "offer_callback",
    "ladder",
    "dispositions",
    "add_queue",
    "priority",
    "order",
    "credit",
    "ring",
    "wrap_up",
    "wrap_up_at_most",
    "missed_offers",
    "recovery_grace",
    "sync",
    "retention",
    "segment_size",
    "snapshot_every",
    "on_failure",
    "\"64MiB\"",
    "\"400d\"",
    "\"group\"",
    "not_ready_after",
    "voice",
    "capacity",
    "endpoints",
    "\"15s\"",
    "\"0s\"",
    "\"80%\"",
    "\"a\"",
    "\"b\"",
    "\"voicemail\"",
    "\"credit\"",
    "\"pbx:1\"",
    "7",
    "0",
    "-1",
    "3.5",
    "true",
    "1979-05-27",
    "'",
    "\"",
    "#",
    "\\",
    "é",
    "\u{0}",
];

/// What stands in a sound configuration, and what may stand there instead.
const SLIPS: &[(&str, &str)] = &[
    ("\"b\"", "\"a\""),
    ("\"b\"", "\"c\""),
    ("[queues.b]", ""),
    ("end = \"message\"", "move_to = \"b\""),
    ("end = \"message\"", "priority = 8"),
    ("end = \"message\"", "transfer_to = \"+1 555\""),
    ("end = \"message\"", "transfer_to = \"911\", play = \"hold on\""),
    ("end = \"message\"", "move_to = \"b\", end = \"message\""),
    ("end = \"voicemail\"", "end = \"busy\""),
    ("then = {", "then = {} #"),
    ("priority = ", "priority = 1"),
    ("\" = 1", "\" = 11"),
    ("\" = 1", "\" = 0"),
    ("credit = \"90s\"", ""),
    ("\"15s\"", "\"0s\""),
    ("voice = 1", "voice = 0"),
    ("rule-1", "rule-0"),
    ("pbx:1", "pbx"),
    ("400d", "4000d"),
    ("MiB", "MB"),
    ("snapshot_every = ", "snapshot_every = 0"),
    ("recovery_grace = \"", "recovery_grace = \"1h"),
];

fn read(text: &str) -> Result<Config, Problems> {
    acd_config::parse("acdd.toml", text)
}

/// What holds of every answer.
fn check(text: &str, answer: &Result<Config, Problems>) {
    match answer {
        Ok(config) => assert_eq!(config.plan.check(), Ok(())),
        Err(problems) => {
            assert!(!problems.as_slice().is_empty());
            let lines = text.split('\n').count();
            for problem in problems {
                assert!((1..=lines).contains(&problem.line), "{problem}");
                assert!(problem.column >= 1, "{problem}");
                assert!(!problem.message.is_empty() && !problem.expected.is_empty(), "{problem}");
                assert_eq!(problem.to_string().lines().count(), 1, "{problem}");
                // The plan's own check is the last net: nothing should ever fall into it.
                assert_ne!(problem.expected, "a plan that the Router can route by", "{problem}");
            }
            assert!(!problems.report().is_empty());
        }
    }
}

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(values).prop_map(str::to_owned)
}

/// A key with one of these values, or nothing.
fn maybe(key: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::option::of(one_of(values))
        .prop_map(move |value| value.map_or(String::new(), |value| format!("{key} = {value}\n")))
}

fn levels() -> impl Strategy<Value = String> {
    prop::collection::btree_map(one_of(&["billing", "nurse", "spanish", "it.2"]), 1..=10_u8, 0..4)
        .prop_map(|levels| {
            let levels: Vec<String> =
                levels.iter().map(|(skill, level)| format!("\"{skill}\" = {level}")).collect();
            format!("{{ {} }}", levels.join(", "))
        })
}

/// A rule of queue `a`, which may lead to `b`.
fn rule() -> impl Strategy<Value = String> {
    let waited = one_of(&["0s", "45s", "3m", "1h30m", "7d"]);
    let parts = (
        prop::option::of(0..=8_u8),
        prop::option::of(levels()),
        any::<bool>(),
        one_of(&[
            "move_to = \"b\"",
            "transfer_to = \"+15550100\"",
            "play = \"hold-on\"",
            "offer_callback = true",
            "ladder = \"on-call\"",
            "end = \"voicemail\"",
            "end = \"message\"",
        ]),
    );
    (waited, parts).prop_map(|(waited, (priority, require, add, last))| {
        let mut then = vec![last];
        then.extend(priority.map(|priority| format!("priority = {priority}")));
        then.extend(require.map(|require| format!("require = {require}")));
        then.extend(add.then(|| "add_queue = \"b\"".to_owned()));
        format!("when = {{ waited = \"{waited}\" }}\nthen = {{ {} }}\n", then.join(", "))
    })
}

fn queue() -> impl Strategy<Value = String> {
    let keys = (
        prop::option::of(levels()),
        maybe("ring", &["\"1ms\"", "\"15s\"", "\"7d\""]),
        maybe(
            "wrap_up",
            &["\"0s\"", "\"30s\"\nwrap_up_at_most = \"30s\"\ndispositions = [\"sold\"]"],
        ),
        maybe("select", &["[\"longest_idle\"]", "[\"highest_level\", \"longest_idle\"]"]),
        maybe("service_level", &["{}", "{ answered = \"1%\" }", "{ within = \"1m\" }"]),
    );
    (keys, prop::collection::vec(rule(), 0..5)).prop_map(|(keys, rules)| {
        let (require, ring, wrap_up, select, service_level) = keys;
        let require = require.map_or(String::new(), |levels| format!("require = {levels}\n"));
        let mut text = format!("[queues.a]\n{require}{ring}{wrap_up}{select}{service_level}");
        for (index, rule) in rules.iter().enumerate() {
            text.push_str(&format!("[[queues.a.rules]]\nname = \"rule-{index}\"\n{rule}"));
        }
        if !rules.is_empty() {
            text.push_str("[[queues.a.rules]]\nname = \"last\"\nwhen = { waited = \"2h\" }\n");
            text.push_str("then = { end = \"message\" }\n");
        }
        text
    })
}

fn agent() -> impl Strategy<Value = String> {
    let keys = (
        levels(),
        maybe("name", &["\"Ana Ruiz\"", "\"José\""]),
        maybe("capacity", &["{}", "{ voice = 1 }", "{ voice = 16 }"]),
        maybe("endpoints", &["{}", "{ voice = \"pbx:1\" }", "{ voice = \"b.2:PJSIP/1\" }"]),
    );
    keys.prop_map(|(skills, name, capacity, endpoints)| {
        format!("skills = {skills}\n{name}{capacity}{endpoints}")
    })
}

fn journal() -> impl Strategy<Value = String> {
    let keys = (
        maybe("path", &["\"journal\"", "\"/var/lib/acdd\""]),
        maybe("sync", &["\"group\"", "\"always\"", "\"off\""]),
        maybe("retention", &["\"1h\"", "\"400d\"", "\"3650d\""]),
        maybe("segment_size", &["\"1024KiB\"", "\"64MiB\"", "\"1GiB\""]),
        maybe("snapshot_every", &["1000", "100_000_000"]),
        maybe("on_failure", &["\"route_on\"", "\"stop\""]),
    );
    keys.prop_map(|(path, sync, retention, segment_size, snapshot_every, on_failure)| {
        format!("[journal]\n{path}{sync}{retention}{segment_size}{snapshot_every}{on_failure}")
    })
}

fn sound_text() -> impl Strategy<Value = String> {
    let routing = one_of(&["", "order = \"strict\"\n", "order = \"credit\"\ncredit = \"90s\"\n"]);
    let missed = maybe("missed_offers", &["\"stay_ready\"", "{ not_ready_after = 100 }"]);
    let agents = prop::collection::vec(agent(), 0..5);
    let grace = maybe("recovery_grace", &["\"0s\"", "\"10m\""]);
    let keys = (routing, missed, grace, journal(), queue(), agents);
    keys.prop_map(|(routing, missed, grace, journal, queue, agents)| {
        let mut text = format!("[routing]\n{routing}{missed}{grace}{journal}{queue}[queues.b]\n");
        for (index, agent) in agents.iter().enumerate() {
            text.push_str(&format!("[agents.agent-{index}]\n{agent}"));
        }
        text
    })
}

proptest! {
    #[test]
    fn any_letters_get_an_answer(text in any::<String>()) {
        check(&text, &read(&text));
    }

    #[test]
    fn any_words_get_an_answer(words in prop::collection::vec(prop::sample::select(WORDS), 0..40)) {
        let text = words.concat();
        check(&text, &read(&text));
    }

    #[test]
    fn a_slip_in_the_default_gets_an_answer(
        at in any::<prop::sample::Index>(),
        dropped in 0..40_usize,
        put in prop::sample::select(WORDS),
    ) {
        let letters: Vec<char> = acd_config::DEFAULT.chars().collect();
        let at = at.index(letters.len());
        let (before, after) = letters.split_at(at);
        let mut text: String = before.iter().collect();
        text.push_str(put);
        text.extend(after.iter().skip(dropped));
        check(&text, &read(&text));
    }

    #[test]
    fn a_slip_in_a_sound_text_gets_an_answer(
        text in sound_text(),
        (from, to) in prop::sample::select(SLIPS),
        everywhere in any::<bool>(),
    ) {
        let slipped = text.replacen(from, to, if everywhere { usize::MAX } else { 1 });
        check(&slipped, &read(&slipped));
    }

    #[test]
    fn what_the_reference_allows_is_taken(text in sound_text()) {
        let answer = read(&text);
        check(&text, &answer);
        prop_assert!(answer.is_ok(), "{:?}\n{text}", answer.err());
    }
}
