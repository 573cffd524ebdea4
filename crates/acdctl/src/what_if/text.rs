//! The answer of `whatif` for people.

use super::answer::{
    AgentAnswer, Answer, CallAnswer, Interval, MeasureAnswer, RowAnswer, TurnWords, WorkAnswer,
};
use crate::output::counted;
use crate::table::Table;
use crate::times::human;
use std::time::Duration;

/// Measures in the order of the table: the field, what people call it, digits behind the point.
pub(super) const SHOWN: [(&str, &str, usize); 7] = [
    ("answered", "answered", 1),
    ("abandoned", "hung up", 1),
    ("sent_away", "sent away", 1),
    ("service_level", "service level, %", 2),
    ("average_wait_s", "average wait of the answered, s", 2),
    ("p90_wait_s", "nine in ten waited at most, s", 1),
    ("longest_wait_s", "longest wait, s", 0),
];

pub(super) fn text(answer: &Answer) -> String {
    let parts = [
        head(answer),
        figures(answer),
        validity(answer),
        changes(answer),
        agents(answer),
        assumptions(answer),
    ];
    parts.join("\n")
}

fn head(answer: &Answer) -> String {
    let [a, b] = [0, 1].map(|side| answer.configs[side].as_str());
    let (calls, days) = (counted(answer.calls as u64, "call"), &answer.days);
    let days = match (days.first(), days.last()) {
        (Some(first), Some(last)) if first != last => {
            format!("{} from {first} to {last}", counted(days.len() as u64, "day"))
        }
        (first, _) => first.cloned().unwrap_or_default(),
    };
    format!(
        "A  {a}\nB  {b}\n{}: {calls}, {days}; {}, seed {}, {:.1} s\n",
        answer.source,
        counted(answer.replications, "replication"),
        answer.seed,
        answer.seconds
    )
}

/// What a row is called.
pub(super) fn row_name(row: &RowAnswer) -> String {
    match row.of {
        "all" => "all calls".to_owned(),
        "priority" => format!("priority {}", row.name),
        _ => row.name.clone(),
    }
}

/// The rows that are shown: not the days, nor what is the same as all.
pub(super) fn rows(answer: &Answer) -> impl Iterator<Item = &RowAnswer> {
    let count = |of: &str| answer.rows.iter().filter(|row| row.of == of).count();
    let (queues, priorities) = (count("queue"), count("priority"));
    answer.rows.iter().filter(move |row| match row.of {
        "queue" => queues > 1,
        "priority" => priorities > 1,
        "day" => false,
        _ => true,
    })
}

fn figures(answer: &Answer) -> String {
    let mut table = Table::new(&["", "MEASURE", "RECORDED>", "A>", "B>", "B - A>", "±>", ""]);
    for row in rows(answer) {
        let calls = row.measures.get("calls").and_then(|calls| calls.recorded).unwrap_or_default();
        let mut first = Some(format!("{} ({calls:.0})", row_name(row)));
        for (field, name, digits) in SHOWN {
            let Some(measure) = row.measures.get(field).filter(|it| !is_nothing(it)) else {
                continue;
            };
            let number = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:.digits$}"));
            let value = |it: Option<Interval>| number(it.map(|it| it.value));
            let recorded = measure.recorded.map(|it| number(Some(it)));
            let half = measure.difference.and_then(|it| it.half_width);
            let mark = if measure.excludes_zero { "*" } else { "" };
            table.row([
                first.take().unwrap_or_default(),
                name.to_owned(),
                recorded.unwrap_or_else(|| "-".to_owned()),
                value(measure.a),
                value(measure.b),
                measure.difference.map_or("-".to_owned(), |it| signed(it.value, digits)),
                number(half),
                mark.to_owned(),
            ]);
        }
    }
    format!("{}* the interval of 95 % excludes that there is no difference\n", table.text())
}

/// With its sign, but for what is nothing when rounded.
pub(super) fn signed(number: f64, digits: usize) -> String {
    let text = format!("{number:+.digits$}");
    let is_zero = text.trim_start_matches(['+', '-']).chars().all(|it| it == '0' || it == '.');
    if is_zero { format!("{:.digits$}", 0.0) } else { text }
}

