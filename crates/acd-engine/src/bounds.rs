//! How much of everything there may be, and the one place where names and sizes are checked.

use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::{CallRef, Person, Recipients, Request};
use crate::session::{AdapterMessage, AgentMeant, AskedPresence, Hello, OfferedCall, ResyncPart};
use acd_core::Span;
use std::time::Duration;

/// The most live calls of a domain.
pub const CALLS_MAX: usize = 1_000_000;
/// The most adapters that a domain meets in its life, restarts included.
pub use acd_core::ADAPTERS_MAX;
/// The longest id of a call or an agent, in bytes.
pub const ID_BYTES_MAX: usize = 128;
/// The longest name of an adapter, in bytes.
pub const ADAPTER_NAME_BYTES_MAX: usize = 64;
/// The longest name and version of an adapter's software, in bytes.
pub const SOFTWARE_BYTES_MAX: usize = 128;
/// The longest number that was dialled, and that of a caller, in bytes.
pub const TELEPHONE_NUMBER_BYTES_MAX: usize = 128;
/// The most attributes that a call may carry.
pub const ATTRIBUTES_MAX: usize = 64;
/// The longest key of an attribute, in bytes.
pub const ATTRIBUTE_KEY_BYTES_MAX: usize = 64;
/// The longest value of an attribute, in bytes.
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 256;
/// The longest that a call may have waited when it is first heard of.
pub const WAITED_MAX: Span = Span::from_secs(7 * 24 * 3_600);
/// The longest reason that a person may give, in bytes.
pub const REASON_BYTES_MAX: usize = 256;
/// The longest message to agents, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 512;
/// The most orders that an adapter may leave unacknowledged.
pub const UNACKNOWLEDGED_MAX: usize = 65_536;
/// How many ended offers are remembered, to say how they ended.
pub const ENDED_OFFERS_KEPT: usize = 4_096;
/// The most subscribers of a domain.
pub const SUBSCRIBERS_MAX: usize = 4_096;
/// The most different streams that the subscribers of a domain share.
pub const HUBS_MAX: usize = 256;
/// The most messages that a hub keeps for those of its listeners who read slowly, ...
pub const HUB_MESSAGES_KEPT: usize = 4_096;
/// ... and the most bytes; the last message is kept however long it is.
pub const HUB_BYTES_KEPT: usize = 1 << 20;
/// The longest time between two messages of a hub.
pub const HUB_EVERY_MAX: Duration = Duration::from_secs(60);
/// The most agents' watches of a domain.
pub const AGENT_WATCHES_MAX: usize = 65_536;

/// Nothing that is asked for a person is longer or stranger than it may be.
pub(crate) fn check_request(request: &Request, person: &Person) -> Result<(), Refusal> {
    check_id(&person.name, "actor.name")?;
    no_longer(&person.reason, REASON_BYTES_MAX, "actor.reason")?;
    match request {
        Request::LogIn { agent, .. }
        | Request::LogOut { agent }
        | Request::Heartbeat { agent }
        | Request::Ready { agent }
        | Request::Accept { agent, .. }
        | Request::Decline { agent, .. }
        | Request::ExtendWrapUp { agent, .. }
        | Request::ForcePresence { agent, .. } => check_id(agent, "agent"),
        Request::EndWrapUp { agent, call, disposition } => {
            check_id(agent, "agent")?;
            check_wrap_up(call.as_ref(), disposition.as_deref())
        }
        Request::NotReady { agent, reason } => {
            check_id(agent, "agent")?;
            reason.as_deref().map_or(Ok(()), |reason| check_id(reason, "reason"))
        }
        Request::MoveCall { call, queue } => {
            check_call(call)?;
            check_id(queue, "queue")
        }
        Request::SetClosed { queue, .. } => check_id(queue, "queue"),
        Request::SetSkill { agent, skill, .. } => {
            check_id(agent, "agent")?;
            check_id(skill, "skill")
        }
        Request::PickCall { call, agent } => {
            check_call(call)?;
            check_id(agent, "agent")
        }
        Request::MessageAgents { to, text } => {
            match to {
                Recipients::Agent(agent) => check_id(agent, "agent")?,
                Recipients::Queue(queue) => check_id(queue, "queue")?,
                Recipients::Everybody => {}
            }
            check_text(text)
        }
        Request::SetPriority { call, .. } | Request::EndCall { call, .. } => check_call(call),
    }
}

fn check_wrap_up(call: Option<&CallRef>, disposition: Option<&str>) -> Result<(), Refusal> {
    call.map_or(Ok(()), check_call)?;
    disposition.map_or(Ok(()), |disposition| check_id(disposition, "disposition"))
}

/// Of a message to agents.
fn check_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return malformed("must not be empty", "text");
    }
    no_longer(text, MESSAGE_BYTES_MAX, "text")?;
    no_controls(text, "text")
}

/// The same for a question about a call.
pub(crate) fn check_question(call: &CallRef, agent: Option<&str>) -> Result<(), Refusal> {
    check_call(call)?;
    agent.map_or(Ok(()), |agent| check_id(agent, "agent"))
}

