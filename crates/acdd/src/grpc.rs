//! The gRPC port: which services there are, how large messages may be, how many streams.

pub(crate) mod adapter;
mod admin;
pub(crate) mod agent;
mod carrying;
mod connections;
mod corked;
mod elsewhere;
pub(crate) mod intervals;
pub(crate) mod manual;
mod ready;
pub(crate) mod supervisor;
pub(crate) mod watch;

use crate::about::About;
use crate::past::Past;
use acd_engine::Domain;
use acd_proto::v1::adapter_service_server::AdapterServiceServer;
use acd_proto::v1::admin_service_server::AdminServiceServer;
use acd_proto::v1::agent_service_server::AgentServiceServer;
use acd_proto::v1::supervisor_service_server::SupervisorServiceServer;
use elsewhere::Elsewhere;
use ready::SendsReady;
use std::io;
use std::net::TcpListener;
use tokio::runtime::Handle;
use tonic::Status;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// The only domain that there is.
pub(crate) const DOMAIN: &str = "main";
/// The largest request of a person, in bytes.
const REQUEST_BYTES_MAX: usize = 16 * 1024;

/// Serves gRPC on this runtime until `stop` is done and all connections have ended.
///
/// # Errors
/// The listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    domain: Domain,
    about: About,
    past: Past,
    cold: Handle,
    health: HealthReporter,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let manual = manual::Manual::start(domain.clone(), cold.clone());
    let adapters = AdapterServiceServer::new(adapter::AdapterDesk::new(domain.clone(), manual))
        .max_decoding_message_size(adapter::MESSAGE_BYTES_MAX);
    let agents = AgentServiceServer::new(agent::AgentDesk::new(domain.clone(), cold.clone()))
        .max_decoding_message_size(REQUEST_BYTES_MAX);
    let supervisors = supervisor::SupervisorDesk::new(domain.clone(), past, cold.clone());
    let supervisors =
        SupervisorServiceServer::new(supervisors).max_decoding_message_size(REQUEST_BYTES_MAX);
    let admin = AdminServiceServer::new(admin::AdminDesk::new(domain, about))
        .max_decoding_message_size(REQUEST_BYTES_MAX);
    let health = HealthServer::new(HealthService::from_health_reporter(health));
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(acd_proto::FILE_DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let routes = Routes::new(adapters)
        .add_service(agents)
        .add_service(SendsReady(Elsewhere::new(supervisors, cold.clone())))
        .add_service(Elsewhere::new(admin, cold.clone()))
        .add_service(Elsewhere::new(health, cold.clone()))
        .add_service(Elsewhere::new(reflection().build_v1()?, cold.clone()))
        .add_service(Elsewhere::new(reflection().build_v1alpha()?, cold.clone()))
        .prepare();
    carrying::serve(connections::accept(listener)?, routes, cold, stop).await;
    Ok(())
}

/// Tells those who ask for the health of a service, or of all (an empty name).
pub(crate) async fn tell_health(reporter: &HealthReporter, status: ServingStatus) {
    let services = [
        "",
        AdapterServiceServer::<adapter::AdapterDesk>::NAME,
        AgentServiceServer::<agent::AgentDesk>::NAME,
        SupervisorServiceServer::<supervisor::SupervisorDesk>::NAME,
        AdminServiceServer::<admin::AdminDesk>::NAME,
    ];
    for service in services {
        reporter.set_service_status(service, status).await;
    }
}

/// The port cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The listener fails.
    #[error(transparent)]
    Listener(#[from] io::Error),
    /// The file descriptors are no descriptors.
    #[error(transparent)]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A request names the domain; empty means `main`.
///
/// # Errors
/// There is no such domain.
pub(crate) fn domain_named(name: &str) -> Result<(), Status> {
    if name.is_empty() || name == DOMAIN {
        return Ok(());
    }
    Err(Status::not_found(format!("no such domain: there is only `{DOMAIN}`")))
}
