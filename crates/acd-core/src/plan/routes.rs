//! Where calls go whose adapter names no queue: what routes look at, and which one a call takes.
//!
//! The Router never sees what is matched here: whoever turns reports into commands does it.

use crate::ids::{AgentId, ExtraId, Priority, QueueId, RouteId};
use crate::plan::RoutingPlan;

/// The most routes of a plan.
pub const ROUTES_MAX: usize = 1_024;
/// The most patterns of all routes together.
pub const PATTERNS_MAX: usize = 4_096;
/// The longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 256;

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What must hold for a call to take it: all of this; nothing for every call.
    pub when: Vec<Match>,
    /// Where the call begins to wait.
    pub queue: QueueId,
    /// How urgent it is, unless the adapter says so itself.
    pub priority: Option<Priority>,
    /// What it asks for besides what its queues do, for the whole of its life.
    pub extra: Option<ExtraId>,
    /// The agent whom it is for, if he works, unless the adapter names another.
    pub preferred: Option<AgentId>,
}

/// What is said of the call is like one of the patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// What is looked at; in one route each once.
    pub of: Said,
    /// Not empty.
    pub any_of: Vec<Pattern>,
}

/// What an adapter says of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// The number that was dialled.
    Dialed,
    /// The number of the caller.
    Caller,
    /// By which means the caller is in touch, as [`Channel::word`](super::Channel::word).
    Channel,
    /// The attribute with this key.
    Attribute(String),
}

/// A text in which `*` stands for any characters or none, `?` for any one, and `\` makes the
/// character after it stand for itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(pub String);

/// What is known of a call as it arrives; empty where it is not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arriving<'a> {
    /// The number that was dialled.
    pub dialed: &'a str,
    /// The number of the caller.
    pub caller: &'a str,
    /// By which means he is in touch.
    pub channel: &'a str,
    /// The attributes, each key once.
    pub attributes: &'a [(String, String)],
}

impl RoutingPlan {
    /// Whether a caller is one whom many share, or nobody: he is not told from others.
    pub fn is_shared(&self, caller: &str) -> bool {
        caller.is_empty() || self.shared_callers.iter().any(|shared| shared.matches(caller))
    }

    /// The first route that a call takes; `None` if there are no routes.
    pub fn route_of(&self, call: Arriving<'_>) -> Option<(RouteId, &Route)> {
        let mut routes = (0..).map(RouteId).zip(&self.routes);
        routes.find(|(_, route)| route.first_mismatch(call).is_none())
    }
}

impl Route {
    /// The first thing that the call is not as the route wants it; `None` if the call may take it.
    pub fn first_mismatch(&self, call: Arriving<'_>) -> Option<&Match> {
        self.when.iter().find(|it| !it.holds(call))
    }

    /// Whether each call that could take `later` surely takes this one: not every route that does
    /// is found out, but what is found does.
    pub fn takes_all_of(&self, later: &Self) -> bool {
        self.when.iter().all(|ours| {
            let theirs = later.when.iter().find(|theirs| theirs.of == ours.of);
            theirs.is_some_and(|theirs| {
                let is_covered = |it: &Pattern| ours.any_of.iter().any(|our| our.covers(it));
                theirs.any_of.iter().all(is_covered)
            })
        })
    }
}

impl Match {
    /// What has not been said is like nothing, not even like `*`.
    fn holds(&self, call: Arriving<'_>) -> bool {
        let said = match &self.of {
            Said::Dialed => Some(call.dialed).filter(|said| !said.is_empty()),
            Said::Caller => Some(call.caller).filter(|said| !said.is_empty()),
            Said::Channel => Some(call.channel).filter(|said| !said.is_empty()),
            Said::Attribute(key) => {
                let named = call.attributes.iter().find(|(it, _)| it == key);
                named.map(|(_, value)| value.as_str())
            }
        };
        said.is_some_and(|said| self.any_of.iter().any(|pattern| pattern.matches(said)))
    }
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Exactly(char),
}

/// Takes one part from the front.
fn next_part(pattern: &mut std::str::Chars<'_>) -> Option<Part> {
    Some(match pattern.next()? {
        '*' => Part::Any,
        '?' => Part::One,
        '\\' => Part::Exactly(pattern.next().unwrap_or('\\')),
        letter => Part::Exactly(letter),
    })
}

impl Part {
    fn takes(self, letter: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Exactly(it) => it == letter,
        }
    }
}

impl Pattern {
    /// Whether its last character is a `\` with nothing to stand for itself.
    pub fn ends_in_the_middle(&self) -> bool {
        self.0.chars().rev().take_while(|letter| *letter == '\\').count() % 2 == 1
    }

