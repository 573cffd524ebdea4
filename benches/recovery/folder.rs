//! The data folder of a large center: written by the real writer, its snapshot by the real follower.

use crate::load::{ADAPTER, Load, Shape, Witness, plan};
use acd_core::{
    Action, Command, Criterion, Event, EventDigest, Order, Requirement, Router, RoutingPlan, Rule,
    Span, Timestamp, Treatment,
};
use acd_journal::{
    Batch, CallCard, DataFolder, Entry, Follower, FollowerSettings, Journal, Minted, Origin,
    RealDisk, Replica, Snapshots, WriteSettings,
};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The name of the one adapter.
const PBX: &str = "pbx-north";
/// Commands in a batch: about what arrives at 50,000 commands a second during a sync of 1 ms.
const BATCH: usize = 64;
/// How long before now the load begins, so that it ends before now: a daemon goes on from there.
const BEGINS_BEFORE: Duration = Duration::from_secs(4 * 3_600);
/// Turns between the rush of the beginning and the snapshot.
const TURNS_BEFORE: u64 = 20_000;

/// What was written.
pub(crate) struct Built {
    pub(crate) commands_before: u64,
    pub(crate) commands: u64,
    pub(crate) batches: u64,
    pub(crate) calls: u32,
}

/// Writes a snapshot and `tail` commands after it; the configuration stands beside the folder.
pub(crate) fn build(folder: &Path, config: &Path, shape: &Shape, tail: u64) -> Built {
    let text = to_toml(&plan(shape));
    std::fs::write(config, &text).expect("the folder can be written");
    let plan = acd_config::parse("generated", &text).expect("the plan is sound").plan;
    let folder = DataFolder::at(folder);
    let mut load = begin(&folder, shape, plan);
    load.fill(shape);
    let pause = shape.pause();
    for _ in 0..TURNS_BEFORE {
        turn(&mut load, pause);
    }
    load.witness.flush();
    let commands_before = load.commands;
    let batches_before = load.witness.journal.tail().batch;
    snapshot(&folder, load.witness.journal.tail());
    while load.commands < commands_before + tail {
        turn(&mut load, pause);
    }
    load.witness.flush();
    Built {
        commands_before,
        commands: load.commands - commands_before,
        batches: load.witness.journal.tail().batch - batches_before,
        calls: load.router.live_calls(),
    }
}

/// The first moments of the first epoch, as the daemon has them.
fn begin(folder: &DataFolder, shape: &Shape, plan: RoutingPlan) -> Load<Recorder> {
    std::fs::create_dir_all(folder.path()).expect("the folder can be made");
    let router = Router::new(Arc::new(RoutingPlan::default())).expect("nothing is sound");
    let mut load = Load::new(shape, router, Recorder::new(folder));
    let began = SystemTime::now() - BEGINS_BEFORE;
    let began = began.duration_since(UNIX_EPOCH).expect("the clock is right");
    load.now = Timestamp(began.as_micros() as u64);
    load.apply(Command::EpochBegan);
    load.apply(Command::PlanChanged { plan: Arc::new(plan) });
    load.apply(Command::RecoveryOver);
    load
}

/// As the driver ends a batch: with how far the adapter was heard.
fn turn(load: &mut Load<Recorder>, pause: Span) {
    load.turn(pause);
    if load.witness.entries.len() >= BATCH - 8 {
        let number = load.commands;
        load.apply(Command::AdapterHeard { adapter: ADAPTER, number });
        load.witness.flush();
    }
}

/// What a clean stop leaves: a snapshot with nothing after it. The last file holds all that came
/// before, which a start reads past: there cannot be more.
pub(crate) fn stop_cleanly(folder: &Path) {
    let folder = DataFolder::at(folder);
    let mut replica = Replica::empty();
    let snapshots = Snapshots::of(RealDisk::of(&folder.snapshots()));
    if let Ok((newest, _)) = snapshots.newest(None) {
        replica = newest;
    }
    let disk = RealDisk::of(&folder.segments());
    let (journal, _) = Journal::open(disk, WriteSettings::default(), &mut replica)
        .expect("what was written can be read");
    snapshot(&folder, journal.tail());
}

fn snapshot(folder: &DataFolder, tail: acd_journal::Tail) {
    let settings = FollowerSettings { snapshot_every: 1, retention: Span::LONGEST };
    let snapshots = RealDisk::open(&folder.snapshots()).expect("the folder can be made");
    let mut follower = Follower::new(RealDisk::of(&folder.segments()), snapshots, settings)
        .expect("the folder can be read");
    follower.snapshot(tail).expect("the journal leads to the state");
}

/// Writes down what happens.
struct Recorder {
    journal: Journal<RealDisk>,
    entries: Vec<Entry>,
    digest: EventDigest,
    calls: u64,
    adapter: Arc<Origin>,
    people: Arc<Origin>,
    time: Arc<Origin>,
    plan: Arc<Origin>,
}

