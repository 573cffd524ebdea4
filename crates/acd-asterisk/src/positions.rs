//! Asks acdd where callers stand in their queues.

use crate::settings::Settings;
use crate::switch::Position;
use acd_proto::v1::ListPositionsRequest;
use acd_proto::v1::adapter_service_client::AdapterServiceClient;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::transport::Channel;

/// How long an answer may take; without one nobody is told anything this time.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Asks beside the session, so that no event waits for an answer.
pub(crate) struct Positions {
    client: AdapterServiceClient<Channel>,
    domain: String,
    adapter: String,
    answers: mpsc::Sender<Vec<Position>>,
}

impl Positions {
    /// Connects when it is asked for the first time. Answers come from the receiver.
    ///
    /// # Errors
    /// The address cannot be one.
    pub(crate) fn new(
        settings: &Settings,
    ) -> Result<(Self, mpsc::Receiver<Vec<Position>>), acd_adapter::AddressError> {
        let channel = acd_adapter::endpoint(&settings.server)?.connect_lazy();
        let (answers, receiver) = mpsc::channel(1);
        let client = AdapterServiceClient::new(channel);
        let (domain, adapter) = (settings.domain.clone(), settings.adapter.clone());
        Ok((Self { client, domain, adapter, answers }, receiver))
    }

    /// Asks; whatever comes of it, there is an answer.
    pub(crate) fn ask(&self) {
        let (mut client, answers) = (self.client.clone(), self.answers.clone());
        let request =
            ListPositionsRequest { domain: self.domain.clone(), adapter: self.adapter.clone() };
        tokio::spawn(async move {
            let positions = match timeout(ANSWER_WITHIN, client.list_positions(request)).await {
                Ok(Ok(listed)) => listed.into_inner().calls,
                Ok(Err(_)) | Err(_) => Vec::new(),
            };
            let positions = positions
                .into_iter()
                .map(|it| Position { call_id: it.call_id, position: it.position });
            // Nobody waits for it when the adapter is stopping.
            let _ = answers.send(positions.collect()).await;
        });
    }
}
