//! What was said in SIP, as tcpdump has seen it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A request, by the sender's address and the numbers that it names.
pub(crate) struct Request {
    /// When it was sent, as the kernel stamped it.
    pub(crate) at: Duration,
    pub(crate) sender: String,
    pub(crate) method: Method,
    /// Who is asked.
    pub(crate) to: String,
    /// Who asks.
    pub(crate) from: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Invite,
    Bye,
}

/// A running tcpdump.
pub(crate) struct Capture {
    process: Child,
    folder: TempDir,
}

impl Capture {
    /// Of what goes to and from a SIP port.
    pub(crate) fn start(sip: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new("tcpdump")
            .args(["-i", "lo", "-n", "-s", "0", "-Z", "root", "-U", "-B", "16384", "-w"])
            .arg(file(&folder))
            .args(["udp", "port", &sip.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let capture = Self { process, folder };
        super::bed::until("the capture", || file(&capture.folder).exists());
        capture
    }

    /// All requests so far, in order; ends the capture.
    pub(crate) fn requests(mut self) -> Vec<Request> {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let mut read = Command::new("tcpdump");
        read.args(["-tt", "-n", "-A", "-r"]).arg(file(&self.folder)).stderr(Stdio::null());
        let output = read.output().unwrap();
        parse(&String::from_utf8_lossy(&output.stdout))
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("sip.pcap")
}

/// A packet begins with `1764267411.123456 IP 127.0.0.6.7000 > 127.0.0.1.5060: ...`; its bytes follow,
/// with those of its head before its first line.
fn parse(text: &str) -> Vec<Request> {
    let mut requests = Vec::new();
    let mut packet = None;
    for line in text.lines().map(str::trim_end) {
        if let Some((at, sender)) = head(line) {
            packet = Some((at, sender.to_owned(), None));
        } else if let Some((at, sender, request)) = &mut packet {
            match request {
                None => *request = first_line(line),
                Some((method, to)) => {
                    let Some(from) = line.strip_prefix("From:") else { continue };
                    let (to, from) = (to.clone(), user(from).unwrap_or_default().to_owned());
                    let (at, sender, method) = (*at, sender.clone(), *method);
                    requests.push(Request { at, sender, method, to, from });
                    packet = None;
                }
            }
        }
    }
    requests
}

fn head(line: &str) -> Option<(Duration, &str)> {
    let (at, rest) = line.split_once(" IP ")?;
    let (seconds, micros) = at.split_once('.')?;
    let at = Duration::new(seconds.parse().ok()?, micros.parse::<u32>().ok()? * 1_000);
    let (sender, _port) = rest.split_once(" > ")?.0.rsplit_once('.')?;
    Some((at, sender))
}

fn first_line(line: &str) -> Option<(Method, String)> {
    let line = line.strip_suffix(" SIP/2.0")?;
    let methods = [("INVITE ", Method::Invite), ("BYE ", Method::Bye)];
    methods.into_iter().find_map(|(word, method)| {
        let (_, to) = line.split_once(word)?;
        Some((method, user(to)?.to_owned()))
    })
}

/// `201` of `<sip:201@127.0.0.6:7000>`.
fn user(address: &str) -> Option<&str> {
    let (_, address) = address.split_once("sip:")?;
    Some(address.split_once('@').map_or(address, |(user, _)| user))
}
