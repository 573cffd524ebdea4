//! How the daemon runs: which runtime carries what, when it is ready, how it stops.
//!
//! The hot runtime is one thread: the driver, and the streams of adapters and agents. The cold one
//! carries the publisher, supervisors and their connections, HTTP and the demo, so that nothing of
//! theirs stands in the way of an offer.

use crate::about::About;
use crate::demo;
use crate::epoch;
use crate::failure::Failure;
use crate::grpc;
use crate::hot::Hot;
use crate::http;
use crate::kept::{self, Keeper};
use crate::listen;
use crate::past::Past;
use crate::settings::Settings;
use acd_config::{OnFailure, Sync};
use acd_core::RoutingPlan;
use acd_engine::{Clock, Domain};
use acd_journal::FollowerThread;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use tonic_health::ServingStatus;

/// How many threads the cold runtime has at most.
const COLD_THREADS_MAX: usize = 4;
/// How long what is underway may take to end; longer than the engine gives its log, so that the exit
/// code tells what was not stored.
const DRAIN_WITHIN: Duration = Duration::from_secs(7);
/// How long connections may take to close after that.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Serves until a signal says stop.
///
/// # Errors
/// Why it cannot serve, or cannot go on.
pub(crate) fn serve(settings: Settings) -> Result<(), Failure> {
    let (grpc, http) = listen::bind(&settings.listen, &settings.http)?;
    let ports = Ports { grpc: address(&grpc)?, http: address(&http)? };
    let (log, recovered, keeper) = kept::open(&settings.journal)?;
    let about = About::start(&settings.config, keeper.as_ref().map(Keeper::gauge));
    let plan = settings.plan;
    let engine = acd_engine::Settings {
        domain: grpc::DOMAIN.to_owned(),
        epoch: epoch::after(recovered.tail().epoch),
        heartbeat_within: Duration::from_micros(settings.heartbeat_within.0),
        each_message_by_itself: settings.journal.sync == Sync::Always,
        caller_secret: kept::caller_secret(&settings.journal)?,
        stop_when_log_fails: settings.journal.on_failure == OnFailure::Stop,
        ..acd_engine::Settings::default()
    };
    let epoch = engine.epoch;
    let clock = Clock::start(settings.clock_scale);
    let (domain, driver, publisher) = acd_engine::start(&plan, clock, (log, recovered), engine)
        .map_err(|error| Failure::Wrong(format!("{}: {error}", settings.config)))?;
    let snapshots = keeper.as_ref().map(Keeper::start).transpose()?;
    let past = Past::new(domain.clone(), snapshots.as_ref().map(FollowerThread::desk));
    let cold = cold_runtime()?;
    let published = cold.spawn(publisher.run());
    let hot = Hot::start(
        grpc,
        driver,
        domain.clone(),
        (about.clone(), past.clone()),
        cold.handle().clone(),
    )?;
    let daemon = Daemon { domain, about, past, hot, ports };
    tracing::info!(
        version = About::VERSION,
        config = %settings.config,
        queues = plan.queues.len(),
        agents = plan.agents.len(),
        epoch,
        clock_scale = settings.clock_scale,
        "acdd starts"
    );
    let demo = settings.demo.then(|| Arc::new(plan));
    let ended = cold.block_on(daemon.run(http, demo));
    published.abort();
    // What still holds a connection open has had its time.
    cold.shutdown_background();
    if let Some(snapshots) = snapshots {
        // The next start has nothing to fold then, and may be one of another version.
        snapshots.finish();
    }
    ended
}

fn cold_runtime() -> Result<Runtime, Failure> {
    let spare = thread::available_parallelism().map_or(1, |cores| cores.get() - 1);
    Builder::new_multi_thread()
        .worker_threads(spare.clamp(1, COLD_THREADS_MAX))
        .thread_name("acdd-cold")
        .on_thread_start(let_routing_go_first)
        .enable_all()
        .build()
        .map_err(|error| Failure::InTheWay(format!("cannot start threads: {error}")))
}

