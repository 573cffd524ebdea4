//! Plans made at random, sound or not.

use super::*;

fn levels() -> impl Strategy<Value = Vec<(SkillId, u8)>> {
    prop::collection::vec((any::<u16>().prop_map(SkillId), any::<u8>()), 0..3)
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let any_of = prop::collection::vec(levels(), 0..3);
    (levels(), any_of).prop_map(|(skills, any_of)| Requirement { skills, any_of })
}

fn span() -> impl Strategy<Value = Span> {
    any::<u64>().prop_map(Span)
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("\\PC{0,8}", 0..3)
}

fn rule() -> impl Strategy<Value = Rule> {
    let action = prop_oneof![
        (0..10_u8).prop_map(|it| Action::RaisePriority(Priority::new(it).unwrap_or_default())),
        requirement().prop_map(Action::Require),
        (any::<u16>(), any::<bool>())
            .prop_map(|(to, while_active)| Action::AddQueue { to: QueueId(to), while_active }),
        any::<u16>().prop_map(|queue| Action::MoveTo(QueueId(queue))),
        treatment().prop_map(Action::End),
        any::<u16>().prop_map(|number| Action::TransferTo(NumberId(number))),
        any::<u16>().prop_map(|played| Action::Play(AnnouncementId(played))),
        Just(Action::OfferCallback),
        any::<u16>().prop_map(|ladder| Action::Ladder(LadderId(ladder))),
        prop::collection::vec(any::<u16>().prop_map(SkillId), 0..3).prop_map(Action::Drop),
    ];
    let then = prop::collection::vec(action, 0..4);
    ("\\PC{0,8}", when(), prop::option::of(span()), then)
        .prop_map(|(name, when, repeat_every, then)| Rule { name, when, repeat_every, then })
}

fn when() -> impl Strategy<Value = When> {
    let priority =
        prop::option::of((0..10_u8).prop_map(|it| Priority::new(it).unwrap_or_default()));
    let of = || prop::option::of(any::<u16>().prop_map(QueueId));
    let admission = (of(), any::<bool>(), prop::option::of(any::<u32>()))
        .prop_map(|(of, closed, calls_in_system)| Admission { of, closed, calls_in_system });
    let gauge = select(Gauge::ALL.to_vec());
    let bound = (gauge, any::<bool>(), any::<u64>()).prop_map(|(gauge, at_least, value)| Bound {
        gauge,
        at_least,
        value,
    });
    let bounds = || prop::collection::vec(bound.clone(), 0..3);
    let latch = (of(), bounds(), bounds()).prop_map(|(of, set, clear)| Latch { of, set, clear });
    let (admission, latch) = (prop::option::of(admission), prop::option::of(latch));
    let channels = prop::collection::vec(select(Channel::ALL.to_vec()), 0..3);
    (span(), span(), priority, channels, admission, latch).prop_map(
        |(waited, age, priority_at_least, channels, admission, latch)| When {
            waited,
            age,
            priority_at_least,
            channels,
            admission,
            latch,
        },
    )
}

fn queue() -> impl Strategy<Value = QueuePlan> {
    let select = prop::collection::vec(select(Criterion::ALL.to_vec()), 0..3);
    let rules = prop::collection::vec(rule(), 0..3);
    let service_level = (any::<u8>(), span())
        .prop_map(|(answered_percent, within)| ServiceLevel { answered_percent, within });
    let priority = (0..10_u8).prop_map(|it| Priority::new(it).unwrap_or_default());
    let keep_free = (any::<u32>(), priority)
        .prop_map(|(agents, for_priority)| KeepFree { agents, for_priority });
    let affinity = (span(), span()).prop_map(|(window, wait)| Affinity { window, wait });
    let kept = (prop::option::of(keep_free), affinity, any::<u8>());
    let rest = (service_level, any::<bool>(), rules, kept);
    let dispositions = prop::collection::vec(any::<u16>().prop_map(DispositionId), 0..3);
    let spans = ((span(), span(), span()), dispositions);
    (("\\PC{0,8}", "\\PC{0,8}"), requirement(), select, spans, rest).prop_map(
        |(names, require, select, spans, (service_level, closing_ends_waits, rules, kept))| {
            let (name, time_zone) = names;
            let (keep_free, affinity, broadcast) = kept;
            let ((ring, wrap_up, wrap_up_at_most), dispositions) = spans;
            QueuePlan {
                name,
                require,
                select,
                broadcast,
                ring,
                wrap_up,
                wrap_up_at_most,
                dispositions,
                service_level,
                time_zone,
                keep_free,
                affinity,
                closing_ends_waits,
                rules,
            }
        },
    )
}

