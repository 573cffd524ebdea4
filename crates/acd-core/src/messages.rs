//! Messages to agents: counted here, so that they have their place among all that happens; what they
//! say is kept outside.

use crate::command::MessageTo;
use crate::event::{Event, Presence};
use crate::rejection::Rejection;
use crate::router::Router;

impl Router {
    pub(crate) fn message_agents(
        &mut self,
        to: MessageTo,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        match to {
            MessageTo::Agent(agent) => {
                if self.known_agent(agent)?.presence() == Presence::LoggedOut {
                    return Err(Rejection::AgentLoggedOut);
                }
            }
            MessageTo::Queue(queue) => self.known_queue(queue)?,
            MessageTo::Everybody => {}
        }
        self.messages += 1;
        events.push(Event::AgentsMessaged { number: self.messages, to });
        Ok(())
    }
}
