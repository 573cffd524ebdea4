//! The websocket: one reader for events and answers, one writer for requests.

use super::{Event, Request, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long the socket may take to open.
const OPEN_WITHIN: Duration = Duration::from_secs(5);
/// A socket that has been silent for so long is asked whether it lives, ...
const PING_AFTER: Duration = Duration::from_secs(5);
/// ... and is dead when it has been silent for so long.
const DEAD_AFTER: Duration = Duration::from_secs(15);

/// Where Asterisk is, and as whom to speak to it.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// Host and port.
    pub(crate) address: String,
    pub(crate) user: String,
    pub(crate) password: String,
    /// The name of the Stasis application.
    pub(crate) app: String,
}

/// Why the websocket is not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("no Asterisk at {address}: {reason}")]
    Unreachable { address: String, reason: String },
    #[error(
        "Asterisk at {address} refuses user `{user}` (HTTP {status}): see `ari.conf` there, and \
         `[asterisk]` here"
    )]
    Refused { address: String, user: String, status: u16 },
    #[error("Asterisk lets user `{user}` only read: `read_only` of `ari.conf` must be `no`")]
    ReadOnly { user: String },
    #[error("the websocket broke: {0}")]
    Socket(#[from] tungstenite::Error),
    #[error("Asterisk closed the websocket")]
    Closed,
    #[error("Asterisk has been silent for {} s", DEAD_AFTER.as_secs())]
    Silent,
}

/// What comes down the socket.
#[derive(Debug)]
pub(crate) enum Incoming {
    Event(Box<Event>),
    /// The answer to the request of this number.
    Response(u64, Response),
}

/// The open socket.
pub(crate) struct Client {
    writer: SplitSink<Socket, Message>,
    reader: SplitStream<Socket>,
    next_id: u64,
    heard_at: Instant,
    asked: bool,
}

#[derive(Deserialize)]
struct WireResponse {
    request_id: String,
    status_code: u16,
    message_body: Option<String>,
}

impl Client {
    /// Opens the socket, which registers the application.
    ///
    /// # Errors
    /// When nobody listens there, or the login is refused.
    pub(crate) async fn open(login: &Login) -> Result<Self, Broken> {
        let Login { address, user, password, app } = login;
        let key = super::request::escaped(&format!("{user}:{password}"));
        let app = super::request::escaped(app);
        let unreachable = |reason: String| Broken::Unreachable { address: address.clone(), reason };
        let url = format!("ws://{address}/ari/events?app={app}&api_key={key}");
        // The URL holds the password: what is wrong with it is said without it.
        let request = url
            .into_client_request()
            .map_err(|_| unreachable("the address cannot be one".to_owned()))?;
        let opened = timeout_at(Instant::now() + OPEN_WITHIN, connect_async(request)).await;
        let (socket, _) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(tungstenite::Error::Http(answer))) => {
                let (address, user) = (address.clone(), user.clone());
                return Err(Broken::Refused { address, user, status: answer.status().as_u16() });
            }
            Ok(Err(error)) => return Err(unreachable(error.to_string())),
            Err(_) => {
                return Err(unreachable(format!("no answer in {} s", OPEN_WITHIN.as_secs())));
            }
        };
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            // Without it small requests wait for each other's acknowledgements.
            let _ = stream.set_nodelay(true);
        }
        let (writer, reader) = socket.split();
        Ok(Self { writer, reader, next_id: 0, heard_at: Instant::now(), asked: false })
    }

    /// Puts a request into the line; `flush` sends what is there. Returns its number.
    ///
    /// # Errors
    /// When the socket is broken.
    pub(crate) async fn feed(&mut self, request: &Request) -> Result<u64, Broken> {
        self.next_id += 1;
        let text = request.on_the_wire(self.next_id);
        self.writer.feed(Message::Text(text.into())).await?;
        Ok(self.next_id)
    }

    /// Sends what is in the line.
    ///
    /// # Errors
    /// When the socket is broken.
    pub(crate) async fn flush(&mut self) -> Result<(), Broken> {
        Ok(self.writer.flush().await?)
    }

    /// The next event or answer. Cancel safe.
    ///
    /// # Errors
    /// When the socket is broken, or has been silent for too long.
    pub(crate) async fn next(&mut self) -> Result<Incoming, Broken> {
        loop {
            let patience = if self.asked { DEAD_AFTER } else { PING_AFTER };
            let Ok(message) = timeout_at(self.heard_at + patience, self.reader.next()).await else {
                if self.asked {
                    return Err(Broken::Silent);
                }
                self.asked = true;
                self.writer.send(Message::Ping(Bytes::new())).await?;
                continue;
            };
            self.heard_at = Instant::now();
            self.asked = false;
            match message.ok_or(Broken::Closed)?? {
                Message::Text(text) => {
                    if let Some(incoming) = read(&text) {
                        return Ok(incoming);
                    }
                }
                Message::Close(_) => return Err(Broken::Closed),
                _ => {}
            }
        }
    }

    /// Sends a request and waits for its answer; what comes before it goes to `aside`.
    ///
    /// # Errors
    /// When the socket is broken.
    pub(crate) async fn ask(
        &mut self,
        request: &Request,
        aside: &mut Vec<Incoming>,
    ) -> Result<Response, Broken> {
        let asked = self.feed(request).await?;
        self.flush().await?;
        loop {
            match self.next().await? {
                Incoming::Response(id, response) if id == asked => return Ok(response),
                other => aside.push(other),
            }
        }
    }
}

fn read(text: &str) -> Option<Incoming> {
    if let Ok(WireResponse { request_id, status_code, message_body }) = serde_json::from_str(text) {
        let body = message_body.and_then(|body| serde_json::from_str(&body).ok());
        let response = Response { status: status_code, body: body.unwrap_or(Value::Null) };
        return Some(Incoming::Response(request_id.parse().ok()?, response));
    }
    match serde_json::from_str(text) {
        Ok(event) => Some(Incoming::Event(Box::new(event))),
        Err(error) => {
            // Not the text: it may hold a caller's number.
            tracing::warn!(%error, "an event that cannot be read is passed over");
            None
        }
    }
}
