//! What has been found of each change, as lines of a file and as a table.

use super::changes::Change;
use super::trials::Outcome;
use super::{JUDGED, Wishes};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

pub(super) struct Found {
    /// An object a line; the last one of a change counts.
    file: fs::File,
    is_json: bool,
    judged: String,
    not_judged: usize,
    before: HashMap<String, Outcome>,
    rooms: BTreeMap<String, Counts>,
}

/// The columns of the table.
#[derive(Clone, Copy, Default)]
struct Counts {
    changes: usize,
    noticed: usize,
    impossible: usize,
    not_tried: usize,
    missed_at_first: usize,
    missed: usize,
}

impl Found {
    /// Goes on with what the file says, if that is wished.
    pub(super) fn begin(path: &Path, wishes: &Wishes, judged: String) -> Result<Self, String> {
        let text =
            if wishes.again { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let before = lines.filter_map(|line| {
            let outcome = Outcome::from_words(line["outcome"].as_str()?, line["by"].as_str()?)?;
            Some((line["change"].as_str()?.to_owned(), outcome))
        });
        let before = before.collect();
        let mut options = OpenOptions::new();
        let options = options.create(true).write(true).append(wishes.again).truncate(!wishes.again);
        let file = options.open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        // As it stands in a table.
        let judged = judged.replace("\\|", "|");
        let (is_json, rooms) = (wishes.json, BTreeMap::new());
        Ok(Found { file, is_json, judged, not_judged: 0, before, rooms })
    }

    /// Whether it is known what became of a change, so that it need not be tried.
    pub(super) fn takes_over(&mut self, change: &Change) -> bool {
        let known = self.before.get(&change.name).copied();
        let known = known.filter(|outcome| !matches!(outcome, Outcome::Missed { .. }));
        if let Some(outcome) = known {
            self.say(change, outcome);
        }
        known.is_some()
    }

    pub(super) fn tell(&mut self, change: &Change, outcome: Outcome) {
        let line = self.say(change, outcome);
        let _ = writeln!(self.file, "{line}");
    }

    /// Counts it, and says aloud what is wanted of it. Gives all of it.
    fn say(&mut self, change: &Change, outcome: Outcome) -> Value {
        let (word, by) = outcome.words();
        let is_judged = self.judged.contains(&format!("`{}`", change.short_name()));
        let line = json!({ "change": change.name, "outcome": word, "by": by, "judged": is_judged });
        self.count(change, outcome);
        let is_missed = matches!(outcome, Outcome::Missed { .. });
        self.not_judged += usize::from(is_missed && !is_judged);
        if self.is_json {
            println!("{line}");
        } else if is_missed {
            let word = if is_judged { "judged" } else { "MISSED" };
            println!("{word} {} ({by})", change.name);
        }
        line
    }

    fn count(&mut self, change: &Change, outcome: Outcome) {
        let counts = self.rooms.entry(change.room().to_owned()).or_default();
        counts.changes += 1;
        match outcome {
            Outcome::Impossible => counts.impossible += 1,
            Outcome::NotWoven => counts.not_tried += 1,
            Outcome::Noticed { .. } => counts.noticed += 1,
            Outcome::Missed { .. } => counts.missed += 1,
        }
        counts.missed_at_first += usize::from(outcome.is_missed_at_first());
    }

    /// Prints the table; an error if something is missed that is not judged.
    pub(super) fn end(self) -> Result<String, String> {
        let mut table = String::new();
        if !self.is_json {
            table += "| file | changes | noticed | not possible | not tried | missed at first | missed now |\n";
            table += "| --- | --- | --- | --- | --- | --- | --- |\n";
            let mut all = Counts::default();
            for (room, counts) in &self.rooms {
                table += &counts.row(&format!("`{room}`"));
                all.add(counts);
            }
            table += &all.row("all");
        }
        match self.not_judged {
            0 => Ok(table),
            number => {
                print!("{table}");
                Err(format!("{number} changes are missed, and not judged in {JUDGED}"))
            }
        }
    }
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.changes += other.changes;
        self.noticed += other.noticed;
        self.impossible += other.impossible;
        self.not_tried += other.not_tried;
        self.missed_at_first += other.missed_at_first;
        self.missed += other.missed;
    }

    fn row(&self, name: &str) -> String {
        let Counts { changes, noticed, impossible, not_tried, missed_at_first, missed } = self;
        format!(
            "| {name} | {changes} | {noticed} | {impossible} | {not_tried} | {missed_at_first} | {missed} |\n"
        )
    }
}
