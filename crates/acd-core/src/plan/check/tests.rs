//! What is refused, each by its own words, and what stands at the edge and is not.

use super::*;
use crate::ids::{AdapterId, AgentId, AnnouncementId, ExtraId, LadderId, NumberId};
use crate::plan::{Admission, Bound, Channel, DeskPlan, Endpoint, Said};

const A: SkillId = SkillId(0);
const B: SkillId = SkillId(1);
const C: SkillId = SkillId(2);
const BEYOND: Span = Span(Span::LONGEST.0 + 1);

fn asks(skills: &[(SkillId, u8)], any_of: &[&[(SkillId, u8)]]) -> Requirement {
    let any_of = any_of.iter().map(|one| one.to_vec()).collect();
    Requirement { skills: skills.to_vec(), any_of }
}

fn bounds(count: usize, gauge: Gauge) -> Vec<Bound> {
    vec![Bound { gauge, at_least: true, value: 1 }; count]
}

fn matching(of: Said, patterns: &[&str]) -> Match {
    Match { of, any_of: patterns.iter().map(|it| Pattern((*it).to_owned())).collect() }
}

fn route(when: Vec<Match>) -> Route {
    Route { when, queue: QueueId(1), priority: None, extra: None, preferred: None }
}

/// One of everything, as large as it may be and by the highest index that there is.
fn a_plan() -> RoutingPlan {
    let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
    let endpoint = Endpoint { adapter: AdapterId(1), address: "1".to_owned() };
    let longest = Span::LONGEST;
    let rule = |name, waited, then| Rule::after(waited, name, then);
    let latch =
        |of, gauge| Latch { of, set: bounds(BOUNDS_MAX, gauge), clear: bounds(BOUNDS_MAX, gauge) };
    let mut widen = rule(
        "widen",
        longest,
        vec![
            Action::RaisePriority(Priority::HIGHEST_BY_RULE),
            Action::Require(asks(&[(B, 3)], &[])),
            Action::Drop(vec![A, C]),
            Action::Play(AnnouncementId(1)),
            Action::OfferCallback,
            Action::Ladder(LadderId(1)),
            Action::AddQueue { to: QueueId(1), while_active: true },
        ],
    );
    widen.when.channels = vec![Channel::Voice, Channel::Chat];
    widen.when.latch = Some(latch(Some(QueueId(1)), Gauge::EstimatedWait));
    widen.repeat_every = Some(longest);
    let mut moves = rule("moves", Span(0), vec![Action::MoveTo(QueueId(1))]);
    moves.when.age = longest;
    moves.when.latch = Some(latch(None, Gauge::CallsWaiting));
    let mut turns_away = rule("turns-away", Span(0), vec![Action::End(Treatment::Busy)]);
    turns_away.when.admission =
        Some(Admission { of: Some(QueueId(0)), closed: true, calls_in_system: Some(0) });
    let out = rule("out", longest, vec![Action::TransferTo(NumberId(1))]);
    let end = rule("end", longest, vec![Action::End(Treatment::Voicemail)]);
    let general = QueuePlan {
        ring: longest,
        wrap_up: longest,
        wrap_up_at_most: longest,
        broadcast: BROADCAST_MAX,
        dispositions: vec![DispositionId(1), DispositionId(0)],
        affinity: Affinity { window: longest, wait: longest },
        ..QueuePlan::new(
            "general",
            asks(&[(A, 1), (B, 3)], &[&[(A, 1), (C, LEVEL_MAX)], &[(C, 1)]]),
            vec![widen, moves, turns_away, out],
        )
    };
    let desk = |channel, capacity, endpoint| DeskPlan { channel, capacity, endpoint };
    let service = |rank, delay| Service { rank, delay };
    let mut agent = AgentPlan::new("ana", vec![(A, 1), (C, LEVEL_MAX)]);
    agent.desks =
        vec![desk(Channel::Voice, 1, Some(endpoint)), desk(Channel::Chat, CAPACITY_MAX, None)];
    agent.queues =
        vec![(QueueId(0), service(RANK_MAX, longest)), (QueueId(1), service(1, Span(0)))];
    RoutingPlan {
        order: Order::Credit { per_step: longest },
        connect_within: longest,
        missed_offers: MissedOffers::NotReadyAfter(1),
        shared_callers: vec![Pattern("anonymous*".to_owned())],
        dispositions: names(["resolved", "follow-up"]),
        adapters: names(["pbx", "other"]),
        skills: ["a", "b", "c"].map(str::to_owned).to_vec(),
        hard: vec![B],
        numbers: names(["+15550100", "+15550101"]),
        announcements: names(["hold", "sorry"]),
        ladders: names(["on-call", "backup"]),
        extras: vec![asks(&[(A, 2)], &[]), asks(&[(C, 2)], &[])],
        routes: vec![
            Route {
                extra: Some(ExtraId(1)),
                preferred: Some(AgentId(1)),
                ..route(vec![
                    matching(Said::Dialed, &["+1555*", r"\\"]),
                    matching(Said::Caller, &["+1*"]),
                ])
            },
            route(Vec::new()),
        ],
        queues: vec![general, QueuePlan::new("other", Requirement::default(), vec![end])],
        agents: vec![agent, AgentPlan::new("ben", Vec::new())],
        ..RoutingPlan::default()
    }
}

