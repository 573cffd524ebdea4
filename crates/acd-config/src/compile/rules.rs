//! What the rules of a queue mean.

use super::Compiler;
use crate::model::{Ending, Rule, Then};
use crate::notes::Key;
use crate::read::{At, List};
use acd_core::{
    Action, AnnouncementId, NumberId, Priority, QueueId, RULES_MAX, Requirement, Span, Treatment,
};
use std::collections::HashSet;
use std::ops::Range;

/// The rule of a queue that has none: its name, and when it sends the caller to voicemail.
const GIVE_UP: (&str, Span) = ("give-up", Span::from_secs(2 * 3_600));

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
            return vec![acd_core::Rule { name: name.to_owned(), waited, then }];
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
        if then.sound && !leaves && !then.value.is_empty() {
            let key = key.item(rules.len() - 1);
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
        let then = self.actions(&key.name("then"), id, own, rule.then.get()?);
        Some(acd_core::Rule {
            name: rule.name.get()?.value.0.clone(),
            waited: rule.when.get()?.value.waited.get()?.value.0,
            then,
        })
    }

    /// What a rule does, in the order in which it does it.
    fn actions(
        &mut self,
        key: &Key<'_>,
        id: QueueId,
        own: &Requirement,
        then: &At<Then>,
    ) -> Vec<Action> {
        let Then { priority, require, any_of, add_queue, play, move_to, transfer_to, end } =
            &then.value;
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
        if let Some(name) = add_queue.get() {
            let to = self.lead(&key.name("add_queue"), id, &name.value.0, &name.span);
            actions.extend(to.map(Action::AddQueue));
        }
        if let Some(name) = play.get() {
            let key = key.name("play");
            let played = self.announcements.find(&name.value.0, &key, &name.span, self.notes);
            actions.extend(played.map(|played| Action::Play(AnnouncementId(played))));
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
            let expected = "at least one of `priority`, `require`, `add_queue`, `play`, `move_to`, \
                            `transfer_to`, `end`";
            self.notes.add(key, &then.span, "this rule does nothing", expected);
        }
        actions
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
