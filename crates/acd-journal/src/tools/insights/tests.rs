//! Each kind of finding, once where it must be told and once where it must not.

use super::judge::judged;
use super::watch::Watch;
use super::{CALLS_AT_LEAST, EXAMPLES_MAX, FewHolders, Finding, FindingKind, Insights, Sat};
use crate::record::CallCard;
use acd_core::{
    Action, AdapterId, AgentId, AgentPlan, Bound, CallHandle, Channel, DemandId, Event, Gauge,
    Latch, LeftCause, NotReadyReason, OfferEnd, OfferNumber, Outcome, Presence, Priority, QueueId,
    QueuePlan, ReasonId, Requirement, ReturnCause, RouteId, Router, RoutingPlan, Rule, SkillId,
    Span, Timestamp, Treatment, When,
};
use std::sync::Arc;

const BILLING: QueueId = QueueId(0);
const FRONT_DESK: QueueId = QueueId(1);
const BILLING_ASKS: DemandId = DemandId(0);
const FRONT_DESK_ASKS: DemandId = DemandId(1);
/// The only one who knows billing; the others are generalists.
const ANA: AgentId = AgentId(0);
const BO: AgentId = AgentId(1);
const LUNCH: Presence = Presence::NotReady(NotReadyReason::Named(ReasonId(0)));
/// The index of `help` among the rules of billing.
const HELP: u16 = 0;

fn at(second: u64) -> Timestamp {
    Timestamp(Span::from_secs(1_000_000 + second).0)
}

/// Billing asks for a skill that ana has, the front desk for nothing; a target of 20 s each. After two minutes
/// billing moves calls on, and while many wait it asks for less.
fn plan() -> RoutingPlan {
    let billing = Requirement { skills: vec![(SkillId(0), 1)], any_of: Vec::new() };
    let last = Rule::after(Span::from_secs(600), "last", vec![Action::End(Treatment::Voicemail)]);
    let bound = Bound { gauge: Gauge::CallsWaiting, at_least: true, value: 5 };
    let latch = Latch { of: Some(BILLING), set: vec![bound], clear: Vec::new() };
    let help = Rule {
        name: "help".to_owned(),
        when: When { latch: Some(latch), ..When::default() },
        repeat_every: None,
        then: vec![Action::RaisePriority(Priority::new(8).expect("a priority"))],
    };
    let onwards = Rule::after(Span::from_secs(120), "onwards", vec![Action::MoveTo(FRONT_DESK)]);
    let agent = |id: &str, skills: Vec<(SkillId, u8)>| AgentPlan::new(id, skills);
    RoutingPlan {
        reasons: vec!["lunch".to_owned()],
        skills: vec!["billing".to_owned()],
        queues: vec![
            QueuePlan::new("billing", billing, vec![help, onwards, last.clone()]),
            QueuePlan::new("front-desk", Requirement::default(), vec![last]),
        ],
        agents: vec![
            agent("ana", vec![(SkillId(0), 5)]),
            agent("bo", Vec::new()),
            agent("cy", Vec::new()),
        ],
        ..RoutingPlan::default()
    }
}

/// What is told of events, as they are written here.
struct Site {
    watch: Watch,
    calls: u32,
    offers: u64,
}

impl Site {
    /// Ana and bo are at work from the beginning, cy too.
    fn opens() -> Self {
        Self::looked_at(at(0), at(100_000))
    }

    fn looked_at(from: Timestamp, to: Timestamp) -> Self {
        let plan = Arc::new(plan());
        let router = Router::new(Arc::clone(&plan)).expect("a plan");
        let watch = Watch::new(plan, router.demands(), at(0), (from, to));
        let mut site = Self { watch, calls: 0, offers: 0 };
        for agent in [ANA, BO, AgentId(2)] {
            site.is_now(0, agent, Presence::Ready);
        }
        site
    }

    fn follow(&mut self, second: u64, event: Event) {
        self.watch.follow(at(second), &event, None);
    }

    fn is_now(&mut self, second: u64, agent: AgentId, presence: Presence) {
        self.follow(second, Event::PresenceChanged { agent, presence, pending: None });
    }

