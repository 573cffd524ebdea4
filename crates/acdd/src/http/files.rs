//! The pages and what they are made of, as they stand in `pages/`: no build, nothing from elsewhere.

use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A page runs its own files and talks to its own daemon; nothing else, and nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// One file of a page.
struct File {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($name:literal $kind:ident),* $(,)?) => {
        [$(File { name: $name, kind: $kind, text: include_str!(concat!("pages/", $name)) }),*]
    };
}

const FILES: &[File] = &files![
    "wallboard.html" HTML,
    "agent.html" HTML,
    "agent/agent.js" SCRIPT,
    "agent/hands.js" SCRIPT,
    "agent/heartbeat.js" SCRIPT,
    "agent/messages.js" SCRIPT,
    "agent/offers.js" SCRIPT,
    "page/api.js" SCRIPT,
    "page/dom.js" SCRIPT,
    "page/rows.js" SCRIPT,
    "page/sound.js" SCRIPT,
    "page/states.js" SCRIPT,
    "page/stream.js" SCRIPT,
    "page/theme.js" SCRIPT,
    "page/time.js" SCRIPT,
    "style/agent.css" CSS,
    "style/base.css" CSS,
    "style/wallboard.css" CSS,
    "wallboard/alarms.js" SCRIPT,
    "wallboard/curves.js" SCRIPT,
    "wallboard/details.js" SCRIPT,
    "wallboard/figures.js" SCRIPT,
    "wallboard/form.js" SCRIPT,
    "wallboard/grid.js" SCRIPT,
    "wallboard/interventions.js" SCRIPT,
    "wallboard/keys.js" SCRIPT,
    "wallboard/picture.js" SCRIPT,
    "wallboard/tables.js" SCRIPT,
    "wallboard/wall.js" SCRIPT,
    "wallboard/wallboard.js" SCRIPT,
];

/// `GET /`.
pub(super) async fn wallboard(headers: HeaderMap) -> Response {
    named("wallboard.html", &headers)
}

/// `GET /agent`.
pub(super) async fn agent(headers: HeaderMap) -> Response {
    named("agent.html", &headers)
}

/// `GET /pages/NAME`.
pub(super) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    named(&name, &headers)
}

fn named(name: &str, headers: &HeaderMap) -> Response {
    match FILES.iter().find(|file| file.name == name) {
        Some(file) => file.answer(headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl File {
    /// The file, or that the browser has it already.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let tag = self.tag();
        let common: [(HeaderName, &str); 5] = [
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            // Asked each time whether it is still the same: an update of acdd shows at once.
            (CACHE_CONTROL, "no-cache"),
            (CONTENT_TYPE, self.kind),
        ];
        let has_it = headers.get(IF_NONE_MATCH).is_some_and(|it| it.as_bytes() == tag.as_bytes());
        if has_it {
            return (StatusCode::NOT_MODIFIED, [(ETAG, tag)], common).into_response();
        }
        ([(ETAG, tag)], common, self.text).into_response()
    }

    /// Another one for another text.
    fn tag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }
}
