//! A switchboard that is served by hand: a small adapter with all that one needs.
//!
//! ```console
//! $ cargo run -p acd-adapter --example switchboard -- http://127.0.0.1:7170 calls.json
//! call billing
//! c1 waits in billing
//! offer 1: ring ana for c1
//! answer 1
//! c1 talks to ana
//! hang-up c1
//! ```
//!
//! `decline OFFER` is the fourth command. The calls are kept in the file: end the program, start it
//! again, and they wait where they were.

use acd_adapter::{
    AdapterSession, Channel, LiveCalls, Numbers, OfferKey, OfferOutcome, Report, SessionEvent,
    SessionOptions, SessionSender,
};
use std::collections::HashMap;
use std::error::Error;
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Switchboard {
    acdd: SessionSender,
    calls: LiveCalls,
    /// Agents who are rung, by the number of their offer.
    rung: HashMap<u64, OfferKey>,
    latest: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().unwrap_or_else(|| "http://127.0.0.1:7170".to_owned());
    let file = arguments.next().unwrap_or_else(|| "switchboard-calls".to_owned());
    let options = SessionOptions::new(server, "switchboard");
    let (acdd, mut events) = AdapterSession::connect(options).await?;
    let calls = LiveCalls::kept_in(file)?;
    let latest = calls.held().iter().filter_map(|it| it.call_id[1..].parse().ok()).max();
    let (rung, latest) = (HashMap::new(), latest.unwrap_or(0));
    let mut board = Switchboard { acdd, calls, rung, latest };
    let mut commands = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => board.take_in(event).await?,
                None => return Ok(()),
            },
            command = commands.next_line() => match command? {
                Some(command) => board.obey(&command).await?,
                // What was said is to arrive; the calls stay where they are.
                None => {
                    board.acdd.close().await;
                    return Ok(());
                }
            },
        }
    }
}

impl Switchboard {
    /// Something happens here: acdd is told, and the calls are kept.
    async fn tell(&mut self, report: Report) -> Result<()> {
        self.calls.send(&self.acdd, report).await?;
        Ok(())
    }

    async fn obey(&mut self, command: &str) -> Result<()> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let offer = |number: &str| {
            number.parse().ok().and_then(|number: u64| self.rung.get(&number).copied())
        };
        match words[..] {
            ["call", queue] => {
                self.latest += 1;
                let call_id = format!("c{}", self.latest);
                println!("{call_id} waits in {queue}");
                let (queue, attributes) = (queue.to_owned(), HashMap::new());
                let (numbers, priority) = (Numbers::default(), None);
                let (channel, preferred_agent, waited) = (Channel::Voice, None, None);
                self.tell(Report::CallOffered {
                    call_id,
                    queue,
                    numbers,
                    priority,
                    attributes,
                    channel,
                    preferred_agent,
                    waited,
                })
                .await
            }
            ["answer", number] if let Some(offer) = offer(number) => {
                // Not bridged yet: acdd says when.
                self.tell(Report::OfferResult { offer, outcome: OfferOutcome::Accepted }).await
            }
            ["decline", number] if let Some(offer) = offer(number) => {
                self.tell(Report::OfferResult { offer, outcome: OfferOutcome::Declined }).await
            }
            ["answer" | "decline", number] => {
                println!("nobody is rung for offer {number}");
                Ok(())
            }
            ["hang-up", call_id] => {
                self.tell(Report::CallEnded { call_id: call_id.to_owned() }).await
            }
            _ => {
                println!("expected call QUEUE, answer OFFER, decline OFFER or hang-up CALL");
                Ok(())
            }
        }
    }

    async fn take_in(&mut self, event: SessionEvent) -> Result<()> {
        self.calls.received(&event)?;
        match event {
            // acdd or this program is new to the other: say what there is. This switchboard has no
            // lines that could have survived, so no leg rings or talks.
            SessionEvent::Connected { resumed: false, .. } => {
                self.rung.clear();
                println!("connected, with {} calls", self.calls.held().len());
                self.calls.resync(&self.acdd, Vec::new()).await?;
            }
            SessionEvent::Offer { key, offer } => {
                let call_id = offer.call.unwrap_or_default().call_id;
                println!("offer {}: ring {} for {call_id}", key.number, offer.agent);
                self.rung.insert(key.number, key);
                let outcome = OfferOutcome::Ringing;
                self.tell(Report::OfferResult { offer: key, outcome }).await?;
            }
            SessionEvent::Revoke { key, .. } => {
                self.rung.remove(&key.number);
                println!("offer {} is over", key.number);
            }
            SessionEvent::Connect { key, connect } => {
                self.rung.remove(&key.number);
                let call_id = connect.call.unwrap_or_default().call_id;
                println!("{call_id} talks to {}", connect.agent);
                self.tell(Report::CallBridged { offer: key }).await?;
            }
            SessionEvent::End(end) => {
                let call_id = end.call.clone().unwrap_or_default().call_id;
                println!("{call_id} is sent away: {}", end.treatment().as_str_name());
            }
            SessionEvent::Transfer(transfer) => {
                let call_id = transfer.call.unwrap_or_default().call_id;
                println!("{call_id} is sent to {}", transfer.number);
            }
            SessionEvent::Play(play) => {
                let call_id = play.call.unwrap_or_default().call_id;
                println!("{call_id} hears {}", play.announcement);
            }
            SessionEvent::OfferCallback(asked) => {
                let call_id = asked.call.unwrap_or_default().call_id;
                println!("{call_id} is to be asked whether he wants to be called back");
            }
            // Told twice it is the same: one that runs for the call already goes on.
            SessionEvent::Ladder(ladder) => {
                let call_id = ladder.call.unwrap_or_default().call_id;
                println!("{call_id}: the ladder {} is to be tried", ladder.ladder);
            }
            SessionEvent::Rejected { code, message, .. } => println!("refused: {message} ({code})"),
            SessionEvent::Disconnected { reason, .. } => println!("disconnected: {reason}"),
            SessionEvent::Connected { .. }
            | SessionEvent::Resynced { .. }
            | SessionEvent::Acknowledged { .. } => {}
        }
        Ok(())
    }
}
