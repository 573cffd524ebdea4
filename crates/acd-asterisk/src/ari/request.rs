//! One request to Asterisk, as it stands on the websocket.

use serde_json::{Value, json};

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request; `uri` is relative to `/ari`, its parts are escaped already.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Response {
    /// As in HTTP.
    pub(crate) status: u16,
    /// JSON, or null where there is none.
    pub(crate) body: Value,
}

impl Response {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What Asterisk says of a failure.
    pub(crate) fn why(&self) -> Option<&str> {
        self.body["message"].as_str().or(self.body["error"].as_str())
    }
}

impl Request {
    pub(crate) fn new(method: Method, uri: impl Into<String>) -> Self {
        Self { method, uri: uri.into(), query: Vec::new(), body: None }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The message that carries it.
    pub(super) fn on_the_wire(&self, id: u64) -> String {
        let query: Vec<Value> = self
            .query
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let mut message = json!({
            "type": "RESTRequest",
            "transaction_id": id.to_string(),
            "request_id": id.to_string(),
            "method": self.method.word(),
            "uri": self.uri,
            "query_strings": query,
        });
        if let Some(body) = &self.body {
            message["content_type"] = json!("application/json");
            message["message_body"] = json!(body.to_string());
        }
        message.to_string()
    }
}

/// A name as a part of a path.
pub(crate) fn escaped(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_on_the_websocket_names_what_http_would() {
        let request = Request::new(Method::Post, "channels/17.1/play").with("media", "number:3");
        let wire: Value = serde_json::from_str(&request.on_the_wire(7)).expect("JSON");
        assert_eq!(wire["type"], "RESTRequest");
        assert_eq!(wire["request_id"], "7");
        assert_eq!(wire["method"], "POST");
        assert_eq!(wire["uri"], "channels/17.1/play");
        assert_eq!(wire["query_strings"], json!([{ "name": "media", "value": "number:3" }]));
        assert!(wire.get("message_body").is_none());
    }

    #[test]
    fn a_slash_in_a_name_is_no_slash_in_the_path() {
        assert_eq!(escaped("PJSIP/201 ä"), "PJSIP%2F201%20%C3%A4");
    }
}
