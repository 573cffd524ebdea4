//! The handle to a running domain, and how one is put together.

#![expect(clippy::disallowed_types, reason = "readers of the status share the latencies")]

use crate::bounds;
use crate::callers::CallerSecret;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::driver::{Driver, Engine, EngineParts};
use crate::latency::{Latencies, Stopwatch};
use crate::lines::LineDepths;
use crate::mail::{Mail, Post, SessionId};
use crate::mailbox::mailbox;
use crate::names::Names;
use crate::order::CloseReason;
use crate::publisher::{PARCELS_UNDERWAY_MAX, Publisher};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::{CallRef, Person, Position, Request};
use crate::session::{Hello, Session, session_ends};
use crate::status::{Gauges, Status};
use crate::subscription::{AgentWatch, Feed, Subscription};
use crate::view::{Explained, Selection, View, Views};
use acd_core::{PlanDefect, RoutingPlan};
use acd_journal::{CommandLog, Parts, Replica};
use parking_lot::{Mutex, RwLockReadGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

/// What a domain is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub domain: String,
    /// Counts its starts; higher than any before.
    pub epoch: u64,
    /// How many messages wait for the driver before senders have to wait, at least 1.
    pub mailbox_capacity: usize,
    /// How many events, and rows that changed with them, are kept for subscribers who come back, or who read
    /// slowly; whoever is further behind gets a snapshot.
    pub history: usize,
    /// How long, in real time, the desktop of an agent may be silent once it was heard.
    pub heartbeat_within: Duration,
    /// Gives each message to the log by itself, instead of all that are there.
    pub each_message_by_itself: bool,
    /// When the log cannot be written, stop rather than route on.
    pub stop_when_log_fails: bool,
    /// By which callers are known again: the same for as long as the log is.
    pub caller_secret: CallerSecret,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            domain: "main".to_owned(),
            epoch: 1,
            mailbox_capacity: 65_536,
            history: 65_536,
            heartbeat_within: Duration::from_secs(30),
            each_message_by_itself: false,
            stop_when_log_fails: false,
            caller_secret: CallerSecret::default(),
        }
    }
}

