//! Supervisors: lists, the watch, and interventions in calls and agents.

use crate::convert;
use crate::convert::message::{malformed, priority_from};
use crate::convert::refusal::status;
use crate::convert::row;
use crate::convert::time::{position, span_from, timestamp, timestamp_from};
use crate::convert::watched::Framed;
use crate::grpc::domain_named;
use crate::grpc::intervals::{self, Intervals};
use crate::grpc::ready::Ready;
use crate::grpc::watch::{frames, watch};
use crate::past::Past;
use acd_core::{ForcedPresence, SkillForNow, Span, Treatment};
use acd_engine::{
    CallRef, CallRow, Domain, Hubs, Person, Recipients, Refusal, RefusalKind, Request as Wish,
    Until, View, code,
};
use acd_proto::v1::message_agents_request::To;
use acd_proto::v1::set_agent_skill_request::{End as SkillEnd, Wanted};
use acd_proto::v1::set_queue_open_request::End;
use acd_proto::v1::supervisor_service_server::SupervisorService;
use acd_proto::v1::{self, InterventionResponse};
use futures_util::stream::{self, Empty};
use tokio::runtime::Handle;
use tonic::{Request, Response, Status};

/// How many calls are listed when nothing is said.
const CALLS_LISTED: u32 = 1_000;
/// The most calls that one answer lists.
const CALLS_LISTED_MAX: u32 = 10_000;

/// The service of supervisors.
#[derive(Clone, Debug)]
pub(crate) struct SupervisorDesk {
    domain: Domain,
    past: Past,
    hubs: Hubs<Framed>,
}

impl SupervisorDesk {
    /// A desk that serves `domain`, and makes what is watched on `cold`.
    pub(crate) fn new(domain: Domain, past: Past, cold: Handle) -> Self {
        let hubs = Hubs::new(&domain, Framed, cold);
        Self { domain, past, hubs }
    }

    /// What a supervisor asks for, in his own name.
    async fn intervene(
        &self,
        person: Person,
        wish: Wish,
    ) -> Result<Response<InterventionResponse>, Status> {
        let reached =
            self.domain.request(wish, person).await.map_err(|refusal| status(&refusal))?;
        Ok(Response::new(InterventionResponse { position: Some(position(reached)) }))
    }
}

#[tonic::async_trait]
impl SupervisorService for SupervisorDesk {
    type WatchStream = Empty<Result<v1::WatchUpdate, Status>>;

    /// Its messages are encoded once for all who watch the same: their bytes go out in place of this
    /// stream.
    async fn watch(
        &self,
        request: Request<v1::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let request = request.into_inner();
        domain_named(&request.domain)?;
        let listener = watch(&self.domain, &self.hubs, &request)?;
        let mut answer = Response::new(stream::empty());
        answer.extensions_mut().insert(Ready::new(frames(listener)));
        Ok(answer)
    }

    type ListIntervalsStream = Intervals;

    async fn list_intervals(
        &self,
        request: Request<v1::ListIntervalsRequest>,
    ) -> Result<Response<Self::ListIntervalsStream>, Status> {
        let request = request.into_inner();
        domain_named(&request.domain)?;
        let rows = intervals::rows(&self.domain, &self.past, request).await?;
        Ok(Response::new(intervals::in_messages(rows)))
    }

    async fn list_queues(
        &self,
        request: Request<v1::ListQueuesRequest>,
    ) -> Result<Response<v1::ListQueuesResponse>, Status> {
        domain_named(&request.into_inner().domain)?;
        let view = self.domain.view();
        Ok(Response::new(v1::ListQueuesResponse {
            position: Some(position(view.position())),
            at: Some(timestamp(self.domain.clock().now())),
            queues: view.queues().iter().map(row::queue).collect(),
        }))
    }

    async fn list_skill_queues(
        &self,
        request: Request<v1::ListSkillQueuesRequest>,
    ) -> Result<Response<v1::ListSkillQueuesResponse>, Status> {
        domain_named(&request.into_inner().domain)?;
        let view = self.domain.view();
        Ok(Response::new(v1::ListSkillQueuesResponse {
            position: Some(position(view.position())),
            at: Some(timestamp(self.domain.clock().now())),
            skill_queues: view.skill_queues().iter().map(row::skill_queue).collect(),
        }))
    }

    async fn list_agents(
        &self,
        request: Request<v1::ListAgentsRequest>,
    ) -> Result<Response<v1::ListAgentsResponse>, Status> {
        domain_named(&request.into_inner().domain)?;
        let view = self.domain.view();
        Ok(Response::new(v1::ListAgentsResponse {
            position: Some(position(view.position())),
            at: Some(timestamp(self.domain.clock().now())),
            agents: view.agents().iter().map(row::agent).collect(),
        }))
    }

