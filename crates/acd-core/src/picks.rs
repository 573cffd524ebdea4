//! A person gives a waiting call to one agent, now: what the agent could do is asked for, whose turn it
//! is is not.

use crate::barriers::Barrier;
use crate::call::CallState;
use crate::decision::How;
use crate::event::{Event, ReturnCause, RevokeCause};
use crate::ids::{AgentId, CallHandle};
use crate::rejection::Rejection;
use crate::router::Router;

impl Router {
    /// The first of the call's places in which nothing is in the way counts. Offers to others are
    /// taken back; rules that fell due meanwhile act when this one is over.
    pub(crate) fn pick_call(
        &mut self,
        call: CallHandle,
        agent: AgentId,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.known_agent(agent)?;
        let found = self.live(call)?;
        let was_offered = match found.state {
            CallState::Waiting => false,
            CallState::Offering => true,
            state @ (CallState::Connecting | CallState::Connected | CallState::Held) => {
                let needs = "waiting or offering";
                return Err(Rejection::WrongCallState { needs, is: state.name() });
            }
        };
        if let Some(by) = self.hold_on(found.adapter) {
            return Err(Rejection::CallHeldBack { by });
        }
        let in_the_way = |place: u32| {
            let mut all = self.barriers(found, &self.places[place], None, agent);
            all.find(|barrier| !barrier.yields_to_a_person())
        };
        let mut first = None;
        let place = self.places_of(call.slot).find(|place| {
            let barrier = in_the_way(*place);
            first = first.or(barrier);
            barrier.is_none()
        });
        let Some(place) = place else {
            let by = first.expect("a call that waits stands somewhere");
            return Err(Rejection::AgentBarred { by });
        };
        if was_offered {
            self.close_offers(call.slot, RevokeCause::Picked, events);
            self.calls[call.slot].enter(CallState::Waiting, self.now);
            events.push(Event::CallReturned { call, cause: ReturnCause::OfferEnded });
            self.stand_in_lines(call.slot);
        }
        self.issue_offer(place, agent, How::Picked, events);
        Ok(())
    }
}

impl Barrier {
    /// Whether it only says whose turn it is, and a person's word is stronger.
    fn yields_to_a_person(&self) -> bool {
        match self {
            Self::NotHisQueue
            | Self::Delayed { .. }
            | Self::Excluded { .. }
            | Self::AwaitsAnother { .. }
            | Self::KeptFree => true,
            Self::HasIt
            | Self::TakesNoSuchCalls { .. }
            | Self::LacksSkill { .. }
            | Self::LacksAlternative { .. }
            | Self::LoggedOut
            | Self::NotReady { .. }
            | Self::PresencePending { .. }
            | Self::DeviceOut
            | Self::DeviceBusy
            | Self::DesktopSilent
            | Self::NoFreeSlot { .. }
            | Self::ChannelBarred { .. }
            | Self::DeviceAdapterAway { .. }
            | Self::DeviceAdapterAwaited { .. } => false,
        }
    }
}
