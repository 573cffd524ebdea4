//! `explain`: why a call is where it is, in the words of a colleague who was there.

mod present;
mod row;
mod story;
#[cfg(test)]
mod tests;

use crate::act::elsewhere;
use crate::cli::CallName;
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::Output;
use crate::times::{Instant, elapsed, human, time_of_day};
use acd_proto::v1;
use clap::Args;
use row::ExplainRow;

/// Examples of the command line.
pub(crate) const EXAMPLES: &str = "Examples:\n  acdctl explain c1\n  \
    acdctl explain 1700000000.42 --adapter asterisk-a --agent ana\n  \
    acdctl explain c1 --json | jq '.places[].barred'";

#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// The call's id.
    pub(crate) call: String,
    /// The adapter that holds it, or held it.
    #[arg(long, value_name = "NAME", default_value = "manual")]
    pub(crate) adapter: String,
    /// What keeps this agent from it.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) agent: String,
}

pub(crate) async fn explain(
    daemon: &Daemon,
    output: Output,
    arguments: ExplainArguments,
) -> Result<(), Failure> {
    let ExplainArguments { call, adapter, agent } = arguments;
    let call = CallName { id: call, adapter };
    let message = v1::ExplainRequest {
        domain: daemon.domain.clone(),
        call: Some(v1::CallRef { adapter: call.adapter.clone(), call_id: call.id.clone() }),
        agent: agent.clone(),
    };
    let answer = daemon.supervisors().explain(request(message)).await;
    let answer = daemon.answer(answer.map_err(|status| elsewhere(&call, status)))?;
    let told = Told { answer: &answer, agent: &agent, time_of_day };
    output.answer(&ExplainRow::new(&answer, &agent), |_| told.text())
}

/// An answer, to be put into words.
struct Told<'a> {
    answer: &'a v1::ExplainResponse,
    /// About whom the question was, or empty.
    agent: &'a str,
    time_of_day: fn(&Instant) -> String,
}

impl Told<'_> {
    fn text(&self) -> String {
        let mut lines = vec![self.headline()];
        lines.extend(self.story());
        lines.extend(self.present());
        lines.join("\n") + "\n"
    }

    /// What it is and where it stands.
    fn headline(&self) -> String {
        let call = self.answer.call.clone().unwrap_or_default();
        let name = format!("{} ({})", call.call_id, call.adapter);
        let Some(now) = &self.answer.now else {
            return format!("{name} is over: {}.", self.outcome());
        };
        let since = self.since(now.state_since.as_ref());
        let agents = std::iter::once(&now.agent).chain(&now.also_offered_to);
        let agents = listed(&agents.cloned().collect::<Vec<_>>());
        let state = match now.state() {
            v1::CallState::Waiting if !now.awaits_agent.is_empty() => {
                format!("waits for {} alone", now.awaits_agent)
            }
            v1::CallState::Waiting => "waits".to_owned(),
            v1::CallState::Offering => format!("is being offered to {agents}"),
            v1::CallState::Connecting => format!("is being connected with {agents}"),
            v1::CallState::Connected => format!("talks with {agents}"),
            v1::CallState::Held => format!("is on hold; {agents} has it"),
            v1::CallState::Ended | v1::CallState::Unspecified => "is over".to_owned(),
        };
        let age = self.answer.age.map(|age| human(crate::times::length(Some(&age))));
        let age = age.unwrap_or_default();
        let priority = now.priority;
        let at = (self.time_of_day)(&self.answer.at.unwrap_or_default());
        format!(
            "{name} {state}, for {since} (at {at}). It has priority {priority}, and has waited {age} in all."
        )
    }

    fn outcome(&self) -> String {
        let mut events = self.answer.story.iter().filter_map(|step| step.event.as_ref());
        let last = events.next_back().filter(|event| event.kind == "call_ended");
        last.map_or_else(|| "nobody knows how".to_owned(), |event| event.detail.replace('_', " "))
    }

    /// How long before the question it was.
    fn since(&self, at: Option<&Instant>) -> String {
        let now = self.answer.at.unwrap_or_default();
        at.and_then(|at| elapsed(at, &now)).map_or_else(|| "-".to_owned(), human)
    }

    /// How long after the question it will be.
    fn until(&self, at: Option<&Instant>) -> Option<String> {
        let now = self.answer.at.unwrap_or_default();
        at.and_then(|at| elapsed(&now, at)).map(human)
    }
}

/// `ana`, `ana and ben`, `ana, ben and cleo`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
