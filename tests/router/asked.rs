//! What is asked of the Router and changes nothing: how long a call would wait, why an offer was made, whether two are
//! the same.

use crate::plans::{agent, levels, plan, queue, seconds};
use acd_core::{
    AdapterId, AgentId, CallEntry, CallHandle, Command, Event, How, OfferNumber, OfferResult,
    Priority, QueueId, Requirement, Router, RoutingPlan, Timestamp, TookBy,
};
use std::collections::BTreeSet;
use std::sync::Arc;

const SALES: QueueId = QueueId(0);
const ADAPTER: AdapterId = AdapterId(0);

/// A Router at work, and what was offered last.
struct Site {
    router: Router,
    now: Timestamp,
    calls: u32,
    offered: Option<(CallHandle, OfferNumber)>,
}

impl Site {
    /// All agents are ready.
    fn of(plan: RoutingPlan) -> Self {
        let agents = plan.agents.len() as u32;
        let router = Router::new(Arc::new(plan)).unwrap();
        let mut site = Self { router, now: Timestamp(1_000_000), calls: 0, offered: None };
        site.tell(Command::AdapterUp { adapter: ADAPTER, incarnation: 1, resync: false });
        for agent in (0..agents).map(AgentId) {
            site.tell(Command::AgentLogIn { agent });
            site.tell(Command::AgentReady { agent });
        }
        site
    }

    fn tell(&mut self, command: Command) {
        let mut events = Vec::new();
        self.router.apply(self.now, command, &mut events).unwrap();
        for event in events {
            if let Event::OfferIssued { call, offer, .. } = event {
                self.offered = Some((call, offer));
            }
        }
    }

    fn pass(&mut self, for_seconds: u64) {
        self.now = self.now + seconds(for_seconds);
        self.tell(Command::AdvanceTime);
    }

    fn comes(&mut self, priority: Priority) -> CallHandle {
        let call = CallHandle { slot: self.calls, generation: 1 };
        self.calls += 1;
        let entry = CallEntry::new(SALES, priority, self.now);
        self.tell(Command::CallOffered { call, adapter: ADAPTER, entry });
        call
    }

    /// The call that was offered last is talked with from now on.
    fn is_taken(&mut self) -> CallHandle {
        let (call, offer) = self.offered.take().expect("one was offered");
        let result = OfferResult::Accepted;
        self.tell(Command::OfferResult { call, offer, result });
        self.tell(Command::CallBridged { call, offer });
        call
    }

    fn why(&self) -> How {
        self.router.decisions()[0].how
    }
}

#[test]
fn a_wait_is_estimated_where_somebody_works_and_shorter_while_one_is_at_his_notes() {
    let mut sales = queue("sales", Requirement::default(), Vec::new());
    sales.wrap_up = seconds(60);
    let agents = vec![agent("ana", &[]), agent("ben", &[])];
    let planned = plan(vec![sales], agents);
    let nobody_works = Router::new(Arc::new(planned.clone())).unwrap();
    assert_eq!(nobody_works.estimated_wait(SALES), None);
    let mut site = Site::of(planned);
    assert_eq!(site.router.estimated_wait(QueueId(1)), None, "there is no such queue");
    assert_eq!(site.router.estimated_wait(SALES), Some(seconds(0)), "somebody is free");

    site.comes(Priority::NORMAL);
    let mut of_ana = site.is_taken();
    site.comes(Priority::NORMAL);
    let of_ben = site.is_taken();
    for _ in 0..20 {
        site.comes(Priority::NORMAL);
        site.pass(10);
        site.tell(Command::CallEnded { call: of_ana });
        site.tell(Command::AgentEndWrapUp { agent: AgentId(0), call: None, disposition: None });
        of_ana = site.is_taken();
    }
    for _ in 0..3 {
        site.comes(Priority::NORMAL);
    }
    let estimated = |site: &Site| site.router.estimated_wait(SALES).expect("somebody works");
    let both_talk = estimated(&site);
    assert!((seconds(20)..seconds(60)).contains(&both_talk), "three are ahead: {both_talk:?}");
    site.tell(Command::CallEnded { call: of_ben });
    let one_at_notes = estimated(&site);
    assert!(one_at_notes < both_talk, "{one_at_notes:?}, {both_talk:?}");
    site.router.check_invariants();
}

#[test]
fn an_agent_takes_an_emergency_because_it_is_one() {
    let sales = queue("sales", Requirement::default(), Vec::new());
    let mut site = Site::of(plan(vec![sales], vec![agent("ana", &[])]));
    site.comes(Priority::NORMAL);
    let first = site.is_taken();
    site.comes(Priority::NORMAL);
    site.pass(10);
    let urgent = site.comes(Priority::EMERGENCY);
    site.tell(Command::CallEnded { call: first });
    let How::AgentTook(take) = site.why() else { panic!("{:?}", site.why()) };
    assert_eq!((take.winner.call, take.decided_by), (urgent, TookBy::Emergency));
    assert!(take.runner_up.is_some_and(|other| other.priority == Priority::NORMAL));
}

#[test]
fn a_call_that_picks_tells_among_how_many_kinds_of_agents() {
    let rn = Requirement { skills: levels(&[(0, 1)]), any_of: Vec::new() };
    let queues =
        vec![queue("sales", Requirement::default(), Vec::new()), queue("nurse", rn, Vec::new())];
    let agents = vec![agent("ana", &[]), agent("ben", &[(0, 5)]), agent("cleo", &[])];
    let mut site = Site::of(plan(queues, agents));
    site.comes(Priority::NORMAL);
    let How::CallPicked(pick) = site.why() else { panic!("{:?}", site.why()) };
    assert_eq!((pick.kinds, pick.free), (2, 3));
}

#[test]
fn each_state_has_a_digest_of_its_own_and_always_the_same() {
    let digests = || {
        let sales = queue("sales", Requirement::default(), Vec::new());
        let mut site = Site::of(plan(vec![sales], vec![agent("ana", &[])]));
        let after = |_| {
            site.comes(Priority::NORMAL);
            site.router.digest()
        };
        (0..100).map(after).collect::<Vec<u64>>()
    };
    assert_eq!(digests(), digests());
    assert_eq!(digests().into_iter().collect::<BTreeSet<u64>>().len(), 100);
}
