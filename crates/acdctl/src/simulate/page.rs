//! The report of a scenario as a page.

use super::scenario::Answer;
use crate::output::counted;
use acd_sim::Estimate;
use acd_sim::report::{
    Axis, Block, Cell, Chart, Page, Point, Rule, Section, Series, Table, Tile, Tone, clock, length,
    percent, rough_length, short_length,
};
use acd_sim::scenario::{Figures, Levels, Occupancy, QueueOutcome};

/// So many curves in one chart.
const CURVES: usize = 6;

pub(super) fn page(answer: &Answer) -> Page {
    let title = if answer.title.is_empty() { "A simulated day" } else { answer.title.as_str() };
    Page {
        title: title.to_owned(),
        lead: lead(answer),
        tiles: tiles(answer),
        sections: vec![
            queues(answer),
            waiting(answer),
            levels(answer),
            agents(answer),
            intervals(answer),
        ],
        conditions: conditions(answer),
        remarks: remarks(answer),
    }
}

/// Which queues keep their promise.
fn lead(answer: &Answer) -> String {
    let missed: Vec<&QueueOutcome> =
        answer.outcome.queues.iter().filter(|queue| !keeps(queue)).collect();
    let names = missed.iter().map(|queue| queue.queue.as_str()).collect::<Vec<_>>().join(", ");
    match (missed.len(), answer.outcome.queues.len()) {
        (0, 1) => "The queue keeps its service level over the day.".to_owned(),
        (0, _) => "Every queue keeps its service level over the day.".to_owned(),
        (missed, all) if missed == all => {
            "No queue keeps its service level over the day.".to_owned()
        }
        (_, _) => format!("Over the day these queues miss their service level: {names}."),
    }
}

fn keeps(queue: &QueueOutcome) -> bool {
    let level = queue.day.service_level.abandons_missed;
    level.is_none_or(|level| level.value >= queue.target_share)
}

fn tiles(answer: &Answer) -> Vec<Tile> {
    let all = &answer.outcome.all;
    let tile = |label: &str, value: String, beside: String| Tile {
        label: label.to_owned(),
        value,
        beside,
        tone: Tone::Plain,
    };
    let share = |of: Option<Estimate>| of.map_or_else(|| "–".to_owned(), |of| percent(of.value));
    let time =
        |of: Option<Estimate>| of.map_or_else(|| "–".to_owned(), |of| rough_length(of.value));
    vec![
        tile("Calls a day", format!("{:.0}", all.offered.value), beside(all.offered, 1.0, "")),
        tile(
            "Answered in time",
            share(all.service_level.abandons_missed),
            spread(all.service_level.abandons_missed, 100.0, " points"),
        ),
        tile("Abandoned", share(all.abandonment), spread(all.abandonment, 100.0, " points")),
        tile("Mean wait", time(all.asa_seconds), spread(all.asa_seconds, 1.0, " s")),
        tile("Longest wait", time(all.longest_wait_seconds), "of a day, on average".to_owned()),
        tile(
            "Occupancy",
            share(answer.outcome.agents.occupancy),
            format!("{:.1} agents at work", answer.outcome.agents.working.value),
        ),
    ]
}

/// How exact a figure is.
fn beside(of: Estimate, times: f64, unit: &str) -> String {
    match of.half_width.is_finite() {
        true => format!("± {:.1}{unit}", of.half_width * times),
        false => String::new(),
    }
}

fn spread(of: Option<Estimate>, times: f64, unit: &str) -> String {
    of.map_or_else(String::new, |of| beside(of, times, unit))
}

/// The middle of each interval.
fn middles(answer: &Answer) -> Vec<f64> {
    answer.outcome.intervals.iter().map(|(begin, end)| f64::midpoint(*begin, *end)).collect()
}

fn day(answer: &Answer) -> Axis {
    let ends = |at: Option<&(f64, f64)>| at.copied().unwrap_or_default();
    let intervals = &answer.outcome.intervals;
    Axis::day(ends(intervals.first()).0, ends(intervals.last()).1)
}

fn series(answer: &Answer, name: &str, of: impl Iterator<Item = Option<Estimate>>) -> Series {
    let points = middles(answer).into_iter().zip(of);
    let points = points.map(|(at, of)| of.map(|of| Point::of(at, of))).collect();
    Series { name: name.to_owned(), points, steps: false }
}

/// A chart for each so many curves.
fn charts(
    title: &str,
    note: &str,
    x: &Axis,
    y: &dyn Fn(f64) -> Axis,
    curves: Vec<Series>,
) -> Vec<Block> {
    let most = curves.iter().filter_map(Series::most).fold(0.0, f64::max);
    let (title, note) = (title.to_owned(), note.to_owned());
    let chart = Chart { title, note, x: x.clone(), y: y(most), series: curves, rules: Vec::new() };
    chart.split().into_iter().map(Block::Chart).collect()
}