    /// A call comes, by the second route.
    fn call(&mut self, second: u64, queue: QueueId) -> CallHandle {
        self.calls += 1;
        let call = CallHandle { slot: self.calls, generation: 1 };
        let card = CallCard {
            adapter: "pbx".into(),
            call_id: format!("c{}", self.calls).into(),
            dialed: "".into(),
            caller: "".into(),
            attributes: Vec::new().into(),
        };
        let arrived = Event::CallArrived {
            call,
            adapter: AdapterId(0),
            channel: Channel::Voice,
            arrival: u64::from(self.calls),
            priority: Priority::NORMAL,
            since: at(second),
            route: Some(RouteId(1)),
            caller: None,
        };
        self.watch.follow(at(second), &arrived, Some(&Arc::new(card)));
        self.enters(second, call, queue);
        call
    }

    fn enters(&mut self, second: u64, call: CallHandle, queue: QueueId) {
        let demand = if queue == BILLING { BILLING_ASKS } else { FRONT_DESK_ASKS };
        let (since, estimate) = (at(second), None);
        self.follow(second, Event::PlaceEntered { call, queue, demand, since, estimate });
    }

    fn offer(&mut self, second: u64, call: CallHandle, queue: QueueId, agent: AgentId) {
        self.offers += 1;
        let (offer, rung_by) = (OfferNumber(self.offers), AdapterId(0));
        let (ring_until, adopted) = (at(second + 15), false);
        let picked = false;
        let issued =
            Event::OfferIssued { call, offer, agent, queue, rung_by, ring_until, adopted, picked };
        self.follow(second, issued);
    }

    fn offer_ends(
        &mut self,
        second: u64,
        call: CallHandle,
        (queue, agent): (QueueId, AgentId),
        end: OfferEnd,
    ) {
        let (offer, rung_by) = (OfferNumber(self.offers), AdapterId(0));
        let adapter_knows = true;
        let ended = Event::OfferEnded { call, offer, agent, queue, rung_by, end, adapter_knows };
        self.follow(second, ended);
    }

    fn talks(&mut self, second: u64, call: CallHandle, queue: QueueId, agent: AgentId) {
        let cause = LeftCause::Connected;
        self.follow(second, Event::CallConnected { call, agent, queue });
        self.follow(second, Event::PlaceLeft { call, queue, cause });
    }

    fn ends(&mut self, second: u64, call: CallHandle, outcome: Outcome) {
        self.follow(second, Event::CallEnded { call, outcome, treatment: None });
    }

    /// Comes, waits, hangs up.
    fn gives_up(&mut self, second: u64, queue: QueueId, waits: u64) {
        let call = self.call(second, queue);
        self.hangs_up(second + waits, call, queue);
    }

    fn hangs_up(&mut self, second: u64, call: CallHandle, queue: QueueId) {
        let cause = LeftCause::Ended;
        self.follow(second, Event::PlaceLeft { call, queue, cause });
        self.ends(second, call, Outcome::Abandoned);
    }

    /// Comes, waits, is answered, and all is well.
    fn is_answered(&mut self, second: u64, queue: QueueId, waits: u64) {
        let call = self.call(second, queue);
        self.talks(second + waits, call, queue, ANA);
        self.ends(second + waits + 100, call, Outcome::Handled);
    }

    fn closes(self, second: u64) -> Insights {
        judged(&self.watch.end(at(second)))
    }

    /// The only finding of a kind; none if there is none.
    fn found(self, is: fn(&FindingKind) -> bool) -> Option<Finding> {
        let all = self.closes(50_000).findings;
        let mut found = all.into_iter().filter(|finding| is(&finding.kind));
        let one = found.next();
        assert_eq!(found.next(), None, "one of its kind");
        one
    }
}

