//! The watch: what a subscriber asks for, and the stream of ready messages that he gets.

use crate::convert::message::malformed;
use crate::convert::refusal::status;
use crate::convert::time::position_from;
use crate::convert::watched::Framed;
use acd_engine::{Domain, Hubs, Listener, Refusal, Views, Wanted};
use acd_proto::v1::{View, WatchRequest};
use bytes::Bytes;
use futures_util::future::FutureExt as _;
use futures_util::stream::{self, Stream, StreamExt as _};
use std::time::Duration;
use tonic::Status;

/// Begins a watch.
///
/// # Errors
/// A view, queue or agent that is none, or too many subscribers.
pub(crate) fn watch(
    domain: &Domain,
    hubs: &Hubs<Framed>,
    request: &WatchRequest,
) -> Result<Listener<Framed>, Status> {
    let listener = wanted(domain, request).and_then(|wanted| {
        let resume_after = request.resume_after.map(position_from);
        hubs.listen(wanted, resume_after)
    });
    listener.map_err(|refusal| status(&refusal))
}

fn wanted(domain: &Domain, request: &WatchRequest) -> Result<Wanted, Refusal> {
    let views = views(&request.views)?;
    let selection = domain.select(views, &request.queues, &request.agents)?;
    let every = match request.every {
        None => Duration::ZERO,
        Some(every) => Duration::try_from(every)
            .map_err(|_negative| malformed("every must be a time of 0 s or more", "every"))?,
    };
    Ok(Wanted { selection, every })
}

fn views(asked: &[i32]) -> Result<Views, Refusal> {
    let mut views = Views::default();
    for view in asked {
        match View::try_from(*view) {
            Ok(View::Queues) => views.queues = true,
            Ok(View::SkillQueues) => views.skill_queues = true,
            Ok(View::Agents) => views.agents = true,
            Ok(View::Calls) => views.calls = true,
            Ok(View::Events) => views.events = true,
            Ok(View::Decisions) => views.decisions = true,
            Ok(View::QueueStatistics) => views.queue_statistics = true,
            Ok(View::AgentStatistics) => views.agent_statistics = true,
            Ok(View::Unspecified) | Err(_) => {
                let wrong = "views must be QUEUES, SKILL_QUEUES, AGENTS, CALLS, EVENTS, \
                             QUEUE_STATISTICS, AGENT_STATISTICS or DECISIONS";
                return Err(malformed(wrong, "views"));
            }
        }
    }
    Ok(if asked.is_empty() { Views::ALL } else { views })
}

/// The messages of a listener as gRPC frames, and at last why there are no more. What is there already
/// is made now, by whoever calls this.
pub(crate) fn frames(
    mut listener: Listener<Framed>,
) -> impl Stream<Item = Result<Bytes, Status>> + Send + 'static {
    let first = listener.next().now_or_never().flatten();
    let first = stream::iter(first.map(|message| Ok(message.bytes)));
    first.chain(stream::unfold(Some(listener), |listener| async move {
        let mut listener = listener?;
        match listener.next().await {
            Some(message) => Some((Ok(message.bytes), Some(listener))),
            None => Some((Err(Status::unavailable("the daemon is stopping")), None)),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_view_means_all_and_an_unknown_one_is_refused() {
        let all = views(&[1, 2, 3, 4, 5, 6, 7, 8]).expect("views");
        assert_eq!(views(&[]).expect("views"), all);
        let calls = views(&[View::Calls.into()]).expect("a view");
        assert_eq!(calls, Views { calls: true, ..Views::default() });
        for unknown in [0, 99, -1] {
            let refused = views(&[1, unknown]).expect_err("no such view");
            assert_eq!(refused.field, "views");
        }
    }
}