fn of_queues(answer: &Answer, of: impl Fn(&Figures) -> Option<Estimate>) -> Vec<Series> {
    let queues = answer.outcome.queues.iter();
    queues.map(|queue| series(answer, &queue.queue, queue.by_interval.iter().map(&of))).collect()
}

fn waiting(answer: &Answer) -> Section {
    let mut blocks = charts(
        "Mean wait",
        "of calls that were answered, ringing included, by the time at which they came",
        &day(answer),
        &|most| Axis::seconds("mean wait", most),
        of_queues(answer, |figures| figures.asa_seconds),
    );
    blocks.extend(charts(
        "Calls",
        "that came to each queue in an interval",
        &day(answer),
        &|most| Axis::number("calls in an interval", most),
        of_queues(answer, |figures| Some(figures.offered)),
    ));
    Section { title: "Waiting".to_owned(), text: String::new(), blocks }
}

fn levels(answer: &Answer) -> Section {
    let mut blocks = charts(
        "Answered in time",
        "of the calls answered or abandoned, short abandons left out; each queue by its own target",
        &day(answer),
        &|_| Axis::share("service level"),
        of_queues(answer, |figures| figures.service_level.abandons_missed),
    );
    for rule in blocks.iter_mut().filter_map(|block| match block {
        Block::Chart(chart) => Some(&mut chart.rules),
        Block::Differences(_) | Block::Table(_) | Block::Told { .. } | Block::Folded { .. } => None,
    }) {
        let mut shares: Vec<f64> =
            answer.outcome.queues.iter().map(|queue| queue.target_share).collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        rule.extend(
            shares.into_iter().map(|at| Rule { at, label: format!("target {:.0} %", at * 100.0) }),
        );
    }
    blocks.extend(charts(
        "Abandonment",
        "of the calls answered or abandoned, short abandons left out",
        &day(answer),
        &|most| Axis::small_share("abandoned", most),
        of_queues(answer, |figures| figures.abandonment),
    ));
    blocks.push(Block::Table(variants(answer)));
    Section { title: "Service level".to_owned(), text: String::new(), blocks }
}

/// Service level as different houses count it.
fn variants(answer: &Answer) -> Table {
    let heads = [
        "Queue",
        "Abandons met>",
        "Missed>",
        "Ignored>",
        "With short: met>",
        "Missed>",
        "Ignored>",
    ];
    let cell = |of: Option<Estimate>| Cell {
        beside: spread(of, 100.0, ""),
        ..Cell::of(of.map_or_else(|| "–".to_owned(), |of| percent(of.value)))
    };
    let row = |name: &str, of: &Figures| {
        let levels = [&of.service_level, &of.service_level_with_short];
        let each = |of: &Levels| [of.abandons_met, of.abandons_missed, of.abandons_ignored];
        let cells = levels.into_iter().flat_map(each).map(cell);
        std::iter::once(Cell::of(name)).chain(cells).collect()
    };
    let outcome = &answer.outcome;
    let queues = outcome.queues.iter().map(|queue| row(&queue.queue, &queue.day));
    let caption = "How abandons count: as met if they hung up within the target, as missed (as in the charts), \
        or within the target not at all.";
    Table {
        caption: caption.to_owned(),
        heads: heads.map(str::to_owned).to_vec(),
        rows: queues.chain([row("all calls", &outcome.all)]).collect(),
        total: true,
    }
}

fn agents(answer: &Answer) -> Section {
    let outcome = &answer.outcome;
    let curve =
        |name: &str, of: &[Occupancy]| series(answer, name, of.iter().map(Occupancy::drawn));
    let mut curves: Vec<Series> =
        outcome.teams.iter().map(|team| curve(&team.team, &team.by_interval)).collect();
    if curves.len() > 2 * CURVES {
        curves.clear();
    }
    if curves.len() != 1 {
        curves.push(curve("all agents", &outcome.agents_by_interval));
    }
    let mut blocks = charts(
        "Occupancy",
        "of the time in which agents take calls, how much they are rung, talk, or take notes; left out \
         where on average less than half an agent is at work",
        &day(answer),
        &|_| Axis::share("occupancy"),
        curves,
    );
    let heads = ["Team", "Agents", "At work>", "Occupancy>"].map(str::to_owned).to_vec();
    let row = |name: &str, agents: String, of: &Occupancy| {
        let occupancy = of.occupancy.map_or_else(|| "–".to_owned(), |of| percent(of.value));
        let beside = spread(of.occupancy, 100.0, "");
        let working = format!("{:.1}", of.working.value);
        let occupancy = Cell { beside, ..Cell::of(occupancy) };
        vec![Cell::of(name), Cell::of(agents), Cell::of(working), occupancy]
    };
    let mut rows: Vec<Vec<Cell>> =
        outcome.teams.iter().map(|team| row(&team.team, named(&team.agents), &team.day)).collect();
    rows.push(row("all agents", String::new(), &outcome.agents));
    let caption = "A team is agents of equal skills, profile and capacity; at work is how many take \
        calls at a time on average.";
    blocks.push(Block::Table(Table { caption: caption.to_owned(), heads, rows, total: true }));
    Section { title: "Agents".to_owned(), text: String::new(), blocks }
}

