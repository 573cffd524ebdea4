//! What an adapter says, from the wire: what cannot be read becomes a rejection of that alone.

use crate::convert::time::span_from;
use acd_core::{Channel, DeviceState, OfferResult, Priority, Span};
use acd_engine::{
    AdapterMessage, AgentMeant, AskedPresence, CallRef, Hello, LegState, OfferedCall, Refusal,
    RefusalKind, ResyncPart, code,
};
use acd_proto::v1::{self, adapter_message::Body, offer_result};

/// The introduction.
///
/// # Errors
/// The first message is not a Hello.
pub(crate) fn hello(message: v1::AdapterMessage) -> Result<(String, Hello), Refusal> {
    let Some(Body::Hello(hello)) = message.body else {
        return Err(malformed("the first message must be Hello", "body"));
    };
    if message.number != 0 {
        return Err(malformed("Hello is not numbered: its number is 0", "number"));
    }
    let v1::Hello { domain, adapter, incarnation, epoch, ack, software } = hello;
    Ok((domain, Hello { adapter, incarnation, epoch, ack, software }))
}

/// A message after the introduction.
pub(crate) fn message(message: v1::AdapterMessage) -> AdapterMessage {
    let numbered = message.number != 0;
    let read = match message.body {
        Some(Body::Heartbeat(_)) if !numbered => Ok(AdapterMessage::AckOnly),
        Some(Body::Heartbeat(_)) => {
            Err(malformed("Heartbeat is not numbered: its number is 0", "number"))
        }
        Some(Body::Hello(_)) => Err(malformed("Hello comes first and only once", "body")),
        Some(Body::CallOffered(offered)) => offered_call(offered).map(AdapterMessage::CallOffered),
        Some(Body::CallEnded(v1::CallEnded { call_id })) => {
            Ok(AdapterMessage::CallEnded { call_id })
        }
        Some(Body::OfferResult(result)) => offer_result(&result),
        Some(Body::CallBridged(v1::CallBridged { offer_number, offer_epoch })) => {
            Ok(AdapterMessage::CallBridged { offer: offer_number, epoch: offer_epoch })
        }
        Some(Body::ConnectFailed(v1::ConnectFailed { offer_number, offer_epoch })) => {
            Ok(AdapterMessage::ConnectFailed { offer: offer_number, epoch: offer_epoch })
        }
        Some(Body::AgentLegLost(v1::AgentLegLost { call_id })) => {
            Ok(AdapterMessage::AgentLegLost { call_id })
        }
        Some(Body::CallHeld(v1::CallHeld { call_id })) => Ok(AdapterMessage::CallHeld { call_id }),
        Some(Body::CallRetrieved(v1::CallRetrieved { call_id })) => {
            Ok(AdapterMessage::CallRetrieved { call_id })
        }
        Some(Body::CallTransferred(v1::CallTransferred { call_id, queue, dialed })) => {
            Ok(AdapterMessage::CallTransferred { call_id, queue, dialed })
        }
        Some(Body::WrapUpDone(v1::WrapUpDone { agent, address, call, disposition })) => {
            agent_meant(agent, address).map(|agent| {
                let (call, disposition) = said_of_wrap_up(call, disposition);
                AdapterMessage::WrapUpDone { agent, call, disposition }
            })
        }
        Some(Body::AgentPresence(asked)) => agent_presence(asked),
        Some(Body::DeviceChanged(changed)) => device_changed(changed),
        Some(Body::ResyncCall(v1::ResyncCall { call, resync })) => {
            held_call(call).map(|part| AdapterMessage::Resync { resync, part })
        }
        Some(Body::ResyncLeg(leg)) => {
            let resync = leg.resync;
            held_leg(leg).map(|part| AdapterMessage::Resync { resync, part })
        }
        Some(Body::ResyncDone(v1::ResyncDone { resync })) => {
            Ok(AdapterMessage::Resync { resync, part: ResyncPart::Done })
        }
        None => Err(malformed("the message says nothing that this version knows", "body")),
    };
    read.unwrap_or_else(|Refusal { code, message, field, .. }| AdapterMessage::Malformed {
        code,
        message,
        field,
    })
}