/// Why a domain cannot start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// The Router cannot route by the plan.
    #[error("the plan has a defect: {0}")]
    Plan(#[from] PlanDefect),
    /// The plan leaves no place for what was recovered.
    #[error("{0}")]
    Misfit(String),
    /// A setting is out of its bounds.
    #[error("{0}")]
    Setting(&'static str),
}

/// A running domain. Cheap to clone; all clones are the same domain.
#[derive(Clone, Debug)]
pub struct Domain {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    clock: Clock,
    names: Arc<Names>,
    post: Post,
    sessions: AtomicU64,
    stopping: Arc<AtomicBool>,
    gauges: Arc<Gauges>,
    latencies: Arc<Mutex<Latencies>>,
    depths: Arc<LineDepths>,
    feed: Arc<Feed>,
    /// Each ends when its task does.
    driver_lives: watch::Receiver<()>,
    publisher_lives: watch::Receiver<()>,
}

/// Puts a domain together from what its log holds: `recovered` is the state at the log's end. It
/// lives once `Driver::run` and `Publisher::run` are being polled; the driver belongs on the runtime
/// of the adapters' streams, the publisher on another.
///
/// # Errors
/// The plan or a setting is not usable, or the plan leaves no place for what was recovered.
pub fn start<L: CommandLog>(
    plan: &RoutingPlan,
    clock: Clock,
    (log, recovered): (L, Replica),
    settings: Settings,
) -> Result<(Domain, Driver<L>, Publisher), StartError> {
    plan.check()?;
    if settings.epoch <= recovered.tail().epoch {
        return Err(StartError::Setting("the epoch must be higher than any before"));
    }
    if settings.mailbox_capacity == 0 {
        return Err(StartError::Setting("the mailbox must have room for at least 1 message"));
    }
    let Parts { router, cast, tail, digest, mut statistics } = recovered.into_parts();
    let clock = clock.not_before(router.now());
    let directory = Directory::of(&router, &cast);
    let closings = cast.closings().clone();
    drop(cast);
    let gauges = Arc::new(Gauges::default());
    let latencies = Latencies::shared();
    let stopping = Arc::new(AtomicBool::new(false));
    let (slot, mailbox) = mailbox(settings.mailbox_capacity);
    let (controls_in, controls_out) = crossbeam_channel::unbounded();
    let (parcels_in, parcels_out) = mpsc::channel(PARCELS_UNDERWAY_MAX);
    let (driver_life, driver_lives) = watch::channel(());
    let (publisher_life, publisher_lives) = watch::channel(());
    let mut engine = Engine::new(EngineParts {
        names: Arc::new(Names::new(Arc::clone(router.plan()))),
        router,
        directory,
        tail,
        digest,
        clock: clock.clone(),
        epoch: settings.epoch,
        gauges: Arc::clone(&gauges),
        stopwatch: Stopwatch::new(Arc::clone(&latencies)),
        heartbeat_within: clock.span_of(settings.heartbeat_within),
        each_message_by_itself: settings.each_message_by_itself,
        stops_when_log_fails: settings.stop_when_log_fails,
        caller_secret: settings.caller_secret,
    });
    engine.open_epoch(clock.now(), plan, &mut statistics)?;
    let (names, view) = engine.outlook(statistics, &closings);
    let depths = engine.depths();
    let feed = Arc::new(Feed::new(view, settings.history));
    let driver = Driver::new(
        engine,
        (log, tail),
        mailbox,
        controls_out,
        Arc::clone(&stopping),
        parcels_in,
        driver_life,
    );
    let publisher = Publisher::new(parcels_out, Arc::clone(&feed), publisher_life);
    let shared = Shared {
        post: Post::new(slot, controls_in),
        settings,
        clock,
        names,
        sessions: AtomicU64::new(0),
        stopping,
        gauges,
        latencies,
        depths,
        feed,
        driver_lives,
        publisher_lives,
    };
    Ok((Domain { shared: Arc::new(shared) }, driver, publisher))
}

impl Domain {
    /// Does what a person asks for. Answered when it is durable and readers can see it, with the
    /// position of the last event until then.
    ///
    /// # Errors
    /// Nothing has changed; the refusal says why. A full mailbox refuses at once.
    pub async fn request(&self, request: Request, person: Person) -> Result<Position, Refusal> {
        bounds::check_request(&request, &person)?;
        self.serving()?;
        let (answer, answered) = oneshot::channel();
        match self.shared.post.offer(Mail::Request { request, person, answer }) {
            Ok(true) => answered.await.unwrap_or_else(|_| Err(self.gone())),
            Ok(false) => Err(Refusal::overloaded()),
            Err(_driver_gone) => Err(self.gone()),
        }
    }

    /// Why a call is where it is, and what keeps `agent` from it: a live one, or one of the latest
    /// `ENDED_CALLS_KEPT` that have ended. Shows what a crash may take back.
    ///
    /// # Errors
    /// No such call or agent. A full mailbox refuses at once.
    pub async fn explain(
        &self,
        call: CallRef,
        agent: Option<String>,
    ) -> Result<Explained, Refusal> {
        bounds::check_question(&call, agent.as_deref())?;
        self.serving()?;
        let (answer, answered) = oneshot::channel();
        match self.shared.post.offer(Mail::Explain { call, agent, answer }) {
            Ok(true) => answered.await.unwrap_or_else(|_| Err(self.gone())),
            Ok(false) => Err(Refusal::overloaded()),
            Err(_driver_gone) => Err(self.gone()),
        }
    }

    /// Opens an adapter's session; an earlier one of the same adapter ends.
    ///
    /// # Errors
    /// The hello is not valid, or there are too many adapters.
    pub async fn open_session(&self, hello: Hello) -> Result<Session, Refusal> {
        bounds::check_hello(&hello)?;
        self.serving()?;
        let id = SessionId(self.shared.sessions.fetch_add(1, Ordering::Relaxed));
        let (edge, driver) = session_ends(id, self.shared.settings.epoch, &self.shared.post);
        let (answer, answered) = oneshot::channel();
        let mail = Mail::Open { hello, ends: driver, answer };
        self.shared.post.send(mail).await.map_err(|_driver_gone| self.gone())?;
        let welcome = answered.await.unwrap_or_else(|_| Err(self.gone()))?;
        Ok(edge.welcomed(welcome))
    }

    /// All rows as of one position. Let go of it before the next await: the publisher waits.
    pub fn view(&self) -> RwLockReadGuard<'_, View> {
        self.shared.feed.view()
    }

    /// Everything that changes, after a position or from a snapshot on.
    ///
    /// # Errors
    /// There are too many subscribers, or the domain has stopped.
    pub fn subscribe(&self, resume_after: Option<Position>) -> Result<Subscription, Refusal> {
        Subscription::open(&self.shared.feed, resume_after)
    }

    /// What these views show of the queues and agents that are named; of all if none is.
    ///
    /// # Errors
    /// There is no queue or agent of a name; the refusal says which, and what is close.
    pub fn select(
        &self,
        views: Views,
        queues: &[String],
        agents: &[String],
    ) -> Result<Selection, Refusal> {
        Selection::named(&self.shared.names, views, queues, agents)
    }

    pub(crate) fn feed(&self) -> Arc<Feed> {
        Arc::clone(&self.shared.feed)
    }

    /// Wakes when an agent's row or the offers to him change.
    ///
    /// # Errors
    /// No such agent, too many watches, or the domain has stopped.
    pub fn watch_agent(&self, agent: &str) -> Result<AgentWatch, Refusal> {
        let id = self.shared.names.agent_id(agent).ok_or_else(|| unknown_agent(agent))?;
        AgentWatch::open(&self.shared.feed, id)
    }

    /// Why agents may be not ready, in the order of the configuration.
    pub fn reasons(&self) -> Vec<String> {
        self.shared.names.plan.reasons.clone()
    }

    /// How long, in real time, the desktop of an agent may be silent once it was heard.
    pub fn heartbeat_within(&self) -> Duration {
        self.shared.settings.heartbeat_within
    }

    /// How the domain is.
    pub fn status(&self) -> Status {
        let Shared { settings, clock, gauges, feed, .. } = &*self.shared;
        let (health, health_reason) = gauges.health();
        let (mailbox, decision) = {
            let latencies = self.shared.latencies.lock();
            (latencies.mailbox(), latencies.decision())
        };
        let view = feed.view();
        Status {
            domain: settings.domain.clone(),
            position: view.position(),
            now: clock.now(),
            clock_scale: clock.scale(),
            health,
            health_reason,
            adapters: gauges.adapters(),
            calls: view.calls_live(),
            calls_waiting: view.calls_waiting(),
            agents_logged_in: view.agents_logged_in(),
            subscribers: feed.subscribers(),
            commands: gauges.commands.load(Ordering::Relaxed),
            rejected: gauges.rejected.load(Ordering::Relaxed),
            decision,
            mailbox,
            undurable: gauges.undurable.load(Ordering::Relaxed),
            mailbox_capacity: settings.mailbox_capacity as u64,
        }
    }

    /// How deep each line is, without waiting for anybody.
    pub fn depths(&self) -> &LineDepths {
        &self.shared.depths
    }

    /// The domain's clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The present epoch.
    pub fn epoch(&self) -> u64 {
        self.shared.settings.epoch
    }

    /// Stops: refuses what is new, applies what the mailbox holds, flushes the log, ends all
    /// sessions; returns when driver and publisher have ended.
    pub async fn stop(&self) {
        if !self.shared.stopping.swap(true, Ordering::AcqRel) {
            self.shared.gauges.stopping();
            self.shared.post.ring_doorbell();
        }
        for lives in [&self.shared.driver_lives, &self.shared.publisher_lives] {
            let mut lives = lives.clone();
            while lives.changed().await.is_ok() {}
        }
    }

    fn serving(&self) -> Result<(), Refusal> {
        if self.shared.stopping.load(Ordering::Acquire) { Err(self.gone()) } else { Ok(()) }
    }

    fn gone(&self) -> Refusal {
        let reason = match self.shared.gauges.is_fenced() {
            true => CloseReason::Fenced,
            false => CloseReason::Stopping,
        };
        reason.refusal()
    }
}

/// No agent has this id.
pub(crate) fn unknown_agent(agent: &str) -> Refusal {
    let message = format!("no agent `{agent}` in the configuration");
    Refusal::new(RefusalKind::NotFound, code::UNKNOWN_AGENT, message).at("agent")
}
