//! Why a call is where it is, in the words of a colleague who was there: for whoever reads it in a
//! terminal or on a page.

mod present;
mod story;
#[cfg(test)]
mod tests;
pub mod times;

use acd_proto::v1;
pub use story::told;
use times::{Instant, elapsed, human, length};

/// An answer, to be put into words.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// What acdd has answered.
    pub answer: &'a v1::ExplainResponse,
    /// About whom the question was, or empty.
    pub agent: &'a str,
    /// How the reader writes a time of day: his zone is his own.
    pub time_of_day: &'a dyn Fn(&Instant) -> String,
}

/// One line of a call's story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The time of day, or empty of what is left out.
    pub at: String,
    /// What happened.
    pub said: String,
    /// Why, of an offer; else empty.
    pub why: String,
}

impl Told<'_> {
    /// All of it, a line each.
    pub fn text(&self) -> String {
        let mut lines = vec![self.headline()];
        for Line { at, said, why } in self.story() {
            lines.push(if at.is_empty() { format!("  {said}") } else { format!("  {at}  {said}") });
            if !why.is_empty() {
                lines.push(format!("  {:12}  {why}", ""));
            }
        }
        lines.extend(self.present());
        lines.join("\n") + "\n"
    }

    /// What it is and where it stands.
    pub fn headline(&self) -> String {
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
        let age = self.answer.age.map(|age| human(length(Some(&age))));
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

/// `1 call`, `2 calls`: `noun` in the number that `count` asks for.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Skills at their levels, and alternatives: `billing 3, and spanish 5 or interpreter 1`; a dash for
/// nothing.
pub fn asked_text<'a, Levels>(require: Levels, any_of: impl IntoIterator<Item = Levels>) -> String
where
    Levels: IntoIterator<Item = (&'a str, u32)>,
{
    let each: Vec<String> = any_of.into_iter().map(levels_text).collect();
    let require = levels_text(require);
    match (require.as_str(), each.is_empty()) {
        (_, true) => require,
        (NONE, false) => each.join(" or "),
        (_, false) => format!("{require}, and {}", each.join(" or ")),
    }
}

/// What stands for no skills.
const NONE: &str = "-";

/// `billing 3, spanish 5`; a dash for nothing.
pub fn levels_text<'a>(levels: impl IntoIterator<Item = (&'a str, u32)>) -> String {
    let each: Vec<String> =
        levels.into_iter().map(|(skill, level)| format!("{skill} {level}")).collect();
    if each.is_empty() { NONE.to_owned() } else { each.join(", ") }
}