/// After which call wrap-up is over, and how that came out, as far as it is said.
pub(crate) fn said_of_wrap_up(
    call: Option<v1::CallRef>,
    disposition: String,
) -> (Option<CallRef>, Option<String>) {
    let call = call.map(|v1::CallRef { adapter, call_id }| CallRef { adapter, call_id });
    (call, (!disposition.is_empty()).then_some(disposition))
}

/// A call that wants an agent.
///
/// # Errors
/// The priority, or the time that it has waited, is none.
pub(crate) fn offered_call(offered: v1::CallOffered) -> Result<OfferedCall, Refusal> {
    let channel = match offered.channel() {
        v1::Channel::Unspecified | v1::Channel::Voice => Channel::Voice,
        v1::Channel::Chat => Channel::Chat,
        v1::Channel::Text => Channel::Text,
        v1::Channel::Callback => Channel::Callback,
        v1::Channel::Task => Channel::Task,
    };
    let v1::CallOffered {
        call_id,
        queue,
        priority,
        attributes,
        waited,
        dialed,
        caller,
        channel: _,
        preferred_agent,
    } = offered;
    let priority = priority.map(|value| priority_from(value, "priority")).transpose()?;
    let waited = waited.map_or(Ok(Span(0)), |waited| {
        span_from(waited).ok_or_else(|| malformed("waited must not be negative", "waited"))
    })?;
    let mut attributes: Vec<(String, String)> = attributes.into_iter().collect();
    // A map has no order of its own: the same call is always carried in the same way.
    attributes.sort_unstable();
    Ok(OfferedCall {
        call_id,
        queue,
        priority,
        dialed,
        caller,
        attributes,
        waited,
        channel,
        preferred_agent,
    })
}

/// One of the two names him.
fn agent_meant(agent: String, address: String) -> Result<AgentMeant, Refusal> {
    match (agent.is_empty(), address.is_empty()) {
        (false, true) => Ok(AgentMeant::Id(agent)),
        (true, false) => Ok(AgentMeant::At(address)),
        (_, _) => Err(malformed("either agent or address is required", "agent")),
    }
}

fn agent_presence(asked: v1::AgentPresence) -> Result<AdapterMessage, Refusal> {
    let asked_for = asked.presence();
    let v1::AgentPresence { agent, address, presence: _, reason } = asked;
    let agent = agent_meant(agent, address)?;
    if asked_for != v1::Presence::NotReady && !reason.is_empty() {
        return Err(malformed("reason goes with NOT_READY only", "reason"));
    }
    let presence = match asked_for {
        v1::Presence::Ready => AskedPresence::Ready,
        v1::Presence::NotReady => AskedPresence::NotReady((!reason.is_empty()).then_some(reason)),
        v1::Presence::LoggedOut => AskedPresence::LoggedOut,
        v1::Presence::Unspecified => {
            return Err(malformed("presence must be READY, NOT_READY or LOGGED_OUT", "presence"));
        }
    };
    Ok(AdapterMessage::AgentPresence { agent, presence })
}

fn device_changed(changed: v1::DeviceChanged) -> Result<AdapterMessage, Refusal> {
    let device = match changed.state() {
        v1::DeviceState::Up => DeviceState::Up,
        v1::DeviceState::Busy => DeviceState::Busy,
        v1::DeviceState::Down => DeviceState::Down,
        v1::DeviceState::Unspecified => {
            return Err(malformed("state must be UP, BUSY or DOWN", "state"));
        }
    };
    Ok(AdapterMessage::DeviceChanged { address: changed.address, device })
}

fn held_call(call: Option<v1::CallOffered>) -> Result<ResyncPart, Refusal> {
    let call = call.ok_or_else(|| malformed("call is required", "call"))?;
    offered_call(call).map(ResyncPart::Call)
}