/// What is said of the plan above with one change.
fn defect_of(change: impl Fn(&mut RoutingPlan)) -> Option<String> {
    let mut plan = a_plan();
    change(&mut plan);
    plan.check().err().map(|defect| defect.0)
}

/// What makes a sound plan wrong, and what is said of it.
type Case = (fn(&mut RoutingPlan), &'static str);

fn refuses(cases: &[Case]) {
    for (change, defect) in cases {
        assert_eq!(defect_of(change).as_deref(), Some(*defect));
    }
}

#[test]
fn what_stands_at_the_edge_is_good() {
    assert_eq!(a_plan().check(), Ok(()));
    let good: [fn(&mut RoutingPlan); 8] = [
        |plan| *plan = RoutingPlan::default(),
        |plan| plan.hard = vec![A, C],
        |plan| plan.hard = Vec::new(),
        |plan| plan.connect_within = Span(1),
        |plan| plan.missed_offers = MissedOffers::StayReady,
        |plan| plan.routes = Vec::new(),
        |plan| plan.queues[0].broadcast = 1,
        |plan| plan.queues[0].wrap_up = Span(0),
    ];
    for (nth, change) in good.iter().enumerate() {
        // The rule of the plan drops soft skills, and asks for the hard one.
        let change = |plan: &mut RoutingPlan| {
            change(plan);
            plan.queues.iter_mut().for_each(|queue| {
                queue.rules.retain(|rule| plan.hard == [B] || rule.name != "widen");
            });
        };
        assert_eq!(defect_of(change), None, "{nth}");
    }
    assert!(bound("calls", 3, 3).is_ok() && bound("calls", 0, 0).is_ok());
    assert_eq!(bound("calls", 4, 3), Err(PlanDefect("calls: 4, at most 3".to_owned())));
}

#[test]
fn of_a_domain() {
    refuses(&[
        (|plan| plan.short_abandon = BEYOND, "routing: 31 days is the longest time"),
        (|plan| plan.exclude_for = BEYOND, "routing: 31 days is the longest time"),
        (|plan| plan.connect_within = BEYOND, "routing: 31 days is the longest time"),
        (|plan| plan.recovery_grace = BEYOND, "routing: 31 days is the longest time"),
        (
            |plan| plan.order = Order::Credit { per_step: BEYOND },
            "routing: 31 days is the longest time",
        ),
        (
            |plan| plan.connect_within = Span(0),
            "connect within: an adapter needs some time to bridge",
        ),
        (
            |plan| plan.missed_offers = MissedOffers::NotReadyAfter(0),
            "missed offers: not ready after 0 makes nobody ready",
        ),
        (|plan| plan.hard = vec![SkillId(3)], "hard skills must be skills, sorted, each once"),
        (|plan| plan.hard = vec![B, A], "hard skills must be skills, sorted, each once"),
        (|plan| plan.hard = vec![B, B], "hard skills must be skills, sorted, each once"),
        (|plan| plan.skills.resize(4_097, String::new()), "skills: 4097, at most 4096"),
        (
            |plan| plan.shared_callers.push(Pattern(r"1\".to_owned())),
            r"shared callers: a pattern ends with a `\` that means nothing",
        ),
        (
            |plan| plan.shared_callers.push(Pattern("1".repeat(257))),
            "shared callers: bytes of a pattern: 257, at most 256",
        ),
        (
            |plan| plan.extras.push(Requirement::default()),
            "extra requirement 2: it asks for nothing",
        ),
        (
            |plan| plan.extras.push(plan.extras[1].clone()),
            "extra requirement 2: it is there already",
        ),
        (
            |plan| plan.extras.push(asks(&[(SkillId(3), 1)], &[])),
            "extra requirement 2: no such skill",
        ),
    ]);
}

#[test]
fn of_routes() {
    refuses(&[
        (|plan| plan.routes[0].queue = QueueId(2), "route 0: no such queue"),
        (|plan| plan.routes[1].extra = Some(ExtraId(2)), "route 1: no such extra requirement"),
        (|plan| plan.routes[0].preferred = Some(AgentId(2)), "route 0: no such agent"),
        (
            |plan| plan.routes[0].when[1].any_of.clear(),
            "route 0: what it looks at must be some values, each once",
        ),
        (
            |plan| plan.routes[0].when[1].of = Said::Dialed,
            "route 0: what it looks at must be some values, each once",
        ),
        (
            |plan| plan.routes[0].when[0].any_of.push(Pattern(r"\\\".to_owned())),
            r"route 0: a pattern ends with a `\` that means nothing",
        ),
        (|plan| drop(plan.routes.pop()), "the last route must take every call"),
        (
            |plan| plan.routes = vec![route(Vec::new()); ROUTES_MAX + 1],
            "routes: 1025, at most 1024",
        ),
    ]);
}

#[test]
fn of_a_queue() {
    refuses(&[
        (|plan| plan.queues[1].ring = Span(0), "queue other: an offer must ring for some time"),
        (|plan| plan.queues[1].broadcast = 0, "queue other: broadcast must be 1..=16"),
        (|plan| plan.queues[1].broadcast = 17, "queue other: broadcast must be 1..=16"),
        (
            |plan| plan.queues[1].wrap_up = Span(plan.queues[1].wrap_up_at_most.0 + 1),
            "queue other: wrap-up may not be longer than at most",
        ),
        (
            |plan| plan.queues[1].dispositions = vec![DispositionId(2)],
            "queue other: dispositions must be the plan's, each once",
        ),
        (
            |plan| plan.queues[1].dispositions = [1, 0, 1].map(DispositionId).to_vec(),
            "queue other: dispositions must be the plan's, each once",
        ),
        (|plan| plan.queues[1].ring = BEYOND, "queue other: 31 days is the longest time"),
        (
            |plan| plan.queues[1].wrap_up_at_most = BEYOND,
            "queue other: 31 days is the longest time",
        ),
        (
            |plan| plan.queues[1].service_level.within = BEYOND,
            "queue other: 31 days is the longest time",
        ),
        (
            |plan| plan.queues[1].affinity.window = BEYOND,
            "queue other: 31 days is the longest time",
        ),
        (|plan| plan.queues[1].affinity.wait = BEYOND, "queue other: 31 days is the longest time"),
        (
            |plan| plan.queues[1].rules[0].when.waited = BEYOND,
            "queue other: 31 days is the longest time",
        ),
        (
            |plan| plan.queues[0].rules[0].when.age = BEYOND,
            "queue general: 31 days is the longest time",
        ),
        (
            |plan| plan.queues[0].rules[0].repeat_every = Some(BEYOND),
            "queue general: 31 days is the longest time",
        ),
        (
            |plan| plan.queues[1].rules = vec![plan.queues[1].rules[0].clone(); RULES_MAX + 1],
            "queue other: rules: 65, at most 64",
        ),
        (
            |plan| drop(plan.queues[0].rules.remove(3)),
            "queue general: its last rule must look at `waited` alone",
        ),
        (
            |plan| plan.queues[1].rules[0].then = vec![Action::End(Treatment::Busy)],
            "queue other: its last rule must not be a bare busy tone: priority 9 may wait",
        ),
        (
            |plan| plan.queues[1].rules[0].then.clear(),
            "queue other: its last rule must end the call",
        ),
        (
            |plan| plan.queues[0].require.any_of[0].clear(),
            "queue general: an alternative asks for nothing",
        ),
        (
            |plan| plan.queues[0].require.any_of[0][0].1 = LEVEL_MAX + 1,
            "queue general: levels are 1..=10",
        ),
        (|plan| plan.queues[0].require.skills[1].1 = 0, "queue general: levels are 1..=10"),
        (|plan| plan.queues[0].require.skills[1].0 = SkillId(3), "queue general: no such skill"),
        (
            |plan| plan.queues[0].require.skills.swap(0, 1),
            "queue general: skills must be sorted, each once",
        ),
        (
            |plan| plan.queues[0].require.skills[1].0 = A,
            "queue general: skills must be sorted, each once",
        ),
    ]);
}

#[test]
fn of_what_a_rule_looks_at() {
    fn of_rule(plan: &mut RoutingPlan) -> &mut Rule {
        &mut plan.queues[0].rules[0]
    }
    fn of_latch(plan: &mut RoutingPlan) -> &mut Latch {
        of_rule(plan).when.latch.as_mut().expect("it has one")
    }
    fn on_entry(plan: &mut RoutingPlan) -> &mut Rule {
        &mut plan.queues[0].rules[2]
    }
    refuses(&[
        (
            |plan| of_rule(plan).when.channels.swap(0, 1),
            "queue general, rule widen: channels must be sorted, each once",
        ),
        (
            |plan| of_rule(plan).when.channels = vec![Channel::Chat; 2],
            "queue general, rule widen: channels must be sorted, each once",
        ),
        (
            |plan| of_latch(plan).of = None,
            "queue general, rule widen: a wait is estimated of one queue, not of all",
        ),
        (|plan| of_latch(plan).of = Some(QueueId(2)), "queue general, rule widen: no such queue"),
        (
            |plan| of_latch(plan).set.extend(bounds(1, Gauge::LongestWait)),
            "queue general, rule widen: measures: 9, at most 8",
        ),
        (
            |plan| of_latch(plan).clear.extend(bounds(1, Gauge::LongestWait)),
            "queue general, rule widen: measures: 9, at most 8",
        ),
        (
            |plan| of_latch(plan).set.clear(),
            "queue general, rule widen: a latch that looks at nothing",
        ),
        (
            |plan| of_rule(plan).repeat_every = Some(Span(0)),
            "queue general, rule widen: it would repeat without end",
        ),
        (
            |plan| on_entry(plan).when.waited = Span(1),
            "queue general, rule turns-away: whoever enters has not waited",
        ),
        (
            |plan| on_entry(plan).when.age = Span(1),
            "queue general, rule turns-away: whoever enters has not waited",
        ),
        (
            |plan| on_entry(plan).repeat_every = Some(Span(1)),
            "queue general, rule turns-away: a rule on entry acts then and never again",
        ),
        (
            |plan| on_entry(plan).when.latch = Some(of_latch(plan).clone()),
            "queue general, rule turns-away: a rule on entry acts then and never again",
        ),
    ]);
}

#[test]
fn of_what_a_rule_does() {
    fn first(plan: &mut RoutingPlan) -> &mut Vec<Action> {
        &mut plan.queues[0].rules[0].then
    }
    const TWICE: &str = "queue general, rule widen: skills to drop must be some, sorted, each once";
    refuses(&[
        (
            |plan| first(plan).insert(0, Action::MoveTo(QueueId(1))),
            "queue general, rule widen: nothing can follow a move, a transfer or an end",
        ),
        (
            |plan| first(plan).push(Action::Require(asks(&[(B, 3)], &[]))),
            "queue general, rule widen: it can ask for one thing only",
        ),
        (
            |plan| first(plan)[1] = Action::Require(asks(&[(B, 2)], &[])),
            "queue general, rule widen: `b` is hard, and never relaxed",
        ),
        (
            |plan| first(plan)[1] = Action::Require(asks(&[(B, 11)], &[])),
            "queue general, rule widen: levels are 1..=10",
        ),
        (
            |plan| first(plan).push(Action::RaisePriority(Priority::EMERGENCY)),
            "queue general, rule widen: rules raise to 8 at most",
        ),
        (
            |plan| first(plan).push(Action::TransferTo(NumberId(2))),
            "queue general, rule widen: no such number",
        ),
        (
            |plan| first(plan).push(Action::Play(AnnouncementId(2))),
            "queue general, rule widen: no such announcement",
        ),
        (
            |plan| first(plan).push(Action::Ladder(LadderId(2))),
            "queue general, rule widen: no such ladder",
        ),
        (|plan| first(plan)[2] = Action::Drop(Vec::new()), TWICE),
        (|plan| first(plan)[2] = Action::Drop(vec![C, A]), TWICE),
        (|plan| first(plan)[2] = Action::Drop(vec![A, A]), TWICE),
        (
            |plan| first(plan)[2] = Action::Drop(vec![SkillId(3)]),
            "queue general, rule widen: no such skill",
        ),
        (
            |plan| first(plan)[2] = Action::Drop(vec![A, B]),
            "queue general, rule widen: `b` is hard, and never dropped",
        ),
        (
            |plan| plan.queues[0].rules[0].when.latch = None,
            "queue general, rule widen: it is never active",
        ),
        (
            |plan| first(plan)[6] = Action::AddQueue { to: QueueId(2), while_active: true },
            "queue general, rule widen: no such queue",
        ),
        (
            |plan| first(plan)[6] = Action::MoveTo(QueueId(2)),
            "queue general, rule widen: no such queue",
        ),
        (
            |plan| first(plan)[6] = Action::AddQueue { to: QueueId(0), while_active: false },
            "queue general, rule widen: a queue cannot lead to itself",
        ),
    ]);
}

#[test]
fn of_an_agent() {
    refuses(&[
        (|plan| plan.agents[0].skills.swap(0, 1), "agent ana: skills must be sorted, each once"),
        (|plan| plan.agents[0].skills[1].0 = SkillId(3), "agent ana: no such skill"),
        (|plan| plan.agents[0].skills[0].1 = 0, "agent ana: levels are 1..=10"),
        (|plan| plan.agents[0].desks.swap(0, 1), "agent ana: channels must be sorted, each once"),
        (
            |plan| plan.agents[0].desks[1].channel = Channel::Voice,
            "agent ana: channels must be sorted, each once",
        ),
        (|plan| plan.agents[1].desks.clear(), "agent ben: he takes no calls"),
        (
            |plan| plan.agents[1].desks[0].channel = Channel::Callback,
            "agent ben: callbacks take slots for voice",
        ),
        (|plan| plan.agents[1].desks[0].capacity = 0, "agent ben: capacity must be 1..=16"),
        (|plan| plan.agents[0].desks[1].capacity = 17, "agent ana: capacity must be 1..=16"),
        (|plan| drop(plan.adapters.pop()), "agent ana: no such adapter"),
        (|plan| plan.agents[0].queues.swap(0, 1), "agent ana: queues must be sorted, each once"),
        (
            |plan| plan.agents[0].queues[1].0 = QueueId(0),
            "agent ana: queues must be sorted, each once",
        ),
        (|plan| plan.agents[0].queues[1].0 = QueueId(2), "agent ana: no such queue"),
        (|plan| plan.agents[0].queues[0].1.rank = 11, "agent ana: ranks are 1..=10"),
        (|plan| plan.agents[0].queues[0].1.rank = 0, "agent ana: ranks are 1..=10"),
        (
            |plan| plan.agents[0].queues[0].1.delay = BEYOND,
            "agent ana: 31 days is the longest time",
        ),
    ]);
    let delays = |count: u64| {
        move |plan: &mut RoutingPlan| {
            plan.agents = (1..=count)
                .map(|delay| {
                    let queues = vec![(QueueId(1), Service { rank: 5, delay: Span(delay) })];
                    AgentPlan { queues, ..AgentPlan::new("ana", Vec::new()) }
                })
                .collect();
        }
    };
    assert_eq!(defect_of(delays(16)), None);
    let defect = "queue other: different delays of agents: 17, at most 16";
    assert_eq!(defect_of(delays(17)).as_deref(), Some(defect));
}
