//! Where the daemon is, as a person writes it.

use std::error::Error;
use std::time::Duration;
use tonic::transport::Endpoint;

/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How often a connection is probed, and for how long an answer is awaited.
const KEEP_ALIVE: KeepAlive =
    KeepAlive { every: Duration::from_secs(5), within: Duration::from_secs(5) };

/// How a connection whose other end has silently gone is noticed: by HTTP/2 pings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// How often a ping is sent.
    pub every: Duration,
    /// A peer that does not answer one for so long is gone, and so are its streams.
    pub within: Duration,
}

impl Default for KeepAlive {
    /// Gone is noticed within ten seconds.
    fn default() -> Self {
        KEEP_ALIVE
    }
}

/// The address cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{server}` is no address of a daemon; expected something like http://127.0.0.1:7170")]
pub struct AddressError {
    /// What was given.
    pub server: String,
}

/// The daemon at `server`: `http://127.0.0.1:7170`, or `127.0.0.1:7170` for short.
///
/// # Errors
/// When that is not an address.
pub fn endpoint(server: &str) -> Result<Endpoint, AddressError> {
    let wrong = || AddressError { server: server.to_owned() };
    let address =
        if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let endpoint = Endpoint::from_shared(address).map_err(|_| wrong())?;
    let uri = endpoint.uri();
    if uri.host().is_none_or(str::is_empty) || uri.scheme_str() != Some("http") {
        return Err(wrong());
    }
    let endpoint = endpoint.connect_timeout(CONNECT_WITHIN).tcp_nodelay(true);
    Ok(KEEP_ALIVE.of(endpoint))
}

impl KeepAlive {
    pub(crate) fn of(self, endpoint: Endpoint) -> Endpoint {
        endpoint
            .http2_keep_alive_interval(self.every)
            .keep_alive_timeout(self.within)
            .keep_alive_while_idle(true)
    }
}

/// What lies at the bottom of an error: `Connection refused`, not `transport error`.
pub fn root_of(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// A status code as gRPC writes it: `FAILED_PRECONDITION`.
pub fn code_word(code: tonic::Code) -> String {
    let name = format!("{code:?}");
    let mut word = String::with_capacity(name.len() + 2);
    for (index, letter) in name.chars().enumerate() {
        if index > 0 && letter.is_ascii_uppercase() {
            word.push('_');
        }
        word.push(letter.to_ascii_uppercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_its_scheme() {
        let endpoint = endpoint("127.0.0.1:7170").expect("host and port");
        assert_eq!(endpoint.uri().to_string(), "http://127.0.0.1:7170/");
    }

    #[test]
    fn what_is_no_address_is_named() {
        for server in ["", "http://", "not an address", "ftp://127.0.0.1:1"] {
            let error = endpoint(server).expect_err(server);
            assert_eq!(error.server, server);
        }
    }
}
