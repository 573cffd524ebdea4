//! Feature codes: what agents ask for at their telephones.

use super::{Acdd, Output, Subject, Switch, Timer};
use crate::ari::ChannelInfo;
use acd_adapter::{AgentMeant, AskedPresence, Report};
use std::time::Duration;

/// How long acdd may take to answer before the dialplan goes on.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// What the dialplan asks for: `Stasis(acd,agent,ACTION[,REASON or DISPOSITION])`.
///
/// # Errors
/// What is wrong, for the log.
fn read(asked: &[String], agent: AgentMeant) -> Result<Report, &'static str> {
    let action = asked.first().map_or("", String::as_str);
    let said = asked.get(1).filter(|said| !said.is_empty());
    if said.is_some() && !["not-ready", "end-wrap-up"].contains(&action) {
        return Err("only not-ready has a reason, and end-wrap-up a disposition");
    }
    let presence = match action {
        "ready" | "log-in" => AskedPresence::Ready,
        "not-ready" => AskedPresence::NotReady(said.cloned()),
        "log-out" => AskedPresence::LoggedOut,
        "end-wrap-up" => {
            return Ok(Report::WrapUpDone { agent, call: None, disposition: said.cloned() });
        }
        _ => return Err("expected ready, log-in, not-ready, log-out or end-wrap-up"),
    };
    Ok(Report::AgentPresence { agent, presence })
}

impl Switch {
    /// An agent has dialled a feature code; he is known by his telephone.
    pub(super) fn feature_code(&mut self, channel: &ChannelInfo, asked: &[String]) {
        let Some(address) = self.settings.address(channel.device()).map(str::to_owned) else {
            return self.give_to_dialplan(&channel.id, "unknown_agent");
        };
        let report = match read(asked, AgentMeant::At(address)) {
            Ok(report) => report,
            Err(wrong) => {
                let at = channel.place();
                tracing::warn!(%at, wrong, "the dialplan's Stasis(..., agent, ...) cannot be read");
                return self.give_to_dialplan(&channel.id, "malformed");
            }
        };
        if !matches!(self.acdd, Acdd::Connected) {
            // Done later, it would surprise him.
            return self.give_to_dialplan(&channel.id, "unavailable");
        }
        self.features.insert(channel.id.clone());
        self.timers.insert((self.now.instant + ANSWER_WITHIN, Timer::Feature(channel.id.clone())));
        self.outputs.push(Output::Tell(Subject::Feature(channel.id.clone()), report));
    }

    /// The dialplan says to the agent what came of it.
    pub(super) fn feature_answered(&mut self, channel: &str, result: &str) {
        if self.features.remove(channel) {
            self.give_to_dialplan(channel, result);
        }
    }
}
