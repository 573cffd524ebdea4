//! What the rules of a queue mean.

use super::Compiler;
use crate::model::{Ending, Rule, Then, Until, When};
use crate::notes::{Key, quoted};
use crate::read::{At, List};
use crate::values::Mention;
use acd_core::{
    Action, Admission, AnnouncementId, Bound, Gauge, LadderId, Latch, NumberId, Priority, QueueId,
    RULES_MAX, Requirement, SkillId, Span, Treatment,
};
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

/// The rule of a queue that has none: its name, and when it sends the caller to voicemail.
const GIVE_UP: (&str, Span) = ("give-up", Span::from_secs(2 * 3_600));

/// What a condition needs that looks at one queue.
const BESIDE_ONE: &str = "the name of a queue, or no `queue`, beside it";

impl Compiler<'_> {
    /// The rules of a queue that requires `own`.
    pub(super) fn rules(
        &mut self,
        key: &Key<'_>,
        id: QueueId,
        own: &Requirement,
        rules: &At<List<Rule>>,
    ) -> Vec<acd_core::Rule> {
        let list = &rules.value.list;
        if list.is_empty() {
            let (name, waited) = GIVE_UP;
            let then = vec![Action::End(Treatment::Voicemail)];
            return vec![acd_core::Rule::after(waited, name, then)];
        }
        self.bound(key, &rules.span, "rules in a queue", list.len(), RULES_MAX);
        let mut names = HashSet::new();
        let mut compiled = Vec::with_capacity(list.len());
        for (index, rule) in list.iter().enumerate() {
            let Some(rule) = rule else { continue };
            let key = key.item(index);
            if let Some(name) = rule.value.name.get()
                && !names.insert(&name.value.0)
            {
                let message = "an earlier rule of this queue has the same name";
                self.notes.add(&key.name("name"), &name.span, message, "a name of its own");
            }
            compiled.extend(self.rule(&key, id, own, &rule.value));
        }
        self.check_last(key, list);
        compiled
    }

    /// Calls must not wait for ever. A move would not do as the last rule: after 16 it is refused.
    fn check_last(&mut self, key: &Key<'_>, rules: &[Option<At<Rule>>]) {
        let Some(Some(last)) = rules.last() else { return };
        let Some(then) = last.value.then.get() else { return };
        let leaves = !then.value.end.is_absent() || !then.value.transfer_to.is_absent();
        let key = key.item(rules.len() - 1);
        if let Some(when) = last.value.when.get()
            && when.sound
            && !when.value.is_wait_only()
        {
            let message = "the last rule of a queue must look at `waited` alone, or a call could wait \
                           for ever";
            let expected = "when = { waited = \"20m\" } in the last rule";
            self.notes.add(&key.name("when"), &when.span, message, expected);
        }
        if then.sound && !leaves && !then.value.is_empty() {
            let message = "the last rule of a queue must end the call, or it could wait for ever";
            let expected =
                "end = \"voicemail\", end = \"message\" or `transfer_to` in the last rule";
            self.notes.add(&key.name("then"), &then.span, message, expected);
        }
    }

    fn rule(
        &mut self,
        key: &Key<'_>,
        id: QueueId,
        own: &Requirement,
        rule: &Rule,
    ) -> Option<acd_core::Rule> {
        let when = self.when(&key.name("when"), id, rule);
        let then = self.actions(&key.name("then"), id, own, rule.then.get()?);
        self.check_while_active(&key.name("then"), rule);
        Some(acd_core::Rule {
            name: rule.name.get()?.value.0.clone(),
            when: when?,
            repeat_every: rule.repeat_every.get().map(|every| every.value.0),
            then,
        })
    }

    /// A place that is there only while something holds needs something that can hold.
    fn check_while_active(&mut self, key: &Key<'_>, rule: &Rule) {
        let Some(then) = rule.then.get() else { return };
        let while_active = &then.value.while_active;
        if !while_active.value.0 {
            return;
        }
        let key = key.name("while_active");
        if then.value.add_queue.is_absent() {
            let message = "there is nothing that it could end";
            self.notes.add(&key, &while_active.span, message, "`add_queue` beside it");
        }
        let has_latch = rule.when.get().is_some_and(|when| bounds(&when.value).next().is_some());
        if !has_latch && rule.when.get().is_some_and(|when| when.sound) {
            let message = "the rule looks at nothing that lasts";
            let expected = "one of `calls_waiting`, `longest_wait` and the like in `when`";
            self.notes.add(&key, &while_active.span, message, expected);
        }
    }

    fn when(&mut self, key: &Key<'_>, id: QueueId, rule: &Rule) -> Option<acd_core::When> {
        let found = rule.when.get()?;
        let when = &found.value;
        let of = self.looked_at(key, id, found);
        let latch = of.and_then(|of| self.latch(key, of, found));
        let closed = when.closed.get().is_some_and(|closed| closed.value.0);
        if let Some(closed) = when.closed.get().filter(|closed| !closed.value.0) {
            let message = "an open queue is nothing that a rule could look at";
            self.notes.add(&key.name("closed"), &closed.span, message, "`true`, or no `closed`");
        }
        let calls_in_system = when.calls_in_system.get().map(|most| most.value.0 as u32);
        let looks_on_entry = closed || calls_in_system.is_some();
        let admission = of.filter(|_| looks_on_entry);
        let admission = admission.map(|of| Admission { of, closed, calls_in_system });
        let later = [
            ("when.waited", when.waited.get().map(|it| &it.span)),
            ("when.age", when.age.get().map(|it| &it.span)),
            ("repeat_every", rule.repeat_every.get().map(|it| &it.span)),
            ("when", latch.as_ref().map(|_| &found.span)),
        ];
        let later = later.into_iter().find_map(|(name, span)| Some((name, span?)));
        if let Some((name, span)) = later.filter(|_| looks_on_entry) {
            let message = "`closed` and `calls_in_system` are looked at as the call enters, and only \
                           then";
            let expected = format!("no `{}` beside them", name.trim_start_matches("when."));
            let expected = if name == "when" { "a rule of its own for each" } else { &expected };
            self.notes.add(key, span, message, expected);
        }
        let at_all = !when.closed.is_absent()
            || calls_in_system.is_some()
            || bounds(when).next().is_some()
            || !when.waited.is_absent()
            || !when.age.is_absent()
            || !when.priority_at_least.is_absent()
            || !when.channel.is_absent();
        if found.sound && !at_all {
            let message = "this rule looks at nothing";
            self.notes.add(key, &found.span, message, "a condition, such as waited = \"45s\"");
        }
        Some(acd_core::When {
            waited: when.waited.get().map_or(Span(0), |waited| waited.value.0),
            age: when.age.get().map_or(Span(0), |age| age.value.0),
            priority_at_least: when
                .priority_at_least
                .get()
                .and_then(|least| Priority::new(least.value.0)),
            channels: when
                .channel
                .get()
                .map_or_else(Vec::new, |named| named.value.0.iter().copied().collect()),
            admission,
            latch,
        })
    }

    /// The queue that a rule looks at, its own is `id`, or all; `None` if it looks at none, or there is
    /// no such queue.
    fn looked_at(
        &mut self,
        key: &Key<'_>,
        id: QueueId,
        found: &At<When>,
    ) -> Option<Option<QueueId>> {
        let when = &found.value;
        let on_entry = !when.closed.is_absent() || !when.calls_in_system.is_absent();
        let lasts = bounds(when).next().is_some();
        let expected = "`calls_waiting`, `longest_wait` or the like beside it";
        if let Some(until) = when.until.get().filter(|_| found.sound && !lasts) {
            let message = "the rule looks at nothing that lasts";
            self.notes.add(&key.name("until"), &until.span, message, expected);
        }
        if !on_entry && !lasts {
            if let Some(queue) = when.queue.get().filter(|_| found.sound) {
                let message = "the rule looks at nothing of a queue";
                self.notes.add(&key.name("queue"), &queue.span, message, expected);
            }
            return None;
        }
        let Some(name) = when.queue.get() else { return Some(Some(id)) };
        if name.value.0 != "*" {
            let key = key.name("queue");
            let found = self.queues.find(&name.value.0, &key, &name.span, self.notes)?;
            return Some(Some(QueueId(found)));
        }
        self.check_estimate(key, when);
        if let Some(closed) = when.closed.get().filter(|closed| closed.value.0) {
            let message = "queues are closed one by one, not all together";
            self.notes.add(&key.name("closed"), &closed.span, message, BESIDE_ONE);
        }
        Some(None)
    }

    /// What a rule looks at of a queue, or of all, for as long as it lasts.
    fn latch(&mut self, key: &Key<'_>, of: Option<QueueId>, found: &At<When>) -> Option<Latch> {
        let when = &found.value;
        let set: Vec<Bound> = bounds(when).collect();
        if set.is_empty() {
            return None;
        }
        let clear = when.until.get().map_or_else(Vec::new, |until| {
            let clear: Vec<Bound> = bounds_of_end(&until.value).collect();
            let key = key.name("until");
            if until.sound && clear.is_empty() {
                let message = "nothing would end it";
                self.notes.add(&key, &until.span, message, "a measure, such as calls_waiting = 4");
            }
            let ends_at_once = |end: &Bound| {
                let begin = set.iter().find(|begin| begin.gauge == end.gauge);
                begin.is_some_and(|begin| match begin.at_least {
                    true => end.value >= begin.value,
                    false => end.value <= begin.value,
                })
            };
            if clear.iter().any(ends_at_once) {
                let message = "it would end as soon as it begins";
                let expected =
                    "fewer calls or a shorter wait than in `when`, or more agents or percent";
                self.notes.add(&key, &until.span, message, expected);
            }
            clear
        });
        Some(Latch { of, set, clear })
    }

    /// There is no line that a call could join of all queues together.
    fn check_estimate(&mut self, key: &Key<'_>, when: &When) {
        let until = when.until.get().and_then(|until| until.value.estimated_wait.get());
        let until = until.map(|wait| (key.name("until"), &wait.span));
        let own = when.estimated_wait.get().map(|wait| (*key, &wait.span));
        for (key, span) in own.into_iter().chain(until) {
            let message = "a wait is estimated of one queue, not of all together";
            self.notes.add(&key.name("estimated_wait"), span, message, BESIDE_ONE);
        }
    }

    /// What a rule does, in the order in which it does it.
    fn actions(
        &mut self,
        key: &Key<'_>,
        id: QueueId,
        own: &Requirement,
        then: &At<Then>,
    ) -> Vec<Action> {
        let Then {
            priority,
            require,
            any_of,
            drop,
            add_queue,
            while_active,
            play,
            offer_callback,
            ladder,
            move_to,
            transfer_to,
            end,
        } = &then.value;
        let mut actions = Vec::new();
        if let Some(priority) = priority.get().and_then(|found| Priority::new(found.value.0)) {
            actions.push(Action::RaisePriority(priority));
        }
        let asks = require.get().map(|it| ("require", &it.span));
        if let Some((name, span)) = asks.or(any_of.get().map(|it| ("any_of", &it.span))) {
            let requirement = self.requirement(key, require.get(), any_of.get());
            self.check_hard(&key.name(name), span, own, &requirement);
            actions.push(Action::Require(requirement));
        }
        if let Some(skills) = drop.get() {
            let dropped = self.dropped(&key.name("drop"), skills);
            actions.extend((!dropped.is_empty()).then_some(Action::Drop(dropped)));
        }
        if let Some(name) = add_queue.get() {
            let to = self.lead(&key.name("add_queue"), id, &name.value.0, &name.span);
            let while_active = while_active.value.0;
            actions.extend(to.map(|to| Action::AddQueue { to, while_active }));
        }
        if let Some(name) = play.get() {
            let key = key.name("play");
            let played = self.announcements.find(&name.value.0, &key, &name.span, self.notes);
            actions.extend(played.map(|played| Action::Play(AnnouncementId(played))));
        }
        actions.extend(offer_callback.value.0.then_some(Action::OfferCallback));
        if let Some(name) = ladder.get() {
            let key = key.name("ladder");
            let found = self.ladders.find(&name.value.0, &key, &name.span, self.notes);
            actions.extend(found.map(|ladder| Action::Ladder(LadderId(ladder))));
        }
        if let Some(name) = move_to.get() {
            let to = self.lead(&key.name("move_to"), id, &name.value.0, &name.span);
            actions.extend(to.map(Action::MoveTo));
        }
        if let Some(number) = transfer_to.get() {
            let key = key.name("transfer_to");
            let to = self.numbers.find(&number.value.0, &key, &number.span, self.notes);
            actions.extend(to.map(|to| Action::TransferTo(NumberId(to))));
        }
        if let Some(end) = end.get() {
            actions.push(Action::End(match end.value.0 {
                Ending::Voicemail => Treatment::Voicemail,
                Ending::Message => Treatment::Message,
            }));
        }
        let ways = [
            ("move_to", move_to.get().map(|to| &to.span)),
            ("transfer_to", transfer_to.get().map(|to| &to.span)),
            ("end", end.get().map(|end| &end.span)),
        ];
        let mut ways = ways.iter().filter_map(|(name, span)| span.map(|span| (name, span)));
        if let (Some((first, _)), Some((name, span))) = (ways.next(), ways.next()) {
            let message = format!("the call leaves the queue by `{first}` already");
            let expected = "one of `move_to`, `transfer_to` and `end`";
            self.notes.add(&key.name(name), span, message, expected);
        }
        if then.sound && then.value.is_empty() {
            let expected = "at least one of `priority`, `require`, `drop`, `add_queue`, `play`, \
                            `offer_callback`, `ladder`, `move_to`, `transfer_to`, `end`";
            self.notes.add(key, &then.span, "this rule does nothing", expected);
        }
        actions
    }

    /// Skills that routes ask for, none of them hard, each once.
    fn dropped(&mut self, key: &Key<'_>, skills: &At<List<Mention>>) -> Vec<SkillId> {
        if skills.value.list.is_empty() {
            self.notes.add(key, &skills.span, "this is empty", "a skill, such as [\"spanish\"]");
        }
        let asked: BTreeSet<SkillId> = self.extras.iter().flat_map(Requirement::named).collect();
        let mut dropped = BTreeSet::new();
        for (index, skill) in skills.value.list.iter().enumerate() {
            let Some(skill) = skill else { continue };
            let (key, span, name) = (key.item(index), &skill.span, &skill.value.0);
            let names = asked.iter().map(|id| (*id, self.skills.list()[id.index()].as_str()));
            let Some((id, _)) = names.clone().find(|(_, it)| it == name) else {
                let what = format!("no route asks for {}", quoted(name));
                if asked.is_empty() {
                    self.notes.add(&key, span, what, "a route that requires it: [[routes]]");
                    continue;
                }
                let droppable = names.filter(|(id, _)| !self.hard.contains(id));
                self.notes.add_unknown(&key, span, &what, name, droppable.map(|(_, name)| name));
                continue;
            };
            if self.hard.contains(&id) {
                let message = format!("`{name}` is hard: no rule drops it");
                self.notes.add(&key, span, message, "a skill that is not hard");
            } else if !dropped.insert(id) {
                self.notes.add(&key, span, "this skill is listed twice", "each skill once");
            }
        }
        dropped.into_iter().collect()
    }

    /// Hard skills of the queue stay as they are.
    fn check_hard(
        &mut self,
        key: &Key<'_>,
        span: &Range<usize>,
        own: &Requirement,
        asked: &Requirement,
    ) {
        let Some(skill) = own.relaxed_by(asked, |skill| self.hard.contains(&skill)) else {
            return;
        };
        let name = &self.skills.list()[skill.index()];
        let message = format!("`{name}` is hard: no rule asks for less of it than the queue");
        let level = own.skills.iter().find(|(it, _)| *it == skill).map(|(_, level)| level);
        let expected = match level {
            Some(level) => format!("`{name} = {level}` or more here too"),
            None => "the same `any_of` as the queue's".to_owned(),
        };
        self.notes.add(key, span, message, expected);
    }

    /// The queue that a rule of the queue `from` leads to.
    fn lead(
        &mut self,
        key: &Key<'_>,
        from: QueueId,
        name: &str,
        span: &Range<usize>,
    ) -> Option<QueueId> {
        let to = self.queues.find_besides(name, Some(from.0), key, span, self.notes)?;
        let to = QueueId(to);
        if to == from {
            self.notes.add(key, span, "this leads the call to the queue it is in", "another queue");
            return None;
        }
        Some(to)
    }
}

