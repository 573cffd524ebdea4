//! Which addresses are served: loopback only while the wire is plaintext.

use crate::failure::Failure;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

/// Where an address came from, to say so when it will not do.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// As it was written.
    pub(crate) address: String,
    /// What it was written in: `--listen`, or a key of the configuration.
    pub(crate) source: String,
    /// The flag that changes it.
    pub(crate) flag: &'static str,
}

/// Sockets that listen on two loopback addresses: gRPC's and HTTP's.
///
/// # Errors
/// An address that is none or is not loopback is wrong, whatever the other one is, and so are two
/// that are the same; one that is in use is in the way.
pub(crate) fn bind(grpc: &Wanted, http: &Wanted) -> Result<(TcpListener, TcpListener), Failure> {
    let (grpc_at, http_at) = (loopback(grpc)?, loopback(http)?);
    if is_same(grpc_at, http_at) {
        return Err(Failure::Wrong(format!(
            "{} and {} are both {grpc_at}: gRPC and HTTP need an address each; choose another with \
             {} ADDR or {} ADDR (port 0 picks a free one)",
            grpc.source, http.source, grpc.flag, http.flag
        )));
    }
    Ok((listen(grpc_at, grpc.flag)?, listen(http_at, http.flag)?))
}

/// Whether only one of the two could be served; port 0 is another one each time.
fn is_same(grpc: SocketAddr, http: SocketAddr) -> bool {
    let spelt_alike = |address: SocketAddr| (address.ip().to_canonical(), address.port());
    grpc.port() != 0 && spelt_alike(grpc) == spelt_alike(http)
}

fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| {
            Failure::InTheWay(match error.kind() {
                io::ErrorKind::AddrInUse => format!(
                    "{address} is in use already: stop what listens there, or choose another \
                     address with {flag} ADDR (port 0 picks a free one)"
                ),
                io::ErrorKind::PermissionDenied => format!(
                    "{address}: no permission to listen there; choose a port from 1024 up with \
                     {flag} ADDR"
                ),
                _ => format!("cannot listen on {address}: {error}; choose another with {flag}"),
            })
        })
}

fn loopback(wanted: &Wanted) -> Result<SocketAddr, Failure> {
    let Wanted { address, source, .. } = wanted;
    let parsed = match address.strip_prefix("localhost:") {
        Some(port) => port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).ok(),
        None => address.parse::<SocketAddr>().ok(),
    };
    let Some(parsed) = parsed else {
        return Err(Failure::Wrong(format!(
            "{source}: `{address}` is not an address; write IP:PORT, such as 127.0.0.1:7170"
        )));
    };
    let is_loopback = match parsed.ip() {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.to_canonical().is_loopback(),
    };
    if !is_loopback {
        return Err(Failure::Wrong(format!(
            "{source}: {address} is not a loopback address, and acdd speaks plaintext: listen on \
             127.0.0.1 or [::1], and let a tunnel or a TLS proxy on this machine carry what comes \
             from outside"
        )));
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(address: &str) -> Wanted {
        Wanted { address: address.to_owned(), source: "--listen".to_owned(), flag: "--listen" }
    }

    #[test]
    fn loopback_in_every_spelling_will_do() {
        for address in
            ["127.0.0.1:0", "127.8.9.1:0", "[::1]:0", "localhost:0", "[::ffff:127.0.0.1]:0"]
        {
            assert!(loopback(&wanted(address)).is_ok(), "{address}");
        }
    }

    #[test]
    fn an_address_off_loopback_is_wrong_and_named() {
        for address in ["0.0.0.0:7170", "[::]:7170", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
            let failure = loopback(&wanted(address)).expect_err(address);
            assert!(matches!(failure, Failure::Wrong(_)));
            assert!(failure.to_string().contains(address), "{failure}");
        }
    }

    #[test]
    fn what_is_no_address_is_wrong() {
        for address in ["7170", "127.0.0.1", "localhost", "", "localhost:70000"] {
            let failure = loopback(&wanted(address)).expect_err(address);
            assert!(failure.to_string().contains("IP:PORT"), "{failure}");
        }
    }

    #[test]
    fn one_address_for_both_is_wrong_in_every_spelling() {
        for other in ["127.0.0.1:7170", "localhost:7170", "[::ffff:127.0.0.1]:7170"] {
            let failure = bind(&wanted("127.0.0.1:7170"), &wanted(other)).expect_err(other);
            assert!(matches!(failure, Failure::Wrong(_)), "{failure}");
            assert!(failure.to_string().contains("127.0.0.1:7170"), "{failure}");
        }
    }

    #[test]
    fn a_port_in_use_is_in_the_way_and_the_flag_is_named() {
        let any = wanted("127.0.0.1:0");
        let (first, _) = bind(&any, &any).expect("free ports");
        let address = first.local_addr().expect("a bound socket").to_string();
        let failure = bind(&any, &wanted(&address)).expect_err("the port is taken");
        assert!(matches!(failure, Failure::InTheWay(_)));
        assert!(failure.to_string().contains(&address), "{failure}");
        assert!(failure.to_string().contains("--listen"), "{failure}");
    }
}
