//! Keeps a session's stream open: opens it, reads it, opens it again when it breaks.

use crate::endpoint::{AddressError, code_word, endpoint};
use crate::link::{Asked, Link};
use crate::numbering::Verdict;
use crate::report::OfferKey;
use crate::session::{ConnectError, Queued, Reconnect, SessionEvent, SessionOptions};
use acd_proto::v1::{self, adapter_order::Body, adapter_service_client::AdapterServiceClient};
use rand::{Rng, RngExt};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{sleep, sleep_until, timeout};
use tonic::{Code, Status, Streaming};

/// How long the daemon may take to answer Hello.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);
/// How long an order may stand unacknowledged while nothing else is sent.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(50);
/// What `heartbeat_every` is when the Welcome has none.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);
/// The shortest that a Welcome may ask for.
const HEARTBEAT_EVERY_LEAST: Duration = Duration::from_millis(100);
/// How long the daemon may take to end its side once this side has ended.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// A session that lived this long was a success: the next back-off starts small again.
const STEADY_AFTER: Duration = Duration::from_secs(5);

/// An open stream that has been welcomed.
struct Opened {
    incoming: Streaming<v1::AdapterOrder>,
    heartbeat_every: Duration,
}

/// Why a stream is not open any more.
struct Broken {
    reason: String,
    /// Opening it again cannot help, or the user wants no more.
    for_good: bool,
}

/// Opens the first stream and leaves a task that keeps it open.
pub(crate) async fn start(
    options: SessionOptions,
    link: Arc<Link>,
    events: UnboundedSender<Queued>,
) -> Result<(), ConnectError> {
    let mut driver = Driver { options, link, events, latest: 0 };
    let opened = driver.open().await?;
    tokio::spawn(driver.run(opened));
    Ok(())
}

struct Driver {
    options: SessionOptions,
    link: Arc<Link>,
    events: UnboundedSender<Queued>,
    /// Which server was there last.
    latest: usize,
}

impl Driver {
    async fn run(mut self, first: Opened) {
        let mut opened = first;
        let mut failures = 0;
        loop {
            let since = Instant::now();
            let mut broken = self.serve(opened).await;
            if since.elapsed() >= STEADY_AFTER {
                failures = 0;
            }
            loop {
                if broken.for_good || self.link.is_finished() || self.events.is_closed() {
                    return self.end(broken);
                }
                let Some(delay) = backoff(self.options.reconnect, failures, &mut rand::rng())
                else {
                    return self.end(broken);
                };
                self.notify(SessionEvent::Disconnected { reason: broken.reason, retrying: true });
                tokio::select! {
                    () = sleep(delay) => {}
                    () = self.events.closed() => {}
                    () = self.link.attention() => {}
                }
                failures += 1;
                match self.open().await {
                    Ok(again) => {
                        opened = again;
                        break;
                    }
                    Err(error) => broken = Broken::from(error),
                }
            }
        }
    }

    fn end(&self, broken: Broken) {
        if !self.link.is_finished() {
            self.notify(SessionEvent::Disconnected { reason: broken.reason, retrying: false });
        }
        self.link.end();
    }

    fn notify(&self, event: SessionEvent) {
        // A user who has dropped his events wants none.
        let _ = self.events.send(Queued::Notice(event));
    }

    /// Tries each server once; the error is of one that answered, if one did.
    async fn open(&mut self) -> Result<Opened, ConnectError> {
        let servers = self.options.servers.len();
        let mut failed = None;
        for index in (0..servers).map(|next| (self.latest + next) % servers) {
            match self.open_at(&self.options.servers[index]).await {
                Ok(opened) => {
                    self.latest = index;
                    return Ok(opened);
                }
                Err(error) if failed.is_none() => failed = Some(error),
                Err(ConnectError::Unreachable { .. }) => {}
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| AddressError { server: String::new() }.into()))
    }

