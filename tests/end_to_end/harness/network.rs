//! A network between adapters and a daemon that is as bad as a test wants it.

use super::Daemon;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It carries everything.
    Carries,
    /// Both ends stay open, and hear nothing more.
    FallsSilent,
    /// It breaks, in the middle of whatever it carries.
    Breaks,
}

/// How the network is.
#[derive(Clone, Copy, Debug)]
struct Weather {
    /// Where it leads to.
    daemon: SocketAddr,
    /// Nobody gets through.
    closed: bool,
    /// Each piece is late by up to so much.
    delay: Duration,
}

/// A way to a daemon. Its connections carry everything, at once and in order, until told otherwise.
pub(crate) struct Network {
    /// Where adapters find the daemon.
    pub(crate) server: String,
    weather: Arc<watch::Sender<Weather>>,
    connections: Arc<Mutex<Vec<watch::Sender<Fate>>>>,
}

impl Network {
    pub(crate) async fn to(daemon: &Daemon) -> Self {
        Self::to_address(daemon.grpc).await
    }

    /// The same to any port.
    pub(crate) async fn to_address(daemon: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = format!("http://{}", listener.local_addr().expect("it is bound"));
        let weather = Weather { daemon, closed: false, delay: Duration::ZERO };
        let weather = Arc::new(watch::Sender::new(weather));
        let connections = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn({
            let (weather, connections) = (Arc::clone(&weather), Arc::clone(&connections));
            async move {
                while let Ok((near, _)) = listener.accept().await {
                    let Weather { daemon, closed, .. } = *weather.borrow();
                    if closed {
                        continue;
                    }
                    // A daemon that is down refuses.
                    let Ok(far) = TcpStream::connect(daemon).await else { continue };
                    let fate = watch::Sender::new(Fate::Carries);
                    let (near_reads, near_writes) = near.into_split();
                    let (far_reads, far_writes) = far.into_split();
                    let weather = weather.subscribe();
                    let up = carry(near_reads, far_writes, weather.clone(), fate.subscribe());
                    let down = carry(far_reads, near_writes, weather, fate.subscribe());
                    // The end of one direction is the end of both, as with a process that has gone.
                    tokio::spawn(async {
                        tokio::select! { () = up => {}, () = down => {} }
                    });
                    connections.lock().expect("no panic with it").push(fate);
                }
            }
        });
        Self { server, weather, connections }
    }

    /// It leads to another daemon from now on; what is connected stays so.
    pub(crate) fn leads_to(&self, daemon: &Daemon) {
        self.leads_to_address(daemon.grpc);
    }

    /// The same to any port.
    pub(crate) fn leads_to_address(&self, daemon: SocketAddr) {
        self.weather.send_modify(|weather| weather.daemon = daemon);
    }

    /// Whether nobody gets through; what is connected stays so.
    pub(crate) fn is_closed(&self, closed: bool) {
        self.weather.send_modify(|weather| weather.closed = closed);
    }

    /// Each piece comes later by up to so much, in order all the same.
    pub(crate) fn delays(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }

    /// What becomes of one of the connections that carry, if there is one.
    pub(crate) fn one(&self, fate: Fate, chance: &mut impl rand::Rng) {
        use rand::seq::IteratorRandom as _;
        let connections = self.connections.lock().expect("no panic with it");
        let live = connections.iter().filter(|connection| connection.receiver_count() > 0);
        if let Some(one) = live.filter(|it| *it.borrow() == Fate::Carries).choose(chance) {
            one.send_replace(fate);
        }
    }

    /// What becomes of all connections that there are.
    pub(crate) fn all(&self, fate: Fate) {
        for connection in self.connections.lock().expect("no panic with it").iter() {
            connection.send_replace(fate);
        }
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().expect("no panic with it").len()
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
    mut fate: watch::Receiver<Fate>,
) {
    // Small, so that what breaks breaks within messages.
    let mut piece = [0; 512];
    let carried = async {
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let delay = weather.borrow().delay;
            if delay > Duration::ZERO {
                tokio::time::sleep(rand::random_range(Duration::ZERO..=delay)).await;
            }
            if to.write_all(&piece[..length]).await.is_err() {
                return;
            }
        }
    };
    let fell_silent = async {
        let fallen = fate.wait_for(|fate| *fate != Fate::Carries).await;
        fallen.is_ok_and(|fate| *fate == Fate::FallsSilent)
    };
    let fell_silent = tokio::select! {
        () = carried => false,
        silent = fell_silent => silent,
    };
    if fell_silent {
        // Both ends stay open until it breaks after all.
        let _over = fate.wait_for(|fate| *fate == Fate::Breaks).await;
    }
}
