//! An adapter's process, as the tests play it.

use super::{Daemon, soon};
use acd_proto::v1 as acd;
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::adapter_service_client::AdapterServiceClient;
use acd_proto::v1::offer_result::Result as How;
use acd_proto::v1::resync_leg::State as LegState;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

/// How an adapter introduces itself.
#[derive(Clone, Debug)]
pub(crate) struct Hello(pub(crate) acd::Hello);

impl Hello {
    /// A new process of this adapter.
    pub(crate) fn of(name: &str) -> Self {
        Self(acd::Hello {
            adapter: name.to_owned(),
            incarnation: rand::random_range(1..=u64::MAX),
            software: "end-to-end test".to_owned(),
            ..acd::Hello::default()
        })
    }
}

/// An adapter's process: its session, and what it would remember across a broken stream.
pub(crate) struct Adapter {
    hello: acd::Hello,
    pub(crate) welcome: acd::Welcome,
    /// The number of the latest message sent.
    pub(crate) sent: u64,
    /// The number of the latest order taken in.
    pub(crate) taken: u64,
    /// The latest of its messages that the daemon says is durable.
    pub(crate) acknowledged: u64,
    up: Option<mpsc::Sender<acd::AdapterMessage>>,
    down: Streaming<acd::AdapterOrder>,
    unacknowledged: Vec<acd::AdapterMessage>,
    _channel: Channel,
}

impl Adapter {
    /// A session that resumes, or begins with a resync of nothing.
    pub(crate) async fn connect(daemon: &Daemon, hello: Hello) -> Result<Self, Status> {
        let mut adapter = Self::open(daemon, hello).await?;
        if !adapter.welcome.resumed {
            adapter.resync(Vec::new(), Vec::new()).await;
        }
        Ok(adapter)
    }

    /// A session as it is after its Welcome.
    pub(crate) async fn open(daemon: &Daemon, Hello(mut hello): Hello) -> Result<Self, Status> {
        let channel = daemon.try_channel().await.map_err(|e| Status::unavailable(e.to_string()))?;
        let (up, messages) = mpsc::channel(1024);
        let first =
            acd::AdapterMessage { body: Some(Up::Hello(hello.clone())), ..Default::default() };
        up.send(first).await.expect("room for the first message");
        let mut client = AdapterServiceClient::new(channel.clone());
        let session = client.session(ReceiverStream::new(messages));
        let mut down = soon("a session", session).await?.into_inner();
        let welcome = soon("a welcome", down.message()).await?;
        let welcome = welcome.ok_or_else(|| Status::unavailable("the stream ended at once"))?;
        assert_eq!(welcome.number, 0, "Welcome is not numbered");
        let Some(Down::Welcome(body)) = welcome.body else {
            panic!("the first order is not Welcome: {welcome:?}");
        };
        hello.epoch = welcome.epoch;
        Ok(Self {
            sent: body.received,
            taken: if body.resumed { hello.ack } else { 0 },
            acknowledged: body.received,
            hello,
            welcome: body,
            up: Some(up),
            down,
            unacknowledged: Vec::new(),
            _channel: channel,
        })
    }

    /// Says what the PBX holds, and waits until that is taken in; offers that go on come before.
    pub(crate) async fn resync(
        &mut self,
        calls: Vec<acd::CallOffered>,
        legs: Vec<acd::ResyncLeg>,
    ) -> (acd::Resynced, Vec<Down>) {
        for call in calls {
            self.holds_call(call).await;
        }
        for leg in legs {
            self.holds_leg(leg).await;
        }
        self.holds_no_more().await;
        let mut before = Vec::new();
        loop {
            match self.expect().await {
                Down::Resynced(resynced) => return (resynced, before),
                order => before.push(order),
            }
        }
    }

    /// Names a caller, in the resync that the welcome has asked for.
    pub(crate) async fn holds_call(&mut self, call: acd::CallOffered) -> u64 {
        let resync = self.welcome.resync;
        self.say(Up::ResyncCall(acd::ResyncCall { call: Some(call), resync })).await
    }

    /// Names a leg.
    pub(crate) async fn holds_leg(&mut self, leg: acd::ResyncLeg) -> u64 {
        let resync = self.welcome.resync;
        self.say(Up::ResyncLeg(acd::ResyncLeg { resync, ..leg })).await
    }

    /// Has named all.
    pub(crate) async fn holds_no_more(&mut self) -> u64 {
        let resync = self.welcome.resync;
        self.say(Up::ResyncDone(acd::ResyncDone { resync })).await
    }