    /// Whether a text is like it, from beginning to end.
    pub fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut text) = (self.0.chars(), text.chars());
        // After the latest `*`: what follows it, and the text that it has not taken.
        let mut retry = None;
        loop {
            let (mut rest, mut left) = (pattern.clone(), text.clone());
            let went_on = match next_part(&mut rest) {
                None if text.as_str().is_empty() => return true,
                None => false,
                Some(Part::Any) => {
                    retry = Some((rest.clone(), text.clone()));
                    pattern = rest;
                    continue;
                }
                Some(part) => left.next().is_some_and(|letter| part.takes(letter)),
            };
            if went_on {
                (pattern, text) = (rest, left);
                continue;
            }
            // The latest `*` takes one more.
            let Some((after, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            (pattern, text) = (after.clone(), from.clone());
        }
    }

    fn parts(&self) -> Vec<Part> {
        let mut letters = self.0.chars();
        std::iter::from_fn(|| next_part(&mut letters)).collect()
    }

    /// Whether every text that is like `other` is surely like this one.
    fn covers(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.parts(), other.parts());
        // By how many of their parts are left: whether ours from some part on cover them.
        let mut covers: Vec<bool> = vec![false; theirs.len() + 1];
        covers[0] = true;
        for our in ours.iter().rev() {
            let after = covers.clone();
            for left in 0..=theirs.len() {
                let their = left.checked_sub(1).map(|_| theirs[theirs.len() - left]);
                covers[left] = match (our, their) {
                    // It stands for nothing, or for their next part and perhaps more.
                    (Part::Any, None) => after[0],
                    (Part::Any, Some(_)) => after[left] || covers[left - 1],
                    (Part::One | Part::Exactly(_), None | Some(Part::Any)) => false,
                    (Part::One, Some(Part::One | Part::Exactly(_))) => after[left - 1],
                    (Part::Exactly(_), Some(Part::One)) => false,
                    (Part::Exactly(a), Some(Part::Exactly(b))) => *a == b && after[left - 1],
                };
            }
        }
        covers[theirs.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Pattern {
        Pattern(text.to_owned())
    }

    #[test]
    fn a_pattern_is_like_the_whole_of_a_text() {
        for (like, text) in [
            ("", ""),
            ("*", ""),
            ("+1555010*", "+15550100"),
            ("+1555010*", "+1555010"),
            ("*0100", "+15550100"),
            ("*5*5*", "+15550100"),
            ("?00", "100"),
            ("*a*ab", "aaab"),
            (r"\*97", "*97"),
            (r"\\\?", r"\?"),
            ("über*", "übermorgen"),
        ] {
            assert!(pattern(like).matches(text), "{like} {text}");
        }
        for (unlike, text) in [
            ("", "1"),
            ("?", ""),
            ("+1555010*", "+155501"),
            ("+1555010", "+15550100"),
            ("*0100", "+155501000"),
            (r"\*97", "197"),
            ("a?c", "ac"),
        ] {
            assert!(!pattern(unlike).matches(text), "{unlike} {text}");
        }
    }

    #[test]
    fn a_pattern_covers_narrower_ones() {
        for (wide, narrow) in [
            ("*", ""),
            ("*", "a*b?"),
            ("+1*", "+1555*"),
            ("?00", "100"),
            ("*0*", "?0"),
            ("a*c*", "abc"),
            (r"\*97", r"\*97"),
        ] {
            assert!(pattern(wide).covers(&pattern(narrow)), "{wide} {narrow}");
        }
        for (one, other) in [("", "*"), ("+1555*", "+1*"), ("100", "?00"), (r"\*97", "*97")] {
            assert!(!pattern(one).covers(&pattern(other)), "{one} {other}");
        }
    }

    #[test]
    fn a_pattern_ends_in_the_middle_after_an_odd_number_of_backslashes() {
        let ends = |text: &str| pattern(text).ends_in_the_middle();
        assert!([r"\\", r"a\\\\", r"\a", "", "a"].iter().all(|it| !ends(it)));
        assert!([r"\", r"a\", r"\\\"].iter().all(|it| ends(it)));
    }

    fn matching(of: Said, patterns: &[&str]) -> Match {
        Match { of, any_of: patterns.iter().map(|it| pattern(it)).collect() }
    }

    fn route(when: Vec<Match>) -> Route {
        Route { when, queue: QueueId(0), priority: None, extra: None, preferred: None }
    }

    #[test]
    fn a_call_takes_the_first_route_of_which_all_holds() {
        let vip = || Said::Attribute("vip".to_owned());
        let routes = vec![
            route(vec![matching(Said::Dialed, &["100", "2*"]), matching(vip(), &["yes"])]),
            route(vec![matching(Said::Caller, &["+1*"]), matching(Said::Channel, &["chat"])]),
            route(vec![matching(vip(), &["*"])]),
            route(vec![matching(Said::Dialed, &["*"])]),
            route(vec![matching(Said::Caller, &["*"])]),
            route(vec![matching(Said::Channel, &["*"])]),
            route(Vec::new()),
        ];
        let plan = RoutingPlan { routes, ..RoutingPlan::default() };
        let taken = |dialed, caller, channel, vip: Option<&str>| {
            let other = ("other".to_owned(), "yes".to_owned());
            let vip = vip.map(|said| ("vip".to_owned(), said.to_owned()));
            let attributes: Vec<_> = [other].into_iter().chain(vip).collect();
            let call = Arriving { dialed, caller, channel, attributes: &attributes };
            plan.route_of(call).map(|(id, route)| (id.0, route == &plan.routes[usize::from(id.0)]))
        };
        assert_eq!(taken("100", "+15550100", "chat", Some("yes")), Some((0, true)));
        assert_eq!(taken("255", "", "", Some("yes")), Some((0, true)), "one pattern is enough");
        assert_eq!(taken("100", "+15550100", "chat", Some("no")), Some((1, true)));
        assert_eq!(taken("100", "+4455", "chat", Some("no")), Some((2, true)));
        assert_eq!(taken("", "", "", Some("")), Some((2, true)), "an empty attribute is said");
        assert_eq!(taken("100", "+15550100", "voice", None), Some((3, true)));
        assert_eq!(taken("", "+15550100", "voice", None), Some((4, true)));
        assert_eq!(taken("", "", "voice", None), Some((5, true)));
        assert_eq!(taken("", "", "", None), Some((6, true)), "what is not said is like nothing");
        assert_eq!(RoutingPlan::default().route_of(Arriving::default()), None);
    }

    #[test]
    fn it_is_known_what_keeps_a_call_from_a_route() {
        let wanted = vec![matching(Said::Dialed, &["100"]), matching(Said::Caller, &["+1*"])];
        let route = route(wanted.clone());
        let lacks = |dialed, caller| {
            route.first_mismatch(Arriving { dialed, caller, ..Arriving::default() })
        };
        assert_eq!(lacks("100", "+15550100"), None);
        assert_eq!(lacks("101", "+44"), Some(&wanted[0]));
        assert_eq!(lacks("100", "+44"), Some(&wanted[1]));
    }

    #[test]
    fn a_route_takes_all_of_a_narrower_one() {
        let wide = route(vec![matching(Said::Dialed, &["1*", "2*"])]);
        let narrow =
            route(vec![matching(Said::Caller, &["+1*"]), matching(Said::Dialed, &["100", "2?"])]);
        assert!(wide.takes_all_of(&narrow) && !narrow.takes_all_of(&wide));
        assert!(route(Vec::new()).takes_all_of(&wide) && !wide.takes_all_of(&route(Vec::new())));
        let beside = route(vec![matching(Said::Dialed, &["100", "300"])]);
        assert!(!wide.takes_all_of(&beside), "not of 300");
        let other = route(vec![matching(Said::Caller, &["100"])]);
        assert!(!wide.takes_all_of(&other), "the same patterns of something else");
    }

    #[test]
    fn a_withheld_or_shared_caller_is_not_told_from_others() {
        let shared_callers = vec![pattern("anonymous*"), pattern("+15550199")];
        let plan = RoutingPlan { shared_callers, ..RoutingPlan::default() };
        assert!(["", "anonymous@pbx", "+15550199"].iter().all(|caller| plan.is_shared(caller)));
        assert!(!plan.is_shared("+15550100"));
    }

    /// What the words of a pattern mean, one after the other.
    fn is_like(pattern: &[Part], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            ([Part::Any, rest @ ..], text) => {
                (0..=text.len()).any(|taken| is_like(rest, &text[taken..]))
            }
            ([_, ..], []) => false,
            ([part, rest @ ..], [letter, left @ ..]) => part.takes(*letter) && is_like(rest, left),
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_the_parts_say(like in "[ab*?\\\\]{0,6}", text in "[ab*\\\\]{0,8}") {
            let letters: Vec<char> = text.chars().collect();
            let like = pattern(&like);
            prop_assert_eq!(like.matches(&text), is_like(&like.parts(), &letters));
        }

        #[test]
        fn what_is_covered_is_matched(
            wide in "[ab*?]{0,5}",
            narrow in "[ab*?]{0,5}",
            texts in prop::collection::vec("[ab]{0,6}", 20),
        ) {
            let (wide, narrow) = (pattern(&wide), pattern(&narrow));
            if wide.covers(&narrow) {
                for text in texts.iter().filter(|text| narrow.matches(text)) {
                    prop_assert!(wide.matches(text), "{text}");
                }
            }
            prop_assert!(narrow.covers(&narrow));
        }
    }
}