fn handed_on(after: u64, within: bool) -> Option<Finding> {
    let mut site = Site::opens();
    for number in 0..10 {
        let second = number * 1_000;
        let call = site.call(second, BILLING);
        site.talks(second + 5, call, BILLING, ANA);
        let back = second + 5 + after;
        // Four in ten stay with ana.
        if number < 6 && within {
            site.follow(back, Event::CallReturned { call, cause: ReturnCause::Transferred });
            site.enters(back, call, FRONT_DESK);
            site.talks(back + 1, call, FRONT_DESK, BO);
        }
        let outcome = if within { Outcome::Handled } else { Outcome::Transferred };
        site.ends(back + 1, call, outcome);
    }
    site.found(|kind| matches!(kind, FindingKind::HandedOn { .. }))
}

#[test]
fn calls_that_are_handed_on_at_once_are_told_with_where_they_went() {
    let found = handed_on(30, true).expect("six of ten");
    let (queue, to, routes) = ("billing".to_owned(), Some("front-desk".to_owned()), vec![(1, 6)]);
    assert_eq!(found.kind, FindingKind::HandedOn { queue, to, routes });
    assert_eq!((found.calls, found.of), (6, 10));
    assert_eq!(found.examples.len(), EXAMPLES_MAX);
    assert_eq!((&*found.examples[0].adapter, &*found.examples[0].call_id), ("pbx", "c1"));
    let found = handed_on(9, false).expect("all went out of acdd");
    assert!(matches!(found.kind, FindingKind::HandedOn { to: None, .. }), "{found:?}");
}

#[test]
fn a_conversation_before_it_is_handed_on_is_nothing_to_tell() {
    assert_eq!(handed_on(31, true), None);
    assert_eq!(handed_on(40, false), None);
}

/// Bo is offered calls; the first so many he lets ring.
fn bo_misses(first: u64, of: u64) -> Option<Finding> {
    let mut site = Site::opens();
    for number in 0..of {
        let second = number * 100;
        let call = site.call(second, FRONT_DESK);
        site.offer(second, call, FRONT_DESK, BO);
        let end = if number < first { OfferEnd::NoAnswer } else { OfferEnd::Accepted };
        site.offer_ends(second + 3, call, (FRONT_DESK, BO), end);
        site.talks(second + 5, call, FRONT_DESK, ANA);
        site.ends(second + 90, call, Outcome::Handled);
    }
    site.found(|kind| matches!(kind, FindingKind::Missed { .. }))
}

#[test]
fn three_missed_offers_in_a_row_are_told_and_two_are_not() {
    let found = bo_misses(3, 30).expect("three in a row");
    let (agent, declined, in_a_row) = ("bo".to_owned(), 0, 3);
    assert_eq!(found.kind, FindingKind::Missed { agent, declined, in_a_row });
    assert_eq!((found.calls, found.of), (3, 30));
    assert_eq!(bo_misses(2, 30), None);
}

#[test]
fn a_fifth_of_all_offers_missed_is_told_also_if_never_three_in_a_row() {
    let every = |nth: u64| {
        let mut site = Site::opens();
        for number in 0..40 {
            let second = number * 100;
            let call = site.call(second, FRONT_DESK);
            site.offer(second, call, FRONT_DESK, BO);
            let end = if number % nth == 0 { OfferEnd::Declined } else { OfferEnd::Accepted };
            site.offer_ends(second + 3, call, (FRONT_DESK, BO), end);
            site.ends(second + 90, call, Outcome::Handled);
        }
        site.found(|kind| matches!(kind, FindingKind::Missed { .. }))
    };
    let found = every(4).expect("a quarter");
    assert_eq!((found.calls, found.of), (10, 40));
    assert!(matches!(found.kind, FindingKind::Missed { declined: 10, in_a_row: 1, .. }));
    assert_eq!(every(8), None, "an eighth");
}

/// Offers of the front desk, of which every third rings out; the others are answered after so long.
fn rings(answered_after: u64, rung_out: bool) -> Option<Finding> {
    let mut site = Site::opens();
    for number in 0..30 {
        let second = number * 100;
        let call = site.call(second, FRONT_DESK);
        let agent = AgentId(number as u32 % 3);
        site.offer(second, call, FRONT_DESK, agent);
        let (after, end) = match number % 3 == 0 && rung_out {
            true => (15, OfferEnd::NoAnswer),
            false => (answered_after, OfferEnd::Accepted),
        };
        site.offer_ends(second + after, call, (FRONT_DESK, agent), end);
        site.ends(second + 90, call, Outcome::Handled);
    }
    site.found(|kind| matches!(kind, FindingKind::RungOut { .. }))
}