    /// A leg of this adapter's to an agent, for one of its calls.
    pub(crate) fn leg(&self, call_id: &str, agent: &str, state: LegState) -> acd::ResyncLeg {
        let call =
            acd::CallRef { adapter: self.hello.adapter.clone(), call_id: call_id.to_owned() };
        acd::ResyncLeg {
            call: Some(call),
            agent: agent.to_owned(),
            state: state.into(),
            ..Default::default()
        }
    }

    /// The connection breaks; the process lives on and remembers its numbers.
    pub(crate) fn lose_connection(self) -> Lost {
        let hello = self.introduction();
        let Self { sent, acknowledged, unacknowledged, .. } = self;
        Lost { hello, sent, acknowledged, unacknowledged }
    }

    /// How this process would introduce itself again.
    pub(crate) fn introduction(&self) -> Hello {
        Hello(acd::Hello { ack: self.taken, ..self.hello.clone() })
    }

    /// The epoch in which the session runs.
    pub(crate) fn epoch(&self) -> u64 {
        self.hello.epoch
    }

    /// Sends a numbered message; says its number.
    pub(crate) async fn say(&mut self, body: Up) -> u64 {
        self.sent += 1;
        let message = acd::AdapterMessage { number: self.sent, ack: self.taken, body: Some(body) };
        self.unacknowledged.push(message.clone());
        self.send_raw(message).await;
        self.sent
    }

    /// Sends whatever this is.
    pub(crate) async fn send_raw(&mut self, message: acd::AdapterMessage) {
        // A stream that the daemon has ended takes nothing; what comes down says why.
        if let Some(up) = &self.up {
            let _ = up.send(message).await;
        }
    }

    /// Says that it will say no more.
    pub(crate) fn finish(&mut self) {
        self.up = None;
    }

    pub(crate) async fn offer_call(&mut self, call_id: &str, queue: &str) -> u64 {
        self.offer_call_with(call(call_id, queue)).await
    }

    pub(crate) async fn offer_call_at(&mut self, call_id: &str, queue: &str, priority: u32) -> u64 {
        let call = acd::CallOffered { priority: Some(priority), ..call(call_id, queue) };
        self.offer_call_with(call).await
    }

    pub(crate) async fn offer_call_with(&mut self, call: acd::CallOffered) -> u64 {
        self.say(Up::CallOffered(call)).await
    }

    pub(crate) async fn end_call(&mut self, call_id: &str) -> u64 {
        self.say(Up::CallEnded(acd::CallEnded { call_id: call_id.to_owned() })).await
    }

    pub(crate) async fn result(&mut self, offer_number: u64, result: How) -> u64 {
        let result =
            acd::OfferResult { offer_number, result: result.into(), offer_epoch: self.hello.epoch };
        self.say(Up::OfferResult(result)).await
    }

    pub(crate) async fn ringing(&mut self, offer: &acd::Offer) -> u64 {
        self.result(offer.offer_number, How::Ringing).await
    }

    pub(crate) async fn accepted(&mut self, offer: &acd::Offer) -> u64 {
        self.result(offer.offer_number, How::Accepted).await
    }

    pub(crate) async fn declined(&mut self, offer: &acd::Offer) -> u64 {
        self.result(offer.offer_number, How::Declined).await
    }

    pub(crate) async fn bridged(&mut self, offer: &acd::Offer) -> u64 {
        let acd::Offer { offer_number, .. } = *offer;
        let offer_epoch = self.hello.epoch;
        self.say(Up::CallBridged(acd::CallBridged { offer_number, offer_epoch })).await
    }

    /// The agent answers and talks with the caller.
    pub(crate) async fn answer(&mut self, offer: &acd::Offer) {
        self.ringing(offer).await;
        self.accepted(offer).await;
        let connect = self.expect_connect().await;
        assert_eq!(connect.offer_number, offer.offer_number);
        self.bridged(offer).await;
    }

    /// The next order other than a bare acknowledgement, or how the stream ended.
    pub(crate) async fn next_order(&mut self) -> Result<acd::AdapterOrder, Status> {
        loop {
            let order = soon("an order", self.down.message()).await?;
            let order = order.ok_or_else(|| Status::new(Code::Ok, "the stream is over"))?;
            assert_eq!(order.epoch, self.hello.epoch, "orders are of the session's epoch");
            assert!(order.ack >= self.acknowledged, "acknowledgements never go back");
            self.acknowledged = order.ack;
            self.unacknowledged.retain(|message| message.number > order.ack);
            if matches!(order.body, Some(Down::Acknowledged(_))) {
                assert_eq!(order.number, 0, "Acknowledged is not numbered");
                continue;
            }
            assert_eq!(order.number, self.taken + 1, "orders are numbered without gaps");
            self.taken = order.number;
            return Ok(order);
        }
    }