/// What has to come about for a rule that looks at a queue.
fn bounds(when: &When) -> impl Iterator<Item = Bound> {
    // Below so many is one less at most: what is measured is rounded down.
    let below = when.service_level_below.get().map(|it| u64::from(it.value.0) - 1);
    let worse_above = [
        (Gauge::CallsWaiting, when.calls_waiting.get().map(|it| it.value.0)),
        (Gauge::LongestWait, when.longest_wait.get().map(|it| it.value.0.0)),
        (Gauge::EstimatedWait, when.estimated_wait.get().map(|it| it.value.0.0)),
    ];
    let worse_below = [
        (Gauge::AgentsStaffed, when.agents_staffed_at_most.get().map(|it| it.value.0)),
        (Gauge::AgentsWorking, when.agents_working_at_most.get().map(|it| it.value.0)),
        (Gauge::AgentsAvailable, when.agents_available_at_most.get().map(|it| it.value.0)),
        (Gauge::ServiceLevel, below),
    ];
    all_bounds(worse_above, worse_below, true)
}

/// What ends it.
fn bounds_of_end(until: &Until) -> impl Iterator<Item = Bound> {
    let worse_above = [
        (Gauge::CallsWaiting, until.calls_waiting.get().map(|it| it.value.0)),
        (Gauge::LongestWait, until.longest_wait.get().map(|it| it.value.0.0)),
        (Gauge::EstimatedWait, until.estimated_wait.get().map(|it| it.value.0.0)),
    ];
    let worse_below = [
        (Gauge::AgentsStaffed, until.agents_staffed.get().map(|it| it.value.0)),
        (Gauge::AgentsWorking, until.agents_working.get().map(|it| it.value.0)),
        (Gauge::AgentsAvailable, until.agents_available.get().map(|it| it.value.0)),
        (Gauge::ServiceLevel, until.service_level.get().map(|it| it.value.0.into())),
    ];
    all_bounds(worse_above, worse_below, false)
}

/// Calls are too many, or agents too few; or the other way round.
fn all_bounds(
    worse_above: [(Gauge, Option<u64>); 3],
    worse_below: [(Gauge, Option<u64>); 4],
    comes: bool,
) -> impl Iterator<Item = Bound> {
    let bound = |at_least: bool| {
        move |(gauge, value): (Gauge, Option<u64>)| Some(Bound { gauge, at_least, value: value? })
    };
    let above = worse_above.into_iter().filter_map(bound(comes));
    above.chain(worse_below.into_iter().filter_map(bound(!comes)))
}
