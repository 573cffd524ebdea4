//! What the routes mean.

use super::Compiler;
use crate::model::{self, Match};
use crate::notes::Key;
use crate::patterns::Patterns;
use crate::read::{At, List};
use acd_core::{
    AgentId, ExtraId, PATTERNS_MAX, Pattern, Priority, QueueId, ROUTES_MAX, Requirement, Route,
    Said,
};
use std::ops::Range;

impl Compiler<'_> {
    /// The routes, and what they ask for besides, each once.
    pub(super) fn routes(&mut self, routes: &At<List<model::Route>>) -> Vec<Route> {
        let key = Key::WHOLE;
        let key = key.name("routes");
        let list = &routes.value.list;
        self.bound(&key, &routes.span, "routes", list.len(), ROUTES_MAX);
        // Each with its place, and whether all of it could be read.
        let mut compiled: Vec<(usize, bool, Route)> = Vec::with_capacity(list.len());
        for (index, route) in list.iter().enumerate() {
            let Some(route) = route else { continue };
            let key = key.item(index);
            let before = self.notes.found();
            let Some(found) = self.route(&key, &route.value) else { continue };
            let sound = route.sound && self.notes.found() == before;
            if sound {
                self.check_reach(&key, &route.span, &compiled, &found);
            }
            compiled.push((index, sound, found));
        }
        let patterns = compiled.iter().flat_map(|(_, _, route)| &route.when);
        let patterns = patterns.map(|it| it.any_of.len()).sum();
        self.bound(&key, &routes.span, "patterns in all routes", patterns, PATTERNS_MAX);
        if let Some(Some(last)) = list.last()
            && !last.value.r#match.is_absent()
        {
            let message = "the last route must take every call that none before it has taken";
            let expected = "a last one without `match`: [[routes]] with a `queue` alone";
            self.notes.add(&key.item(list.len() - 1), &last.span, message, expected);
        }
        compiled.into_iter().map(|(_, _, route)| route).collect()
    }

    /// A route that no call can ever take is a mistake.
    fn check_reach(
        &mut self,
        key: &Key<'_>,
        span: &Range<usize>,
        before: &[(usize, bool, Route)],
        route: &Route,
    ) {
        let taken = before.iter().find(|(_, sound, earlier)| *sound && earlier.takes_all_of(route));
        if let Some((earlier, ..)) = taken {
            let message =
                format!("no call ever takes this route: routes[{earlier}] takes them all");
            self.notes.add(key, span, message, "the narrower one of the two first");
        }
    }

    fn route(&mut self, key: &Key<'_>, route: &model::Route) -> Option<Route> {
        let when = match route.r#match.get() {
            Some(found) => self.matches(&key.name("match"), found),
            None => Vec::new(),
        };
        let extra = self.requirement(key, route.require.get(), route.any_of.get());
        let extra = (!extra.is_nothing()).then(|| self.extra(extra));
        let name = route.queue.get()?;
        let queue = self.queues.find(&name.value.0, &key.name("queue"), &name.span, self.notes)?;
        let preferred = route.preferred_agent.get().and_then(|named| {
            let key = key.name("preferred_agent");
            let found = self.agents.position(&named.value.0, &key, &named.span, self.notes)?;
            u32::try_from(found).ok().map(AgentId)
        });
        Some(Route {
            preferred,
            when,
            queue: QueueId(queue),
            priority: route.priority.get().and_then(|it| Priority::new(it.value.0)),
            extra,
        })
    }

    fn extra(&mut self, extra: Requirement) -> ExtraId {
        let known = self.extras.iter().position(|it| *it == extra).unwrap_or_else(|| {
            self.extras.push(extra);
            self.extras.len() - 1
        });
        ExtraId(crate::names::handle(known))
    }

    fn matches(&mut self, key: &Key<'_>, found: &At<Match>) -> Vec<acd_core::Match> {
        let Match { dialed, caller, channel, attributes } = &found.value;
        let mut all = Vec::new();
        for (name, said, asked) in
            [("dialed", Said::Dialed, dialed), ("caller", Said::Caller, caller)]
        {
            let Some(asked) = asked.get() else { continue };
            if asked.value.0.iter().any(|pattern| pattern.0.is_empty()) {
                let message = "an empty number is one that the adapter has not given, which is like \
                               nothing";
                self.notes.add(&key.name(name), &asked.span, message, "a number, or \"*\" for any");
            }
            all.push(matching(said, asked));
        }
        if let Some(channels) = channel.get() {
            let key = key.name("channel");
            if channels.value.list.is_empty() {
                let expected = "at least one channel, such as [\"chat\"]";
                self.notes.add(&key, &channels.span, "this is empty", expected);
            }
            let words = channels.value.list.iter().flatten().map(|one| one.value.meant().word());
            let any_of = words.map(|word| Pattern(word.to_owned())).collect();
            all.push(acd_core::Match { of: Said::Channel, any_of });
        }
        if let Some(attributes) = attributes.get() {
            for entry in &attributes.value.list {
                let Some(asked) = &entry.value else { continue };
                all.push(matching(Said::Attribute(entry.name.clone()), asked));
            }
        }
        all.retain(|it| !it.any_of.is_empty());
        if found.sound && all.is_empty() {
            let expected = "something to look at, such as dialed = \"+1555010*\"; or no `match`";
            self.notes.add(key, &found.span, "this looks at nothing", expected);
        }
        all
    }
}

fn matching(of: Said, asked: &At<Patterns>) -> acd_core::Match {
    acd_core::Match { of, any_of: asked.value.0.clone() }
}
