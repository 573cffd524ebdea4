//! What is written comes back, and nothing that is read does harm.

mod plans;

use super::*;
use crate::digest::{EventDigest, LOGIC_VERSION};
use crate::event::DeviceState;
use crate::ids::{
    AdapterId, AgentId, AnnouncementId, CallHandle, CallerKey, DispositionId, ExtraId, LadderId,
    NumberId, OfferNumber, Priority, QueueId, ReasonId, RouteId, SkillId, Span, Timestamp,
};
use plans::plan;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What commands are made of.
#[derive(Clone, Debug)]
struct Ingredients {
    handles: (u32, u32, u64, u32),
    small: (u16, u16, u16),
    times: (u64, u64),
    flag: bool,
    priority: u8,
    reason: Option<u16>,
    result: OfferResult,
    presence: ForcedPresence,
    device: DeviceState,
    treatment: Treatment,
    channel: Channel,
    plan: RoutingPlan,
}

fn treatment() -> impl Strategy<Value = Treatment> {
    use Treatment::{Busy, HangUp, Message, Voicemail};
    select(vec![Busy, Voicemail, Message, HangUp])
}

fn ingredients() -> impl Strategy<Value = Ingredients> {
    use OfferResult::{Accepted, Declined, Failed, NoAnswer, Ringing};
    let result = select(vec![Ringing, Accepted, Declined, NoAnswer, Failed]);
    let presence =
        select(vec![ForcedPresence::Ready, ForcedPresence::NotReady, ForcedPresence::LoggedOut]);
    let device = select(vec![DeviceState::Up, DeviceState::Busy, DeviceState::Down]);
    let numbers = (any::<(u32, u32, u64, u32)>(), any::<(u16, u16, u16)>(), any::<(u64, u64)>());
    let others = (any::<bool>(), 0..10_u8, any::<Option<u16>>());
    let words = (treatment(), select(Channel::ALL.to_vec()));
    (numbers, others, result, (presence, device), words, plan()).prop_map(
        |(numbers, others, result, (presence, device), (treatment, channel), plan)| {
            let (handles, small, times) = numbers;
            let (flag, priority, reason) = others;
            Ingredients {
                handles,
                small,
                times,
                flag,
                priority,
                reason,
                result,
                presence,
                device,
                treatment,
                channel,
                plan,
            }
        },
    )
}

/// One of each, in the order of their tags.
fn one_of_each(of: &Ingredients) -> Vec<Command> {
    let (slot, generation, incarnation, agent) = of.handles;
    let call = CallHandle { slot, generation };
    let offer = OfferNumber(of.times.1);
    let (adapter, rung_by) = (AdapterId(of.small.0), AdapterId(of.small.1));
    let (queue, agent) = (QueueId(of.small.2), AgentId(agent));
    let priority = Priority::new(of.priority).unwrap_or_default();
    let (result, presence, treatment) = (of.result, of.presence, of.treatment);
    let (flag, since) = (of.flag, Timestamp(of.times.0));
    let preferred = of.reason.map(|it| AgentId(it.into()));
    let caller = preferred.map(|_| CallerKey(of.times.1));
    let entry = CallEntry {
        channel: of.channel,
        preferred,
        caller,
        ..CallEntry::new(queue, priority, since)
    };
    let entry = entry.asking(of.reason.map(ExtraId));
    let entry = if flag { entry.by_route(RouteId(of.small.0)) } else { entry };
    vec![
        Command::AdvanceTime,
        Command::EpochBegan,
        Command::RecoveryOver,
        Command::PlanChanged { plan: Arc::new(of.plan.clone()) },
        Command::AdapterUp { adapter, incarnation, resync: flag },
        Command::AdapterSynced { adapter },
        Command::AdapterDown { adapter },
        Command::AdapterHeard { adapter, number: of.times.0 },
        Command::CallOffered { call, adapter, entry },
        Command::CallEnded { call },
        Command::CallVanished { call },
        Command::OfferAdopted { call, agent, rung_by, talking: flag },
        Command::OfferLost { call, offer },
        Command::OfferResult { call, offer, result },
        Command::CallBridged { call, offer },
        Command::ConnectFailed { call, offer },
        Command::AgentLegLost { call },
        Command::CallHeld { call },
        Command::CallRetrieved { call },
        Command::AgentLogIn { agent },
        Command::AgentLogOut { agent },
        Command::AgentReady { agent },
        Command::AgentNotReady { agent, reason: of.reason.map(ReasonId) },
        Command::AgentAccept { agent, offer },
        Command::AgentDecline { agent, offer },
        Command::AgentEndWrapUp {
            agent,
            call: flag.then_some(call),
            disposition: of.reason.map(DispositionId),
        },
        Command::MoveCall { call, queue },
        Command::SetPriority { call, priority },
        Command::EndCall { call, treatment },
        Command::ForcePresence { agent, presence },
        Command::CallTransferred { call, queue: of.reason.map(QueueId) },
        Command::DeviceChanged { agent, device: of.device },
        Command::SetClosed { queue, closed: of.flag, until: of.flag.then_some(since) },
        Command::AgentExtendWrapUp { agent, by: Span(of.times.1) },
        Command::HeartbeatKept { agent },
        Command::HeartbeatLost { agent },
        Command::HalfMinutePassed,
        Command::PickCall { call, agent },
        Command::MessageAgents {
            to: match of.reason {
                None => MessageTo::Everybody,
                Some(_) if of.flag => MessageTo::Agent(agent),
                Some(_) => MessageTo::Queue(queue),
            },
        },
    ]
}

