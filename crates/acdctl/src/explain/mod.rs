//! `explain`: why a call is where it is, in the words of a colleague who was there.

mod row;

use crate::act::elsewhere;
use crate::cli::CallName;
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::Output;
use crate::times::time_of_day;
use acd_proto::v1;
use acd_words::Told;
pub(crate) use acd_words::told;
use clap::Args;
use row::ExplainRow;
pub(crate) use row::{StepRow, step};

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
    let told = Told { answer: &answer, agent: &agent, time_of_day: &time_of_day };
    output.answer(&ExplainRow::new(&answer, &agent), |_| told.text())
}
