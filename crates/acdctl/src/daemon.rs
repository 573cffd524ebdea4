//! Where the daemon is, and how it is asked.

use crate::cli::Common;
use crate::failure::Failure;
use acd_adapter::root_of;
use acd_proto::v1::{
    adapter_service_client::AdapterServiceClient, admin_service_client::AdminServiceClient,
    agent_service_client::AgentServiceClient, supervisor_service_client::SupervisorServiceClient,
};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

/// How long the daemon may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// The longest answer that is read, in bytes: 100,000 agents fit.
const ANSWER_BYTES_MAX: usize = 128 << 20;

/// A daemon that answers.
#[derive(Clone, Debug)]
pub(crate) struct Daemon {
    channel: Channel,
    /// Its address, for messages.
    pub(crate) server: String,
    /// The domain that requests name.
    pub(crate) domain: String,
}

impl Daemon {
    /// Connects.
    pub(crate) async fn connect(common: &Common) -> Result<Self, Failure> {
        let server = common.server.clone();
        let endpoint =
            acd_adapter::endpoint(&server).map_err(|error| Failure::Wrong(error.to_string()))?;
        let channel = endpoint.connect().await.map_err(|error| Failure::Unreachable {
            server: server.clone(),
            detail: root_of(&error),
        })?;
        Ok(Self { channel, server, domain: common.domain.clone() })
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(crate) fn supervisors(&self) -> SupervisorServiceClient<Channel> {
        SupervisorServiceClient::new(self.channel()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    pub(crate) fn agents(&self) -> AgentServiceClient<Channel> {
        AgentServiceClient::new(self.channel())
    }

    pub(crate) fn adapters(&self) -> AdapterServiceClient<Channel> {
        AdapterServiceClient::new(self.channel())
    }

    pub(crate) fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel())
    }

    /// What the daemon answered.
    pub(crate) fn answer<T>(&self, answer: Result<Response<T>, Status>) -> Result<T, Failure> {
        answer.map(Response::into_inner).map_err(|status| self.failure(&status))
    }

    /// What a refusal means.
    pub(crate) fn failure(&self, status: &Status) -> Failure {
        Failure::of_status(&self.server, status)
    }
}

/// A request that is answered within a time or fails.
pub(crate) fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(ANSWER_WITHIN);
    request
}
