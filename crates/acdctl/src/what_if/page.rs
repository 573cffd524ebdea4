//! The answer of `whatif` as a page with pictures.

use super::answer::{AgentAnswer, Answer, Interval, MeasureAnswer, RowAnswer, WorkAnswer};
use super::text::{
    SHOWN, all_agents, assumption_words, recorded_words, row_name, rows, signed, time_of_day,
    turn_words, validity_words,
};
use acd_sim::report::{
    Axis, Block, Cell, Chart, Difference, Differences, Page, Point, Section, Series, Table, Tile,
    Tone, length,
};
use std::path::Path;

/// The day is shown from where so much of its peak wait to where so much of it last do.
const SEEN_SHARE: f64 = 0.02;
/// The curve of waits is shown until so many of all who are ever answered have been.
const SHOWN_SHARE: f64 = 0.995;

pub(super) fn page(answer: &Answer) -> Page {
    let [a, b] = [0, 1].map(|side| name(&answer.configs[side]));
    let mut remarks = assumption_words(answer);
    let validity = validity_words(answer);
    let validity = validity.unwrap_or_default();
    remarks.retain(|words| !words.is_empty());
    Page {
        title: format!("What if {b} instead of {a}?"),
        lead: format!(
            "{} recorded calls of {}, played again under both configurations. A is {a}, B is {b}.",
            answer.calls,
            days(answer)
        ),
        tiles: tiles(answer),
        sections: vec![
            differences(answer),
            curves(answer),
            figures(answer, &validity),
            changes(answer),
            agents(answer),
        ],
        conditions: conditions(answer),
        remarks,
    }
}

/// A file's name without its folder.
fn name(file: &str) -> String {
    let name = Path::new(file).file_name().and_then(|name| name.to_str());
    name.unwrap_or(file).to_owned()
}

fn days(answer: &Answer) -> String {
    match (answer.days.first(), answer.days.last()) {
        (Some(first), Some(last)) if first != last => {
            format!("{} days, {first} to {last}", answer.days.len())
        }
        (first, _) => first.cloned().unwrap_or_default(),
    }
}

fn conditions(answer: &Answer) -> Vec<(String, String)> {
    let conditions = [
        ("record", answer.source.clone()),
        ("A", answer.configs[0].clone()),
        ("B", answer.configs[1].clone()),
        ("replications", answer.replications.to_string()),
        ("seed", answer.seed.to_string()),
        ("calls played", answer.calls_played.to_string()),
    ];
    conditions.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whether more of a measure is better, where one can say so.
fn more_is_good(field: &str) -> Option<bool> {
    match field {
        "answered" | "service_level" => Some(true),
        "abandoned" | "average_wait_s" | "p90_wait_s" | "longest_wait_s" => Some(false),
        _ => None,
    }
}

fn tone(field: &str, measure: &MeasureAnswer) -> Tone {
    match (more_is_good(field), measure.difference) {
        (Some(more), Some(difference)) if measure.excludes_zero => {
            Tone::good_if((difference.value > 0.0) == more)
        }
        _ => Tone::Plain,
    }
}

fn plus_minus(of: Interval, digits: usize) -> String {
    of.half_width.map_or_else(String::new, |half| format!("± {half:.digits$}"))
}

fn tiles(answer: &Answer) -> Vec<Tile> {
    let Some(all) = answer.rows.first() else { return Vec::new() };
    let shown = [
        ("abandoned", "hung up", 0, ""),
        ("service_level", "service level", 1, " %"),
        ("average_wait_s", "average wait", 1, " s"),
        ("p90_wait_s", "nine in ten within", 0, " s"),
    ];
    let mut tiles = Vec::new();
    for (field, label, digits, unit) in shown {
        let Some(measure) = all.measures.get(field) else { continue };
        let (Some(a), Some(b)) = (measure.a, measure.b) else { continue };
        let difference = measure.difference.map_or_else(String::new, |it| {
            // One digit more, so that an interval that excludes nought is seen to.
            let digits = digits.max(1);
            format!("{} {} {}", signed(it.value, digits), plus_minus(it, digits), verdict(measure))
        });
        tiles.push(Tile {
            label: format!("{label} under B"),
            value: format!("{:.digits$}{unit}", b.value),
            beside: format!("A {:.digits$}; {}", a.value, difference.trim_end()),
            tone: tone(field, measure),
        });
    }
    let changed = answer.changed.calls;
    tiles.push(Tile {
        label: "calls with another fate".to_owned(),
        value: format!("{:.0}", changed.value),
        beside: format!("{} of {}", plus_minus(changed, 0), answer.calls),
        tone: Tone::Plain,
    });
    tiles
}

fn verdict(measure: &MeasureAnswer) -> &'static str {
    if measure.excludes_zero { "" } else { "(may be chance)" }
}

