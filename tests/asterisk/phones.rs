//! Telephones: SIPp processes that call in, and that answer as agents do.

use super::bed::{AGENTS, CALLERS, free_port};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const SDP: &str = "v=0\no=- 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\n\
                   m=audio [media_port] RTP/AVP 0\na=rtpmap:0 PCMU/8000\n";

/// What a caller does.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// The number that he dials.
    pub(crate) dials: &'a str,
    /// When he hangs up, in milliseconds after he was answered; before that only if the other side
    /// does.
    pub(crate) stays_ms: u32,
}

/// How an agent's telephone behaves, each time that it is rung.
#[derive(Clone, Copy)]
pub(crate) enum Habit {
    /// It answers after a while, and hangs up after so long; times in milliseconds.
    Answers { rings: u32, talks: u32 },
    /// It rings for ever.
    Rings,
    /// It is busy.
    Busy,
}

/// A running SIPp, ended with its handle.
pub(crate) struct Phone {
    process: Child,
    folder: TempDir,
    pub(crate) port: u16,
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Phone {
    /// Whether a caller's call is over, and went as planned.
    pub(crate) fn is_over(&mut self) -> bool {
        self.process.try_wait().expect("a child").is_some()
    }

    /// The SIP messages that it has sent and received, in order, by their first line.
    pub(crate) fn messages(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path()).expect("its folder").flatten();
        let log = files.map(|file| file.path()).find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().contains("messages"))
        });
        let text = log.and_then(|log| std::fs::read(log).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let starts = |line: &&str| line.starts_with("SIP/2.0 ") || line.ends_with(" SIP/2.0");
        text.lines().map(str::trim_end).filter(starts).map(str::to_owned).collect()
    }

    /// How often it was rung.
    pub(crate) fn rung(&self) -> usize {
        self.messages().iter().filter(|line| line.starts_with("INVITE ")).count()
    }
}

/// Somebody calls.
pub(crate) fn calls(sip: u16, caller: Caller<'_>) -> Phone {
    let Caller { dials, stays_ms } = caller;
    let request = |method: &str, to: &str, cseq: u32, body: &str| {
        let length = if body.is_empty() { "0" } else { "[len]" };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
        format!(
            "<send><![CDATA[\n{method} sip:{dials}@[remote_ip]:[remote_port] SIP/2.0\n\
             Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n\
             From: <sip:5550100@[local_ip]:[local_port]>;tag=[call_number]\n\
             To: <sip:{dials}@[remote_ip]:[remote_port]>{to}\nCall-ID: [call_id]\n\
             CSeq: {cseq} {method}\nContact: <sip:5550100@[local_ip]:[local_port]>\n\
             Max-Forwards: 70\n{kind}Content-Length: {length}\n\n{body}]]></send>\n"
        )
    };
    let optional = |code: u32| format!("<recv response=\"{code}\" optional=\"true\"></recv>\n");
    let scenario = format!(
        "<?xml version=\"1.0\"?>\n<scenario name=\"caller\">\n{}{}{}{}\
         <recv response=\"503\" optional=\"true\" next=\"9\"></recv>\n\
         <recv response=\"480\" optional=\"true\" next=\"9\"></recv>\n\
         <recv response=\"200\"></recv>\n{}\
         <recv request=\"BYE\" timeout=\"{stays_ms}\" ontimeout=\"1\"></recv>\n\
         <send next=\"2\"><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n\
         [last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n]]></send>\n\
         <label id=\"1\"/>\n{}<recv response=\"200\"></recv>\n<label id=\"2\"/>\n\
         <nop next=\"3\"></nop>\n<label id=\"9\"/>\n{}<label id=\"3\"/>\n</scenario>\n",
        request("INVITE", "", 1, SDP),
        optional(100),
        optional(180),
        optional(183),
        request("ACK", "[peer_tag_param]", 1, ""),
        request("BYE", "[peer_tag_param]", 2, ""),
        request("ACK", "[peer_tag_param]", 1, ""),
    );
    let port = free_port(CALLERS);
    start(&scenario, CALLERS, port, &["-m", "1", &format!("127.0.0.1:{sip}")])
}