/// The same for a message of an adapter.
pub(crate) fn check_message(message: &AdapterMessage) -> Result<(), Refusal> {
    match message {
        AdapterMessage::CallOffered(offered) => check_offered(offered),
        AdapterMessage::Resync { resync: 0, .. } => {
            malformed("must be the number that Welcome names", "resync")
        }
        AdapterMessage::Resync { part: ResyncPart::Call(held), .. } => check_offered(held),
        AdapterMessage::Resync { part: ResyncPart::Leg { call, agent, state: _ }, .. } => {
            check_call(call)?;
            check_id(agent, "agent")
        }
        AdapterMessage::CallEnded { call_id }
        | AdapterMessage::AgentLegLost { call_id }
        | AdapterMessage::CallHeld { call_id }
        | AdapterMessage::CallRetrieved { call_id } => check_id(call_id, "call_id"),
        AdapterMessage::CallTransferred { call_id, queue, dialed } => {
            check_id(call_id, "call_id")?;
            check_number(dialed.as_deref().unwrap_or_default(), "dialed")?;
            if queue.is_empty() { Ok(()) } else { check_id(queue, "queue") }
        }
        AdapterMessage::WrapUpDone { agent, call, disposition } => {
            check_agent(agent)?;
            check_wrap_up(call.as_ref(), disposition.as_deref())
        }
        AdapterMessage::AgentPresence { agent, presence } => {
            check_agent(agent)?;
            match presence {
                AskedPresence::NotReady(Some(reason)) => check_id(reason, "reason"),
                AskedPresence::NotReady(None) | AskedPresence::Ready | AskedPresence::LoggedOut => {
                    Ok(())
                }
            }
        }
        AdapterMessage::DeviceChanged { address, device: _ } => check_id(address, "address"),
        AdapterMessage::OfferResult { .. }
        | AdapterMessage::CallBridged { .. }
        | AdapterMessage::ConnectFailed { .. }
        | AdapterMessage::Malformed { .. }
        | AdapterMessage::Resync { part: ResyncPart::Done, .. }
        | AdapterMessage::AckOnly => Ok(()),
    }
}

fn check_offered(offered: &OfferedCall) -> Result<(), Refusal> {
    let OfferedCall {
        call_id,
        queue,
        priority: _,
        dialed,
        caller,
        attributes,
        waited,
        channel: _,
        preferred_agent,
    } = offered;
    check_id(call_id, "call_id")?;
    if !queue.is_empty() {
        check_id(queue, "queue")?;
    }
    check_number(dialed, "dialed")?;
    check_number(caller, "caller")?;
    check_attributes(attributes)?;
    no_longer(preferred_agent, ID_BYTES_MAX, "preferred_agent")?;
    if *waited > WAITED_MAX {
        let days = WAITED_MAX.0 / (24 * 3_600 * 1_000_000);
        return too_large(format!("at most {days} days"), "waited");
    }
    Ok(())
}

/// The same for the first message of a session.
pub(crate) fn check_hello(hello: &Hello) -> Result<(), Refusal> {
    check_adapter(&hello.adapter)?;
    if hello.incarnation == 0 {
        return malformed("must be a random number, not 0", "incarnation");
    }
    no_longer(&hello.software, SOFTWARE_BYTES_MAX, "software")?;
    no_controls(&hello.software, "software")
}

fn check_adapter(name: &str) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if name.is_empty() {
        return malformed("must not be empty", "adapter");
    }
    no_longer(name, ADAPTER_NAME_BYTES_MAX, "adapter")?;
    if !name.bytes().all(|byte| plain(byte) || b"-_.".contains(&byte)) {
        return malformed("may hold a-z, 0-9, `-`, `_` and `.` only", "adapter");
    }
    Ok(())
}

fn check_call(call: &CallRef) -> Result<(), Refusal> {
    check_id(&call.adapter, "call.adapter")?;
    check_id(&call.call_id, "call.call_id")
}

fn check_agent(agent: &AgentMeant) -> Result<(), Refusal> {
    match agent {
        AgentMeant::Id(id) => check_id(id, "agent"),
        AgentMeant::At(address) => check_id(address, "address"),
    }
}

fn check_id(id: &str, field: &'static str) -> Result<(), Refusal> {
    if id.is_empty() {
        return malformed("must not be empty", field);
    }
    no_longer(id, ID_BYTES_MAX, field)?;
    no_controls(id, field)
}

/// Of a telephone; it may be empty.
fn check_number(number: &str, field: &'static str) -> Result<(), Refusal> {
    no_longer(number, TELEPHONE_NUMBER_BYTES_MAX, field)?;
    no_controls(number, field)
}

fn check_attributes(attributes: &[(String, String)]) -> Result<(), Refusal> {
    if attributes.len() > ATTRIBUTES_MAX {
        let found = attributes.len();
        return too_large(format!("{found} attributes, at most {ATTRIBUTES_MAX}"), "attributes");
    }
    for (key, value) in attributes {
        if key.is_empty() {
            return malformed("a key must not be empty", "attributes");
        }
        no_longer(key, ATTRIBUTE_KEY_BYTES_MAX, "attributes")?;
        no_longer(value, ATTRIBUTE_VALUE_BYTES_MAX, "attributes")?;
    }
    Ok(())
}

