//! Plays one day: sets the stage, lets it run, reports, and leaves the daemon as it was.

use super::casting::{Routes, qualified, route};
use super::cli::PlayArguments;
use super::report::{Played, Report};
use super::script::Script;
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::{Output, counted, note};
use crate::status;
use acd_adapter::{
    AdapterSession, Behaviour, ConnectError, Habits, Reconnect, ScriptedCall, SessionOptions,
    Shift, SimulatedAgents, SimulatedClock, SimulatedPbx,
};
use acd_proto::v1;
use acd_sim::call_log::Day;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The adapter's name.
const ADAPTER: &str = "trace";
/// Real time between the start and the first call, for agents to log in.
const LEAD: Duration = Duration::from_millis(200);
/// How long after the last arrival calls may go on, in the day's time.
const OVERTIME_MAX: Duration = Duration::from_secs(2 * 3_600);
/// How often the progress bar moves, in real time.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);
/// How long the farewell may take: agents log out, callers hang up.
const FAREWELL_MAX: Duration = Duration::from_secs(15);
/// The exit code of a play that Ctrl-C ended.
const INTERRUPTED: u8 = 130;
/// Clock scales that differ by less are the same.
const SPEED_TOLERANCE: f64 = 1e-6;

/// How many live calls are looked through for those of an earlier play; the most that is answered.
const LISTED_MAX: u32 = 10_000;
/// How many of them are named.
const NAMED_MAX: usize = 3;

/// How a play ended.
enum Ending {
    Over,
    OvertimePassed,
    Interrupted,
    Lost(String),
}

/// Who plays.
struct Cast {
    agents: Vec<String>,
    notes: Vec<String>,
}

/// Plays a day and reports how it went.
pub(crate) async fn play(
    daemon: &Daemon,
    output: Output,
    arguments: &PlayArguments,
    day: Day,
) -> Result<(), Failure> {
    let mut script = Script::of(&day);
    let status = status::ask(daemon).await?;
    nobody_plays(daemon, &status).await?;
    check_speed(&status, arguments.speed)?;
    let cast = cast(daemon, arguments, &mut script).await?;
    if !output.json {
        others(status.calls).iter().chain(&cast.notes).for_each(|text| note(text));
    }

    let options = SessionOptions {
        domain: daemon.domain.clone(),
        software: concat!("acdctl trace play ", env!("CARGO_PKG_VERSION")).to_owned(),
        // The day would not wait for another stream.
        reconnect: Reconnect::Never,
        ..SessionOptions::new(daemon.server.clone(), ADAPTER)
    };
    let (sender, events) = AdapterSession::connect(options).await.map_err(refused)?;
    let clock = SimulatedClock::start(sender.clock_scale())
        .map_err(|error| Failure::Refused(format!("cannot start the clock: {error}")))?;
    let began = Instant::now();
    let behaviour =
        Behaviour { service_level_within: arguments.service_level_within, ..Behaviour::default() };
    let pbx = SimulatedPbx::start(sender, events, clock.clone(), behaviour);
    let lead = LEAD.mul_f64(clock.scale());
    let agents = go_to_work(daemon, arguments, &clock, &script, &cast.agents, lead);
    for call in &script.calls {
        pbx.call(ScriptedCall { start: lead + call.start, ..call.clone() });
    }

    let ending = run(&pbx, &clock, &script, lead, output).await;
    let took = began.elapsed();
    let tally = pbx.tally();
    let (rejected, rejection) = (tally.rejected, tally.first_rejection.clone());
    // The report is worth having without it, if the daemon has gone.
    let decision = status::ask(daemon).await.ok().and_then(|status| status.decision);
    let complete = matches!(ending, Ending::Over | Ending::OvertimePassed);
    // Nobody waits for those who come after the last call is over.
    let played_until = if complete { Duration::MAX } else { clock.now().saturating_sub(lead) };
    let report = Report::of(Played {
        day: day.day.to_string(),
        speed: arguments.speed,
        complete,
        tally,
        left_in_ivr: script.left_in_ivr.iter().filter(|at| **at <= played_until).count() as u64,
        within: arguments.service_level_within,
        decision: decision.unwrap_or_default().into(),
        agents: cast.agents.len(),
        agents_in_log: script.duties.len(),
        took,
    });
    let mut troubles = farewell(pbx, agents).await;
    troubles.extend(rejection.map(|why| format!("the first call refused: {why}")));
    if !output.json && !matches!(ending, Ending::Lost(_)) {
        troubles.iter().for_each(|text| note(text));
    }
    output.answer(&report, Report::text)?;
    outcome(ending, rejected)
}

/// What a play comes to once it is reported.
fn outcome(ending: Ending, rejected: u64) -> Result<(), Failure> {
    match ending {
        Ending::Over | Ending::OvertimePassed if rejected > 0 => {
            Err(Failure::Refused(format!("the daemon refused {}", counted(rejected, "call"))))
        }
        Ending::Over | Ending::OvertimePassed => Ok(()),
        Ending::Interrupted => Err(Failure::Said(INTERRUPTED)),
        Ending::Lost(reason) => Err(Failure::Refused(format!("the session was lost: {reason}"))),
    }
}