    async fn open_at(&self, server: &str) -> Result<Opened, ConnectError> {
        let channel =
            self.options.keep_alive.of(endpoint(server)?).connect().await.map_err(|source| {
                ConnectError::Unreachable { server: server.to_owned(), source }
            })?;
        let (epoch, ack) = self.link.position();
        let hello = v1::Hello {
            domain: self.options.domain.clone(),
            adapter: self.options.adapter.clone(),
            incarnation: self.options.incarnation,
            epoch,
            ack,
            software: self.options.software.clone(),
        };
        let mut client = AdapterServiceClient::new(channel);
        let outgoing = self.link.outgoing(hello, client.clone());
        let greeting = async {
            let mut incoming = client.session(outgoing).await?.into_inner();
            let first = incoming.message().await?;
            Ok((incoming, first))
        };
        let (incoming, first) = timeout(WELCOME_WITHIN, greeting)
            .await
            .map_err(|_| ConnectError::Protocol("no Welcome within 10 s".to_owned()))?
            .map_err(|status| ConnectError::Refused(Box::new(status)))?;
        let Some(v1::AdapterOrder { epoch, body: Some(Body::Welcome(welcome)), .. }) = first else {
            return Err(ConnectError::Protocol("its first message is not Welcome".to_owned()));
        };
        self.welcome(epoch, &welcome)?;
        let heartbeat_every = welcome
            .heartbeat_every
            .and_then(|every| Duration::try_from(every).ok())
            .map_or(HEARTBEAT_EVERY, |every| every.max(HEARTBEAT_EVERY_LEAST));
        Ok(Opened { incoming, heartbeat_every })
    }

    fn welcome(&self, epoch: u64, welcome: &v1::Welcome) -> Result<(), ConnectError> {
        if !(welcome.clock_scale.is_finite() && welcome.clock_scale > 0.0) {
            return Err(ConnectError::Protocol("its clock_scale is not above 0".to_owned()));
        }
        let (generation, freed) = self.link.welcome(epoch, welcome).map_err(|breach| {
            if breach.is_final() {
                tracing::error!("{breach}");
                return ConnectError::Irreconcilable(breach.to_string());
            }
            ConnectError::Protocol(breach.to_string())
        })?;
        let v1::Welcome { resumed, resync, clock_scale, .. } = *welcome;
        let asked = (resync != 0).then_some(Asked { generation, resync });
        let event = SessionEvent::Connected { epoch, resumed, clock_scale };
        // A user who has dropped his events wants none.
        let _ = self.events.send(Queued::Connected { asked, event });
        if let Some(up_to) = freed {
            self.notify(SessionEvent::Acknowledged { up_to });
        }
        if self.link.is_finished() {
            self.link.close();
        }
        Ok(())
    }

    /// Reads one stream to its end.
    async fn serve(&self, opened: Opened) -> Broken {
        let Opened { mut incoming, heartbeat_every } = opened;
        let mut acknowledge_at = None;
        let mut give_up_at = None;
        let mut beaten_at = Instant::now();
        loop {
            // A heartbeat that the transport has not taken yet is not asked for again.
            let beat_at = self.link.written_at().max(beaten_at) + heartbeat_every;
            let wake_at =
                [acknowledge_at, give_up_at].into_iter().flatten().fold(beat_at, Ord::min);
            tokio::select! {
                order = incoming.message() => match order {
                    Ok(Some(order)) => {
                        let numbered = order.number > 0;
                        if let Err(broken) = self.take_in(order) {
                            return broken;
                        }
                        if numbered && acknowledge_at.is_none() {
                            acknowledge_at = Some(Instant::now() + ACKNOWLEDGE_WITHIN);
                        }
                    }
                    Ok(None) => return Broken::retry("the daemon ended the stream".to_owned()),
                    Err(status) => return Broken::from(status),
                },
                () = self.events.closed() => {
                    return Broken { reason: "nobody listens".to_owned(), for_good: true };
                }
                () = self.link.attention() => {
                    give_up_at = self.link.is_finished().then(|| Instant::now() + CLOSE_WITHIN);
                }
                () = sleep_until(wake_at.into()) => {
                    let now = Instant::now();
                    if give_up_at.is_some_and(|at| at <= now) {
                        return Broken { reason: "closed".to_owned(), for_good: true };
                    }
                    if beat_at <= now {
                        beaten_at = now;
                        self.link.heartbeat();
                    }
                    if acknowledge_at.is_some_and(|at| at <= now) {
                        let more = self.link.acknowledge_orders();
                        acknowledge_at = more.then_some(now + ACKNOWLEDGE_WITHIN);
                    }
                }
            }
        }
    }