/// Nothing happened, and nothing could have.
fn is_nothing(measure: &MeasureAnswer) -> bool {
    let played = [measure.a, measure.b].map(|it| it.map(|it| it.value));
    let all = [measure.recorded, played[0], played[1]];
    all.iter().all(|it| it.is_none_or(|it| it == 0.0))
}

/// How well A gives what was recorded.
pub(super) fn validity_words(answer: &Answer) -> Option<String> {
    let all = answer.rows.first()?;
    let pair = |field: &str| {
        let measure = all.measures.get(field)?;
        Some((measure.recorded?, measure.a?.value))
    };
    let (recorded, played) = pair("abandoned")?;
    let (recorded_wait, played_wait) = pair("average_wait_s")?;
    let (recorded_level, played_level) = pair("service_level")?;
    Some(format!(
        "A beside the record: {played:.0} hung up of {recorded:.0}, the answered waited \
         {played_wait:.1} s of {recorded_wait:.1} s, service level {played_level:.1} % of \
         {recorded_level:.1} %. Where A is the configuration of those days, this is how far the play is \
         to be trusted."
    ))
}

fn validity(answer: &Answer) -> String {
    validity_words(answer).map_or_else(String::new, |words| words + "\n")
}

/// `hung up -> answered`; `answered, waits longer`.
pub(super) fn turn_words(turn: &TurnWords) -> String {
    let word = |end: &str| match end {
        "abandoned" => "hung up".to_owned(),
        "sent_away" => "sent away".to_owned(),
        "waiting" => "still waiting".to_owned(),
        other => other.to_owned(),
    };
    match turn.wait {
        Some(wait) => format!("{} after a wait over a minute {wait}", word(turn.from)),
        None => format!("{} -> {}", word(turn.from), word(turn.to)),
    }
}

fn changes(answer: &Answer) -> String {
    let changed = &answer.changed;
    if changed.calls_ever == 0 {
        return "No call has another fate under B than under A.\n".to_owned();
    }
    let half = changed.calls.half_width.map_or_else(String::new, |it| format!(" ± {it:.0}"));
    let mut text = format!(
        "{:.0}{half} of {} have another fate under B than under A:\n",
        changed.calls.value,
        counted(answer.calls as u64, "call")
    );
    let mut table = Table::new(&["CALLS>", "A -> B"]);
    for turn in &changed.turns {
        table.row([format!("{:.1}", turn.calls), turn_words(&turn.turn)]);
    }
    text += &table.text();
    if changed.listed.is_empty() {
        return text;
    }
    let heads = ["CALL", "DAY", "CAME", "QUEUE", "RECORDED", "CHANGES>", "MOST OFTEN"];
    let mut table = Table::new(&heads);
    for call in &changed.listed {
        table.row([
            call.call.clone(),
            call.day.clone(),
            time_of_day(call.came_s),
            call.queue.clone(),
            recorded_words(call),
            format!("{:.0} %", call.share * 100.0),
            turn_words(&call.usual),
        ]);
    }
    let shown = changed.listed.len();
    let (of, more) = (changed.calls_ever, changed.calls_ever - shown);
    let rest = match more {
        0 => String::new(),
        _ => format!(
            "{shown} of {of} that change in one replication or more; --calls N lists more\n"
        ),
    };
    format!("{text}\n{}{rest}", table.text())
}

/// `answered, 37s`
pub(super) fn recorded_words(call: &CallAnswer) -> String {
    let end = match call.recorded {
        "abandoned" => "hung up",
        "sent_away" => "sent away",
        other => other,
    };
    format!("{end}, {}", human(Duration::from_secs_f64(call.recorded_wait_s)))
}

/// `09:07:31`
pub(super) fn time_of_day(seconds: f64) -> String {
    let whole = seconds as u64;
    format!("{:02}:{:02}:{:02}", whole / 3_600, whole / 60 % 60, whole % 60)
}