/// The first of them.
fn named(agents: &[String]) -> String {
    match agents {
        [] => String::new(),
        [first, second, third, _, rest @ ..] => {
            format!("{first}, {second}, {third} and {} more", rest.len() + 1)
        }
        few => few.join(", "),
    }
}

const HEADS: [&str; 10] = [
    "Calls>",
    "Answered>",
    "Abandoned>",
    "Short>",
    "Sent on>",
    "In time>",
    "Mean wait>",
    "P90>",
    "Longest>",
    "AHT>",
];

fn heads(first: &[&str]) -> Vec<String> {
    first.iter().chain(&HEADS).map(|head| (*head).to_owned()).collect()
}

fn cells(of: &Figures, target: Option<f64>) -> Vec<Cell> {
    let number = |of: Estimate| Cell::of(format!("{:.1}", of.value));
    let time =
        |of: Option<Estimate>| Cell::of(of.map_or_else(|| "–".to_owned(), |of| length(of.value)));
    let level = of.service_level.abandons_missed;
    let tone = match (level, target) {
        (Some(level), Some(target)) => Tone::good_if(level.value >= target),
        (Some(_) | None, _) => Tone::Plain,
    };
    let in_time = Cell {
        text: level.map_or_else(|| "–".to_owned(), |level| percent(level.value)),
        beside: spread(level, 100.0, ""),
        tone,
    };
    let sent = of.overflowed.value + of.rejected.value + of.moved.value;
    vec![
        number(of.offered),
        number(of.answered),
        number(of.abandoned),
        number(of.short_abandoned),
        Cell::of(format!("{sent:.1}")),
        in_time,
        time(of.asa_seconds),
        time(of.wait_p90_seconds),
        time(of.longest_wait_seconds),
        time(of.aht_seconds),
    ]
}

fn queues(answer: &Answer) -> Section {
    let outcome = &answer.outcome;
    let mut rows = Vec::new();
    for queue in &outcome.queues {
        let target = format!(
            "{:.0} % in {}",
            queue.target_share * 100.0,
            short_length(queue.target_seconds)
        );
        let mut row = vec![Cell::of(&queue.queue), Cell::of(target)];
        row.extend(cells(&queue.day, Some(queue.target_share)));
        rows.push(row);
    }
    let mut total = vec![Cell::of("all calls"), Cell::of("")];
    total.extend(cells(&outcome.all, None));
    rows.push(total);
    let table =
        Table { caption: String::new(), heads: heads(&["Queue", "Target"]), rows, total: true };
    let text = "Numbers of calls are means of a day. Sent on are calls that a rule moved to another queue, \
        turned away, or sent out of acdd. Short are those who hung up at once. All calls counts each call \
        once, by its whole wait and the target of the queue that it came to first.";
    let blocks = vec![Block::Table(table)];
    Section { title: "Queues".to_owned(), text: text.to_owned(), blocks }
}

fn intervals(answer: &Answer) -> Section {
    let outcome = &answer.outcome;
    let mut blocks = Vec::new();
    for queue in &outcome.queues {
        let title = queue.queue.clone();
        let table = by_interval(answer, &queue.by_interval, Some(queue.target_share));
        blocks.push(Block::Folded { title, table });
    }
    let table = by_interval(answer, &outcome.all_by_interval, None);
    blocks.push(Block::Folded { title: "All calls".to_owned(), table });
    let text =
        "By the interval in which calls came to the queue; all calls by that of their arrival.";
    Section { title: "Figures by interval".to_owned(), text: text.to_owned(), blocks }
}

fn by_interval(answer: &Answer, figures: &[Figures], target: Option<f64>) -> Table {
    let rows = answer.outcome.intervals.iter().zip(figures).map(|((begin, end), of)| {
        let interval = format!("{}–{}", clock(*begin), clock(*end));
        std::iter::once(Cell::of(interval)).chain(cells(of, target)).collect()
    });
    let (caption, rows) = (String::new(), rows.collect());
    Table { caption, heads: heads(&["From"]), rows, total: false }
}

fn conditions(answer: &Answer) -> Vec<(String, String)> {
    let outcome = &answer.outcome;
    [
        ("Configuration", answer.config.clone()),
        ("Scenario", answer.scenario.clone()),
        ("Replications", counted(answer.replications, "day")),
        ("Seed", answer.seed.to_string()),
        ("Calls played", outcome.calls.to_string()),
        ("Version", format!("acdctl {}", env!("CARGO_PKG_VERSION"))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn remarks(answer: &Answer) -> Vec<String> {
    let mut remarks = answer.remarks.clone();
    remarks.push(
        "Each day is played anew by the routing engine itself with the queues, rules and routes of the \
         configuration; calls come at random at the rates of the scenario. Bands and ± are 95 % \
         confidence intervals of the mean over the days: a single day varies much more."
            .to_owned(),
    );
    remarks
}
