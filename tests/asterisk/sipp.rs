//! What SIPp is told to do: scenarios in its XML, put together from a few steps.

/// A caller's, or an agent's who dials: he stays until the other side hangs up, or for so many
/// milliseconds after the answer.
pub(crate) fn dialling(from: &str, dials: &str, stays_ms: u32) -> String {
    let request = |method: &str, to: &str, cseq: u32, body: &str| {
        asks(from, dials, (method, "[branch]"), to, cseq, body)
    };
    let refused =
        |code: u32| format!("<recv response=\"{code}\" optional=\"true\" next=\"9\"></recv>\n");
    scenario(&[
        &request("INVITE", "", 1, SDP),
        &provisional(),
        &refused(503),
        &refused(480),
        &refused(403),
        OK,
        &request("ACK", "[peer_tag_param]", 1, ""),
        &format!("<recv request=\"BYE\" timeout=\"{stays_ms}\" ontimeout=\"1\"></recv>\n"),
        &agrees(" next=\"2\""),
        "<label id=\"1\"/>\n",
        &request("BYE", "[peer_tag_param]", 2, ""),
        OK,
        "<label id=\"2\"/>\n<nop next=\"3\"></nop>\n<label id=\"9\"/>\n",
        &request("ACK", "[peer_tag_param]", 1, ""),
        "<label id=\"3\"/>\n",
    ])
}

/// One who dials, and gives up if nobody has answered after so long.
pub(crate) fn giving_up(from: &str, dials: &str, after_ms: u32) -> String {
    // What follows an INVITE that was not answered has its branch: so many steps back.
    let request = |method, to: &str, body: &str| asks(from, dials, method, to, 1, body);
    scenario(&[
        &request(("INVITE", "[branch]"), "", SDP),
        "<recv response=\"100\" optional=\"true\"></recv>\n<recv response=\"180\"></recv>\n",
        &format!("<pause milliseconds=\"{after_ms}\"/>\n"),
        &request(("CANCEL", "[branch-4]"), "", ""),
        OK,
        "<recv response=\"487\"></recv>\n",
        &request(("ACK", "[branch-7]"), "[peer_tag_param]", ""),
    ])
}

fn asks(
    from: &str,
    dials: &str,
    (method, branch): (&str, &str),
    to: &str,
    cseq: u32,
    body: &str,
) -> String {
    format!(
        "<send><![CDATA[\n{method} sip:{dials}@[remote_ip]:[remote_port] SIP/2.0\n\
         Via: SIP/2.0/UDP [local_ip]:[local_port];branch={branch}\n\
         From: <sip:{from}@[local_ip]:[local_port]>;tag=[call_number]\n\
         To: <sip:{dials}@[remote_ip]:[remote_port]>{to}\nCall-ID: [call_id]\n\
         CSeq: {cseq} {method}\nContact: <sip:{from}@[local_ip]:[local_port]>\n\
         Max-Forwards: 70\n{}]]></send>\n",
        with_body(body)
    )
}

/// An agent's telephone that is busy.
pub(crate) fn busy() -> String {
    scenario(&[INVITED, &answers("486 Busy Here", ""), ACK, UNUSED])
}

/// One that rings until the caller's side has had enough.
pub(crate) fn ringing() -> String {
    let cancelled = cancelled();
    scenario(&[INVITED, &answers("180 Ringing", ""), CANCEL, &cancelled, UNUSED])
}

/// One that answers after so many milliseconds, and then does this.
pub(crate) fn answering(rings_ms: u32, then: &str) -> String {
    scenario(&[
        INVITED,
        &answers("180 Ringing", ""),
        &format!("<recv request=\"CANCEL\" timeout=\"{rings_ms}\" ontimeout=\"1\"></recv>\n"),
        &cancelled(),
        "<nop next=\"3\"></nop>\n<label id=\"1\"/>\n",
        &answers("200 OK", SDP),
        ACK,
        then,
        "<label id=\"3\"/>\n",
        UNUSED,
    ])
}

/// Hangs up after so many milliseconds, if the other side has not.
pub(crate) fn hangs_up_after(talks_ms: u32) -> String {
    format!(
        "<recv request=\"BYE\" timeout=\"{talks_ms}\" ontimeout=\"2\"></recv>\n{}\
         <label id=\"2\"/>\n{}{OK}",
        agrees(" next=\"3\""),
        says("BYE", 7, "", "")
    )
}

/// Hangs up after a time between these, in milliseconds.
pub(crate) fn hangs_up_within((least, most): (u32, u32)) -> String {
    format!(
        "<pause distribution=\"uniform\" min=\"{least}\" max=\"{most}\"/>\n{}{OK}",
        says("BYE", 7, "", "")
    )
}

/// Puts the other side on hold for a while, and then waits for its end.
pub(crate) fn holds(after_ms: u32, holds_ms: u32) -> String {
    let invites = |cseq: u32, media: &str| {
        let sdp = format!("{SDP}a={media}\n");
        format!(
            "{}{}{OK}{}",
            says("INVITE", cseq, "", &sdp),
            provisional(),
            says("ACK", cseq, "", "")
        )
    };
    format!(
        "<pause milliseconds=\"{after_ms}\"/>\n{}<pause milliseconds=\"{holds_ms}\"/>\n{}\
         <recv request=\"BYE\"></recv>\n{}",
        invites(2, "sendonly"),
        invites(3, "sendrecv"),
        agrees("")
    )
}