/// The daemon's clock must run as fast as the day is played.
fn check_speed(status: &v1::GetStatusResponse, speed: f64) -> Result<(), Failure> {
    let scale = status.clock_scale;
    if (scale - speed).abs() > SPEED_TOLERANCE * speed {
        return Err(Failure::Wrong(format!(
            "the daemon's clock runs at {scale}, the day would be played at {speed}: start the \
             daemon with `acdd --clock-scale {speed}`, or play with --speed {scale}"
        )));
    }
    Ok(())
}

/// What a person should know about the calls that are there already.
fn others(calls: u64) -> Option<String> {
    let need = if calls == 1 { "needs an agent" } else { "need agents" };
    let calls = (calls > 0).then(|| counted(calls, "other call"))?;
    Some(format!("the daemon has {calls}, which {need} too"))
}

/// A second play would take over the session of the first, and calls that one has left behind would
/// get its agents.
async fn nobody_plays(daemon: &Daemon, status: &v1::GetStatusResponse) -> Result<(), Failure> {
    let here = status.adapters.iter().find(|adapter| adapter.adapter == ADAPTER);
    let Some(here) = here.filter(|adapter| adapter.connected || adapter.calls > 0) else {
        return Ok(());
    };
    let message = v1::ListCallsRequest {
        domain: daemon.domain.clone(),
        limit: LISTED_MAX,
        ..Default::default()
    };
    let calls = daemon.answer(daemon.supervisors().list_calls(request(message)).await)?.calls;
    let ids = calls.into_iter().filter_map(|call| call.call).filter(|call| call.adapter == ADAPTER);
    let ids: Vec<String> = ids.take(NAMED_MAX).map(|call| call.call_id).collect();
    Err(Failure::Refused(occupied(here, &ids)))
}

/// Why a day cannot be played, and what would end that.
fn occupied(here: &v1::AdapterStatus, ids: &[String]) -> String {
    let calls = counted(here.calls, "live call");
    let such_as = if here.calls > ids.len() as u64 { "such as " } else { "" };
    let ids =
        if ids.is_empty() { String::new() } else { format!(" ({such_as}{})", ids.join(", ")) };
    let end = format!("`acdctl call end --adapter {ADAPTER} --id ID` ends a call");
    if here.connected {
        return format!(
            "another play is running: adapter `{ADAPTER}` is connected and holds {calls}{ids}; let \
             it end, or stop it with Ctrl-C; {end}"
        );
    }
    format!("adapter `{ADAPTER}` still holds {calls}{ids} of an earlier play; {end}")
}

/// Decides which queue every call enters, and which agents are at work.
async fn cast(
    daemon: &Daemon,
    arguments: &PlayArguments,
    script: &mut Script,
) -> Result<Cast, Failure> {
    let domain = || daemon.domain.clone();
    let mut supervisors = daemon.supervisors();
    let queues = supervisors.list_queues(request(v1::ListQueuesRequest { domain: domain() })).await;
    let queues = daemon.answer(queues)?.queues;
    let lines = request(v1::ListSkillQueuesRequest { domain: domain() });
    let lines = daemon.answer(supervisors.list_skill_queues(lines).await)?.skill_queues;
    let agents = supervisors.list_agents(request(v1::ListAgentsRequest { domain: domain() })).await;
    let agents = daemon.answer(agents)?.agents;

    let routes = route(&script.types(), &arguments.maps, &queues).map_err(Failure::Wrong)?;
    let mut players = qualified(&agents, &lines, &routes);
    if players.is_empty() && !script.calls.is_empty() {
        return Err(Failure::Wrong(nobody(&routes)));
    }
    let Routes { by_type, mut notes } = routes;
    for call in &mut script.calls {
        if let Some(queue) = by_type.get(&call.queue) {
            call.queue.clone_from(queue);
        }
    }
    let wanted = arguments.agents.map_or(script.duties.len(), |agents| agents as usize);
    if players.len() < wanted {
        notes.push(format!(
            "{} wanted, the daemon has {} who can serve these queues",
            counted(wanted as u64, "agent"),
            players.len()
        ));
    }
    players.truncate(wanted);
    Ok(Cast { agents: players, notes })
}

/// Why there is nobody to play, and what would be right.
fn nobody(routes: &Routes) -> String {
    let queues: BTreeSet<&str> = routes.by_type.values().map(String::as_str).collect();
    let queues: Vec<&str> = queues.into_iter().collect();
    format!(
        "no agent of the daemon can serve {}: its configuration must have agents with the skills \
         that are required there; or choose other queues with --map TYPE=QUEUE",
        queues.join(" or ")
    )
}

