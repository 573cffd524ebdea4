//! Promise 4: when an offer is issued, no call in the same queue that this agent could take instead
//! has a better key; unless a person has picked it for him.

use super::{Watch, keeps};
use crate::books::{Books, Stage};
use acd_core::Event;

pub(crate) struct BestFirst;

impl Watch for BestFirst {
    fn sees(&mut self, books: &Books, event: &Event) {
        let Event::OfferIssued { call, agent, queue, adopted: false, picked: false, .. } = event
        else {
            return;
        };
        let key = books.key(&books.calls[call]);
        for (other, known) in &books.calls {
            let Some(place) = known.place(*queue) else { continue };
            let better = known.stage == Stage::Waiting && books.key(known) < key;
            let instead = better && books.may_take(*agent, known, place, books.now);
            keeps!(4, !instead, "{agent:?} is offered {call:?} in {queue:?}, before {other:?}");
        }
    }
}
