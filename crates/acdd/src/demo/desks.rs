//! Played agents answer calls of other adapters too, at their desktops: yours, made with acdctl.

use crate::demo::{ADAPTER, PICK_UP};
use acd_adapter::SimulatedClock;
use acd_proto::v1::agent_service_client::AgentServiceClient;
use acd_proto::v1::supervisor_service_client::SupervisorServiceClient;
use acd_proto::v1::watch_update::Body;
use acd_proto::v1::{AcceptOfferRequest, Event, View, WatchRequest};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashSet;
use tonic::transport::Channel;

/// Accepts every offer of another adapter's call to an agent who is `played`, until the watch ends;
/// says why it did.
pub(crate) async fn answer_others(
    channel: Channel,
    played: HashSet<String>,
    clock: SimulatedClock,
    seed: u64,
) -> String {
    let request = WatchRequest { views: vec![View::Events.into()], ..WatchRequest::default() };
    let mut supervisor =
        SupervisorServiceClient::new(channel.clone()).max_decoding_message_size(usize::MAX);
    let mut updates = match supervisor.watch(request).await {
        Ok(updates) => updates.into_inner(),
        Err(status) => return status.message().to_owned(),
    };
    let desktops = AgentServiceClient::new(channel);
    let mut chance = StdRng::seed_from_u64(seed);
    loop {
        let update = match updates.message().await {
            Ok(Some(update)) => update,
            Ok(None) => return "the watch has ended".to_owned(),
            Err(status) => return status.message().to_owned(),
        };
        let Some(Body::Delta(delta)) = update.body else { continue };
        for offered in delta.events.iter().filter(|event| is_others(event, &played)) {
            let after = chance.random_range(PICK_UP);
            tokio::spawn(accept(desktops.clone(), clock.clone(), after, offered));
        }
    }
}

fn is_others(event: &Event, played: &HashSet<String>) -> bool {
    event.kind == "offer_issued"
        && played.contains(&event.agent)
        && event.call.as_ref().is_some_and(|call| call.adapter != ADAPTER)
}

fn accept(
    mut desktop: AgentServiceClient<Channel>,
    clock: SimulatedClock,
    after: std::time::Duration,
    offered: &Event,
) -> impl Future<Output = ()> + Send + 'static {
    let agent = offered.agent.clone();
    let request =
        AcceptOfferRequest { agent, offer_number: offered.offer_number, ..Default::default() };
    async move {
        clock.sleep(after).await;
        if let Err(status) = desktop.accept_offer(request).await {
            // It may be over by now.
            tracing::debug!(code = ?status.code(), "a demo agent could not accept an offer");
        }
    }
}
