//! Plays one day: sets the stage, lets it run, reports, and leaves the daemon as it was.

use super::casting::{Routes, qualified, route};
use super::cli::PlayArguments;
use super::log::Day;
use super::report::{Played, Report};
use super::script::Script;
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::status;
use acd_adapter::{
    AdapterSession, Behaviour, ConnectError, Habits, Reconnect, ScriptedCall, SessionOptions,
    Shift, SimulatedAgents, SimulatedClock, SimulatedPbx,
};
use acd_proto::v1;
use indicatif::{ProgressBar, ProgressStyle};
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
    let others = check_speed(daemon, arguments.speed).await?;
    let cast = cast(daemon, arguments, &mut script).await?;
    if !output.json {
        others.iter().chain(&cast.notes).for_each(|text| note(text));
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
    let rejection = tally.first_rejection.clone();
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
    match ending {
        Ending::Over | Ending::OvertimePassed => Ok(()),
        Ending::Interrupted => Err(Failure::Said(INTERRUPTED)),
        Ending::Lost(reason) => Err(Failure::Refused(format!("the session was lost: {reason}"))),
    }
}

/// The daemon's clock must run as fast as the day is played. Returns what a person should know.
async fn check_speed(daemon: &Daemon, speed: f64) -> Result<Option<String>, Failure> {
    let status = status::ask(daemon).await?;
    let scale = status.clock_scale;
    if (scale - speed).abs() > SPEED_TOLERANCE * speed {
        return Err(Failure::Wrong(format!(
            "the daemon's clock runs at {scale}, the day would be played at {speed}: start the \
             daemon with `acdd --clock-scale {speed}`, or play with --speed {scale}"
        )));
    }
    let calls = status.calls;
    Ok((calls > 0).then(|| format!("the daemon has {calls} other calls, which need agents too")))
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
    let Routes { by_type, mut notes } = routes;
    for call in &mut script.calls {
        if let Some(queue) = by_type.get(&call.queue) {
            call.queue.clone_from(queue);
        }
    }
    let wanted = arguments.agents.map_or(script.duties.len(), |agents| agents as usize);
    if players.len() < wanted {
        notes.push(format!(
            "{wanted} agents are wanted, the daemon has {} who can serve these queues",
            players.len()
        ));
    }
    players.truncate(wanted);
    Ok(Cast { agents: players, notes })
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
        ConnectError::Refused(_) | ConnectError::Protocol(_) => Failure::Refused(error.to_string()),
    }
}