/// Hands the other side on, without asking there first.
pub(crate) fn transfers(after_ms: u32, to: &str) -> String {
    let refer_to = format!("Refer-To: <sip:{to}@127.0.0.1>\n");
    format!(
        "<pause milliseconds=\"{after_ms}\"/>\n{}{}",
        says("REFER", 2, &refer_to, ""),
        referred()
    )
}

/// Calls somebody else, talks to him, and connects the two.
pub(crate) fn consults(after_ms: u32, agent: &str, asks: &str, talks_ms: u32) -> String {
    // What stands before `///` makes it another dialogue of the same scenario.
    let asks_there = |method: &str, to: &str, cseq: u32, body: &str| {
        format!(
            "<send><![CDATA[\n{method} sip:{asks}@[$7] SIP/2.0\n\
             Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n\
             From: <sip:{agent}@[local_ip]:[local_port]>;tag=second\n\
             To: <sip:{asks}@[$7]>{to}\nCall-ID: second///[call_id]\n\
             CSeq: {cseq} {method}\nContact: <sip:{agent}@[local_ip]:[local_port]>\n\
             Max-Forwards: 70\n{}]]></send>\n",
            with_body(body)
        )
    };
    let tag = "<recv response=\"200\">\n<action>\n\
               <ereg regexp=\"tag=([^;]*)\" search_in=\"hdr\" header=\"To:\" assign_to=\"4,5\"/>\n\
               </action></recv>\n<Reference variables=\"4\"/>\n";
    let refer_to = format!(
        "Refer-To: <sip:{asks}@127.0.0.1?Replaces=second%2F%2F%2F[call_id]%3Bto-tag%3D[$5]\
         %3Bfrom-tag%3Dsecond>\n"
    );
    format!(
        "<pause milliseconds=\"{after_ms}\"/>\n{}{}{tag}{}<pause milliseconds=\"{talks_ms}\"/>\n{}{}",
        asks_there("INVITE", "", 1, SDP),
        provisional(),
        asks_there("ACK", ";tag=[$5]", 1, ""),
        says("REFER", 2, &refer_to, ""),
        referred()
    )
}

const SDP: &str = "v=0\no=- 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\n\
                   m=audio [media_port] RTP/AVP 0\na=rtpmap:0 PCMU/8000\n";
const OK: &str = "<recv response=\"200\"></recv>\n";
const ACK: &str = "<recv request=\"ACK\"></recv>\n";
const CANCEL: &str = "<recv request=\"CANCEL\"></recv>\n";
/// Keeps where the other side is, and the two ends' names.
const INVITED: &str = "<recv request=\"INVITE\">\n<action>\n\
    <ereg regexp=\"sip:[^>;]*\" search_in=\"hdr\" header=\"Contact:\" assign_to=\"1\"/>\n\
    <ereg regexp=\"[^ ].*\" search_in=\"hdr\" header=\"From:\" assign_to=\"2\"/>\n\
    <ereg regexp=\"[^ ].*\" search_in=\"hdr\" header=\"To:\" assign_to=\"3\"/>\n\
    <ereg regexp=\"@([^>;]*)\" search_in=\"hdr\" header=\"Contact:\" assign_to=\"6,7\"/>\n\
    </action></recv>\n";
/// SIPp refuses what is kept and not used; not every telephone uses all of it.
const UNUSED: &str = "<Reference variables=\"1,2,3,6,7\"/>\n";

fn scenario(steps: &[&str]) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<scenario name=\"telephone\">\n{}</scenario>\n",
        steps.concat()
    )
}

fn provisional() -> String {
    let optional = |code: u32| format!("<recv response=\"{code}\" optional=\"true\"></recv>\n");
    [100, 180, 183].map(optional).concat()
}

/// The end of a message's head, and its body.
fn with_body(body: &str) -> String {
    if body.is_empty() {
        return "Content-Length: 0\n\n".to_owned();
    }
    format!("Content-Type: application/sdp\nContent-Length: [len]\n\n{body}")
}

/// What an agent's telephone answers to the INVITE.
fn answers(status: &str, body: &str) -> String {
    format!(
        "<send><![CDATA[\nSIP/2.0 {status}\n[last_Via:]\n[last_From:]\n\
         [last_To:];tag=a[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n\
         Contact: <sip:agent@[local_ip]:[local_port]>\n{}]]></send>\n",
        with_body(body)
    )
}

/// What an agent's telephone says within the call that it was rung for.
fn says(method: &str, cseq: u32, more: &str, body: &str) -> String {
    format!(
        "<send><![CDATA[\n{method} [$1] SIP/2.0\n\
         Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nFrom: [$3];tag=a[call_number]\n\
         To: [$2]\nCall-ID: [call_id]\nCSeq: {cseq} {method}\nMax-Forwards: 70\n\
         Contact: <sip:agent@[local_ip]:[local_port]>\n{more}{}]]></send>\n",
        with_body(body)
    )
}

fn agrees(next: &str) -> String {
    format!(
        "<send{next}><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n\
         [last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n]]></send>\n"
    )
}

fn cancelled() -> String {
    format!(
        "{}<send><![CDATA[\nSIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n\
         [last_To:];tag=a[call_number]\n[last_Call-ID:]\nCSeq: [last_cseq_number] INVITE\n\
         Content-Length: 0\n\n]]></send>\n{ACK}",
        agrees("")
    )
}

/// The transfer is accepted, told of, and done.
fn referred() -> String {
    format!(
        "<recv response=\"202\"></recv>\n<label id=\"5\"/>\n\
         <recv request=\"BYE\" optional=\"true\" next=\"6\"></recv>\n\
         <recv request=\"NOTIFY\"></recv>\n{}<label id=\"6\"/>\n{}",
        agrees(" next=\"5\""),
        agrees("")
    )
}
