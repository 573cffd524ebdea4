//! The HTTP port: a live page for people, health and status for machines.

mod state;

use crate::about::About;
use crate::convert::status::health_word;
use acd_engine::{Domain, Health};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use std::io;
use std::net::TcpListener as StdTcpListener;
use tokio::net::TcpListener;

/// The page: everything it needs is in it.
const PAGE: &str = include_str!("http/page.html");
/// The page runs its own script and talks to its own daemon; nothing else.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

#[derive(Clone)]
struct Shown {
    domain: Domain,
    about: About,
}

/// Serves HTTP on this runtime until it is dropped.
///
/// # Errors
/// The listener fails.
pub(crate) async fn serve(
    listener: StdTcpListener,
    domain: Domain,
    about: About,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let routes = Router::new()
        .route("/", get(page))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/status", get(status))
        .route("/state.json", get(state_json))
        .with_state(Shown { domain, about });
    axum::serve(listener, routes).await
}

async fn page() -> Response {
    ([(CONTENT_SECURITY_POLICY, PAGE_POLICY)], Html(PAGE)).into_response()
}

/// The process lives; that is all it says.
async fn healthz() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Readiness {
    /// `serving`, `recovering`, `degraded` or `draining`.
    health: &'static str,
    /// Why it is not `serving`, else empty.
    reason: String,
}

/// 200 while calls are routed, 503 while the daemon stops.
async fn readyz(State(Shown { domain, .. }): State<Shown>) -> Response {
    let status = domain.status();
    let code = match status.health {
        // Adapters must reach a daemon that waits for them.
        Health::Serving | Health::Recovering | Health::Degraded => StatusCode::OK,
        Health::Draining => StatusCode::SERVICE_UNAVAILABLE,
    };
    let readiness = Readiness { health: health_word(status.health), reason: status.health_reason };
    (code, [(CACHE_CONTROL, "no-store")], Json(readiness)).into_response()
}

async fn status(State(Shown { domain, about }): State<Shown>) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(state::status(domain.status(), &about))).into_response()
}

async fn state_json(State(Shown { domain, .. }): State<Shown>) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(state::glance(&domain))).into_response()
}
