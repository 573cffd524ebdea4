//! The client side of an adapter: what every program that connects a PBX to acdd is built on.
//!
//! # A session
//!
//! `AdapterSession::connect` opens one session (`proto/acd/v1/adapter.proto`) and keeps it open:
//! it numbers what is sent, keeps it until it is durable, sends it again over a new stream when
//! the old one breaks, acknowledges orders, drops those that come twice or from a former epoch,
//! sends heartbeats, and notices a daemon that has silently gone. What remains is to send
//! `Report`s, to act on `SessionEvent`s, and to say what the PBX holds when the daemon asks:
//!
//! ```no_run
//! use acd_adapter::{
//!     AdapterSession, HeldCall, Numbers, OfferOutcome, Report, Resync, SessionEvent,
//!     SessionOptions,
//! };
//! # fn held_calls() -> Vec<HeldCall> { Vec::new() }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let options = SessionOptions::new("http://127.0.0.1:7170", "front-desk-pbx");
//! let (sender, mut events) = AdapterSession::connect(options).await?;
//! sender
//!     .send(Report::CallOffered {
//!         call_id: "1700000000.42".to_owned(),
//!         queue: "billing".to_owned(),
//!         numbers: Numbers::default(),
//!         priority: None,
//!         attributes: [("crm".to_owned(), "token-7".to_owned())].into(),
//!         waited: None,
//!     })
//!     .await?;
//! while let Some(event) = events.recv().await {
//!     match event {
//!         // The daemon or this process is new to the other.
//!         SessionEvent::Connected { resumed: false, .. } => {
//!             sender.resync(Resync { calls: held_calls(), legs: Vec::new() }).await?;
//!         }
//!         SessionEvent::Offer { key, offer } => {
//!             println!("ring {} for {}", offer.address, offer.agent);
//!             sender.send(Report::OfferResult { offer: key, outcome: OfferOutcome::Ringing }).await?;
//!         }
//!         SessionEvent::Connect { key, .. } => {
//!             sender.send(Report::CallBridged { offer: key }).await?;
//!         }
//!         SessionEvent::Disconnected { reason, retrying: false } => return Err(reason.into()),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `send` returns a `SendId`; `Rejected` and `Acknowledged` name it. A report keeps its number, and
//! so its id, for as long as the process lives, whatever becomes of the daemon: what was never
//! acknowledged is sent again as it is, a call with how long it has been kept. A daemon that has
//! lost what it had acknowledged ends the session with words that say so.
//!
//! # A PBX without phones
//!
//! `SimulatedPbx` serves a session with scripted callers and with devices that answer by
//! themselves; `SimulatedAgents` logs agents in and out. Both run by one `SimulatedClock`, in
//! domain time:
//!
//! ```no_run
//! use acd_adapter::{
//!     AdapterSession, Behaviour, Breaks, Habits, Numbers, ScriptedCall, SessionOptions, Shift,
//!     SimulatedAgents, SimulatedClock, SimulatedPbx, endpoint,
//! };
//! use std::time::Duration;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let server = "http://127.0.0.1:7170";
//! let seconds = Duration::from_secs;
//! let (sender, events) =
//!     AdapterSession::connect(SessionOptions::new(server, "demo")).await?;
//! let clock = SimulatedClock::start(sender.clock_scale())?;
//!
//! // Devices ring 2 to 6 s, one in twenty rings out, one in fifty is declined.
//! let behaviour = Behaviour {
//!     pick_up: seconds(2)..=seconds(6),
//!     misses: 0.05,
//!     declines: 0.02,
//!     seed: 7,
//!     ..Behaviour::default()
//! };
//! let pbx = SimulatedPbx::start(sender, events, clock.clone(), behaviour);
//!
//! // Agents of the daemon's configuration go to work.
//! let mut agents = SimulatedAgents::new(endpoint(server)?.connect_lazy(), "main", clock.clone());
//! for (seed, agent) in ["ana", "ben"].into_iter().enumerate() {
//!     agents.work(Shift {
//!         agent: agent.to_owned(),
//!         starts: seconds(0),
//!         ends: None,
//!         habits: Habits {
//!             breaks: Some(Breaks {
//!                 after: seconds(300)..=seconds(900),
//!                 last: seconds(60)..=seconds(300),
//!                 reason: "break".to_owned(),
//!                 seed: seed as u64,
//!             }),
//!             returns_after: Some(seconds(20)),
//!         },
//!     });
//! }
//!
//! // Somebody calls every eight seconds, for ever.
//! for number in 1_u64.. {
//!     clock.sleep(seconds(8)).await;
//!     pbx.call(ScriptedCall {
//!         id: format!("demo-{number}"),
//!         start: clock.now(),
//!         queue: "billing".to_owned(),
//!         numbers: Numbers::default(),
//!         priority: None,
//!         attributes: [].into(),
//!         patience: Some(seconds(120)),
//!         service: seconds(90),
//!     });
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `SimulatedPbx::tally` says what has become of the calls; `finish` lets everybody hang up and
//! ends the session. Both handles stop what they run when they are dropped, without farewell.

mod drive;
mod endpoint;
mod link;
mod live_calls;
mod numbering;
mod report;
mod resync;
mod session;
mod simulated;

pub use endpoint::{AddressError, KeepAlive, code_word, endpoint, root_of};
pub use live_calls::{LiveCall, LiveCalls, TellError};
pub use numbering::SendId;
pub use report::{
    AgentMeant, AskedPresence, DeviceState, HandedOnTo, Numbers, OfferKey, OfferOutcome, Report,
};
pub use resync::{HeldCall, HeldLeg, LegState, Resync, ResyncIds, ResyncPart};
pub use session::{
    AdapterSession, ConnectError, MESSAGE_BYTES_MAX, Reconnect, SendError, SessionEvent,
    SessionEvents, SessionOptions, SessionSender, UNACKNOWLEDGED_MAX,
};
pub use simulated::{
    Behaviour, Breaks, Habits, ScriptedCall, Shift, SimulatedAgents, SimulatedClock, SimulatedPbx,
    Tally,
};
