//! How a refusal looks as a status.

use acd_engine::{Refusal, RefusalKind};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

/// The response metadata that holds the stable code of a refusal.
pub(crate) const CODE_KEY: &str = "acd-code";
/// The response metadata that holds the name of the field at fault, where there is one.
pub(crate) const FIELD_KEY: &str = "acd-field";

/// The status of a refusal; its stable code and its field also stand in the metadata.
pub(crate) fn status(refusal: &Refusal) -> Status {
    let code = match refusal.kind {
        RefusalKind::NotFound => Code::NotFound,
        RefusalKind::AlreadyExists => Code::AlreadyExists,
        RefusalKind::FailedPrecondition => Code::FailedPrecondition,
        RefusalKind::InvalidArgument => Code::InvalidArgument,
        RefusalKind::ResourceExhausted => Code::ResourceExhausted,
        RefusalKind::Unavailable => Code::Unavailable,
        RefusalKind::Aborted => Code::Aborted,
    };
    let mut status = Status::new(code, refusal.to_string());
    status.metadata_mut().insert(CODE_KEY, MetadataValue::from_static(refusal.code));
    if !refusal.field.is_empty() {
        status.metadata_mut().insert(FIELD_KEY, MetadataValue::from_static(refusal.field));
    }
    status
}