fn differences(answer: &Answer) -> Section {
    let shown = [
        ("abandoned", "Callers who hang up", "calls more or fewer under B", 1),
        ("average_wait_s", "Average wait of the answered", "seconds longer or shorter under B", 1),
        ("service_level", "Service level", "percent points more or less under B", 1),
    ];
    let block = |(field, title, label, digits): (&str, &str, &str, usize)| {
        let row = |row: &RowAnswer| {
            let measure = row.measures.get(field)?;
            let difference = measure.difference?;
            let [value, half] = [difference.value, difference.half_width.unwrap_or(f64::INFINITY)];
            let beside = format!("{} {}", signed(value, digits), plus_minus(difference, digits));
            Some(Difference { name: row_name(row), value, half_width: half, beside })
        };
        Block::Differences(Differences {
            title: title.to_owned(),
            note: String::new(),
            label: label.to_owned(),
            rows: rows(answer).filter_map(row).collect(),
        })
    };
    Section {
        title: "What B changes".to_owned(),
        text: "B less A, with intervals of 95 %. In colour where the interval excludes that there is no \
               difference; grey may be chance."
            .to_owned(),
        blocks: shown.into_iter().map(block).collect(),
    }
}

fn curves(answer: &Answer) -> Section {
    let named = [name(&answer.configs[0]), name(&answer.configs[1])];
    let names = [format!("A, {}", named[0]), format!("B, {}", named[1]), "as recorded".to_owned()];
    Section {
        title: "Waiting".to_owned(),
        text: String::new(),
        blocks: vec![
            Block::Chart(over_the_day(answer, &names)),
            Block::Chart(waits(answer, &names)),
        ],
    }
}

fn series(names: &[String; 3], curves: [&[f64]; 3], step: f64, steps: bool) -> Vec<Series> {
    let one = |(name, curve): (&String, &[f64])| {
        let points =
            (0..).zip(curve).map(|(at, value)| Some(Point::exactly(f64::from(at) * step, *value)));
        Series { name: name.clone(), points: points.collect(), steps }
    };
    names.iter().zip(curves).map(one).collect()
}

/// From the first hour in which somebody waits to the end of the last.
fn over_the_day(answer: &Answer, names: &[String; 3]) -> Chart {
    let step = answer.curves.waiting_step_s as f64;
    let of = &answer.curves.waiting;
    let all = [&of.a, &of.b, &of.recorded];
    let most = all.iter().flat_map(|curve| curve.iter().copied()).fold(0.0, f64::max);
    // A lonely caller of the night would take half of the picture.
    let somebody = |at: usize| all.iter().any(|curve| curve[at] > most * SEEN_SHARE);
    let slots = of.a.len();
    let hour = (3_600.0 / step) as usize;
    let first = (0..slots).find(|at| somebody(*at)).unwrap_or(0) / hour * hour;
    let last = (0..slots).rfind(|at| somebody(*at)).map_or(slots, |at| at + 1);
    let last = last.div_ceil(hour) * hour;
    let mut series = series(names, all.map(|curve| &curve[first..last.min(slots)]), step, true);
    for point in series.iter_mut().flat_map(|series| &mut series.points).flatten() {
        point.at += first as f64 * step;
    }
    Chart {
        title: "Callers who wait, over the day".to_owned(),
        note: "mean of each quarter of an hour, over all days and replications".to_owned(),
        x: Axis::day(first as f64 * step, last as f64 * step),
        y: Axis::number("callers waiting", most),
        series,
        rules: Vec::new(),
    }
}

fn waits(answer: &Answer, names: &[String; 3]) -> Chart {
    let step = answer.curves.answered_within_step_s as f64;
    let of = &answer.curves.answered_within;
    let all = [&of.a, &of.b, &of.recorded];
    let enough = |curve: &[f64]| {
        let all = curve.last().copied().unwrap_or_default();
        curve.iter().position(|share| *share >= all * SHOWN_SHARE).unwrap_or(curve.len())
    };
    let shown = all.iter().map(|curve| enough(curve) + 1).max().unwrap_or(1).max(13);
    let axis = Axis::seconds("wait", (shown - 1) as f64 * step);
    let shown = (axis.to / step) as usize + 1;
    let cut = all.map(|curve| &curve[..shown.min(curve.len())]);
    Chart {
        title: "How fast calls are answered".to_owned(),
        note: "share of all calls that have been answered after so long; the rest hung up, was sent away or \
               waits on"
            .to_owned(),
        x: axis,
        y: Axis::share("of all calls"),
        series: series(names, cut, step, true),
        rules: Vec::new(),
    }
}