/// Where threads share a CPU, the hot one and the journal's go before this one: whoever reads is told a little
/// later, and no offer waits for it.
fn let_routing_go_first() {
    #[cfg(target_os = "linux")]
    {
        const LESS_URGENT: i32 = 8;
        // Without it reading is as urgent as routing: slower for offers, not wrong.
        let _as_it_was = rustix::process::nice(LESS_URGENT).is_err();
    }
}

fn address(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener
        .local_addr()
        .map_err(|error| Failure::InTheWay(format!("cannot tell the port: {error}")))
}

/// Where the daemon is served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    /// gRPC.
    pub(crate) grpc: SocketAddr,
    /// HTTP.
    pub(crate) http: SocketAddr,
}

struct Daemon {
    domain: Domain,
    about: About,
    past: Past,
    hot: Hot,
    ports: Ports,
}

impl Daemon {
    async fn run(
        mut self,
        http: TcpListener,
        demo: Option<Arc<RoutingPlan>>,
    ) -> Result<(), Failure> {
        let mut signals = Signals::listen()?;
        let hangups = tokio::spawn(outlive_hangups(listen_to(SignalKind::hangup())?));
        let page = tokio::spawn(http::serve(
            http,
            self.domain.clone(),
            self.about.clone(),
            self.past.clone(),
        ));
        grpc::tell_health(&self.hot.health, ServingStatus::Serving).await;
        announce(self.ports)?;
        let demo = demo.map(|plan| tokio::spawn(demo::play(plan, self.ports)));
        let ended = tokio::select! {
            name = signals.next() => {
                self.say_what_ends(name);
                Ok(())
            }
            failure = self.hot.failed() => Err(failure),
        };
        if let Some(demo) = demo {
            demo.abort();
        }
        let drained = tokio::select! {
            drained = self.drain() => drained,
            name = signals.next() => {
                tracing::warn!(signal = name, "stopping at once");
                return Err(Failure::InTheWay(format!("stopped at once by a second {name}")));
            }
        };
        page.abort();
        hangups.abort();
        ended.and(drained)
    }

    fn say_what_ends(&self, signal: &str) {
        let status = self.domain.status();
        tracing::info!(
            signal,
            calls = status.calls,
            agents = status.agents_logged_in,
            "stopping: what was asked for is applied and answered; {}",
            match self.about.journal {
                Some(_) => "calls and agents are kept for the next start",
                None => "calls and agents are kept in memory only and are forgotten",
            }
        );
    }

    /// Brings everything to its end, within a bounded time.
    ///
    /// # Errors
    /// What was decided could not be stored.
    async fn drain(&mut self) -> Result<(), Failure> {
        grpc::tell_health(&self.hot.health, ServingStatus::NotServing).await;
        if timeout(DRAIN_WITHIN, self.domain.stop()).await.is_err() {
            tracing::warn!("what was underway did not end in time");
        }
        timeout(CLOSE_WITHIN, self.hot.close()).await.unwrap_or_else(|_elapsed| {
            tracing::info!("some clients still hold their connections");
            Ok(())
        })
    }
}

/// Says where, on standard output, in a form that scripts can read.
fn announce(ports: Ports) -> Result<(), Failure> {
    let Ports { grpc, http } = ports;
    let mut output = io::stdout();
    writeln!(output, "acdd ready grpc={grpc} http={http}")
        .and_then(|()| output.flush())
        .map_err(|error| Failure::InTheWay(format!("cannot write to standard output: {error}")))
}

/// SIGHUP ends a process that does not listen to it, and elsewhere it often means: reload.
async fn outlive_hangups(mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        tracing::warn!(
            signal = "SIGHUP",
            "the configuration is not reloaded while running; restart to apply it"
        );
    }
}

fn listen_to(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::InTheWay(format!("cannot listen to signals: {error}")))
}

/// The two signals that stop a daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        Ok(Self {
            terminate: listen_to(SignalKind::terminate())?,
            interrupt: listen_to(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
