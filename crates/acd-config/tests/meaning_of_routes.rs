//! What the reader promises about sound routes, and about rules that drop what these require.

use acd_core::{
    Action, ExtraId, Match, Pattern, Priority, QueueId, Requirement, Route, Said, SkillId,
};

#[test]
fn a_route_says_where_calls_go_and_what_they_ask_for_besides() {
    let parsed = acd_config::parse(
        "acdd.toml",
        r#"
        [queues.a]
        require = { billing = 1 }
        [[queues.a.rules]]
        name = "never-mind"
        when = { waited = "1m" }
        then = { drop = ["spanish", "nurse"], require = {}, add_queue = "b" }
        [[queues.a.rules]]
        name = "end"
        when = { waited = "2m" }
        then = { end = "voicemail" }
        [queues.b]
        [[routes]]
        match = { dialed = "+1555010*", caller = ["1", "2*"], attributes.tier = 'a\*' }
        queue = "b"
        priority = 9
        require = { spanish = 5 }
        any_of = [{ nurse = 1 }, { billing = 3 }]
        [[routes]]
        match.attributes = { tier = "", reason = "x" }
        queue = "a"
        require = { spanish = 5 }
        [[routes]]
        queue = "a"
        require = { spanish = 5 }
        "#,
    );
    let plan = parsed.expect("the text is sound").plan;
    let named = |name: &str| {
        let at = plan.skills.iter().position(|it| it == name);
        SkillId(at.expect("it is mentioned") as u16)
    };
    let [billing, spanish, nurse] = ["billing", "spanish", "nurse"].map(named);
    let skills = vec![(spanish, 5)];
    let any_of = vec![vec![(nurse, 1)], vec![(billing, 3)]];
    let extras = [
        Requirement { skills: skills.clone(), any_of },
        Requirement { skills, any_of: Vec::new() },
    ];
    assert_eq!(plan.extras, extras, "each once");
    let like = |of, patterns: &[&str]| Match {
        of,
        any_of: patterns.iter().map(|it| Pattern((*it).to_owned())).collect(),
    };
    let attribute = |key: &str| Said::Attribute(key.to_owned());
    let first = Route {
        when: vec![
            like(Said::Dialed, &["+1555010*"]),
            like(Said::Caller, &["1", "2*"]),
            like(attribute("tier"), &[r"a\*"]),
        ],
        queue: QueueId(1),
        priority: Some(Priority::EMERGENCY),
        extra: Some(ExtraId(0)),
        preferred: None,
    };
    assert_eq!(plan.routes[0], first);
    let second = vec![like(attribute("tier"), &[""]), like(attribute("reason"), &["x"])];
    assert_eq!(plan.routes[1].when, second);
    let last = Route {
        when: Vec::new(),
        queue: QueueId(0),
        priority: None,
        extra: Some(ExtraId(1)),
        preferred: None,
    };
    assert_eq!(plan.routes[2], last);
    let mut dropped = vec![spanish, nurse];
    dropped.sort_unstable();
    let then = [
        Action::Require(Requirement::default()),
        Action::Drop(dropped),
        Action::AddQueue { to: QueueId(1), while_active: false },
    ];
    assert_eq!(plan.queues[0].rules[0].then, then);
}
