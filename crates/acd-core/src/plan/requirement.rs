//! What an agent must have to be offered a call.

use crate::ids::SkillId;
use std::cmp::Reverse;

/// What an agent must have: all of `skills`, and one of the alternatives where there are some.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    /// (skill, lowest level that will do); sorted by skill, each once.
    pub skills: Vec<(SkillId, u8)>,
    /// Each as `skills`, and not empty.
    pub any_of: Vec<Vec<(SkillId, u8)>>,
}

impl Requirement {
    /// Whether these skills (sorted) meet it, and with which sum of levels over what it asks for:
    /// its skills and the best alternative that is met. A skill counts once, however often it is
    /// named.
    pub fn level_of(&self, skills: &[(SkillId, u8)]) -> Option<u32> {
        let all = level_of(&self.skills, skills, &[])?;
        if self.any_of.is_empty() {
            return Some(all);
        }
        let met = self.any_of.iter().filter_map(|one| level_of(one, skills, &self.skills));
        Some(all + met.max()?)
    }

    /// The skills that it names, some perhaps more than once.
    pub fn named(&self) -> impl Iterator<Item = SkillId> + '_ {
        self.skills.iter().chain(self.any_of.iter().flatten()).map(|(skill, _)| *skill)
    }

    /// Whether it is met by everybody.
    pub const fn is_nothing(&self) -> bool {
        self.skills.is_empty() && self.any_of.is_empty()
    }

    /// What asks for both: of a skill that both name, the higher level, and each alternative of the
    /// one together with each of the other.
    #[must_use]
    pub fn and(&self, more: &Self) -> Self {
        let skills = both(&self.skills, &more.skills);
        let any_of = match (&*self.any_of, &*more.any_of) {
            ([], one) | (one, []) => one.to_vec(),
            (ours, theirs) => {
                let mut all: Vec<Vec<(SkillId, u8)>> = Vec::new();
                for together in ours.iter().flat_map(|a| theirs.iter().map(|b| both(a, b))) {
                    if !all.contains(&together) {
                        all.push(together);
                    }
                }
                all
            }
        };
        Self { skills, any_of }
    }

    /// What is left of it without these skills. An alternative of which nothing is left is met by
    /// everybody, and so are all of them then. Alternatives of which one names a hard skill stay as
    /// they are.
    #[must_use]
    pub fn without(&self, dropped: &[SkillId], is_hard: impl Fn(SkillId) -> bool) -> Self {
        let left = |asked: &[(SkillId, u8)]| -> Vec<(SkillId, u8)> {
            asked.iter().filter(|(skill, _)| !dropped.contains(skill)).copied().collect()
        };
        let any_of = match self.any_of.iter().flatten().any(|(skill, _)| is_hard(*skill)) {
            true => self.any_of.clone(),
            false => {
                let any_of: Vec<_> = self.any_of.iter().map(|one| left(one)).collect();
                if any_of.iter().any(Vec::is_empty) { Vec::new() } else { any_of }
            }
        };
        Self { skills: left(&self.skills), any_of }
    }

    /// A hard skill of which `other`, in place of this, would ask less; as alternatives count, one
    /// that they name if they are others.
    pub fn relaxed_by(&self, other: &Self, is_hard: impl Fn(SkillId) -> bool) -> Option<SkillId> {
        let kept = |(skill, level): &(SkillId, u8)| {
            other.skills.iter().any(|(it, at_least)| it == skill && at_least >= level)
        };
        let lost = self.skills.iter().find(|asked| is_hard(asked.0) && !kept(asked));
        let in_alternatives = || {
            let named = self.any_of.iter().flatten().map(|(skill, _)| *skill);
            named.filter(|skill| self.any_of != other.any_of && is_hard(*skill)).min()
        };
        lost.map(|(skill, _)| *skill).or_else(in_alternatives)
    }
}

/// The sum of levels over what is asked for, without what is counted elsewhere; `None` if these
/// skills do not meet it.
fn level_of(
    asked: &[(SkillId, u8)],
    skills: &[(SkillId, u8)],
    counted: &[(SkillId, u8)],
) -> Option<u32> {
    let is_counted = |skill| counted.binary_search_by_key(&skill, |(it, _)| *it).is_ok();
    let mut sum = 0;
    for (skill, lowest) in asked {
        let at = skills.binary_search_by_key(skill, |(held, _)| *held).ok()?;
        let level = skills[at].1;
        if level < *lowest {
            return None;
        }
        if !is_counted(*skill) {
            sum += u32::from(level);
        }
    }
    Some(sum)
}

/// The skills of both, sorted, each at the higher of its levels.
fn both(a: &[(SkillId, u8)], b: &[(SkillId, u8)]) -> Vec<(SkillId, u8)> {
    let mut all: Vec<(SkillId, u8)> = a.iter().chain(b).copied().collect();
    // Of one skill the higher level comes first, and stays.
    all.sort_unstable_by_key(|(skill, level)| (*skill, Reverse(*level)));
    all.dedup_by_key(|(skill, _)| *skill);
    all
}
