//! A daemon under load that is killed at random moments, over and over: what it has acknowledged
//! outlives that, nobody is lost, nobody is there twice, and nothing is offered before all that
//! hold callers have said so.

mod pbx;
mod people;
mod truth;

use crate::harness::Daemon;
use acd_journal::{DataFolder, tools};
use acd_proto::v1 as acd;
use pbx::Pbx;
use people::{AGENTS, Desks};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;
use truth::{Tally, Truth};

/// How often it is killed; `ACDD_CRASHES` asks for more.
const CRASHES: u64 = 50;

/// Nothing ends by itself but what an adapter, a person, or the test ends.
const CONFIG: &str = r#"
[routing]
order = "strict"
connect_within = "10m"
missed_offers = "stay_ready"
exclude_for = "1s"
recovery_grace = "5m"

[presence]
reasons = ["break"]

[journal]
snapshot_every = 1000
segment_size = "1MiB"

[skills]
billing = {}

[queues.front-desk]
ring = "10m"
wrap_up = "0s"

[[queues.front-desk.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "voicemail" }

[queues.billing]
require = { billing = 3 }
ring = "10m"
wrap_up = "0s"

[[queues.billing.rules]]
name = "widen"
when = { waited = "2s" }
then = { require = { billing = 1 } }

[[queues.billing.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "voicemail" }

[agents]
ana = { skills = { billing = 5 } }
ben = { skills = { billing = 9 } }
eva = { skills = { billing = 1 } }
ian = {}
sam = {}
"#;

/// One life of the daemon, as those who meet it see it.
struct Life<'a> {
    daemon: &'a Daemon,
    truth: &'a RefCell<Truth>,
    /// Adapters that it waits for before it offers anything.
    awaited: BTreeSet<String>,
    /// Adapters that have said what they hold.
    heard: RefCell<BTreeSet<String>>,
}

impl Life<'_> {
    /// Whether all are heard for whom the daemon has to wait.
    fn may_offer(&self) -> bool {
        self.awaited.is_subset(&self.heard.borrow())
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_fifty_kills_at_random_moments() {
    let number = |name: &str| Some(std::env::var(name).ok()?.parse::<u64>().expect("a number"));
    let crashes = number("ACDD_CRASHES").unwrap_or(CRASHES);
    let seed = number("ACDD_SEED").unwrap_or_else(rand::random);
    // The moments are never the same again; what everybody does is.
    eprintln!("ACDD_SEED={seed} ACDD_CRASHES={crashes}");
    let mut random = StdRng::seed_from_u64(seed);

    let truth = RefCell::new(Truth::of(AGENTS));
    let mut pbxs = ["east", "north", "west"].map(|name| Pbx::new(name, random.next_u64()));
    let mut desks = Desks::new(random.next_u64());
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    for _ in 0..crashes {
        // Now and then while it is still finding out who holds what.
        let longest = if random.random_ratio(1, 5) { 60 } else { 600 };
        let moment = Duration::from_millis(random.random_range(0..longest));
        let killer = kill_after(&daemon, moment);
        live(&daemon, &truth, &mut pbxs, &mut desks).await;
        killer.join().expect("it was killed");
        pbxs.iter_mut().for_each(|pbx| pbx.while_it_is_away(&truth));
        daemon = daemon.start_again().await;
    }
    let (calls, agents) = lists(&daemon).await.expect("nobody kills it any more");
    truth.borrow_mut().is_kept_in(calls, &agents);
    daemon.kill();
    proves_itself(&daemon);
    let tally = truth.borrow().tally;
    eprintln!("{tally:?}");
    // A few kills may meet little.
    assert!(
        crashes < CRASHES || tally.met_everything(),
        "the test looked at too little: {tally:?}"
    );
}

/// Kills the daemon after a while, from outside and whatever it does.
fn kill_after(daemon: &Daemon, moment: Duration) -> thread::JoinHandle<()> {
    let pid = daemon.pid();
    thread::spawn(move || {
        thread::sleep(moment);
        crate::harness::signal(pid, "KILL");
    })
}

/// Until it is killed.
async fn live(
    daemon: &Daemon,
    truth: &RefCell<Truth>,
    [east, north, west]: &mut [Pbx; 3],
    desks: &mut Desks,
) {
    let Some((calls, agents)) = lists(daemon).await else { return };
    let awaited = calls.iter().map(|call| truth::name_of(call).0).collect();
    truth.borrow_mut().is_kept_in(calls, &agents);
    let life = Life { daemon, truth, awaited, heard: RefCell::default() };
    desks.some_leave(&life).await;
    let back = tokio::join!(east.come_back(&life), north.come_back(&life), west.come_back(&life));
    if back != (true, true, true) {
        return;
    }
    let Some((calls, _)) = lists(daemon).await else { return };
    truth.borrow_mut().is_all_of(calls);
    tokio::join!(east.work(&life), north.work(&life), west.work(&life), desks.work(&life));
}

/// All calls and all agents; none if the daemon is gone.
async fn lists(daemon: &Daemon) -> Option<(Vec<acd::Call>, Vec<acd::Agent>)> {
    let mut supervisor = people::supervisor(daemon).await?;
    let calls = supervisor.list_calls(acd::ListCallsRequest::default()).await.ok()?;
    let agents = supervisor.list_agents(acd::ListAgentsRequest::default()).await.ok()?;
    Some((calls.into_inner().calls, agents.into_inner().agents))
}

/// All that it decided in all its lives is decided the same once more.
fn proves_itself(daemon: &Daemon) {
    let folder = DataFolder::at(&daemon.journal());
    let verified = tools::verify(&folder, &mut |_| {}).expect("it can be read");
    assert!(verified.is_whole(), "no damage by mere crashes: {verified:?}");
    let replayed = tools::replay(&folder, &mut |_| {}).expect("the same decisions");
    assert_eq!(replayed.last_sequence, verified.last_sequence);
}

impl Tally {
    fn met_everything(&self) -> bool {
        let Self {
            kept,
            talks_kept,
            accepts_kept,
            ends_kept,
            adopted_calls,
            adopted_legs,
            void_legs,
            arrivals_compared,
            handled,
        } = *self;
        [
            kept,
            talks_kept,
            accepts_kept,
            ends_kept,
            adopted_calls,
            adopted_legs,
            void_legs,
            arrivals_compared,
            handled,
        ]
        .iter()
        .all(|met| *met > 0)
    }
}