/// Sends the agents to work: all day, or as the log says.
fn go_to_work(
    daemon: &Daemon,
    arguments: &PlayArguments,
    clock: &SimulatedClock,
    script: &Script,
    cast: &[String],
    lead: Duration,
) -> SimulatedAgents {
    let mut agents = SimulatedAgents::new(daemon.channel(), daemon.domain.clone(), clock.clone());
    for (index, agent) in cast.iter().enumerate() {
        let duty = script.duties.get(index).filter(|_| arguments.agents.is_none());
        agents.work(Shift {
            agent: agent.clone(),
            starts: duty.map_or(Duration::ZERO, |duty| lead + duty.from),
            ends: duty.map(|duty| lead + duty.to),
            // On a busy machine an offer may ring out before it is answered.
            habits: Habits { breaks: None, returns_after: Some(Duration::ZERO) },
        });
    }
    agents
}

/// Lets the day run until all calls are over.
async fn run(
    pbx: &SimulatedPbx,
    clock: &SimulatedClock,
    script: &Script,
    lead: Duration,
    output: Output,
) -> Ending {
    let bar = progress_bar(script, output);
    let watching = async {
        loop {
            let passed = clock.now().saturating_sub(lead);
            bar.set_position(passed.as_secs());
            let tally = pbx.tally();
            bar.set_message(format!(
                "{}  {} waiting, {} talking, {} answered, {} abandoned",
                time_of_day(script.origin + passed),
                tally.waiting,
                tally.talking,
                tally.answered,
                tally.abandoned,
            ));
            tokio::time::sleep(PROGRESS_EVERY).await;
        }
    };
    let ending = tokio::select! {
        over = pbx.over() => over.map_or_else(Ending::Lost, |_| Ending::Over),
        () = clock.sleep_until(lead + script.last_arrival + OVERTIME_MAX) => Ending::OvertimePassed,
        // Without signals nobody can interrupt.
        Ok(()) = tokio::signal::ctrl_c() => Ending::Interrupted,
        () = watching => Ending::Over,
    };
    bar.finish_and_clear();
    ending
}

fn progress_bar(script: &Script, output: Output) -> ProgressBar {
    if output.json {
        return ProgressBar::hidden();
    }
    // It hides itself when standard error is no terminal.
    let bar = ProgressBar::new(script.last_arrival.as_secs().max(1));
    let style = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Seconds since some midnight as a time of day.
fn time_of_day(at: Duration) -> String {
    let seconds = at.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Agents log out, callers who are still there hang up. Returns what the daemon refused meanwhile.
async fn farewell(pbx: SimulatedPbx, agents: SimulatedAgents) -> Vec<String> {
    let leaving = async {
        pbx.finish().await;
        agents.finish().await
    };
    tokio::time::timeout(FAREWELL_MAX, leaving).await.unwrap_or_else(|_| {
        vec!["the daemon did not answer the farewell; agents may still be logged in".to_owned()]
    })
}

fn refused(error: ConnectError) -> Failure {
    match error {
        ConnectError::Unreachable { server, source } => {
            Failure::Unreachable { server, detail: source.to_string() }
        }
        ConnectError::Address(_) => Failure::Wrong(error.to_string()),
        ConnectError::Refused(_) | ConnectError::Protocol(_) | ConnectError::Irreconcilable(_) => {
            Failure::Refused(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitCode;

    fn trace(connected: bool, calls: u64) -> v1::AdapterStatus {
        let adapter = ADAPTER.to_owned();
        v1::AdapterStatus { adapter, connected, calls, ..v1::AdapterStatus::default() }
    }

    #[test]
    fn who_is_in_the_way_is_told_with_what_ends_it() {
        let ids: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(
            occupied(&trace(false, 7), &ids),
            "adapter `trace` still holds 7 live calls (such as a, b, c) of an earlier play; \
             `acdctl call end --adapter trace --id ID` ends a call"
        );
        assert!(occupied(&trace(false, 1), &ids[..1]).contains("holds 1 live call (a) of"));
        let running = occupied(&trace(true, 0), &[]);
        assert!(running.contains("is connected and holds 0 live calls; let it end"), "{running}");
    }

    #[test]
    fn a_play_succeeds_only_when_it_was_whole_and_no_call_was_refused() {
        let code = |ending, rejected| outcome(ending, rejected).map_err(|why| why.exit_code());
        let failed = |code: u8| Err(ExitCode::from(code));
        assert_eq!(code(Ending::Over, 0), Ok(()));
        assert_eq!(code(Ending::OvertimePassed, 0), Ok(()));
        assert_eq!(code(Ending::Over, 1), failed(1));
        assert_eq!(code(Ending::Interrupted, 1), failed(INTERRUPTED));
        let lost = outcome(Ending::Lost("taken over (ABORTED)".to_owned()), 0);
        let said = lost.expect_err("it was not whole").to_string();
        assert_eq!(said, "the session was lost: taken over (ABORTED)");
    }

    #[test]
    fn other_calls_are_counted_in_words_that_fit() {
        assert_eq!(others(0), None);
        let one = "the daemon has 1 other call, which needs an agent too";
        assert_eq!(others(1).as_deref(), Some(one));
        let two = "the daemon has 2 other calls, which need agents too";
        assert_eq!(others(2).as_deref(), Some(two));
    }
}