fn agents(answer: &Answer) -> String {
    let mut table = Table::new(&["AGENT", "ON DUTY>", "OCCUPANCY A>", "B>", "CALLS A>", "B>"]);
    let cell = |of: Option<WorkAnswer>, text: fn(WorkAnswer) -> String| {
        of.map_or_else(|| "-".to_owned(), text)
    };
    let add = |table: &mut Table, AgentAnswer { agent, a, b }: &AgentAnswer| {
        let duty = |work: WorkAnswer| human(Duration::from_secs_f64(work.on_duty_s));
        let occupancy = |work: WorkAnswer| format!("{:.1} %", work.occupancy);
        let answered = |work: WorkAnswer| format!("{:.1}", work.answered);
        table.row([
            agent.clone(),
            cell(a.or(*b), duty),
            cell(*a, occupancy),
            cell(*b, occupancy),
            cell(*a, answered),
            cell(*b, answered),
        ]);
    };
    for agent in &answer.agents {
        add(&mut table, agent);
    }
    add(&mut table, &all_agents(answer));
    table.text()
}

/// All of them together.
pub(super) fn all_agents(answer: &Answer) -> AgentAnswer {
    let sum = |of: fn(&AgentAnswer) -> Option<WorkAnswer>| {
        let works: Vec<WorkAnswer> = answer.agents.iter().filter_map(of).collect();
        let sum = |of: fn(&WorkAnswer) -> f64| works.iter().map(of).sum::<f64>();
        let (on_duty_s, busy_s) = (sum(|it| it.on_duty_s), sum(|it| it.busy_s));
        let (answered, occupancy) = (sum(|it| it.answered), 100.0 * busy_s / on_duty_s);
        (on_duty_s > 0.0).then_some(WorkAnswer { on_duty_s, busy_s, occupancy, answered })
    };
    AgentAnswer { agent: "all".to_owned(), a: sum(|it| it.a), b: sum(|it| it.b) }
}

/// What stands behind the figures.
pub(super) fn assumption_words(answer: &Answer) -> Vec<String> {
    let mut words = vec![
        "Recorded and kept: when callers came and what they asked for, the talk of who was answered, \
         whoever answers him now, the patience of who hung up, and when people were at work."
            .to_owned(),
    ];
    words.extend(answer.notes.iter().map(|note| sentence(note)));
    let hung_up: usize = answer.patience.iter().map(|of| of.hung_up).sum();
    if hung_up == 0 {
        words.push(
            "Nobody hung up in the record: nobody does here, however long he waits.".to_owned(),
        );
    } else {
        words.push(
            "Who was answered had more patience than he waited, nobody knows how much (it is censored): \
             it is drawn from the Kaplan-Meier estimate of his queue, as one who had waited so long."
                .to_owned(),
        );
    }
    for of in answer.patience.iter().filter(|_| hung_up > 0) {
        let source = match of.pooled {
            true => "too few for an estimate of its own, that of all queues serves",
            false => "its own estimate",
        };
        let seconds = |it: Option<f64>| it.map_or("unknown".to_owned(), |it| format!("{it:.0} s"));
        words.push(format!(
            "{}: {} hung up, {} censored, {source}; half have hung up after {}; the longest patience seen \
             is {}, {:.1} % have more.",
            of.queue,
            of.hung_up,
            of.censored,
            seconds(of.median_s),
            seconds(of.longest_seen_s),
            of.share_beyond.unwrap_or_default() * 100.0,
        ));
    }
    if answer.patience_beyond > 0.0 {
        words.push(format!(
            "Beyond the longest patience seen the estimate says nothing: for {:.1} calls of a replication \
             callers go on hanging up at the rate of the last tenth of hang-ups.",
            answer.patience_beyond
        ));
    }
    words.push(
        "Who hung up and is answered here talks as long as some call of his queue did, drawn anew in each \
         replication. A and B meet the same callers with the same luck."
            .to_owned(),
    );
    words.push(
        "The intervals are of what the record does not show and had to be drawn. They do not say how other \
         days would go."
            .to_owned(),
    );
    words
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|it| it.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn assumptions(answer: &Answer) -> String {
    assumption_words(answer).join("\n")
}