fn no_longer(text: &str, most: usize, field: &'static str) -> Result<(), Refusal> {
    if text.len() <= most {
        return Ok(());
    }
    too_large(format!("{} bytes, at most {most}", text.len()), field)
}

fn no_controls(text: &str, field: &'static str) -> Result<(), Refusal> {
    if text.chars().any(char::is_control) {
        return malformed("must not hold control characters", field);
    }
    Ok(())
}

fn malformed(message: &str, field: &'static str) -> Result<(), Refusal> {
    let message = format!("{field} {message}");
    Err(Refusal::new(RefusalKind::InvalidArgument, code::MALFORMED, message).at(field))
}

fn too_large(found: String, field: &'static str) -> Result<(), Refusal> {
    let message = format!("{field} is too large: {found}");
    Err(Refusal::new(RefusalKind::InvalidArgument, code::TOO_LARGE, message).at(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_core::{Channel, Priority};

    fn offered(call_id: &str, attributes: Vec<(String, String)>) -> AdapterMessage {
        AdapterMessage::CallOffered(OfferedCall {
            call_id: call_id.to_owned(),
            queue: "billing".to_owned(),
            priority: Some(Priority::NORMAL),
            dialed: String::new(),
            caller: String::new(),
            attributes,
            waited: Span(0),
            channel: Channel::Voice,
            preferred_agent: String::new(),
        })
    }

    fn refused(message: &AdapterMessage) -> (&'static str, &'static str) {
        let refusal = check_message(message).expect_err("it is beyond a bound");
        assert_eq!(refusal.kind, RefusalKind::InvalidArgument);
        (refusal.code, refusal.field)
    }

    #[test]
    fn ids_have_a_length_and_no_control_characters() {
        assert!(check_message(&offered(&"x".repeat(ID_BYTES_MAX), vec![])).is_ok());
        let longer = "x".repeat(ID_BYTES_MAX + 1);
        assert_eq!(refused(&offered(&longer, vec![])), (code::TOO_LARGE, "call_id"));
        assert_eq!(refused(&offered("", vec![])), (code::MALFORMED, "call_id"));
        assert_eq!(refused(&offered("a\nb", vec![])), (code::MALFORMED, "call_id"));
    }

    #[test]
    fn attributes_are_bounded_in_number_key_and_value() {
        let pair = |key: usize, value: usize| ("k".repeat(key), "v".repeat(value));
        let full = vec![pair(ATTRIBUTE_KEY_BYTES_MAX, ATTRIBUTE_VALUE_BYTES_MAX); ATTRIBUTES_MAX];
        assert!(check_message(&offered("c", full.clone())).is_ok());
        let mut more = full;
        more.push(pair(1, 0));
        for wrong in [more, vec![pair(65, 0)], vec![pair(1, 257)]] {
            assert_eq!(refused(&offered("c", wrong)), (code::TOO_LARGE, "attributes"));
        }
        assert_eq!(refused(&offered("c", vec![pair(0, 1)])), (code::MALFORMED, "attributes"));
    }

    #[test]
    fn numbers_of_telephones_have_a_length_and_no_control_characters() {
        let named = |dialed: &str, caller: &str| {
            let AdapterMessage::CallOffered(offered) = offered("c", vec![]) else {
                panic!("it is offered")
            };
            let (queue, dialed, caller) = (String::new(), dialed.to_owned(), caller.to_owned());
            AdapterMessage::CallOffered(OfferedCall { queue, dialed, caller, ..offered })
        };
        let longest = "1".repeat(TELEPHONE_NUMBER_BYTES_MAX);
        assert!(check_message(&named(&longest, &longest)).is_ok());
        let longer = format!("{longest}1");
        assert_eq!(refused(&named(&longer, "")), (code::TOO_LARGE, "dialed"));
        assert_eq!(refused(&named("", &longer)), (code::TOO_LARGE, "caller"));
        assert_eq!(refused(&named("1\r", "")), (code::MALFORMED, "dialed"));
        assert_eq!(refused(&named("", "\u{7}")), (code::MALFORMED, "caller"));
        let refusal = check_message(&named("", "5551234\u{7}")).expect_err("a control character");
        assert!(!refusal.to_string().contains("5551234"));
    }

    #[test]
    fn a_refusal_repeats_nothing_of_what_it_refuses() {
        let message = offered("secret\u{7}", vec![]);
        let refusal = check_message(&message).expect_err("a control character");
        assert!(!refusal.to_string().contains("secret"));
    }

    #[test]
    fn a_hello_names_an_adapter_and_its_process() {
        let hello = |adapter: &str, incarnation| Hello {
            adapter: adapter.to_owned(),
            incarnation,
            ..Hello::default()
        };
        assert!(check_hello(&hello("asterisk-a.site_2", 7)).is_ok());
        for wrong in [hello("", 7), hello("Upper", 7), hello("a b", 7), hello("a", 0)] {
            assert_eq!(check_hello(&wrong).expect_err("not valid").code, code::MALFORMED);
        }
    }
}