#[test]
fn a_queue_that_rings_too_briefly_is_told_with_how_long_answers_take() {
    let found = rings(13, true).expect("answers take nearly as long as it rings");
    let (ring, answered_p90) = (Span::from_secs(15), Span::from_secs(13));
    let queue = "front-desk".to_owned();
    assert_eq!(found.kind, FindingKind::RungOut { queue, ring, answered_p90 });
    assert_eq!((found.calls, found.of), (10, 30));
    assert_eq!(rings(4, true), None, "longer rings would not help: answers come soon, or never");
    assert_eq!(rings(13, false), None, "each was answered");
}

/// Calls wait for billing a minute each, and ana is so during all of it.
fn billing_waits(beside: Presence, who: AgentId) -> Insights {
    let mut site = Site::opens();
    site.is_now(1_000, who, beside);
    let calls: Vec<CallHandle> = (0..8).map(|_| site.call(2_000, BILLING)).collect();
    for call in calls {
        site.hangs_up(2_060, call, BILLING);
    }
    site.is_now(3_000, who, Presence::Ready);
    for number in 0..8 {
        site.is_answered(4_000 + number * 10, BILLING, 5);
    }
    site.closes(50_000)
}

fn sat(insights: &Insights) -> Option<&Finding> {
    let is = |finding: &&Finding| matches!(finding.kind, FindingKind::SatNotReady { .. });
    insights.findings.iter().find(is)
}

#[test]
fn calls_that_waited_beside_somebody_who_sat_are_told_with_who_and_why() {
    let insights = billing_waits(LUNCH, ANA);
    let found = sat(&insights).expect("ana sat at lunch");
    let minutes = |minutes: u64| Span::from_secs(minutes * 60);
    let who = Sat { agent: "ana".to_owned(), reason: "lunch".to_owned(), beside: minutes(8) };
    let expected = FindingKind::SatNotReady {
        queue: "billing".to_owned(),
        waited: minutes(8),
        beside: minutes(8),
        who: vec![who],
    };
    assert_eq!((&found.kind, found.calls, found.of), (&expected, 8, 8));
}

#[test]
fn who_cannot_take_them_or_has_gone_home_did_not_sit_beside_them() {
    assert_eq!(sat(&billing_waits(LUNCH, BO)), None, "bo knows nothing of billing");
    assert_eq!(sat(&billing_waits(Presence::LoggedOut, ANA)), None);
    assert_eq!(sat(&billing_waits(Presence::Ready, ANA)), None);
}

#[test]
fn who_sits_for_a_moment_only_is_not_told() {
    let mut site = Site::opens();
    for number in 0..8 {
        let second = number * 100;
        site.is_now(second, ANA, LUNCH);
        site.is_now(second + 9, ANA, Presence::Ready);
        site.gives_up(second, BILLING, 60);
    }
    assert_eq!(sat(&site.closes(50_000)), None, "nine seconds each");
}

fn few(insights: &Insights) -> Option<&Finding> {
    let is = |finding: &&Finding| matches!(finding.kind, FindingKind::FewHolders(_));
    insights.findings.iter().find(is)
}

#[test]
fn a_skill_that_one_has_and_many_wait_for_is_told_with_who_has_it() {
    let insights = billing_waits(Presence::Ready, ANA);
    let found = few(&insights).expect("half of them gave up");
    let expected = FindingKind::FewHolders(FewHolders {
        queue: "billing".to_owned(),
        asked: "billing 1".to_owned(),
        skill: "billing".to_owned(),
        holders: vec!["ana".to_owned()],
        staff: 3,
        working: 1.0,
        longest_line: 8,
    });
    assert_eq!((&found.kind, found.calls, found.of), (&expected, 8, 16));
    let away = billing_waits(LUNCH, ANA);
    let Some(FindingKind::FewHolders(FewHolders { working, .. })) =
        few(&away).map(|found| &found.kind)
    else {
        panic!("{away:?}");
    };
    assert_eq!(*working, 0.0, "none was ready");
}

