//! Orders to adapters, as they stand on the wire.

use crate::convert::refusal::status;
use crate::convert::row::channel as on_wire;
use crate::convert::time::{span, timestamp};
use acd_core::Treatment;
use acd_engine::{CallRef, Down, DownBody, Order, RevokeReason};
use acd_proto::v1::{self, adapter_order::Body, revoke::Reason};
use tonic::Status;

/// A message to an adapter.
///
/// # Errors
/// The status with which the stream ends, when the message says that it is over.
pub(crate) fn adapter_order(down: Down) -> Result<v1::AdapterOrder, Status> {
    let body = match down.body {
        DownBody::Acknowledged => Body::Acknowledged(v1::Acknowledged {}),
        DownBody::Order(order) => order_body(order),
        DownBody::Rejected { number, code, message, field } => Body::Rejected(v1::Rejected {
            rejected_number: number,
            code: code.to_owned(),
            message,
            field: field.to_owned(),
        }),
        DownBody::Resynced { known, adopted, vanished } => Body::Resynced(v1::Resynced {
            calls_known: known,
            calls_adopted: adopted,
            calls_vanished: vanished,
        }),
        DownBody::Closed(reason) => return Err(status(&reason.refusal())),
    };
    Ok(v1::AdapterOrder { epoch: down.epoch, number: down.number, ack: down.ack, body: Some(body) })
}

fn order_body(order: Order) -> Body {
    match order {
        Order::Offer {
            offer,
            call,
            agent,
            address,
            queue,
            priority,
            ring_until,
            ring,
            attributes,
            adopted,
            channel,
        } => Body::Offer(v1::Offer {
            offer_number: offer,
            call: Some(call_ref(call)),
            agent,
            address,
            queue,
            priority: u32::from(priority.get()),
            ring_until: Some(timestamp(ring_until)),
            ring: Some(span(ring)),
            attributes: attributes.iter().cloned().collect(),
            adopted,
            channel: on_wire(channel).into(),
        }),
        Order::Revoke { offer, reason, call } => Body::Revoke(v1::Revoke {
            offer_number: offer,
            reason: revoke_reason(reason).into(),
            call: Some(call_ref(call)),
        }),
        Order::Connect { offer, call, agent, until } => Body::Connect(v1::Connect {
            offer_number: offer,
            call: Some(call_ref(call)),
            agent,
            until: Some(timestamp(until)),
        }),
        Order::End { call, treatment, rule } => Body::End(v1::End {
            call: Some(call_ref(call)),
            treatment: treatment_on_wire(treatment).into(),
            rule,
        }),
        Order::Transfer { call, number, rule } => {
            Body::Transfer(v1::Transfer { call: Some(call_ref(call)), number, rule })
        }
        Order::Play { call, announcement, rule } => {
            Body::Play(v1::Play { call: Some(call_ref(call)), announcement, rule })
        }
        Order::OfferCallback { call, rule } => {
            Body::OfferCallback(v1::OfferCallback { call: Some(call_ref(call)), rule })
        }
        Order::Ladder { call, ladder, rule } => {
            Body::Ladder(v1::Ladder { call: Some(call_ref(call)), ladder, rule })
        }
    }
}

fn call_ref(call: CallRef) -> v1::CallRef {
    v1::CallRef { adapter: call.adapter, call_id: call.call_id }
}

fn revoke_reason(reason: RevokeReason) -> Reason {
    match reason {
        RevokeReason::CallEnded => Reason::CallEnded,
        RevokeReason::AgentUnavailable => Reason::AgentUnavailable,
        RevokeReason::NoAnswer => Reason::NoAnswer,
        RevokeReason::Declined => Reason::Declined,
        RevokeReason::CallMoved => Reason::CallMoved,
        RevokeReason::Picked => Reason::Picked,
        RevokeReason::Failed => Reason::Failed,
        RevokeReason::ConnectTimeout => Reason::ConnectTimeout,
        RevokeReason::AnsweredElsewhere => Reason::AnsweredElsewhere,
    }
}

fn treatment_on_wire(treatment: Treatment) -> v1::Treatment {
    match treatment {
        Treatment::Busy => v1::Treatment::Busy,
        Treatment::Voicemail => v1::Treatment::Voicemail,
        Treatment::Message => v1::Treatment::Message,
        Treatment::HangUp => v1::Treatment::HangUp,
    }
}
