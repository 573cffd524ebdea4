//! An agent's desktop, as the tests play it.

use acd_proto::v1 as acd;
use acd_proto::v1::agent_service_client::AgentServiceClient;
use tonic::Status;
use tonic::transport::Channel;

/// An agent's desktop.
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) client: AgentServiceClient<Channel>,
}

impl Agent {
    pub(crate) async fn log_in(&mut self, ready: bool) -> Result<acd::AgentResponse, Status> {
        let agent = self.id.clone();
        let request = acd::LogInRequest { agent, ready, ..Default::default() };
        self.client.log_in(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn log_out(&mut self) -> Result<acd::AgentResponse, Status> {
        let request = acd::LogOutRequest { agent: self.id.clone(), ..Default::default() };
        self.client.log_out(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn ready(&mut self) -> Result<acd::AgentResponse, Status> {
        self.presence(acd::Presence::Ready, "").await
    }

    pub(crate) async fn not_ready(&mut self, reason: &str) -> Result<acd::AgentResponse, Status> {
        self.presence(acd::Presence::NotReady, reason).await
    }

    pub(crate) async fn presence(
        &mut self,
        presence: acd::Presence,
        reason: &str,
    ) -> Result<acd::AgentResponse, Status> {
        let request = acd::SetPresenceRequest {
            agent: self.id.clone(),
            presence: presence.into(),
            reason: reason.to_owned(),
            ..Default::default()
        };
        self.client.set_presence(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn accept(&mut self, offer_number: u64) -> Result<acd::AgentResponse, Status> {
        let agent = self.id.clone();
        let request = acd::AcceptOfferRequest { agent, offer_number, ..Default::default() };
        self.client.accept_offer(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn decline(
        &mut self,
        offer_number: u64,
    ) -> Result<acd::AgentResponse, Status> {
        let agent = self.id.clone();
        let request = acd::DeclineOfferRequest { agent, offer_number, ..Default::default() };
        self.client.decline_offer(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn end_wrap_up(&mut self) -> Result<acd::AgentResponse, Status> {
        let request = acd::EndWrapUpRequest { agent: self.id.clone(), ..Default::default() };
        self.client.end_wrap_up(request).await.map(tonic::Response::into_inner)
    }

    /// Of this call, or of the only one that he has in wrap-up.
    pub(crate) async fn came_out(
        &mut self,
        call: Option<acd::CallRef>,
        disposition: &str,
    ) -> Result<acd::AgentResponse, Status> {
        let (agent, disposition) = (self.id.clone(), disposition.to_owned());
        let request = acd::EndWrapUpRequest { agent, call, disposition, ..Default::default() };
        self.client.end_wrap_up(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn extend_wrap_up(
        &mut self,
        seconds: i64,
    ) -> Result<acd::AgentResponse, Status> {
        let by = Some(prost_types::Duration { seconds, nanos: 0 });
        let request = acd::ExtendWrapUpRequest { agent: self.id.clone(), by, ..Default::default() };
        self.client.extend_wrap_up(request).await.map(tonic::Response::into_inner)
    }
}
