//! The HTTP port: the wallboard and the agent page for people, health and status for machines.

mod api;
mod explain;
mod files;
mod guard;
mod json;
mod metrics;
mod problem;
mod status;
mod stream;

use crate::about::About;
use crate::convert::status::health_word;
use crate::grpc::agent::AgentDesk;
use crate::grpc::supervisor::SupervisorDesk;
use crate::past::Past;
use acd_engine::{Domain, Health, Hubs};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use std::io;
use std::net::TcpListener as StdTcpListener;
use stream::ServerSent;
use tokio::net::TcpListener;
use tokio::runtime::Handle;

/// The largest request of a page, in bytes; the same as gRPC's of a person.
const REQUEST_BYTES_MAX: usize = 16 * 1024;

#[derive(Clone)]
struct Site {
    domain: Domain,
    about: About,
    past: Past,
    supervisors: SupervisorDesk,
    agents: AgentDesk,
    hubs: Hubs<ServerSent>,
}

/// Serves HTTP on this runtime until it is dropped.
///
/// # Errors
/// The listener fails.
pub(crate) async fn serve(
    listener: StdTcpListener,
    domain: Domain,
    about: About,
    past: Past,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let here = Handle::current();
    let supervisors = SupervisorDesk::new(domain.clone(), past.clone(), here.clone());
    let agents = AgentDesk::new(domain.clone(), here.clone());
    let hubs = Hubs::new(&domain, ServerSent, here);
    let for_people = Router::new()
        .route("/", get(files::wallboard))
        .route("/agent", get(files::agent))
        .route("/pages/{*name}", get(files::file))
        .route("/stream", get(stream::wallboard))
        .route("/agent/stream", get(stream::agent))
        .route("/api/site", get(site))
        .route("/api/explain", get(explain::explain))
        .route("/api/supervisor/{method}", post(api::supervisor))
        .route("/api/agent/{method}", post(api::agent))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .layer(middleware::from_fn(guard::guard));
    let routes = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .merge(for_people)
        .with_state(Site { domain, about, past, supervisors, agents, hubs });
    axum::serve(listener, routes).await
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
async fn readyz(State(Site { domain, .. }): State<Site>) -> Response {
    let status = domain.status();
    let code = match status.health {
        // Adapters must reach a daemon that waits for them.
        Health::Serving | Health::Recovering | Health::Degraded => StatusCode::OK,
        Health::Draining => StatusCode::SERVICE_UNAVAILABLE,
    };
    let readiness = Readiness { health: health_word(status.health), reason: status.health_reason };
    (code, [(CACHE_CONTROL, "no-store")], Json(readiness)).into_response()
}

async fn status(State(Site { domain, about, .. }): State<Site>) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(status::status(domain.status(), &about))).into_response()
}

async fn metrics(State(Site { domain, about, .. }): State<Site>) -> Response {
    metrics::answer(&domain, &about)
}

/// What the pages let people choose from.
#[derive(Serialize)]
struct Choices {
    /// Why an agent may be not ready, in the order of the configuration.
    reasons: Vec<String>,
}

async fn site(State(Site { domain, .. }): State<Site>) -> Response {
    let choices = Choices { reasons: domain.reasons() };
    ([(CACHE_CONTROL, "no-store")], Json(choices)).into_response()
}
