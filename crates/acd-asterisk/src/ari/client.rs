//! The websocket: one reader for events and answers, one writer for requests.

use super::{Event, Method, Request, Response, escaped};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long the socket may take to open.
const OPEN_WITHIN: Duration = Duration::from_secs(5);
/// When no event has come for so long, one is asked for, ...
const ECHO_AFTER: Duration = Duration::from_secs(5);
/// ... and the socket is dead when none has come for so long.
const DEAD_AFTER: Duration = Duration::from_secs(15);
/// How long the first event of a new socket may take.
const FIRST_ECHO_WITHIN: Duration = Duration::from_secs(2);

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
    #[error("Asterisk has ended the application `{app}` together with a former connection")]
    Deaf { app: String },
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
    /// The name of the Stasis application.
    app: String,
    /// When the last event came: answers come even when the application hears nothing any more.
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
        let key = escaped(&format!("{user}:{password}"));
        let app = escaped(app);
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
        let (app, heard_at) = (login.app.clone(), Instant::now());
        Ok(Self { writer, reader, next_id: 0, app, heard_at, asked: false })
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
    /// When the socket is broken, or no event has come for too long.
    pub(crate) async fn next(&mut self) -> Result<Incoming, Broken> {
        loop {
            let patience = if self.asked { DEAD_AFTER } else { ECHO_AFTER };
            let Ok(message) = timeout_at(self.heard_at + patience, self.reader.next()).await else {
                if self.asked {
                    return Err(Broken::Silent);
                }
                self.ask_for_echo().await?;
                continue;
            };
            match message.ok_or(Broken::Closed)?? {
                Message::Text(text) => {
                    let Some(incoming) = read(&text) else { continue };
                    if matches!(incoming, Incoming::Event(_)) {
                        self.heard_at = Instant::now();
                        self.asked = false;
                    }
                    return Ok(incoming);
                }
                Message::Close(_) => return Err(Broken::Closed),
                _ => {}
            }
        }
    }

    /// Sees whether events come down this socket; what comes before the first goes to `aside`.
    ///
    /// When a former socket of the application closes in the moment in which this one takes over,
    /// Asterisk at times ends the application, and answers here as if nothing had happened.
    ///
    /// # Errors
    /// When none comes, or the socket is broken.
    pub(crate) async fn hears(&mut self, aside: &mut Vec<Incoming>) -> Result<(), Broken> {
        self.ask_for_echo().await?;
        let deadline = Instant::now() + FIRST_ECHO_WITHIN;
        loop {
            match timeout_at(deadline, self.next()).await {
                Ok(Ok(Incoming::Event(event))) if matches!(*event, Event::Echo) => return Ok(()),
                Ok(other) => aside.push(other?),
                Err(_) => return Err(Broken::Deaf { app: self.app.clone() }),
            }
        }
    }

    async fn ask_for_echo(&mut self) -> Result<(), Broken> {
        self.asked = true;
        let echo = Request::new(Method::Post, "events/user/acd-echo");
        self.feed(&echo.with("application", &self.app)).await?;
        self.flush().await
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// An Asterisk that answers every request, and says nothing else.
    async fn mute(listener: TcpListener) {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a websocket");
        while let Some(Ok(Message::Text(request))) = socket.next().await {
            let request: Value = serde_json::from_str(&request).expect("JSON");
            let id = &request["request_id"];
            let answer = serde_json::json!({
                "type": "RESTResponse", "request_id": id, "status_code": 204,
            });
            socket.send(Message::text(answer.to_string())).await.expect("an open socket");
        }
    }

    #[tokio::test]
    async fn a_socket_that_only_answers_is_found_out() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(mute(listener));
        let [user, password, app] = ["acd", "secret", "acd"].map(str::to_owned);
        let mut client =
            Client::open(&Login { address, user, password, app }).await.expect("an open socket");
        let mut aside = Vec::new();
        let heard = client.hears(&mut aside).await;
        assert!(matches!(heard, Err(Broken::Deaf { .. })), "{heard:?}");
        assert!(matches!(aside[..], [Incoming::Response(1, _)]), "{aside:?}");
    }
}
