//! What the pages ask for: the methods of the services, as `POST /api/SERVICE/METHOD` with JSON.
//!
//! Each is the very method that gRPC serves, so that a page can do no more and no less.

use super::Site;
use super::json;
use super::problem::Problem;
use crate::grpc::intervals;
use acd_proto::v1::agent_service_server::AgentService as _;
use acd_proto::v1::supervisor_service_server::SupervisorService as _;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use prost::{Message, Name};
use tonic::{Request, Status};

/// `POST /api/supervisor/METHOD`.
pub(super) async fn supervisor(
    State(Site { supervisors: desk, domain, past, .. }): State<Site>,
    Path(method): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    match method.as_str() {
        // In one piece, not as a stream.
        "ListIntervals" => {
            let rows = |it: Request<_>| intervals::rows(&domain, &past, it.into_inner());
            answer(&body, |it| async { Ok(tonic::Response::new(rows(it).await?)) }).await
        }
        "MoveCall" => answer(&body, |it| desk.move_call(it)).await,
        "SetCallPriority" => answer(&body, |it| desk.set_call_priority(it)).await,
        "EndCall" => answer(&body, |it| desk.end_call(it)).await,
        "PickCall" => answer(&body, |it| desk.pick_call(it)).await,
        "SetQueueOpen" => answer(&body, |it| desk.set_queue_open(it)).await,
        "SetAgentSkill" => answer(&body, |it| desk.set_agent_skill(it)).await,
        "SetAgentPresence" => answer(&body, |it| desk.set_agent_presence(it)).await,
        "MessageAgents" => answer(&body, |it| desk.message_agents(it)).await,
        _ => Err(unknown("supervisor", &method)),
    }
}

/// `POST /api/agent/METHOD`.
pub(super) async fn agent(
    State(Site { agents: desk, .. }): State<Site>,
    Path(method): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    match method.as_str() {
        "LogIn" => answer(&body, |it| desk.log_in(it)).await,
        "LogOut" => answer(&body, |it| desk.log_out(it)).await,
        "SetPresence" => answer(&body, |it| desk.set_presence(it)).await,
        "Heartbeat" => answer(&body, |it| desk.heartbeat(it)).await,
        "AcceptOffer" => answer(&body, |it| desk.accept_offer(it)).await,
        "DeclineOffer" => answer(&body, |it| desk.decline_offer(it)).await,
        "TakeCall" => answer(&body, |it| desk.take_call(it)).await,
        "EndWrapUp" => answer(&body, |it| desk.end_wrap_up(it)).await,
        "ExtendWrapUp" => answer(&body, |it| desk.extend_wrap_up(it)).await,
        _ => Err(unknown("agent", &method)),
    }
}

fn unknown(service: &str, method: &str) -> Problem {
    Problem::unknown_method(format!(
        "the {service} service has no method `{method}` here; docs/wallboard.md lists them"
    ))
}

/// Reads what is asked for, asks it, and writes the answer.
async fn answer<Asked, Answer, Answering>(
    body: &[u8],
    ask: impl FnOnce(Request<Asked>) -> Answering,
) -> Result<Response, Problem>
where
    Asked: Message + Name + Default,
    Answer: Message + Name,
    Answering: Future<Output = Result<tonic::Response<Answer>, Status>>,
{
    let asked = json::read(body).map_err(Problem::malformed)?;
    let answer = ask(Request::new(asked)).await?.into_inner();
    let json = json::written(&answer).map_err(Status::internal)?;
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], json).into_response())
}
