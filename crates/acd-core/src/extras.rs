//! What calls ask for besides what their queues do: all that routes may give them, and all that
//! `drop` may leave of it.

use crate::ids::{ExtraId, SkillId};
use crate::plan::{Action, EXTRAS_MAX, PlanDefect, Requirement, RoutingPlan, bound};
use std::collections::{BTreeMap, BTreeSet};

/// Closed under whatever rules drop. The first ones are those of the plan, in their order.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    all: Vec<Requirement>,
    ids: BTreeMap<Requirement, ExtraId>,
}

impl Extras {
    /// Those of a plan, and those that calls have kept from former plans.
    ///
    /// # Errors
    /// They are too many.
    pub(crate) fn of(plan: &RoutingPlan, kept: &[Requirement]) -> Result<Self, PlanDefect> {
        let mut found = Self::default();
        plan.extras.iter().chain(kept).for_each(|extra| found.add(extra.clone()));
        let named: BTreeSet<SkillId> = found.all.iter().flat_map(Requirement::named).collect();
        let then = plan.queues.iter().flat_map(|queue| &queue.rules).flat_map(|rule| &rule.then);
        let mut drops: BTreeSet<Vec<SkillId>> = BTreeSet::new();
        for action in then {
            if let Action::Drop(skills) = action {
                drops
                    .insert(skills.iter().filter(|skill| named.contains(skill)).copied().collect());
            }
        }
        let mut at = 0;
        while at < found.all.len() {
            for dropped in &drops {
                let left = found.all[at].without(dropped, |skill| plan.is_hard(skill));
                if !left.is_nothing() {
                    found.add(left);
                }
            }
            bound("extra requirements and what `drop` leaves", found.all.len(), EXTRAS_MAX)?;
            at += 1;
        }
        Ok(found)
    }

    fn add(&mut self, extra: Requirement) {
        if !self.ids.contains_key(&extra) {
            self.ids.insert(extra.clone(), ExtraId(self.all.len() as u16));
            self.all.push(extra);
        }
    }

    /// All of them, by handle.
    pub(crate) fn all(&self) -> &[Requirement] {
        &self.all
    }

    /// The handle of one.
    pub(crate) fn find(&self, extra: &Requirement) -> Option<ExtraId> {
        self.ids.get(extra).copied()
    }

    /// What is left of one without these skills; `None` for nothing.
    pub(crate) fn without(
        &self,
        extra: ExtraId,
        dropped: &[SkillId],
        plan: &RoutingPlan,
    ) -> Option<ExtraId> {
        let left = self.all[extra.index()].without(dropped, |skill| plan.is_hard(skill));
        self.find(&left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Span;
    use crate::plan::{QueuePlan, Rule, Treatment};

    fn plan(skills: u16, drops: Vec<Vec<SkillId>>) -> RoutingPlan {
        let all = (0..skills).map(SkillId);
        let rule = |dropped| Rule::after(Span(1), "drop", vec![Action::Drop(dropped)]);
        let end = Rule::after(Span(9), "end", vec![Action::End(Treatment::Voicemail)]);
        let rules = drops.into_iter().map(rule).chain([end]).collect();
        let queue = QueuePlan::new("general", Requirement::default(), rules);
        let extra = Requirement { skills: all.clone().map(|it| (it, 1)).collect(), any_of: vec![] };
        RoutingPlan {
            skills: all.map(|skill| format!("skill-{}", skill.0)).collect(),
            extras: vec![extra],
            queues: vec![queue],
            ..RoutingPlan::default()
        }
    }

    fn each_alone(skills: u16) -> Vec<Vec<SkillId>> {
        (0..skills).map(|skill| vec![SkillId(skill)]).collect()
    }

    #[test]
    fn whatever_rules_leave_is_known_beforehand() {
        let plan = plan(3, each_alone(2));
        let extras = Extras::of(&plan, &[]).expect("they are few");
        // All three, either two, and the one that no rule drops.
        assert_eq!(extras.all().len(), 4);
        let without = |extra, skills: &[u16]| {
            let skills: Vec<SkillId> = skills.iter().copied().map(SkillId).collect();
            extras.without(extra, &skills, &plan)
        };
        let left = without(without(ExtraId(0), &[0]).expect("two are left"), &[1]);
        assert_eq!(left, without(ExtraId(0), &[0, 1]));
        assert_eq!(extras.all()[left.expect("one is left").index()].skills, [(SkillId(2), 1)]);
    }

    #[test]
    fn what_rules_leave_is_bounded() {
        assert_eq!(plan(9, each_alone(9)).check(), Ok(()));
        let defect = plan(11, each_alone(11)).check().expect_err("2,047 combinations");
        let message = defect.to_string();
        assert!(message.starts_with("extra requirements and what `drop` leaves: "), "{message}");
        assert!(message.ends_with(", at most 1024"), "{message}");
    }

    #[test]
    fn demands_are_bounded() {
        let mut plan = plan(10, each_alone(9));
        let queue = plan.queues[0].clone();
        plan.queues = (0..256).map(|_| queue.clone()).collect();
        let defect = plan.check().expect_err("513 for each of 256 queues");
        let expected = "requirements of queues and rules, alone and with each extra one: ";
        assert!(defect.to_string().starts_with(expected), "{defect}");
    }

    #[test]
    fn what_is_hard_is_not_dropped() {
        let mut plan = plan(2, vec![vec![SkillId(0), SkillId(1)]]);
        plan.hard = vec![SkillId(1)];
        let defect = plan.check().expect_err("a rule drops a hard skill");
        let expected = "queue general, rule drop: `skill-1` is hard, and never dropped";
        assert_eq!(defect.to_string(), expected);
    }
}