/// An agent's telephone at a port.
pub(crate) fn agent(port: u16, habit: Habit) -> Phone {
    let answer = |status: &str, body: &str| {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
        let length = if body.is_empty() { "0" } else { "[len]" };
        format!(
            "<send><![CDATA[\nSIP/2.0 {status}\n[last_Via:]\n[last_From:]\n\
             [last_To:];tag=a[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n\
             Contact: <sip:agent@[local_ip]:[local_port]>\n{kind}Content-Length: {length}\n\n\
             {body}]]></send>\n"
        )
    };
    let plain = |next: &str| {
        format!(
            "<send{next}><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n\
             [last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n]]></send>\n"
        )
    };
    let invited = "<recv request=\"INVITE\">\n<action>\n\
                   <ereg regexp=\"sip:[^>;]*\" search_in=\"hdr\" header=\"Contact:\" assign_to=\"1\"/>\n\
                   <ereg regexp=\"[^ ].*\" search_in=\"hdr\" header=\"From:\" assign_to=\"2\"/>\n\
                   <ereg regexp=\"[^ ].*\" search_in=\"hdr\" header=\"To:\" assign_to=\"3\"/>\n\
                   </action></recv>\n";
    let cancelled = format!("{}{}<recv request=\"ACK\"></recv>\n", plain(""), {
        "<send><![CDATA[\nSIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n\
         [last_To:];tag=a[call_number]\n[last_Call-ID:]\nCSeq: [last_cseq_number] INVITE\n\
         Content-Length: 0\n\n]]></send>\n"
    });
    let body = match habit {
        Habit::Answers { rings, talks } => format!(
            "{invited}{}<recv request=\"CANCEL\" timeout=\"{rings}\" ontimeout=\"1\"></recv>\n\
             {cancelled}<nop next=\"3\"></nop>\n<label id=\"1\"/>\n{}<recv request=\"ACK\"></recv>\n\
             <recv request=\"BYE\" timeout=\"{talks}\" ontimeout=\"2\"></recv>\n{}\
             <label id=\"2\"/>\n<send><![CDATA[\nBYE [$1] SIP/2.0\n\
             Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nFrom: [$3];tag=a[call_number]\n\
             To: [$2]\nCall-ID: [call_id]\nCSeq: 7 BYE\nMax-Forwards: 70\n\
             Content-Length: 0\n\n]]></send>\n<recv response=\"200\"></recv>\n<label id=\"3\"/>\n",
            answer("180 Ringing", ""),
            answer("200 OK", SDP),
            plain(" next=\"3\""),
        ),
        Habit::Rings => format!(
            "{invited}{}<recv request=\"CANCEL\"></recv>\n{cancelled}\
             <Reference variables=\"1,2,3\"/>\n",
            answer("180 Ringing", "")
        ),
        Habit::Busy => format!(
            "{invited}{}<recv request=\"ACK\"></recv>\n<Reference variables=\"1,2,3\"/>\n",
            answer("486 Busy Here", "")
        ),
    };
    let scenario =
        format!("<?xml version=\"1.0\"?>\n<scenario name=\"agent\">\n{body}</scenario>\n");
    start(&scenario, AGENTS, port, &[])
}

fn start(scenario: &str, address: &str, port: u16, more: &[&str]) -> Phone {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file: PathBuf = folder.path().join("scenario.xml");
    std::fs::write(&file, scenario).expect("a writable folder");
    let log = std::fs::File::create(folder.path().join("screen")).expect("a writable folder");
    let process = Command::new("sipp")
        .current_dir(folder.path())
        .args(["-sf", "scenario.xml", "-i", address, "-p", &port.to_string()])
        .args(["-nostdin", "-trace_msg", "-trace_err", "-default_behaviors", "all,-abortunexp"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .expect("sipp runs");
    Phone { process, folder, port }
}