    async fn list_calls(
        &self,
        request: Request<v1::ListCallsRequest>,
    ) -> Result<Response<v1::ListCallsResponse>, Status> {
        let v1::ListCallsRequest { domain, queue, limit } = request.into_inner();
        domain_named(&domain)?;
        let limit = match limit {
            0 => CALLS_LISTED,
            1..=CALLS_LISTED_MAX => limit,
            _ => {
                let wrong = format!("limit must be at most {CALLS_LISTED_MAX}");
                return Err(status(&malformed(&wrong, "limit")));
            }
        };
        let at = Some(timestamp(self.domain.clock().now()));
        let listed = list_calls(&self.domain.view(), &queue, limit);
        let listed = listed.map_err(|refusal| status(&refusal))?;
        Ok(Response::new(v1::ListCallsResponse { at, ..listed }))
    }

    async fn explain(
        &self,
        request: Request<v1::ExplainRequest>,
    ) -> Result<Response<v1::ExplainResponse>, Status> {
        let v1::ExplainRequest { domain, call, agent } = request.into_inner();
        domain_named(&domain)?;
        let agent = Some(agent).filter(|agent| !agent.is_empty());
        let explained = self.domain.explain(named(call)?, agent).await;
        let explained = explained.map_err(|refusal| status(&refusal))?;
        Ok(Response::new(convert::explained::explained(&explained)))
    }

    async fn move_call(
        &self,
        request: Request<v1::MoveCallRequest>,
    ) -> Result<Response<InterventionResponse>, Status> {
        let v1::MoveCallRequest { domain, actor, call, queue } = request.into_inner();
        domain_named(&domain)?;
        let (person, call) = (acting(actor)?, named(call)?);
        self.intervene(person, Wish::MoveCall { call, queue }).await
    }

    async fn set_call_priority(
        &self,
        request: Request<v1::SetCallPriorityRequest>,
    ) -> Result<Response<InterventionResponse>, Status> {
        let v1::SetCallPriorityRequest { domain, actor, call, priority } = request.into_inner();
        domain_named(&domain)?;
        let (person, call) = (acting(actor)?, named(call)?);
        let priority = priority_from(priority, "priority").map_err(|refusal| status(&refusal))?;
        self.intervene(person, Wish::SetPriority { call, priority }).await
    }

    async fn end_call(
        &self,
        request: Request<v1::EndCallRequest>,
    ) -> Result<Response<InterventionResponse>, Status> {
        let v1::EndCallRequest { domain, actor, call, treatment } = request.into_inner();
        domain_named(&domain)?;
        let (person, call) = (acting(actor)?, named(call)?);
        let treatment = match v1::Treatment::try_from(treatment) {
            Ok(v1::Treatment::Busy) => Treatment::Busy,
            Ok(v1::Treatment::Voicemail) => Treatment::Voicemail,
            Ok(v1::Treatment::Message) => Treatment::Message,
            Ok(v1::Treatment::Unspecified | v1::Treatment::HangUp) => Treatment::HangUp,
            Err(_) => {
                let wrong = "treatment must be BUSY, VOICEMAIL, MESSAGE or HANG_UP";
                return Err(status(&malformed(wrong, "treatment")));
            }
        };
        self.intervene(person, Wish::EndCall { call, treatment }).await
    }

    async fn set_queue_open(
        &self,
        request: Request<v1::SetQueueOpenRequest>,
    ) -> Result<Response<InterventionResponse>, Status> {
        let v1::SetQueueOpenRequest { domain, actor, queue, open, end } = request.into_inner();
        domain_named(&domain)?;
        let (person, until) = (acting(actor)?, end.map(until).transpose()?);
        self.intervene(person, Wish::SetClosed { queue, closed: !open, until }).await
    }

    async fn set_agent_skill(
        &self,
        request: Request<v1::SetAgentSkillRequest>,
    ) -> Result<Response<InterventionResponse>, Status> {
        let v1::SetAgentSkillRequest { domain, actor, agent, skill, wanted, end } =
            request.into_inner();
        domain_named(&domain)?;
        let person = acting(actor)?;
        let wanted = match wanted {
            // One that is too large is refused as any other that is no level.
            Some(Wanted::Level(level)) => {
                SkillForNow::Level(u8::try_from(level).unwrap_or(u8::MAX))
            }
            Some(Wanted::Without(true)) => SkillForNow::Without,
            Some(Wanted::AsConfigured(true)) => SkillForNow::AsPlanned,
            Some(Wanted::Without(false) | Wanted::AsConfigured(false)) | None => {
                let wrong = "wanted is required: a level, without, or as_configured";
                return Err(status(&malformed(wrong, "wanted")));
            }
        };
        if wanted == SkillForNow::AsPlanned && end.is_some() {
            let wrong = "what is as configured has no end: leave out until and lasting";
            return Err(status(&malformed(wrong, "end")));
        }
        let until = end.map(|end| match end {
            SkillEnd::Until(at) => until(End::Until(at)),
            SkillEnd::Lasting(length) => until(End::Lasting(length)),
        });
        let until = until.transpose()?;
        self.intervene(person, Wish::SetSkill { agent, skill, wanted, until }).await
    }

