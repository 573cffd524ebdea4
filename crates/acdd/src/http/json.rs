//! Messages of `acd.v1` as JSON, in the JSON of protobuf itself, with the names of the `.proto` files.
//!
//! Numbers of 64 bits stand as numbers, not as strings: counts and milliseconds stay far below 2^53,
//! up to where a browser counts exactly. Fields that are zero or empty are left out.

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use std::sync::LazyLock;

const AS_JSON: SerializeOptions =
    SerializeOptions::new().stringify_64_bit_integers(false).use_proto_field_name(true);

static WORDS: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(acd_proto::FILE_DESCRIPTORS).ok());

fn descriptor<M: Name>() -> Option<MessageDescriptor> {
    WORDS.as_ref()?.get_message_by_name(&M::full_name())
}

/// A message as JSON.
///
/// # Errors
/// It holds something that JSON cannot say, such as an instant after the year 9999.
pub(super) fn written<M: Message + Name>(message: &M) -> Result<Vec<u8>, String> {
    let descriptor = descriptor::<M>().ok_or_else(unknown::<M>)?;
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic.transcode_from(message).map_err(|error| error.to_string())?;
    let mut json = serde_json::Serializer::new(Vec::new());
    dynamic.serialize_with_options(&mut json, &AS_JSON).map_err(|error| error.to_string())?;
    Ok(json.into_inner())
}

/// A message from JSON; names may be those of the `.proto` files, or their forms in camel case.
///
/// # Errors
/// It is no JSON, or not of this message; says where and what was expected.
pub(super) fn read<M: Message + Name + Default>(json: &[u8]) -> Result<M, String> {
    let descriptor = descriptor::<M>().ok_or_else(unknown::<M>)?;
    let mut reader = serde_json::Deserializer::from_slice(json);
    let dynamic = DynamicMessage::deserialize(descriptor, &mut reader);
    let dynamic = dynamic.map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    dynamic.transcode_to().map_err(|error| error.to_string())
}

fn unknown<M: Name>() -> String {
    format!("{} is not described", M::full_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_proto::v1;

    #[test]
    fn a_queue_is_written_in_the_words_of_its_proto() {
        let queue = v1::Queue {
            queue: "billing".to_owned(),
            waiting: 3,
            oldest_since: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 5_000_000 }),
            service_level_within: Some(prost_types::Duration { seconds: 20, nanos: 0 }),
            ..v1::Queue::default()
        };
        let json = written(&queue).expect("JSON");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "queue": "billing",
                "waiting": 3,
                "oldest_since": "2023-11-14T22:13:20.005Z",
                "service_level_within": "20s",
            })
        );
    }

    #[test]
    fn a_request_is_read_and_a_wrong_one_is_told_where() {
        let json = br#"{"actor": {"name": "kim"}, "call": {"adapter": "pbx", "call_id": "c1"}, "priority": 9}"#;
        let request: v1::SetCallPriorityRequest = read(json).expect("a request");
        assert_eq!((request.priority, &*request.actor.expect("one").name), (9, "kim"));
        let wrong = read::<v1::SetCallPriorityRequest>(br#"{"urgency": 9}"#).expect_err("wrong");
        assert!(wrong.contains("urgency"), "{wrong}");
        assert!(read::<v1::SetCallPriorityRequest>(b"{} {}").is_err());
    }
}