fn held_leg(leg: v1::ResyncLeg) -> Result<ResyncPart, Refusal> {
    use v1::resync_leg::State;
    let state = match leg.state() {
        State::Ringing => LegState::Ringing,
        State::Answered => LegState::Answered,
        State::Talking => LegState::Talking,
        State::Held => LegState::Held,
        State::Unspecified => {
            return Err(malformed("state must be RINGING, ANSWERED, TALKING or HELD", "state"));
        }
    };
    let v1::CallRef { adapter, call_id } =
        leg.call.ok_or_else(|| malformed("call is required", "call"))?;
    Ok(ResyncPart::Leg { call: CallRef { adapter, call_id }, agent: leg.agent, state })
}

/// A priority.
///
/// # Errors
/// It is above 9; `field` is what the message calls it.
pub(crate) fn priority_from(value: u32, field: &'static str) -> Result<Priority, Refusal> {
    u8::try_from(value)
        .ok()
        .and_then(Priority::new)
        .ok_or_else(|| malformed("priority must be 0..9, 5 is normal, 9 an emergency", field))
}

fn offer_result(result: &v1::OfferResult) -> Result<AdapterMessage, Refusal> {
    let result_known = match offer_result::Result::try_from(result.result) {
        Ok(offer_result::Result::Ringing) => OfferResult::Ringing,
        Ok(offer_result::Result::Accepted) => OfferResult::Accepted,
        Ok(offer_result::Result::Declined) => OfferResult::Declined,
        Ok(offer_result::Result::NoAnswer) => OfferResult::NoAnswer,
        Ok(offer_result::Result::Failed) => OfferResult::Failed,
        Ok(offer_result::Result::Unspecified) | Err(_) => {
            return Err(malformed(
                "result must be RINGING, ACCEPTED, DECLINED, NO_ANSWER or FAILED",
                "result",
            ));
        }
    };
    Ok(AdapterMessage::OfferResult {
        offer: result.offer_number,
        epoch: result.offer_epoch,
        result: result_known,
    })
}

/// A refusal of what cannot be read.
pub(crate) fn malformed(message: &str, field: &'static str) -> Refusal {
    Refusal::new(RefusalKind::InvalidArgument, code::MALFORMED, message).at(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(body: Option<Body>) -> v1::AdapterMessage {
        v1::AdapterMessage { number: 7, ack: 0, body }
    }

    fn field_at_fault(body: Option<Body>) -> &'static str {
        match message(numbered(body)) {
            AdapterMessage::Malformed { code: code::MALFORMED, field, .. } => field,
            other => panic!("not malformed: {other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_read_is_malformed_and_names_the_field() {
        assert_eq!(field_at_fault(None), "body");
        assert_eq!(field_at_fault(Some(Body::Hello(v1::Hello::default()))), "body");
        assert_eq!(field_at_fault(Some(Body::Heartbeat(v1::Heartbeat {}))), "number");
        for result in [0, 6, -1] {
            let result = v1::OfferResult { offer_number: 1, result, offer_epoch: 0 };
            assert_eq!(field_at_fault(Some(Body::OfferResult(result))), "result");
        }
        for priority in [10, 256, u32::MAX] {
            let call = v1::CallOffered { priority: Some(priority), ..Default::default() };
            assert_eq!(field_at_fault(Some(Body::CallOffered(call))), "priority");
        }
    }

    #[test]
    fn what_an_adapter_leaves_open_stays_open() {
        let call =
            v1::CallOffered { call_id: "c".into(), dialed: "1".into(), ..Default::default() };
        let read = message(numbered(Some(Body::CallOffered(call))));
        let AdapterMessage::CallOffered(call) = read else { panic!("{read:?}") };
        assert_eq!(
            (call.priority, &*call.queue, &*call.dialed, &*call.caller),
            (None, "", "1", "")
        );
    }

    #[test]
    fn only_a_hello_opens_a_session() {
        assert!(hello(numbered(None)).is_err());
        let body = Some(Body::Hello(v1::Hello { adapter: "pbx".into(), ..Default::default() }));
        assert_eq!(hello(numbered(body.clone())).expect_err("numbered").field, "number");
        let first = v1::AdapterMessage { number: 0, ack: 0, body };
        assert_eq!(hello(first).expect("a hello").1.adapter, "pbx");
    }
}
