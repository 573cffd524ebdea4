//! A plan in which everything of the Router can happen, to be driven at random.

use crate::plans::{self, agent, queue, rule, seconds};
use acd_core::{
    Action, AdapterId, AnnouncementId, Criterion, DispositionId, Endpoint, MissedOffers, NumberId,
    Order, Priority, QueueId, Requirement, RoutingPlan, Treatment,
};

/// Rules that loop, agents of every kind, two adapters.
pub(crate) fn plan(order: Order, missed_offers: MissedOffers) -> RoutingPlan {
    let endpoint = |adapter, address: &str| {
        Some(Endpoint { adapter: AdapterId(adapter), address: address.to_owned() })
    };
    let general = queue(
        "general",
        Requirement::default(),
        vec![
            rule("at-once", 0, vec![Action::RaisePriority(Priority::new(6).unwrap())]),
            rule("say", 15, vec![Action::Play(AnnouncementId(0))]),
            rule("on", 40, vec![Action::MoveTo(QueueId(1))]),
        ],
    );
    let mut billing = queue(
        "billing",
        requirement(&[(0, 3)]),
        vec![
            rule("help", 20, vec![Action::AddQueue { to: QueueId(2), while_active: false }]),
            rule("widen", 10, vec![Action::Require(requirement(&[(0, 1)]))]),
            rule(
                "all",
                30,
                vec![
                    Action::RaisePriority(Priority::HIGHEST_BY_RULE),
                    Action::Require(Requirement::default()),
                    Action::AddQueue { to: QueueId(0), while_active: false },
                ],
            ),
            rule("back", 60, vec![Action::MoveTo(QueueId(0))]),
        ],
    );
    billing.select = vec![Criterion::HighestLevel];
    billing.wrap_up = seconds(12);
    billing.wrap_up_at_most = seconds(30);
    billing.dispositions = vec![DispositionId(0), DispositionId(1)];
    let mut spanish = queue(
        "spanish",
        Requirement {
            any_of: vec![plans::levels(&[(1, 5)]), plans::levels(&[(1, 1), (2, 4)])],
            ..requirement(&[(0, 1)])
        },
        vec![
            rule("loop", 0, vec![Action::MoveTo(QueueId(3))]),
            rule("never-mind", 25, vec![Action::End(Treatment::Message)]),
        ],
    );
    spanish.wrap_up = seconds(5);
    spanish.wrap_up_at_most = seconds(5);
    spanish.dispositions = vec![DispositionId(2), DispositionId(1)];
    spanish.select = vec![Criterion::HighestLevel, Criterion::LongestIdle];
    let nurse = queue(
        "nurse",
        requirement(&[(2, 2)]),
        vec![
            rule("loop", 5, vec![Action::MoveTo(QueueId(2))]),
            rule("to-doctor", 90, vec![Action::TransferTo(NumberId(0))]),
        ],
    );
    let mut agents = vec![
        agent("ana", &[(0, 5), (1, 8)]),
        agent("ben", &[(0, 3)]),
        agent("chloe", &[(0, 3)]),
        agent("dan", &[]),
        agent("eve", &[(0, 9), (1, 5), (2, 4)]),
        agent("fred", &[(0, 1), (2, 2)]),
    ];
    agents[1].desks[0].endpoint = endpoint(0, "PJSIP/1");
    agents[2].desks[0].capacity = 2;
    agents[4].desks[0].endpoint = endpoint(1, "PJSIP/4");
    agents[5].desks[0].capacity = 3;
    RoutingPlan {
        order,
        missed_offers,
        ..plans::plan(vec![general, billing, spanish, nurse], agents)
    }
}

fn requirement(skills: &[(u16, u8)]) -> Requirement {
    Requirement { skills: plans::levels(skills), any_of: Vec::new() }
}