fn agent() -> impl Strategy<Value = AgentPlan> {
    let endpoint = prop::option::of(
        (any::<u16>(), "\\PC{0,8}")
            .prop_map(|(adapter, address)| Endpoint { adapter: AdapterId(adapter), address }),
    );
    let desk = (select(Channel::ALL.to_vec()), any::<u8>(), endpoint)
        .prop_map(|(channel, capacity, endpoint)| DeskPlan { channel, capacity, endpoint });
    let desks = prop::collection::vec(desk, 0..3);
    let service = (any::<u16>(), any::<u8>(), span())
        .prop_map(|(queue, rank, delay)| (QueueId(queue), Service { rank, delay }));
    let profile = (prop::collection::vec(service, 0..3), any::<bool>());
    ("\\PC{0,8}", "\\PC{0,8}", levels(), desks, profile).prop_map(
        |(id, name, skills, desks, (queues, only))| AgentPlan {
            id,
            name,
            skills,
            desks,
            queues,
            only,
        },
    )
}

fn route() -> impl Strategy<Value = Route> {
    let of = prop_oneof![
        Just(Said::Dialed),
        Just(Said::Caller),
        Just(Said::Channel),
        "\\PC{0,8}".prop_map(Said::Attribute),
    ];
    let any_of = prop::collection::vec("\\PC{0,8}".prop_map(Pattern), 0..3);
    let when = (of, any_of).prop_map(|(of, any_of)| Match { of, any_of });
    let (extra, priority) = (prop::option::of(any::<u16>()), prop::option::of(0..10_u8));
    let preferred = prop::option::of(any::<u32>().prop_map(AgentId));
    (prop::collection::vec(when, 0..3), any::<u16>(), priority, extra, preferred).prop_map(
        |(when, queue, priority, extra, preferred)| Route {
            when,
            queue: QueueId(queue),
            priority: priority.and_then(Priority::new),
            extra: extra.map(ExtraId),
            preferred,
        },
    )
}

pub(super) fn plan() -> impl Strategy<Value = RoutingPlan> {
    let order = prop_oneof![
        Just(Order::Strict),
        span().prop_map(|per_step| Order::Credit { per_step }),
        Just(Order::Oldest),
        Just(Order::Deadline),
    ];
    let missed = prop_oneof![
        Just(MissedOffers::StayReady),
        any::<u32>().prop_map(MissedOffers::NotReadyAfter)
    ];
    let tables = (names(), names(), names(), names(), names(), names(), names());
    let hard = prop::collection::vec(any::<u16>().prop_map(SkillId), 0..3);
    let channel = (any::<bool>(), prop::collection::vec(select(Channel::ALL.to_vec()), 0..3))
        .prop_map(|(exclusive, interruptible_by)| ChannelPlan { exclusive, interruptible_by });
    let channels = [channel.clone(), channel.clone(), channel.clone(), channel]
        .prop_map(|[voice, chat, text, task]| Channels { voice, chat, text, task });
    let shared = prop::collection::vec("\\PC{0,8}".prop_map(Pattern), 0..3);
    let chosen = (order, missed, any::<u64>(), hard, (channels, shared, "\\PC{0,8}"));
    let entries = (
        (prop::collection::vec(requirement(), 0..3), prop::collection::vec(route(), 0..3)),
        prop::collection::vec(queue(), 0..3),
        prop::collection::vec(agent(), 0..3),
    );
    (chosen, [span(), span(), span(), span()], tables, entries).prop_map(
        |(
            (order, missed_offers, seed, hard, (channels, shared_callers, time_zone)),
            spans,
            tables,
            ((extras, routes), queues, agents),
        )| {
            let (reasons, dispositions, adapters, skills, numbers, announcements, ladders) = tables;
            let [short_abandon, exclude_for, connect_within, recovery_grace] = spans;
            RoutingPlan {
                order,
                short_abandon,
                exclude_for,
                connect_within,
                recovery_grace,
                missed_offers,
                seed,
                channels,
                shared_callers,
                time_zone,
                reasons,
                dispositions,
                adapters,
                skills,
                hard,
                numbers,
                announcements,
                ladders,
                extras,
                routes,
                queues,
                agents,
            }
        },
    )
}
