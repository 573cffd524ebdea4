//! Decides which legs to agents a simulated PBX has, and which of them the daemon knows.

use crate::report::OfferKey;
use crate::resync::{HeldLeg, LegState};
use acd_proto::v1;
use std::collections::{BTreeMap, HashMap};

/// Tells a leg from all others, whatever key the daemon has for it.
pub(super) type LegNumber = u64;

/// A device that rings, or somebody who has picked it up.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) key: OfferKey,
    call: v1::CallRef,
    agent: String,
    pub(super) stage: LegStage,
    /// Whoever picks up declines.
    pub(super) declines: bool,
    /// It was picked up while the daemon did not know it.
    pub(super) picked_up: bool,
    /// The daemon of the present epoch knows it by its key.
    pub(super) known: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegStage {
    Ringing,
    /// Picked up, and not bridged yet.
    Answered,
    Talking,
}

/// The adapter and the id of the call, and the agent: never two legs at a time.
type Pair = (String, String, String);

#[derive(Debug, Default)]
pub(super) struct Legs {
    latest: LegNumber,
    legs: BTreeMap<LegNumber, Leg>,
    by_key: HashMap<OfferKey, LegNumber>,
    by_pair: BTreeMap<Pair, LegNumber>,
    /// By agent. That such a caller hangs up is heard by the PBX that holds him; here it shows
    /// when the device rings again, or when the daemon does not know the call.
    with_foreign_caller: HashMap<String, LegNumber>,
}

impl Legs {
    /// A device begins to ring.
    pub(super) fn ring(&mut self, key: OfferKey, offer: v1::Offer) -> LegNumber {
        let v1::Offer { call, agent, .. } = offer;
        let call = call.unwrap_or_default();
        let before = [
            self.by_pair.get(&pair(&call, &agent)).copied(),
            self.with_foreign_caller.remove(&agent),
            self.by_key.get(&key).copied(),
        ];
        for number in before.into_iter().flatten() {
            self.remove(number);
        }
        self.latest += 1;
        self.by_key.insert(key, self.latest);
        self.by_pair.insert(pair(&call, &agent), self.latest);
        let (stage, declines, picked_up) = (LegStage::Ringing, false, false);
        let leg = Leg { key, call, agent, stage, declines, picked_up, known: true };
        self.legs.insert(self.latest, leg);
        self.latest
    }

    pub(super) fn get_mut(&mut self, number: LegNumber) -> Option<&mut Leg> {
        self.legs.get_mut(&number)
    }

    pub(super) fn remove(&mut self, number: LegNumber) -> Option<Leg> {
        let leg = self.legs.remove(&number)?;
        self.by_key.remove(&leg.key);
        self.by_pair.remove(&pair(&leg.call, &leg.agent));
        if self.with_foreign_caller.get(&leg.agent) == Some(&number) {
            self.with_foreign_caller.remove(&leg.agent);
        }
        Some(leg)
    }

    /// The offer is over.
    pub(super) fn revoke(&mut self, key: OfferKey) {
        if let Some(number) = self.by_key.get(&key) {
            self.remove(*number);
        }
    }

    /// The caller is gone, and with him every leg that was made for him.
    pub(super) fn hang_up(&mut self, adapter: &str, call_id: &str) {
        let from = (adapter.to_owned(), call_id.to_owned(), String::new());
        let numbers: Vec<_> = (self.by_pair.range(from..))
            .take_while(|((of, id, _), _)| of == adapter && id == call_id)
            .map(|(_, number)| *number)
            .collect();
        for number in numbers {
            self.remove(number);
        }
    }

    /// Caller and agent are bridged.
    pub(super) fn bridge(&mut self, key: OfferKey, is_foreign: bool) {
        let Some(number) = self.by_key.get(&key) else {
            return;
        };
        if let Some(leg) = self.legs.get_mut(number) {
            leg.stage = LegStage::Talking;
            if is_foreign {
                self.with_foreign_caller.insert(leg.agent.clone(), *number);
            }
        }
    }

    /// The daemon goes on with a leg under this key.
    pub(super) fn adopt(&mut self, key: OfferKey, offer: &v1::Offer) -> Option<LegNumber> {
        let call = offer.call.clone().unwrap_or_default();
        let number = *self.by_pair.get(&pair(&call, &offer.agent))?;
        let leg = self.legs.get_mut(&number)?;
        self.by_key.remove(&leg.key);
        self.by_key.insert(key, number);
        leg.key = key;
        leg.known = true;
        Some(number)
    }

    /// The daemon has started anew, and knows no key of before: says what there is.
    pub(super) fn held(&mut self) -> Vec<HeldLeg> {
        // Who declines meanwhile has hung up.
        let declined = self.legs.iter().filter(|(_, leg)| leg.picked_up && leg.declines);
        let declined: Vec<_> = declined.map(|(number, _)| *number).collect();
        for number in declined {
            self.remove(number);
        }
        let held = self.legs.values_mut().map(|leg| {
            leg.known = false;
            if std::mem::take(&mut leg.picked_up) {
                leg.stage = LegStage::Answered;
            }
            let state = match leg.stage {
                LegStage::Ringing => LegState::Ringing,
                LegStage::Answered => LegState::Answered,
                LegStage::Talking => LegState::Talking,
            };
            HeldLeg { call: leg.call.clone(), agent: leg.agent.clone(), state }
        });
        held.collect()
    }

    /// The resync is over: what the daemon has not taken over, and does not talk, is hung up.
    pub(super) fn drop_unknown(&mut self) {
        let void = |leg: &Leg| !leg.known && leg.stage != LegStage::Talking;
        let numbers: Vec<_> =
            self.legs.iter().filter(|(_, leg)| void(leg)).map(|(number, _)| *number).collect();
        for number in numbers {
            self.remove(number);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self { latest: self.latest, ..Self::default() };
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.legs.len()
    }
}

fn pair(call: &v1::CallRef, agent: &str) -> Pair {
    (call.adapter.clone(), call.call_id.clone(), agent.to_owned())
}