fn encoded(commands: &[Command]) -> Vec<u8> {
    let mut bytes = Vec::new();
    commands.iter().for_each(|command| command.encode(&mut bytes));
    bytes
}

/// Reads until the end or the first damage.
fn decoded(mut bytes: &[u8]) -> (Vec<Command>, Option<RestoreError>) {
    let mut commands = Vec::new();
    while !bytes.is_empty() {
        let before = bytes;
        match Command::decode(&mut bytes) {
            Ok(command) => commands.push(command),
            Err(error) => {
                assert_eq!(bytes, before, "an error takes nothing");
                return (commands, Some(error));
            }
        }
    }
    (commands, None)
}

proptest! {
    /// Every command comes back as it went, one after the other.
    #[test]
    fn every_command_comes_back(of in ingredients()) {
        let commands = one_of_each(&of);
        for (tag, command) in commands.iter().enumerate() {
            prop_assert_eq!(usize::from(encoded(std::slice::from_ref(command))[0]), tag);
        }
        let unknown = [commands.len() as u8];
        prop_assert!(Command::decode(&mut &unknown[..]).is_err(), "one of each is all");
        prop_assert_eq!(decoded(&encoded(&commands)), (commands, None));
    }

    /// A plan comes back as it went, and leaves what follows it.
    #[test]
    fn every_plan_comes_back(plan in plan(), after in any::<[u8; 3]>()) {
        let mut bytes = Vec::new();
        plan.encode(&mut bytes);
        bytes.extend(after);
        let mut left = &bytes[..];
        prop_assert_eq!(RoutingPlan::decode(&mut left), Ok(plan));
        prop_assert_eq!(left, after);
    }

    /// Bytes that end early are never taken for a command.
    #[test]
    fn what_is_cut_short_is_refused(of in ingredients(), cut in any::<Index>()) {
        for command in one_of_each(&of) {
            let bytes = encoded(&[command]);
            let mut cut = &bytes[..cut.index(bytes.len())];
            prop_assert_eq!(Command::decode(&mut cut), Err(RestoreError::WrongLength));
        }
    }

    /// Damage is found, or read as other commands: those whose bytes it now is. No panic.
    #[test]
    fn damage_never_panics(
        of in ingredients(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<Index>()),
    ) {
        let mut bytes = encoded(&one_of_each(&of));
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        let (commands, error) = decoded(&bytes);
        let read = encoded(&commands);
        prop_assert_eq!(&read[..], &bytes[..read.len()], "one way to write each command");
        prop_assert_eq!(error.is_none(), read.len() == bytes.len());
    }

    /// Anything at all may be read.
    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        decoded(&bytes);
        let _ = RoutingPlan::decode(&mut &bytes[..]);
    }
}