impl Recorder {
    fn new(folder: &DataFolder) -> Self {
        let disk = RealDisk::open(&folder.segments()).expect("the folder can be made");
        // Not synced: how long that takes is another bench's matter.
        let settings = WriteSettings { sync: false, ..WriteSettings::default() };
        let (journal, _) = Journal::open(disk, settings, &mut Replica::empty()).expect("it is new");
        let people =
            Origin::Person { name: Arc::from("supervisor-1"), reason: Arc::from("the day begins") };
        Self {
            journal,
            entries: Vec::new(),
            digest: EventDigest::default(),
            calls: 0,
            adapter: Arc::new(Origin::Adapter(Arc::from(PBX))),
            people: Arc::new(people),
            time: Arc::new(Origin::Time),
            plan: Arc::new(Origin::Plan),
        }
    }

    fn flush(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        let tail = self.journal.tail();
        let batch = Batch {
            epoch: 1,
            number: tail.batch + 1,
            first_sequence: tail.next_sequence,
            entries: std::mem::take(&mut self.entries),
            digest: self.digest.value(),
        };
        self.journal.append(&batch).expect("the disk has room");
    }

    /// An id as a PBX gives them, and tokens for a screen that pops up.
    fn card(&mut self, at: Timestamp) -> CallCard {
        self.calls += 1;
        let (number, seconds) = (self.calls, at.0 / 1_000_000);
        let attributes = [
            (
                "crm".to_owned(),
                format!("token-{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            ),
            ("line".to_owned(), format!("north-{}", number % 40)),
            ("language".to_owned(), if number.is_multiple_of(7) { "es" } else { "en" }.to_owned()),
        ];
        CallCard {
            adapter: Arc::from(PBX),
            call_id: Arc::from(format!("{PBX}-{seconds}.{number}")),
            dialed: Arc::from("+15550100"),
            caller: Arc::from("+15550199"),
            attributes: attributes.into(),
        }
    }
}

impl Witness for Recorder {
    fn saw(&mut self, at: Timestamp, command: Command, events: &[Event]) {
        events.iter().for_each(|event| self.digest.take_in(event));
        let (origin, minted) = match &command {
            Command::EpochBegan | Command::PlanChanged { .. } => (&self.plan, None),
            Command::AdvanceTime | Command::RecoveryOver => (&self.time, None),
            Command::AgentLogIn { .. } | Command::AgentReady { .. } => (&self.people, None),
            Command::AdapterUp { .. } => (&self.adapter, Some(Minted::Adapter(Arc::from(PBX)))),
            Command::CallOffered { .. } => {
                let card = self.card(at);
                (&self.adapter, Some(Minted::Call(Arc::new(card))))
            }
            _ => (&self.adapter, None),
        };
        let sequence = self.journal.tail().next_sequence + self.entries.len() as u64;
        let origin = Arc::clone(origin);
        self.entries.push(Entry { sequence, at, origin, command, minted });
        if self.entries.len() >= BATCH {
            self.flush();
        }
    }
}

/// The plan as an operator would write it down, for a daemon to run by.
fn to_toml(plan: &RoutingPlan) -> String {
    let mut text = String::new();
    let Order::Credit { per_step } = plan.order else { panic!("the load is one with credit") };
    let _ = writeln!(
        text,
        "[routing]\norder = \"credit\"\ncredit = \"{}\"\nshort_abandon = \"{}\"\n\
         exclude_for = \"{}\"\nconnect_within = \"{}\"\nrecovery_grace = \"{}\"\n\
         missed_offers = \"stay_ready\"\n[skills]",
        time(per_step),
        time(plan.short_abandon),
        time(plan.exclude_for),
        time(plan.connect_within),
        time(plan.recovery_grace),
    );
    plan.skills.iter().for_each(|skill| {
        let _ = writeln!(text, "{skill} = {{}}");
    });
    for queue in &plan.queues {
        assert_eq!(queue.select, [Criterion::LongestIdle], "the load's queues have the default");
        let (ring, wrap_up) = (time(queue.ring), time(queue.wrap_up));
        let _ = writeln!(
            text,
            "[queues.{}]\nrequire = {}\nring = \"{ring}\"\nwrap_up = \"{wrap_up}\"",
            queue.name,
            levels(plan, &queue.require),
        );
        for Rule { name, when, then, .. } in &queue.rules {
            let then = match &then[..] {
                [Action::Require(less)] => format!("require = {}", levels(plan, less)),
                [Action::AddQueue { to, while_active: false }] => {
                    format!("add_queue = \"{}\"", plan.queues[to.index()].name)
                }
                [Action::End(Treatment::Voicemail)] => "end = \"voicemail\"".to_owned(),
                other => panic!("the load has no such rule: {other:?}"),
            };
            let _ = writeln!(
                text,
                "[[queues.{}.rules]]\nname = \"{name}\"\nwhen = {{ waited = \"{}\" }}\n\
                 then = {{ {then} }}",
                queue.name,
                time(when.waited),
            );
        }
    }
    for agent in &plan.agents {
        let skills = Requirement { skills: agent.skills.clone(), ..Requirement::default() };
        let _ = writeln!(text, "[agents.{}]\nskills = {}", agent.id, levels(plan, &skills));
    }
    text
}

fn levels(plan: &RoutingPlan, requirement: &Requirement) -> String {
    let levels = requirement.skills.iter();
    let levels = levels.map(|(skill, level)| format!("{} = {level}", plan.skills[skill.index()]));
    format!("{{ {} }}", levels.collect::<Vec<_>>().join(", "))
}

fn time(span: Span) -> String {
    format!("{}ms", span.0 / 1_000)
}