#[test]
fn a_line_that_keeps_its_target_or_asks_for_nothing_special_is_not_told() {
    let mut site = Site::opens();
    for number in 0..30 {
        site.is_answered(number * 100, BILLING, 5);
    }
    for number in 0..7 {
        site.is_answered(4_000 + number * 100, BILLING, 50);
    }
    assert_eq!(few(&site.closes(50_000)), None, "more than 80 % were in time");
    let mut site = Site::opens();
    for number in 0..8 {
        site.gives_up(number * 100, FRONT_DESK, 60);
    }
    assert_eq!(few(&site.closes(50_000)), None, "all three may take them");
}

#[test]
fn callers_who_hang_up_just_before_a_rule_acts_are_told_with_the_rule() {
    let after = |waits: u64| {
        let mut site = Site::opens();
        for number in 0..6 {
            site.gives_up(number * 1_000, BILLING, waits);
        }
        site.found(|kind| matches!(kind, FindingKind::GaveUpBefore { .. }))
    };
    let found = after(112).expect("eight seconds before");
    let (queue, rule, waited) = ("billing".to_owned(), "onwards".to_owned(), Span::from_secs(120));
    assert_eq!(found.kind, FindingKind::GaveUpBefore { queue, rule, waited });
    assert_eq!((found.calls, found.of), (6, 6));
    assert_eq!(after(100), None);
    assert_eq!(after(121), None, "it had acted");
}

/// Billing misses its target, or keeps it; `help` acts on the first so many of ten calls.
fn helped(first: u64, waits: u64) -> Vec<FindingKind> {
    let mut site = Site::opens();
    for number in 0..10 {
        let second = number * 1_000;
        let call = site.call(second, BILLING);
        for _ in 0..u64::from(number < first) * 2 {
            let (queue, rule, without_effect) = (BILLING, HELP, false);
            site.follow(second + 1, Event::RuleFired { call, queue, rule, without_effect });
        }
        site.talks(second + waits, call, BILLING, ANA);
        site.ends(second + waits + 100, call, Outcome::Handled);
    }
    let all = site.closes(50_000).findings.into_iter().map(|finding| finding.kind);
    let of_help = |kind: &FindingKind| match kind {
        FindingKind::NeverActed { rule, .. } | FindingKind::AlwaysActed { rule, .. } => {
            rule == "help"
        }
        _ => false,
    };
    all.filter(of_help).collect()
}

#[test]
fn a_rule_that_never_acts_while_calls_wait_or_acts_on_nearly_all_is_told() {
    let names = || ("billing".to_owned(), "help".to_owned());
    let (queue, rule) = names();
    assert_eq!(helped(0, 60), [FindingKind::NeverActed { queue, rule }]);
    let (queue, rule) = names();
    assert_eq!(helped(9, 5), [FindingKind::AlwaysActed { queue, rule }]);
    assert_eq!(helped(0, 5), [], "nobody waited long: it need not act");
    assert_eq!(helped(8, 60), [], "it acts on some");
}

#[test]
fn a_quiet_day_has_no_findings_and_says_what_it_looked_at() {
    let mut site = Site::opens();
    for number in 0..20 {
        site.is_answered(number * 200, FRONT_DESK, 5);
    }
    let insights = site.closes(50_000);
    assert_eq!(insights.findings, []);
    assert_eq!((insights.stays, insights.agents), (20, 3));
    assert_eq!((insights.from, insights.to), (Some(at(0)), Some(at(3_905))));
}

#[test]
fn what_happens_before_and_after_the_time_that_is_looked_at_does_not_count() {
    let gave_up = |from: u64, to: u64| {
        let mut site = Site::looked_at(at(from), at(to));
        for number in 0..2 * CALLS_AT_LEAST {
            site.gives_up(number * 100, BILLING, 60);
        }
        site.closes(50_000).stays
    };
    assert_eq!(gave_up(0, 10_000), 2 * CALLS_AT_LEAST);
    assert_eq!(gave_up(200, 500), 3);
    assert_eq!(gave_up(20_000, 30_000), 0);
}
