//! Agents' desktops: requests of one agent, and his own state as it changes.

use crate::convert::message::{malformed, said_of_wrap_up};
use crate::convert::refusal::status;
use crate::convert::row;
use crate::convert::time::{duration, position, span_from};
use crate::grpc::domain_named;
use crate::grpc::supervisor::named;
use acd_core::Span;
use acd_engine::{AgentWatch, Domain, Person, Request as Wish, View};
use acd_proto::v1::agent_service_server::AgentService;
use acd_proto::v1::{self, Presence};
use futures_util::stream;
use std::pin::Pin;
use tokio::runtime::Handle;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

/// The service of agents' desktops.
#[derive(Clone, Debug)]
pub(crate) struct AgentDesk {
    domain: Domain,
    /// Reads the view, so that nothing on the hot runtime ever waits for the publisher.
    cold: Handle,
}

impl AgentDesk {
    /// A desk that serves `domain` from the hot runtime, and reads the view on `cold`.
    pub(crate) fn new(domain: Domain, cold: Handle) -> Self {
        Self { domain, cold }
    }

    async fn view<T: Send + 'static>(
        &self,
        read: impl FnOnce(&View) -> T + Send + 'static,
    ) -> Result<T, Status> {
        let domain = self.domain.clone();
        let reading = self.cold.spawn(async move { read(&domain.view()) });
        reading.await.map_err(|_| Status::unavailable("the daemon is stopping"))
    }

    /// What an agent asks for, in his own name.
    async fn ask(
        &self,
        domain: &str,
        agent: String,
        wish: Wish,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        domain_named(domain)?;
        let person = Person { name: agent.clone(), reason: String::new() };
        let reached =
            self.domain.request(wish, person).await.map_err(|refusal| status(&refusal))?;
        let agent = self.view(move |view| view.agent(&agent).map(row::agent)).await?;
        Ok(Response::new(v1::AgentResponse { position: Some(position(reached)), agent }))
    }
}

type Updates = Pin<Box<dyn Stream<Item = Result<v1::AgentUpdate, Status>> + Send>>;

#[tonic::async_trait]
impl AgentService for AgentDesk {
    type WatchAgentStream = Updates;

    async fn log_in(
        &self,
        request: Request<v1::LogInRequest>,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        let v1::LogInRequest { domain, agent, ready } = request.into_inner();
        self.ask(&domain, agent.clone(), Wish::LogIn { agent, ready }).await
    }

    async fn log_out(
        &self,
        request: Request<v1::LogOutRequest>,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        let v1::LogOutRequest { domain, agent } = request.into_inner();
        self.ask(&domain, agent.clone(), Wish::LogOut { agent }).await
    }

    async fn set_presence(
        &self,
        request: Request<v1::SetPresenceRequest>,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        let v1::SetPresenceRequest { domain, agent, presence, reason } = request.into_inner();
        let wish = match Presence::try_from(presence) {
            Ok(Presence::Ready) if reason.is_empty() => Wish::Ready { agent: agent.clone() },
            Ok(Presence::Ready) => {
                return Err(status(&malformed("a reason goes with NOT_READY only", "reason")));
            }
            Ok(Presence::NotReady) => {
                let reason = (!reason.is_empty()).then_some(reason);
                Wish::NotReady { agent: agent.clone(), reason }
            }
            Ok(Presence::Unspecified | Presence::LoggedOut) | Err(_) => {
                let wrong = "presence must be READY or NOT_READY; LogOut ends work";
                return Err(status(&malformed(wrong, "presence")));
            }
        };
        self.ask(&domain, agent, wish).await
    }

    async fn heartbeat(
        &self,
        request: Request<v1::HeartbeatRequest>,
    ) -> Result<Response<v1::HeartbeatResponse>, Status> {
        let v1::HeartbeatRequest { domain, agent } = request.into_inner();
        self.ask(&domain, agent.clone(), Wish::Heartbeat { agent }).await?;
        let within = Some(duration(self.domain.heartbeat_within()));
        Ok(Response::new(v1::HeartbeatResponse { within }))
    }

    async fn accept_offer(
        &self,
        request: Request<v1::AcceptOfferRequest>,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        let v1::AcceptOfferRequest { domain, agent, offer_number } = request.into_inner();
        let offer = named_offer(offer_number);
        self.ask(&domain, agent.clone(), Wish::Accept { agent, offer }).await
    }

    async fn decline_offer(
        &self,
        request: Request<v1::DeclineOfferRequest>,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        let v1::DeclineOfferRequest { domain, agent, offer_number } = request.into_inner();
        let offer = named_offer(offer_number);
        self.ask(&domain, agent.clone(), Wish::Decline { agent, offer }).await
    }

    async fn take_call(
        &self,
        request: Request<v1::TakeCallRequest>,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        let v1::TakeCallRequest { domain, agent, call } = request.into_inner();
        let call = named(call)?;
        self.ask(&domain, agent.clone(), Wish::PickCall { call, agent }).await
    }

    async fn end_wrap_up(
        &self,
        request: Request<v1::EndWrapUpRequest>,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        let v1::EndWrapUpRequest { domain, agent, call, disposition } = request.into_inner();
        let (call, disposition) = said_of_wrap_up(call, disposition);
        self.ask(&domain, agent.clone(), Wish::EndWrapUp { agent, call, disposition }).await
    }

    async fn extend_wrap_up(
        &self,
        request: Request<v1::ExtendWrapUpRequest>,
    ) -> Result<Response<v1::AgentResponse>, Status> {
        let v1::ExtendWrapUpRequest { domain, agent, by } = request.into_inner();
        let by = by
            .and_then(span_from)
            .filter(|by| *by > Span(0))
            .ok_or_else(|| status(&malformed("by must be a length of time above 0", "by")))?;
        self.ask(&domain, agent.clone(), Wish::ExtendWrapUp { agent, by }).await
    }

    async fn watch_agent(
        &self,
        request: Request<v1::WatchAgentRequest>,
    ) -> Result<Response<Self::WatchAgentStream>, Status> {
        let v1::WatchAgentRequest { domain, agent } = request.into_inner();
        domain_named(&domain)?;
        let changes = self.domain.watch_agent(&agent).map_err(|refusal| status(&refusal))?;
        let watching = Watching { desk: self.clone(), agent, changes, next: Next::Now };
        Ok(Response::new(Box::pin(stream::unfold(watching, Watching::step))))
    }
}

/// 0 on the wire is the only one that is out.
fn named_offer(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}

/// One desktop that looks on.
struct Watching {
    desk: AgentDesk,
    agent: String,
    changes: AgentWatch,
    next: Next,
}

/// When the desktop is told next.
#[derive(Clone, Copy)]
enum Next {
    /// At once: it knows nothing yet.
    Now,
    /// When something changes.
    OnChange,
    /// Never: the stream is over.
    Never,
}

impl Watching {
    async fn step(mut self) -> Option<(Result<v1::AgentUpdate, Status>, Self)> {
        let lives = match self.next {
            Next::Now => true,
            Next::OnChange => self.changes.changed().await,
            Next::Never => return None,
        };
        if !lives {
            self.next = Next::Never;
            return Some((Err(Status::unavailable("the daemon is stopping")), self));
        }
        self.next = Next::OnChange;
        let agent = self.agent.clone();
        let update = self.desk.view(move |view| v1::AgentUpdate {
            position: Some(position(view.position())),
            agent: view.agent(&agent).map(row::agent),
            offers: view.offers(&agent).iter().map(row::agent_offer).collect(),
            messages: view.messages_to(&agent).into_iter().map(row::agent_message).collect(),
        });
        Some((update.await, self))
    }
}