fn figures(answer: &Answer, validity: &str) -> Section {
    let heads = ["Calls", "", "Recorded>", "A>", "B>", "B − A>"];
    let mut table = Table { heads: heads.map(str::to_owned).to_vec(), ..Table::default() };
    for row in rows(answer) {
        let calls = row.measures.get("calls").and_then(|calls| calls.recorded).unwrap_or_default();
        let mut first = Some(format!("{} ({calls:.0})", row_name(row)));
        for (field, name, digits) in SHOWN {
            let Some(measure) = row.measures.get(field) else { continue };
            let values = [measure.a, measure.b].map(|it| it.map(|it| it.value));
            let nothing = [measure.recorded, values[0], values[1]];
            if nothing.iter().all(|it| it.is_none_or(|it| it == 0.0)) {
                continue;
            }
            let number =
                |it: Option<f64>| it.map_or("–".to_owned(), |it| format!("{it:.digits$}"));
            let difference = measure.difference.map_or_else(Cell::default, |it| Cell {
                text: signed(it.value, digits),
                beside: plus_minus(it, digits),
                tone: tone(field, measure),
            });
            table.rows.push(vec![
                Cell::of(first.take().unwrap_or_default()),
                Cell::of(name),
                Cell::of(number(measure.recorded)),
                Cell::of(number(values[0])),
                Cell::of(number(values[1])),
                difference,
            ]);
        }
    }
    Section {
        title: "Figures".to_owned(),
        text: validity.to_owned(),
        blocks: vec![Block::Table(table)],
    }
}

fn changes(answer: &Answer) -> Section {
    let changed = &answer.changed;
    let mut section =
        Section { title: "Calls whose fate changes".to_owned(), ..Section::default() };
    if changed.calls_ever == 0 {
        section.text = "None.".to_owned();
        return section;
    }
    section.text = format!(
        "In one replication {:.0} of {} calls; another fate is another end, or a wait that differs by more \
         than a minute.",
        changed.calls.value, answer.calls
    );
    let turns = changed.turns.iter().map(|turn| {
        vec![Cell::of(arrow(turn_words(&turn.turn))), Cell::of(format!("{:.1}", turn.calls))]
    });
    section.blocks.push(Block::Table(Table {
        heads: ["From A to B", "Calls of one replication>"].map(str::to_owned).to_vec(),
        rows: turns.collect(),
        ..Table::default()
    }));
    let heads = ["Call", "Day", "Came", "Queue", "As recorded", "Changes>", "Most often"];
    let calls = changed.listed.iter().map(|call| {
        let cells = [
            call.call.clone(),
            call.day.clone(),
            time_of_day(call.came_s),
            call.queue.clone(),
            recorded_words(call),
            format!("{:.0} %", call.share * 100.0),
            arrow(turn_words(&call.usual)),
        ];
        cells.map(Cell::of).to_vec()
    });
    section.blocks.push(Block::Folded {
        title: format!(
            "{} of {} calls that change in one replication or more",
            changed.listed.len(),
            changed.calls_ever
        ),
        table: Table {
            heads: heads.map(str::to_owned).to_vec(),
            rows: calls.collect(),
            ..Table::default()
        },
    });
    section
}

fn arrow(words: String) -> String {
    words.replace("->", "→")
}

fn agents(answer: &Answer) -> Section {
    let heads = ["Agent", "On duty>", "Occupancy A>", "Occupancy B>", "Calls A>", "Calls B>"];
    let cell = |of: Option<WorkAnswer>, text: fn(WorkAnswer) -> String| {
        Cell::of(of.map_or_else(|| "–".to_owned(), text))
    };
    let row = |AgentAnswer { agent, a, b }: &AgentAnswer| {
        let occupancy = |work: WorkAnswer| format!("{:.1} %", work.occupancy);
        let answered = |work: WorkAnswer| format!("{:.1}", work.answered);
        vec![
            Cell::of(agent.clone()),
            cell(a.or(*b), |work| length(work.on_duty_s)),
            cell(*a, occupancy),
            cell(*b, occupancy),
            cell(*a, answered),
            cell(*b, answered),
        ]
    };
    let all = all_agents(answer);
    Section {
        title: "Agents".to_owned(),
        text: "On duty: ready, or with a call in hand. Occupancy: the share of that in which they were rung, \
               talked or took notes."
            .to_owned(),
        blocks: vec![Block::Table(Table {
            heads: heads.map(str::to_owned).to_vec(),
            rows: answer.agents.iter().chain([&all]).map(row).collect(),
            total: true,
            ..Table::default()
        })],
    }
}
