//! What `Router::choose` says before a command, held against the offer that comes of it.

use acd_core::{
    AgentFacts, AgentId, Channel, Command, DeviceState, How, Phase, Presence, Router, SlotState,
    Take,
};

/// What an agent would take at each of his desks, before a command that may make him available.
pub(crate) struct Foreseen {
    agent: AgentId,
    takes: Vec<(Channel, Option<Take>)>,
}

impl Foreseen {
    /// None of a command that does something else besides.
    pub(crate) fn before(router: &Router, command: &Command) -> Option<Self> {
        let agent = match command {
            Command::AgentReady { agent }
            | Command::AgentEndWrapUp { agent, .. }
            | Command::HeartbeatKept { agent }
            | Command::DeviceChanged { agent, .. }
            | Command::ForcePresence { agent, .. } => *agent,
            // Of a call that waits nobody is freed.
            Command::CallEnded { call } => match router.call(*call)?.hands.as_slice() {
                [hand] => hand.agent,
                _ => return None,
            },
            _ => return None,
        };
        let takes = Channel::ALL.map(|channel| (channel, router.choose(agent, channel)));
        Some(Self { agent, takes: takes.into() })
    }

    /// Whether there was an offer to compare with.
    pub(crate) fn check(&self, router: &Router) -> bool {
        let taken = router.decisions().iter().find_map(|decision| match decision.how {
            How::AgentTook(take) if decision.agent == self.agent => Some((decision.call, take)),
            _ => None,
        });
        let Some((call, took)) = taken else { return false };
        let channel = router.call(call).expect("what is offered lives").channel;
        let foreseen = self.takes.iter().find(|(of, _)| *of == channel);
        let foreseen = foreseen.and_then(|(_, take)| *take).expect("he would take something");
        assert_eq!(foreseen.winner, took.winner, "{:?} takes another call", self.agent);
        if router.plan().agents[self.agent.index()].desks.len() == 1 {
            assert_eq!(foreseen, took, "{:?}", self.agent);
        }
        true
    }
}

/// Whoever is available now would take nothing: else he had.
pub(crate) fn nobody_available_would_take(router: &Router) {
    let is_owed = router.next_deadline().is_some_and(|due| due <= router.now());
    if router.phase() != Phase::Normal || is_owed {
        return;
    }
    for agent in router.agents().filter(is_at_leisure).map(|agent| agent.agent) {
        for channel in Channel::ALL {
            assert_eq!(router.choose(agent, channel), None, "{agent:?} is free for {channel:?}");
        }
    }
}

fn is_at_leisure(agent: &AgentFacts) -> bool {
    agent.presence == Presence::Ready
        && agent.pending.is_none()
        && agent.device == DeviceState::Up
        && agent.slots.iter().all(|slot| slot.state == SlotState::Free)
}