    fn take_in(&self, order: v1::AdapterOrder) -> Result<(), Broken> {
        let breach = |breach: crate::numbering::Breach| Broken::retry(breach.to_string());
        let v1::AdapterOrder { epoch, number, ack, body } = order;
        if number > 0 {
            let (verdict, generation) = self.link.order(epoch, number).map_err(breach)?;
            match (verdict, body.and_then(|body| self.event(epoch, body))) {
                (Verdict::Take, Some(event)) => {
                    let _ = self.events.send(Queued::Order { generation, number, event });
                }
                // An order of a later version of the protocol: counted, and left alone.
                (Verdict::Take, None) => {
                    self.link.take(generation, number);
                }
                (Verdict::Duplicate, _) => {}
                (Verdict::Former, _) => return Ok(()),
            }
        }
        if let Some(up_to) = self.link.acknowledge(epoch, ack).map_err(breach)? {
            self.notify(SessionEvent::Acknowledged { up_to });
        }
        if self.link.is_finished() {
            self.link.close();
        }
        Ok(())
    }

    fn event(&self, epoch: u64, body: Body) -> Option<SessionEvent> {
        let key = |number| OfferKey { epoch, number };
        match body {
            Body::Offer(offer) => Some(SessionEvent::Offer { key: key(offer.offer_number), offer }),
            Body::Revoke(revoke) => {
                Some(SessionEvent::Revoke { key: key(revoke.offer_number), revoke })
            }
            Body::Connect(connect) => {
                Some(SessionEvent::Connect { key: key(connect.offer_number), connect })
            }
            Body::End(end) => Some(SessionEvent::End(end)),
            Body::Transfer(transfer) => Some(SessionEvent::Transfer(transfer)),
            Body::Play(play) => Some(SessionEvent::Play(play)),
            Body::OfferCallback(asked) => Some(SessionEvent::OfferCallback(asked)),
            Body::Ladder(ladder) => Some(SessionEvent::Ladder(ladder)),
            Body::Rejected(v1::Rejected { rejected_number, code, message, field }) => {
                let id = self.link.id_of(rejected_number)?;
                Some(SessionEvent::Rejected { id, code, message, field })
            }
            Body::Resynced(v1::Resynced { calls_known, calls_adopted, calls_vanished }) => {
                Some(SessionEvent::Resynced {
                    known: calls_known,
                    adopted: calls_adopted,
                    vanished: calls_vanished,
                })
            }
            Body::Welcome(_) | Body::Acknowledged(_) => None,
        }
    }
}

impl Broken {
    fn retry(reason: String) -> Self {
        Self { reason, for_good: false }
    }
}

impl From<Status> for Broken {
    fn from(status: Status) -> Self {
        // These say that the same Hello will be refused again, or that another has our place.
        let for_good = matches!(
            status.code(),
            Code::InvalidArgument
                | Code::NotFound
                | Code::Aborted
                | Code::PermissionDenied
                | Code::Unauthenticated
                | Code::Unimplemented
        );
        Self { reason: format!("{} ({})", status.message(), code_word(status.code())), for_good }
    }
}

impl From<ConnectError> for Broken {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Refused(status) => Self::from(*status),
            ConnectError::Irreconcilable(reason) => Self { reason, for_good: true },
            ConnectError::Address(_)
            | ConnectError::Unreachable { .. }
            | ConnectError::Protocol(_) => Self::retry(error.to_string()),
        }
    }
}

/// The delay before the next attempt, or `None` when there is none.
fn backoff(reconnect: Reconnect, failures: u32, chance: &mut impl Rng) -> Option<Duration> {
    match reconnect {
        Reconnect::Never => None,
        Reconnect::WithBackoff { first, most } => {
            let longest = first.saturating_mul(2_u32.saturating_pow(failures)).min(most);
            Some(chance.random_range(Duration::ZERO..=longest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn delays(failures: u32) -> Vec<Duration> {
        let mut chance = StdRng::seed_from_u64(7);
        (0..100)
            .map(|_| backoff(Reconnect::default(), failures, &mut chance).expect("it reconnects"))
            .collect()
    }

    #[test]
    fn a_hundred_adapters_that_lose_the_daemon_at_once_come_back_spread_over_the_whole_delay() {
        for (failures, longest) in [(0, 100), (1, 200), (3, 800), (20, 5_000), (u32::MAX, 5_000)] {
            let delays = delays(failures);
            let tenth = |delay: &Duration| delay.as_millis() * 10 / longest;
            for part in 0..10 {
                let here = delays.iter().filter(|delay| tenth(delay) == part).count();
                assert!((1..=25).contains(&here), "{here} in part {part} of {longest} ms");
            }
        }
    }

    #[test]
    fn who_does_not_reconnect_has_no_delay() {
        let mut chance = StdRng::seed_from_u64(7);
        assert_eq!(backoff(Reconnect::Never, 0, &mut chance), None);
    }
}
