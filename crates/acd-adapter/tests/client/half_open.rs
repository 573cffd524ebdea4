//! A network that silently loses everything: no end, no error, only nothing.

use crate::fake::daemon;
use crate::session::{ended, ended_up, options};
use acd_adapter::{AdapterSession, KeepAlive, SessionEvent, SessionOptions};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A way to the daemon that can be cut without either end noticing: from then on the connections
/// that there are carry nothing, and new ones are whole.
async fn network(daemon: String) -> (String, watch::Sender<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (cuts, cut) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let address = daemon.trim_start_matches("http://");
            let far = TcpStream::connect(address).await.expect("the daemon listens");
            tokio::spawn(carry(near, far, cut.clone()));
        }
    });
    (server, cuts)
}

async fn carry(near: TcpStream, far: TcpStream, mut cut: watch::Receiver<u64>) {
    cut.mark_unchanged();
    let (mut near_reads, mut near_writes) = near.into_split();
    let (mut far_reads, mut far_writes) = far.into_split();
    let (mut up, mut down) = ([0; 4_096], [0; 4_096]);
    loop {
        tokio::select! {
            read = near_reads.read(&mut up) => match read {
                Ok(bytes @ 1..) => far_writes.write_all(&up[..bytes]).await.expect("it listens"),
                _ => return,
            },
            read = far_reads.read(&mut down) => match read {
                Ok(bytes @ 1..) => {
                    if near_writes.write_all(&down[..bytes]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            _ = cut.changed() => break,
        }
    }
    // Both ends stay open, and hear nothing more.
    std::future::pending::<()>().await;
}

/// Short, and yet longer than a busy machine may take to answer.
const KEEP_ALIVE: KeepAlive =
    KeepAlive { every: Duration::from_millis(100), within: Duration::from_secs(1) };

#[tokio::test]
async fn a_daemon_that_only_does_not_read_is_waited_for() {
    const REPORTS: u64 = 20_000;
    let (server, mut streams) = daemon().await;
    let options = SessionOptions { keep_alive: KEEP_ALIVE, ..options(&server) };
    let open = async {
        let mut stream = streams.recv().await.expect("a stream");
        stream.hello().await;
        stream.welcome(1, false, 0).await;
        stream
    };
    let (session, mut stream) = tokio::join!(AdapterSession::connect(options), open);
    let (sender, _events) = session.expect("welcomed");
    for _ in 0..REPORTS {
        sender.send(ended("a")).await.expect("in line");
    }
    tokio::time::sleep(KEEP_ALIVE.every + KEEP_ALIVE.within + KEEP_ALIVE.within).await;
    for number in 1..=REPORTS {
        assert_eq!(stream.report().await, (number, ended_up("a")));
    }
}

#[tokio::test]
async fn a_connection_that_is_only_half_open_is_noticed_and_nothing_is_lost() {
    let (daemon, mut streams) = daemon().await;
    let (server, cuts) = network(daemon).await;
    let options = SessionOptions { keep_alive: KEEP_ALIVE, ..options(&server) };
    let open = async {
        let mut stream = streams.recv().await.expect("a stream");
        stream.hello().await;
        stream.welcome(1, false, 0).await;
        stream
    };
    let (session, mut stream) = tokio::join!(AdapterSession::connect(options), open);
    let (sender, mut events) = session.expect("welcomed");
    assert!(matches!(events.recv().await, Some(SessionEvent::Connected { .. })));
    sender.send(ended("a")).await.expect("in line");
    assert_eq!(stream.report().await, (1, ended_up("a")));

    cuts.send_modify(|cuts| *cuts += 1);
    sender.send(ended("b")).await.expect("in line");
    let event = events.recv().await;
    assert!(
        matches!(event, Some(SessionEvent::Disconnected { retrying: true, .. })),
        "nobody said that anything was wrong: {event:?}"
    );
    let mut again = streams.recv().await.expect("another stream");
    again.hello().await;
    again.welcome(1, true, 1).await;
    assert_eq!(again.report().await, (2, ended_up("b")));
}
