//! The hot thread: the driver and the gRPC streams on one current-thread runtime.

use crate::about::About;
use crate::failure::Failure;
use crate::grpc;
use crate::past::Past;
use acd_engine::{Domain, Driver, Ended};
use acd_journal::CommandLog;
use std::net::TcpListener;
use std::thread;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinError;
use tonic_health::server::HealthReporter;

/// The handle of the hot thread.
#[derive(Debug)]
pub(crate) struct Hot {
    /// What is told to those who ask for the daemon's health.
    pub(crate) health: HealthReporter,
    stop: watch::Sender<bool>,
    ended: oneshot::Receiver<Result<(), Failure>>,
}

impl Hot {
    /// Starts the thread; it ends after `close`, or by a failure.
    ///
    /// # Errors
    /// The system has no thread or runtime for it.
    pub(crate) fn start<L: CommandLog>(
        listener: TcpListener,
        driver: Driver<L>,
        domain: Domain,
        (about, past): (About, Past),
        cold: Handle,
    ) -> Result<Self, Failure> {
        let health = HealthReporter::new();
        let (stop, stopped) = watch::channel(false);
        let (ends, ended) = oneshot::channel();
        let no_thread = |error| Failure::InTheWay(format!("cannot start the hot thread: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(no_thread)?;
        let reporter = health.clone();
        let work = move || {
            let server = async {
                let stop = async move {
                    let mut stopped = stopped;
                    // An error says that nobody is left to stop it.
                    let _dropped = stopped.wait_for(|stopped| *stopped).await.is_err();
                };
                grpc::serve(listener, domain, about, past, cold, reporter, stop).await.map_err(
                    |error| Failure::InTheWay(format!("gRPC cannot be served any more: {error}")),
                )
            };
            let carried = runtime.block_on(carry(driver, server));
            // The main thread may have had enough of waiting.
            let _gone = ends.send(carried).is_err();
        };
        thread::Builder::new().name("acdd-hot".to_owned()).spawn(work).map_err(no_thread)?;
        Ok(Self { health, stop, ended })
    }

    /// Waits until it ends though nobody has asked it to.
    pub(crate) async fn failed(&mut self) -> Failure {
        match (&mut self.ended).await {
            Ok(Err(failure)) => failure,
            Ok(Ok(())) | Err(_) => gone(),
        }
    }

    /// Takes no more connections, and waits until those that are there have ended.
    ///
    /// # Errors
    /// What was underway could not be brought to its end.
    pub(crate) async fn close(&mut self) -> Result<(), Failure> {
        self.stop.send_replace(true);
        if self.ended.is_terminated() {
            // It has been told already.
            return Ok(());
        }
        (&mut self.ended).await.unwrap_or_else(|_| Err(gone()))
    }
}

/// Carries driver and server to their ends; the server outlives the driver, to tell its clients.
async fn carry<L: CommandLog>(
    driver: Driver<L>,
    server: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let mut driver = tokio::spawn(driver.run());
    let mut server = std::pin::pin!(server);
    tokio::select! {
        ended = &mut driver => why(ended)?,
        served = &mut server => {
            served?;
            why(driver.await)?;
            return Ok(());
        }
    }
    server.await
}

fn gone() -> Failure {
    Failure::InTheWay("the hot thread has ended".to_owned())
}

fn why(ended: Result<Ended, JoinError>) -> Result<(), Failure> {
    match ended {
        Ok(Ended::Stopped) => Ok(()),
        Ok(Ended::Unflushed(commands)) => Err(Failure::InTheWay(format!(
            "the last {commands} commands could not be made durable; nobody was told that they are"
        ))),
        Ok(Ended::LogFailed) => Err(Failure::InTheWay(
            "the journal cannot be written, and `on_failure` says to stop then".to_owned(),
        )),
        Ok(Ended::Fenced) => Err(Failure::InTheWay(
            "another daemon has taken over the domain's log: this one routes no more".to_owned(),
        )),
        Err(error) => Err(Failure::InTheWay(format!("the driver has failed: {error}"))),
    }
}