/// Journals hold such bytes: whoever changes them raises `LOGIC_VERSION`.
#[test]
fn the_bytes_of_one_of_each_are_known() {
    let skills = vec![(SkillId(1), 2)];
    let then = vec![
        Action::RaisePriority(Priority::NORMAL),
        Action::Require(Requirement { skills: skills.clone(), any_of: vec![skills.clone()] }),
        Action::AddQueue { to: QueueId(3), while_active: true },
        Action::MoveTo(QueueId(4)),
        Action::End(Treatment::Voicemail),
        Action::TransferTo(NumberId(0)),
        Action::Play(AnnouncementId(1)),
        Action::Drop(vec![SkillId(0)]),
        Action::OfferCallback,
        Action::Ladder(LadderId(35)),
    ];
    let bound = Bound { gauge: Gauge::AgentsAvailable, at_least: false, value: 25 };
    let (set, clear) = (vec![bound], vec![Bound { at_least: true, ..bound }]);
    let when = When {
        waited: Span(9),
        age: Span(26),
        priority_at_least: Some(Priority::NORMAL),
        channels: vec![Channel::Text, Channel::Callback],
        admission: Some(Admission {
            of: Some(QueueId(36)),
            closed: true,
            calls_in_system: Some(27),
        }),
        latch: Some(Latch { of: Some(QueueId(2)), set, clear }),
    };
    let queue = QueuePlan {
        name: "général".to_owned(),
        require: Requirement { skills: skills.clone(), any_of: Vec::new() },
        select: vec![Criterion::HighestLevel, Criterion::LongestIdle],
        broadcast: 32,
        ring: Span(5),
        wrap_up: Span(6),
        wrap_up_at_most: Span(28),
        dispositions: vec![DispositionId(34)],
        service_level: ServiceLevel { answered_percent: 7, within: Span(8) },
        time_zone: "America/Chicago".to_owned(),
        keep_free: Some(KeepFree { agents: 29, for_priority: Priority::HIGHEST_BY_RULE }),
        affinity: Affinity { window: Span(30), wait: Span(31) },
        closing_ends_waits: true,
        rules: vec![Rule { name: "on".to_owned(), when, repeat_every: Some(Span(24)), then }],
    };
    let agent = AgentPlan {
        id: "ana".to_owned(),
        name: "Ana".to_owned(),
        skills,
        desks: vec![DeskPlan {
            channel: Channel::Voice,
            capacity: 2,
            endpoint: Some(Endpoint { adapter: AdapterId(0), address: "PJSIP/1".to_owned() }),
        }],
        queues: vec![(QueueId(0), Service { rank: 8, delay: Span(22) })],
        only: true,
    };
    let plan = RoutingPlan {
        order: Order::Credit { per_step: Span(10) },
        missed_offers: MissedOffers::NotReadyAfter(11),
        seed: 23,
        shared_callers: vec![Pattern("anonymous".to_owned())],
        time_zone: "Asia/Kathmandu".to_owned(),
        hard: vec![SkillId(1)],
        reasons: vec!["break".to_owned()],
        dispositions: vec!["resolved".to_owned()],
        adapters: vec!["pbx".to_owned()],
        skills: vec!["billing".to_owned(), "spanish".to_owned()],
        numbers: vec!["+1555".to_owned()],
        announcements: vec!["please-wait".to_owned()],
        ladders: vec!["on-call".to_owned()],
        extras: vec![Requirement { skills: vec![(SkillId(0), 3)], any_of: Vec::new() }],
        routes: vec![Route {
            when: vec![
                Match { of: Said::Dialed, any_of: vec![Pattern("+1*".to_owned())] },
                Match { of: Said::Attribute("crm".to_owned()), any_of: Vec::new() },
            ],
            queue: QueueId(0),
            priority: Some(Priority::EMERGENCY),
            extra: Some(ExtraId(0)),
            preferred: Some(AgentId(33)),
        }],
        queues: vec![queue],
        agents: vec![agent],
        ..RoutingPlan::default()
    };
    let of = Ingredients {
        handles: (12, 13, 14, 15),
        small: (16, 17, 18),
        times: (19, 20),
        flag: true,
        priority: 8,
        reason: Some(21),
        result: OfferResult::NoAnswer,
        presence: ForcedPresence::NotReady,
        device: DeviceState::Down,
        treatment: Treatment::Message,
        channel: Channel::Text,
        plan,
    };
    let bytes = encoded(&one_of_each(&of));
    let mut hash = EventDigest::default();
    bytes.iter().for_each(|byte| hash.bytes(&[*byte]));
    assert_eq!((LOGIC_VERSION, bytes.len(), hash.value()), (13, 986, 0x7C67_125E_4735_3C21));
}

/// A length that is not there asks for no memory: this would be billions of names.
#[test]
fn a_damaged_length_is_refused() {
    const TABLES: usize = 12;
    let mut bytes = Vec::new();
    RoutingPlan::default().encode(&mut bytes);
    let tables = bytes.len() - TABLES * size_of::<u32>();
    for table in 0..TABLES {
        let mut bytes = bytes.clone();
        let at = tables + table * size_of::<u32>();
        bytes[at..at + size_of::<u32>()].fill(u8::MAX);
        assert_eq!(RoutingPlan::decode(&mut &bytes[..]), Err(RestoreError::WrongLength));
    }
}
