//! The on-call ladders that adapters have been told to try: one that was away is told again.

use acd_core::{CallHandle, Event, RoutingPlan};
use std::collections::BTreeMap;
use std::sync::Arc;

/// By call, from the order until an agent has the call or it is over: the names of its ladders, each
/// once, in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladders {
    calls: BTreeMap<CallHandle, Vec<Arc<str>>>,
}

impl Ladders {
    /// Those of a call.
    pub fn of(&self, call: CallHandle) -> &[Arc<str>] {
        self.calls.get(&call).map_or(&[], |ladders| ladders)
    }

    /// Learns of those that begin, and forgets those whose call is taken or over, by an event under
    /// this plan.
    pub fn follow(&mut self, event: &Event, plan: &RoutingPlan) {
        match event {
            Event::LadderOrdered { call, ladder } => {
                let Some(name) = plan.ladders.get(ladder.index()) else { return };
                self.begins(*call, Arc::from(&**name));
            }
            Event::CallConnected { call, .. } | Event::CallEnded { call, .. } => {
                self.calls.remove(call);
            }
            _ => {}
        }
    }

    /// A ladder that runs already goes on.
    pub(crate) fn begins(&mut self, call: CallHandle, ladder: Arc<str>) {
        let ladders = self.calls.entry(call).or_default();
        if !ladders.contains(&ladder) {
            ladders.push(ladder);
        }
    }

    /// All of them, by handle.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = (CallHandle, &[Arc<str>])> {
        self.calls.iter().map(|(call, ladders)| (*call, &**ladders))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_core::{AgentId, LadderId, QueueId};

    #[test]
    fn a_ladder_is_remembered_until_its_call_is_taken() {
        let plan = RoutingPlan { ladders: vec!["on-call".to_owned()], ..RoutingPlan::default() };
        let call = CallHandle { slot: 3, generation: 2 };
        let mut ladders = Ladders::default();
        for _ in 0..2 {
            ladders.follow(&Event::LadderOrdered { call, ladder: LadderId(0) }, &plan);
        }
        assert_eq!(ladders.of(call).join(" "), "on-call", "once");
        let (agent, queue) = (AgentId(0), QueueId(0));
        ladders.follow(&Event::CallConnected { call, agent, queue }, &plan);
        assert_eq!(ladders, Ladders::default());
    }
}
