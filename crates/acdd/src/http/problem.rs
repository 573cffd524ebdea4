//! What is wrong with a request, as JSON: a stable code, a sentence, and the field at fault.

use crate::convert::refusal::{CODE_KEY, FIELD_KEY};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use tonic::{Code, Status};

/// Why nothing was done.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    told: Told,
}

#[derive(Debug, Serialize)]
struct Told {
    /// Stable, for programs: the code of a refusal, or else of the gRPC status.
    code: Cow<'static, str>,
    /// For people: what was wrong, and what is right.
    message: Cow<'static, str>,
    /// The field of the request that is at fault, or empty.
    field: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let told = Told { code: code.into(), message: message.into(), field: String::new() };
        Self { status, told }
    }

    pub(super) fn forbidden(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(super) fn unsupported(message: &'static str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message)
    }

    pub(super) fn malformed(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    pub(super) fn unknown_method(message: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown_method", message)
    }
}

impl From<Status> for Problem {
    /// A status of the services, with the code and field that stand in its metadata.
    fn from(status: Status) -> Self {
        let said = |key| status.metadata().get(key).and_then(|value| value.to_str().ok());
        let (http, word) = match status.code() {
            Code::InvalidArgument => (StatusCode::BAD_REQUEST, "invalid_argument"),
            Code::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists"),
            Code::FailedPrecondition => (StatusCode::CONFLICT, "failed_precondition"),
            Code::Aborted => (StatusCode::CONFLICT, "aborted"),
            Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "resource_exhausted"),
            Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let field = said(FIELD_KEY).unwrap_or_default();
        let message = status.message();
        // Shown beside the field.
        let message = message.strip_suffix(&format!(" (field `{field}`)")).unwrap_or(message);
        let told = Told {
            code: said(CODE_KEY).map_or(Cow::Borrowed(word), |code| code.to_owned().into()),
            message: message.to_owned().into(),
            field: field.to_owned(),
        };
        Self { status: http, told }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self.told)).into_response()
    }
}