    /// Waits until everything sent is durable. Orders that come meanwhile are a mistake.
    pub(crate) async fn everything_acknowledged(&mut self) {
        while self.acknowledged < self.sent {
            let order = soon("an acknowledgement", self.down.message()).await;
            let order = order.expect("a live stream").expect("a live stream");
            assert!(
                matches!(order.body, Some(Down::Acknowledged(_))),
                "an order nobody waited for: {order:?}"
            );
            self.acknowledged = order.ack;
        }
        self.unacknowledged.clear();
    }

    async fn expect(&mut self) -> Down {
        let order = self.next_order().await.expect("a live stream");
        order.body.expect("every order has a body")
    }

    pub(crate) async fn expect_offer(&mut self) -> acd::Offer {
        match self.expect().await {
            Down::Offer(offer) => offer,
            other => panic!("not an offer: {other:?}"),
        }
    }

    pub(crate) async fn expect_connect(&mut self) -> acd::Connect {
        match self.expect().await {
            Down::Connect(connect) => connect,
            other => panic!("not a connect: {other:?}"),
        }
    }

    pub(crate) async fn expect_revoke(&mut self) -> acd::Revoke {
        match self.expect().await {
            Down::Revoke(revoke) => revoke,
            other => panic!("not a revoke: {other:?}"),
        }
    }

    pub(crate) async fn expect_end(&mut self) -> acd::End {
        match self.expect().await {
            Down::End(end) => end,
            other => panic!("not an end: {other:?}"),
        }
    }

    pub(crate) async fn expect_rejected(&mut self) -> acd::Rejected {
        match self.expect().await {
            Down::Rejected(rejected) => rejected,
            other => panic!("not a rejection: {other:?}"),
        }
    }

    /// The status with which the daemon ends the stream, whatever orders come before.
    pub(crate) async fn expect_end_of_stream(&mut self) -> Status {
        loop {
            match self.next_order().await {
                Ok(_) => {}
                Err(status) => return status,
            }
        }
    }
}

/// What an adapter remembers while it has no connection.
pub(crate) struct Lost {
    pub(crate) hello: Hello,
    sent: u64,
    acknowledged: u64,
    unacknowledged: Vec<acd::AdapterMessage>,
}

impl Lost {
    /// Opens a new stream, and sends again what was not acknowledged, with the old numbers.
    pub(crate) async fn resume(self, daemon: &Daemon) -> Adapter {
        let mut adapter = daemon.open_session(self.hello).await.expect("the session goes on");
        assert!(adapter.welcome.resumed, "the session goes on by number");
        let received = adapter.welcome.received;
        for message in self.unacknowledged {
            if message.number > received {
                adapter.send_raw(message).await;
            }
        }
        adapter.sent = self.sent;
        adapter
    }

    /// Puts a message in line for the next stream; says its number.
    pub(crate) fn say(&mut self, body: Up) -> u64 {
        self.sent += 1;
        let message = acd::AdapterMessage { number: self.sent, ack: 0, body: Some(body) };
        self.unacknowledged.push(message);
        self.sent
    }

    /// Opens a new stream to whatever daemon is there now, which may have begun a new epoch, and
    /// says again what that one has not received.
    ///
    /// # Errors
    /// There is no daemon, or it is gone again; what is remembered is unchanged.
    pub(crate) async fn return_to(self, daemon: &Daemon) -> Result<Adapter, Self> {
        let Ok(mut adapter) = daemon.try_welcome(self.hello.clone()).await else {
            return Err(self);
        };
        let acd::Welcome { resumed, received, .. } = adapter.welcome;
        assert!(received >= self.acknowledged, "what was acknowledged is received for good");
        adapter.sent = self.sent;
        for mut message in self.unacknowledged {
            if message.number > received {
                if !resumed {
                    message.ack = 0;
                }
                adapter.unacknowledged.push(message.clone());
                adapter.send_raw(message).await;
            }
        }
        Ok(adapter)
    }
}

/// A call with nothing but a name and a queue.
pub(crate) fn call(call_id: &str, queue: &str) -> acd::CallOffered {
    acd::CallOffered {
        call_id: call_id.to_owned(),
        queue: queue.to_owned(),
        ..acd::CallOffered::default()
    }
}
