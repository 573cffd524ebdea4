//! What the reader promises about a broken `[journal]`, and about the time that adapters are waited
//! for: each key has bounds of its own, and what breaks them is told what they are.

/// The problems of a text, a line each, without the file's name.
fn problems(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let problems = acd_config::parse("acdd.toml", text).expect_err("the text is broken");
    problems.to_string().replace("acdd.toml:", "")
}

/// The problem with each of the values of `key` in `table`, a line each.
fn of_each(table: &str, key: &str, values: &[&str]) -> String {
    let of_one = |value: &&str| problems(&format!("[{table}]\n{key} = {value}\n[queues.a]\n"));
    let found: Vec<String> = values.iter().map(of_one).collect();
    assert!(found.iter().all(|problem| problem.lines().count() == 1), "{found:?}");
    found.join("\n")
}

#[test]
fn a_key_that_is_unknown_is_refused_with_the_one_that_was_meant() {
    insta::assert_snapshot!(problems(r#"
[jurnal]
[journal]
folder = "/var/lib/acdd"
segmentsize = "64MiB"
snapshots_every = 5000
[queues.a]
"#), @r"
    1:2: jurnal: unknown key (did you mean `journal`?); expected one of `server`, `log`, `journal`, `routing`, `presence`, `channels`, `skills`, `queues`, `routes`, `agents`
    3:1: journal.folder: unknown key; expected one of `path`, `sync`, `retention`, `segment_size`, `snapshot_every`, `on_failure`
    4:1: journal.segmentsize: unknown key (did you mean `segment_size`?); expected one of `path`, `sync`, `retention`, `segment_size`, `snapshot_every`, `on_failure`
    5:1: journal.snapshots_every: unknown key (did you mean `snapshot_every`?); expected one of `path`, `sync`, `retention`, `segment_size`, `snapshot_every`, `on_failure`
    ");
}

#[test]
fn the_words_are_few() {
    insta::assert_snapshot!(problems(r#"
[journal]
sync = "grop"
on_failure = "route-on"
[queues.a]
"#), @r"
    2:8: journal.sync: `grop` is not known (did you mean `group`?); expected one of `group`, `always`, `off`
    3:14: journal.on_failure: `route-on` is not known (did you mean `route_on`?); expected one of `route_on`, `stop`
    ");
    insta::assert_snapshot!(problems(r#"
[journal]
sync = false
on_failure = "ignore"
[queues.a]
"#), @r"
    2:8: journal.sync: `false` is a truth value; expected one of `group`, `always`, `off`
    3:14: journal.on_failure: `ignore` is not known; expected one of `route_on`, `stop`
    ");
}

#[test]
fn the_folder_is_a_text_that_can_be_a_path() {
    let values = ["\"\"", "true", r#""/var\u0000""#];
    insta::assert_snapshot!(of_each("journal", "path", &values), @r"
    2:8: journal.path: this is empty; expected one line of 1 to 256 characters in quotes
    2:8: journal.path: `true` is a truth value; expected one line of 1 to 256 characters in quotes
    2:8: journal.path: this has a control character, `\0`; expected one line of 1 to 256 characters in quotes
    ");
}

#[test]
fn history_is_kept_for_an_hour_to_ten_years() {
    let values = [
        "30",
        "\"59m59s999ms\"",
        "\"0s\"",
        "\"3650d1ms\"",
        "\"99999999999999999999d\"",
        "\"4w\"",
        "\"for ever\"",
        "[]",
    ];
    insta::assert_snapshot!(of_each("journal", "retention", &values), @r#"
    2:13: journal.retention: `30` has no unit; expected a time with its unit (d, h, m, s, ms) from "1h" to "3650d"
    2:13: journal.retention: `59m59s999ms` is too short; expected a time with its unit (d, h, m, s, ms) from "1h" to "3650d"
    2:13: journal.retention: `0s` is too short; expected a time with its unit (d, h, m, s, ms) from "1h" to "3650d"
    2:13: journal.retention: `3650d1ms` is too long; expected a time with its unit (d, h, m, s, ms) from "1h" to "3650d"
    2:13: journal.retention: `99999999999999999999d` is too long; expected a time with its unit (d, h, m, s, ms) from "1h" to "3650d"
    2:13: journal.retention: `w` in `4w` is no unit; expected a time with its unit (d, h, m, s, ms) from "1h" to "3650d"
    2:13: journal.retention: `for ever` is not a time; expected a time with its unit (d, h, m, s, ms) from "1h" to "3650d"
    2:13: journal.retention: this is an array; expected a time with its unit (d, h, m, s, ms) from "1h" to "3650d"
    "#);
}

#[test]
fn a_size_needs_its_unit_and_stays_within_its_bounds() {
    let values = [
        "67108864",
        "0.5",
        "\"67108864\"",
        "\"1023KiB\"",
        "\"0GiB\"",
        "\"1025MiB\"",
        "\"99999999999999999999KiB\"",
        "\"18014398509481984GiB\"",
        "\"1.5GiB\"",
        "\"64 MiB\"",
        "\"1GiB512MiB\"",
        "\"-64MiB\"",
        "\"MiB\"",
        "\"\"",
        "\"64pages\"",
        "\"64µ\"",
        "[]",
    ];
    insta::assert_snapshot!(of_each("journal", "segment_size", &values), @r#"
    2:16: journal.segment_size: `67108864` has no unit; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `0.5` has no unit; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `67108864` has no unit; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `1023KiB` is too small; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `0GiB` is too small; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `1025MiB` is too large; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `99999999999999999999KiB` is too large; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `18014398509481984GiB` is too large; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `1.5GiB` is not a size; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `64 MiB` is not a size; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `1GiB512MiB` is not a size; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `-64MiB` is not a size; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `MiB` is not a size; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: "" is not a size; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `pages` in `64pages` is no unit; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: `64µ` is not a size; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    2:16: journal.segment_size: this is an array; expected a size with its unit (KiB, MiB, GiB) from "1MiB" to "1GiB"
    "#);
}

#[test]
fn a_size_in_another_spelling_is_told_the_one_that_was_meant() {
    for (meant, spellings) in [
        ("KiB", ["k", "K", "kB", "KIB"]),
        ("MiB", ["M", "MB", "mb", "Mi"]),
        ("GiB", ["G", "GB", "gb", "gib"]),
    ] {
        for written in spellings {
            let found = of_each("journal", "segment_size", &[&format!("\"64{written}\"")]);
            let told = format!("`{written}` in `64{written}` is no unit (did you mean `{meant}`?)");
            assert!(found.contains(&told), "{found}");
        }
    }
}

#[test]
fn snapshots_are_neither_too_many_nor_too_few() {
    let values = ["0", "999", "100_000_001", "-1", "99999999999999999999", "1e6", "\"250000\""];
    insta::assert_snapshot!(of_each("journal", "snapshot_every", &values), @r"
    2:18: journal.snapshot_every: `0` is out of range; expected a whole number from 1000 to 100000000
    2:18: journal.snapshot_every: `999` is out of range; expected a whole number from 1000 to 100000000
    2:18: journal.snapshot_every: `100000001` is out of range; expected a whole number from 1000 to 100000000
    2:18: journal.snapshot_every: `-1` is out of range; expected a whole number from 1000 to 100000000
    2:18: journal.snapshot_every: `99999999999999999999` is out of range; expected a whole number from 1000 to 100000000
    2:18: journal.snapshot_every: `1e6` is a fraction; expected a whole number from 1000 to 100000000
    2:18: journal.snapshot_every: `250000` is a string; expected a whole number from 1000 to 100000000
    ");
}

#[test]
fn adapters_are_waited_for_ten_minutes_at_most() {
    let values = ["10", "\"10m1ms\"", "\"10\"", "\"-1s\"", "false"];
    insta::assert_snapshot!(of_each("routing", "recovery_grace", &values), @r#"
    2:18: routing.recovery_grace: `10` has no unit; expected a time with its unit (d, h, m, s, ms) from "0s" to "10m"
    2:18: routing.recovery_grace: `10m1ms` is too long; expected a time with its unit (d, h, m, s, ms) from "0s" to "10m"
    2:18: routing.recovery_grace: `10` has no unit; expected a time with its unit (d, h, m, s, ms) from "0s" to "10m"
    2:18: routing.recovery_grace: `-1s` is not a time; expected a time with its unit (d, h, m, s, ms) from "0s" to "10m"
    2:18: routing.recovery_grace: `false` is a truth value; expected a time with its unit (d, h, m, s, ms) from "0s" to "10m"
    "#);
}
