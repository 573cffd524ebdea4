//! The loop: keeps the two connections open, and carries out what the switch decides.

use crate::ari::{Broken, Client, Event, Incoming};
use crate::settings::Settings;
use crate::stock;
use crate::switch::{Now, Output, Purpose, Switch};
use acd_adapter::{
    AdapterSession, ConnectError, SendError, SessionEvent, SessionEvents, SessionOptions,
    SessionSender,
};
use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{info, warn};

/// How long to wait before a connection that failed is tried again; doubled each time, up to ...
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// ... this.
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(2);
/// How long acdd may take to acknowledge what it was told before the session is given up.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

/// How long acdd may take to say where callers stand.
const POSITIONS_WITHIN: Duration = Duration::from_secs(2);

/// Runs until SIGTERM or SIGINT. Calls stay where they are: Asterisk keeps them, and the next
/// process finds them.
///
/// # Errors
/// What makes going on pointless, in words.
pub(crate) async fn until_told_to_stop(settings: Settings) -> Result<(), String> {
    let words = |error: std::io::Error| error.to_string();
    let mut terminate = signal(SignalKind::terminate()).map_err(words)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(words)?;
    let mut runner = Runner::new(settings);
    let ended = tokio::select! {
        why = runner.run() => Err(why),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    if ended.is_ok() {
        info!("stopping; callers stay with Asterisk");
        runner.leave_acdd().await;
    }
    ended
}

/// Why the connection to Asterisk is no more.
enum End {
    /// It broke, and is opened again.
    Broken(Broken),
    /// Going on is pointless.
    Pointless(String),
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// By call.
type Positions = HashMap<String, u64>;

/// A session with acdd, whether or not its stream is open just now.
struct Session {
    sender: SessionSender,
    events: SessionEvents,
    /// Why its stream is not open; said once.
    away: Option<String>,
}

/// How it stands with acdd.
enum Acdd {
    /// Asterisk is not there, so there is nothing to say.
    Idle,
    Connecting(JoinHandle<Result<News, String>>),
    Open(Box<Session>),
}

struct Runner {
    settings: Settings,
    switch: Switch,
    acdd: Acdd,
    /// Where callers stand, from a task that asks beside everything else.
    positions: (mpsc::Sender<Positions>, mpsc::Receiver<Positions>),
    /// What the requests that Asterisk has not answered are for.
    purposes: HashMap<u64, Purpose>,
}

impl Runner {
    fn new(settings: Settings) -> Self {
        let switch = Switch::new(settings.clone(), Now::read());
        let (acdd, purposes) = (Acdd::Idle, HashMap::new());
        Self { settings, switch, acdd, positions: mpsc::channel(1), purposes }
    }

    /// Runs for as long as that makes sense; returns why it does not.
    async fn run(&mut self) -> String {
        let login = self.settings.login.clone();
        let mut delay = AGAIN_AFTER;
        loop {
            let end = match Client::open(&login).await {
                Ok(client) => {
                    delay = AGAIN_AFTER;
                    self.serve(client).await
                }
                Err(broken) => End::Broken(broken),
            };
            match end {
                End::Broken(broken) => warn!("{broken}; trying Asterisk again"),
                End::Pointless(why) => return why,
            }
            // Without Asterisk nothing can be rung, and what acdd is told may be wrong: the resync
            // of the next session puts it right.
            self.leave_acdd().await;
            sleep(delay).await;
            delay = (delay * 2).min(AGAIN_AFTER_MAX);
        }
    }

    /// Lets acdd have what it was told, and ends the session.
    async fn leave_acdd(&mut self) {
        match std::mem::replace(&mut self.acdd, Acdd::Idle) {
            Acdd::Idle => {}
            Acdd::Connecting(attempt) => attempt.abort(),
            Acdd::Open(session) => {
                // What does not get through is put right by the next resync.
                let _ = timeout(FAREWELL_WITHIN, session.sender.close()).await;
                self.switch.on_session_over(Now::read());
            }
        }
    }

    /// Takes stock, then carries on from event to event.
    async fn serve(&mut self, mut client: Client) -> End {
        self.purposes.clear();
        let mut aside = Vec::new();
        match stock::take(&mut client, &self.settings, &mut aside).await {
            Ok(found) => self.switch.on_found(Now::read(), found),
            Err(broken) => return broken.into(),
        }
        let (calls, legs) = self.switch.counts();
        info!(calls, legs, "connected to Asterisk");
        self.acdd = Acdd::Connecting(tokio::spawn(connect(self.settings.clone())));
        for incoming in aside {
            if let Err(end) = self.take_in(incoming) {
                return end;
            }
        }
        loop {
            if let Err(end) = self.carry_out(&mut client).await {
                return end;
            }
            let deadline = self.switch.next_deadline();
            tokio::select! {
                incoming = client.next() => match incoming {
                    Ok(incoming) => {
                        if let Err(end) = self.take_in(incoming) {
                            return end;
                        }
                    }
                    Err(broken) => return broken.into(),
                },
                news = news(&mut self.acdd) => match news {
                    Ok(News { session, event }) => {
                        if let Some(session) = session {
                            self.acdd = Acdd::Open(session);
                        }
                        self.switch.on_order(Now::read(), event);
                    }
                    Err(why) => return End::Pointless(why),
                },
                Some(positions) = self.positions.1.recv() => self.switch.on_positions(&positions),
                () = until(deadline) => self.switch.on_time(Now::read()),
            }
        }
    }

    fn take_in(&mut self, incoming: Incoming) -> Result<(), End> {
        match incoming {
            // Its socket stays open and says nothing any more.
            Incoming::Event(event) if matches!(*event, Event::ApplicationReplaced) => {
                let app = &self.settings.login.app;
                return Err(End::Pointless(format!("another program has taken over `{app}`")));
            }
            Incoming::Event(event) => self.switch.on_event(Now::read(), *event),
            Incoming::Response(id, response) => {
                if let Some(purpose) = self.purposes.remove(&id) {
                    self.switch.on_response(Now::read(), &purpose, &response);
                }
            }
        }
        Ok(())
    }

    /// Does what the switch wants, in order. What is to be told is told even when Asterisk is gone.
    async fn carry_out(&mut self, client: &mut Client) -> Result<(), End> {
        let mut asterisk = Ok(());
        loop {
            let outputs = self.switch.take_outputs();
            if outputs.is_empty() {
                break;
            }
            for output in outputs {
                match output {
                    Output::Ask(purpose, request) if asterisk.is_ok() => {
                        match client.feed(&request).await {
                            Ok(_) if purpose == Purpose::Nothing => {}
                            Ok(id) => {
                                self.purposes.insert(id, purpose);
                            }
                            Err(broken) => asterisk = Err(broken),
                        }
                    }
                    Output::Ask(..) => {}
                    // Answered in any case, so that the next may be asked.
                    Output::AskPositions => self.ask_positions(),
                    told => self.tell(told).await,
                }
            }
        }
        asterisk?;
        client.flush().await?;
        Ok(())
    }

    /// Asks where callers stand, so that no event waits for the answer; there always is one.
    fn ask_positions(&self) {
        let sender = match &self.acdd {
            Acdd::Open(session) => Some(session.sender.clone()),
            Acdd::Idle | Acdd::Connecting(_) => None,
        };
        let answers = self.positions.0.clone();
        tokio::spawn(async move {
            let positions = match sender {
                Some(sender) => timeout(POSITIONS_WITHIN, sender.positions()).await,
                None => Ok(Ok(Positions::new())),
            };
            // Without them nobody is told anything this time. Nobody waits for them when the
            // adapter is stopping.
            let _ =
                answers.send(positions.unwrap_or(Ok(Positions::new())).unwrap_or_default()).await;
        });
    }

    /// Without a session there is nobody to tell: the resync that opens the next one says it all.
    async fn tell(&mut self, output: Output) {
        let Acdd::Open(session) = &self.acdd else { return };
        let sender = &session.sender;
        match output {
            Output::Ask(..) | Output::AskPositions => {}
            Output::Tell(subject, report) => match sender.send(report).await {
                Ok(id) => self.switch.on_told(id, subject),
                Err(error @ SendError::TooLarge { .. }) => {
                    self.switch.on_refused(&subject, "too_large", &error.to_string());
                }
                Err(SendError::Closed | SendError::NoResyncDue) => {}
            },
            Output::Resync(resync, subjects) => match sender.resync(resync).await {
                Ok(Some(ids)) => self.switch.on_resync_told(ids, subjects),
                Ok(None) => {}
                Err(error) => warn!(%error, "what Asterisk holds could not be said"),
            },
        }
    }
}

/// What comes from acdd.
struct News {
    /// It is open now, and this is its first event.
    session: Option<Box<Session>>,
    event: SessionEvent,
}

/// The next news; for ever none while nobody is asked. Cancel safe.
async fn news(acdd: &mut Acdd) -> Result<News, String> {
    match acdd {
        Acdd::Idle => pending().await,
        Acdd::Connecting(attempt) => match attempt.await {
            Ok(opened) => opened,
            Err(error) => Err(error.to_string()),
        },
        Acdd::Open(session) => match session.events.recv().await {
            Some(SessionEvent::Disconnected { reason, retrying: false }) => {
                Err(format!("acdd ended the session: {reason}"))
            }
            Some(event) => {
                match &event {
                    SessionEvent::Disconnected { reason, .. }
                        if session.away.as_ref() != Some(reason) =>
                    {
                        warn!("acdd is away: {reason}; trying acdd again");
                        session.away = Some(reason.clone());
                    }
                    SessionEvent::Connected { .. } if session.away.take().is_some() => {
                        info!("connected to acdd again");
                    }
                    _ => {}
                }
                Ok(News { session: None, event })
            }
            None => Err("the session with acdd is over".to_owned()),
        },
    }
}

/// Opens the first stream of a session, however long that takes. Its first event, `Connected`, comes
/// with it: nothing may be told before what is held.
async fn connect(settings: Settings) -> Result<News, String> {
    let mut delay = AGAIN_AFTER;
    let mut said = String::new();
    loop {
        let mut options = SessionOptions::new("", &settings.adapter);
        options.servers.clone_from(&settings.servers);
        options.domain.clone_from(&settings.domain);
        concat!("acd-asterisk ", env!("CARGO_PKG_VERSION")).clone_into(&mut options.software);
        match AdapterSession::connect(options).await {
            Ok((sender, mut events)) => {
                let event = events.recv().await.ok_or("the session with acdd is over")?;
                info!("connected to acdd");
                let session = Session { sender, events, away: None };
                return Ok(News { session: Some(Box::new(session)), event });
            }
            Err(error @ (ConnectError::Unreachable { .. } | ConnectError::Refused(_))) => {
                let why = error.to_string();
                if why != said {
                    warn!("{why}; trying acdd again until it answers");
                    said = why;
                }
            }
            Err(error) => return Err(error.to_string()),
        }
        sleep(delay).await;
        delay = (delay * 2).min(AGAIN_AFTER_MAX);
    }
}

async fn until(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(at) => sleep_until(Instant::from_std(at)).await,
        None => pending().await,
    }
}