    async fn pick_call(
        &self,
        request: Request<v1::PickCallRequest>,
    ) -> Result<Response<InterventionResponse>, Status> {
        let v1::PickCallRequest { domain, actor, call, agent } = request.into_inner();
        domain_named(&domain)?;
        let (person, call) = (acting(actor)?, named(call)?);
        self.intervene(person, Wish::PickCall { call, agent }).await
    }

    async fn message_agents(
        &self,
        request: Request<v1::MessageAgentsRequest>,
    ) -> Result<Response<InterventionResponse>, Status> {
        let v1::MessageAgentsRequest { domain, actor, to, text } = request.into_inner();
        domain_named(&domain)?;
        let person = acting(actor)?;
        let to = match to {
            Some(To::Agent(agent)) => Recipients::Agent(agent),
            Some(To::Queue(queue)) => Recipients::Queue(queue),
            Some(To::Everybody(true)) => Recipients::Everybody,
            Some(To::Everybody(false)) | None => {
                let wrong = "to is required: an agent, a queue, or everybody";
                return Err(status(&malformed(wrong, "to")));
            }
        };
        self.intervene(person, Wish::MessageAgents { to, text }).await
    }

    async fn set_agent_presence(
        &self,
        request: Request<v1::SetAgentPresenceRequest>,
    ) -> Result<Response<InterventionResponse>, Status> {
        let v1::SetAgentPresenceRequest { domain, actor, agent, presence } = request.into_inner();
        domain_named(&domain)?;
        let person = acting(actor)?;
        let presence = match v1::Presence::try_from(presence) {
            Ok(v1::Presence::Ready) => ForcedPresence::Ready,
            Ok(v1::Presence::NotReady) => ForcedPresence::NotReady,
            Ok(v1::Presence::LoggedOut) => ForcedPresence::LoggedOut,
            Ok(v1::Presence::Unspecified) | Err(_) => {
                let wrong = "presence must be READY, NOT_READY or LOGGED_OUT";
                return Err(status(&malformed(wrong, "presence")));
            }
        };
        self.intervene(person, Wish::ForcePresence { agent, presence }).await
    }
}

/// Who acts; nobody intervenes without a name.
fn acting(actor: Option<v1::Actor>) -> Result<Person, Status> {
    match actor {
        Some(v1::Actor { name, reason }) if !name.is_empty() => Ok(Person { name, reason }),
        Some(_) | None => Err(status(&malformed(
            "actor.name is required: a login or badge name, recorded with what is done",
            "actor.name",
        ))),
    }
}

/// When what a supervisor says is over.
fn until(end: End) -> Result<Until, Status> {
    let until = match end {
        End::Until(at) => timestamp_from(at).map(Until::At),
        End::Lasting(length) => {
            span_from(length).filter(|length| *length > Span(0)).map(Until::After)
        }
    };
    until.ok_or_else(|| {
        let wrong = "until must be an instant, or lasting a length of time above 0";
        status(&malformed(wrong, "until"))
    })
}

pub(crate) fn named(call: Option<v1::CallRef>) -> Result<CallRef, Status> {
    let v1::CallRef { adapter, call_id } =
        call.ok_or_else(|| status(&malformed("call is required", "call")))?;
    Ok(CallRef { adapter, call_id })
}

/// Live calls, oldest first.
fn list_calls(view: &View, queue: &str, limit: u32) -> Result<v1::ListCallsResponse, Refusal> {
    if !queue.is_empty() && !view.has_queue(queue) {
        let message = format!("no queue `{queue}` in the configuration");
        return Err(Refusal::new(RefusalKind::NotFound, code::UNKNOWN_QUEUE, message).at("queue"));
    }
    let concerned = |call: &&CallRow| {
        queue.is_empty()
            || call.via_queue.as_deref() == Some(queue)
            || call.places.iter().any(|place| &*place.queue == queue)
    };
    let mut total = 0;
    let mut calls = Vec::new();
    for call in view.calls().filter(concerned) {
        total += 1;
        if total <= u64::from(limit) {
            calls.push(row::call(call));
        }
    }
    Ok(v1::ListCallsResponse { position: Some(position(view.position())), at: None, calls, total })
}
