//! What there is, to be read: whoever restores a Router makes names, orders and views from it,
//! without the history.

use crate::agent::Agent;
use crate::call::{Call, CallState, Hand, Place};
use crate::event::{DeviceState, HeartbeatState, Presence, SlotState};
use crate::ids::{
    AdapterId, AgentId, CallHandle, DemandId, OfferNumber, Priority, QueueId, SkillId, Timestamp,
};
use crate::plan::Channel;
use crate::router::Router;
use crate::skills::Changed;

/// A call that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFacts {
    /// Which.
    pub call: CallHandle,
    /// Who holds the caller's leg.
    pub adapter: AdapterId,
    /// By which means.
    pub channel: Channel,
    /// Its number among all arrivals of the domain.
    pub arrival: u64,
    /// The present one.
    pub priority: Priority,
    /// What is being done with it.
    pub stage: CallStage,
    /// When it began to wait for the first time.
    pub arrived_at: Timestamp,
    /// Since when it is at its stage; of a call heard of late, since it began to wait.
    pub stage_since: Timestamp,
    /// The agent whom it waits for, and until when; nobody else may take it.
    pub awaits: Option<(AgentId, Timestamp)>,
    /// Where it stands, in the order it joined; nowhere while it is connected or held.
    pub places: Vec<PlaceFacts>,
    /// Whose it is, or those whom it is offered to, in the order of the offers; nobody's while it
    /// waits.
    pub hands: Vec<HandFacts>,
}

/// What is being done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStage {
    /// It waits.
    Waiting,
    /// An offer is out.
    Offering,
    /// Accepted, not bridged yet.
    Connecting,
    /// Caller and agent talk.
    Connected,
    /// The caller is on hold.
    Held,
}

/// A call's stand in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceFacts {
    /// Where.
    pub queue: QueueId,
    /// What it asks for there.
    pub demand: DemandId,
    /// Since when it counts as being there.
    pub since: Timestamp,
}

/// An agent's hold on a call, from offer to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandFacts {
    /// Through which offer.
    pub offer: OfferNumber,
    /// Whose.
    pub agent: AgentId,
    /// Which of his slots.
    pub slot: u8,
    /// The queue through which.
    pub queue: QueueId,
    /// The adapter that rings, or rang, him.
    pub rung_by: AdapterId,
    /// When the offer rings out, or the bridge must stand; past once the call is connected.
    pub until: Timestamp,
}

/// An agent of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFacts {
    /// Who.
    pub agent: AgentId,
    /// The present one.
    pub presence: Presence,
    /// Since when; none before he first logs in.
    pub presence_since: Option<Timestamp>,
    /// What it will be once he has no call, or once his device or desktop is back.
    pub pending: Option<Presence>,
    /// How his device is.
    pub device: DeviceState,
    /// Whether his desktop is heard.
    pub heartbeat: HeartbeatState,
    /// All of his slots.
    pub slots: Vec<SlotFacts>,
    /// His skills that are not as planned.
    pub skills: Vec<SkillFacts>,
}

/// A skill of an agent that is not as planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkillFacts {
    /// Which.
    pub skill: SkillId,
    /// The level that he has; none if he lacks it.
    pub level: Option<u8>,
    /// When it is as planned again by itself; none if it stays so.
    pub until: Option<Timestamp>,
}

/// One of an agent's slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotFacts {
    /// What it is doing.
    pub state: SlotState,
    /// Since when; none before it is first used.
    pub since: Option<Timestamp>,
}

/// An adapter that has been up at least once, or whose number lies below such a one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdapterFacts {
    /// Who.
    pub adapter: AdapterId,
    /// Whether it has a session.
    pub up: bool,
    /// Of its latest session; 0 before the first.
    pub incarnation: u64,
    /// The highest message number heard from that incarnation.
    pub heard: u64,
    /// It has not said yet what it holds.
    pub awaits_resync: bool,
}

impl CallFacts {
    /// What an agent has of it by this offer.
    pub fn hand_by(&self, offer: OfferNumber) -> Option<&HandFacts> {
        self.hands.iter().find(|hand| hand.offer == offer)
    }
}

/// Whether a queue takes new calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosingFacts {
    /// Which.
    pub queue: QueueId,
    /// It does not, as far as its rules look at that.
    pub closed: bool,
    /// When that turns by itself; none if it does not.
    pub until: Option<Timestamp>,
}

impl Router {
    /// The calls that live, in the order of their slots.
    pub fn calls(&self) -> impl Iterator<Item = CallFacts> {
        self.calls.iter().map(|call| self.facts_of(call))
    }

    /// One call, if it lives.
    pub fn call(&self, call: CallHandle) -> Option<CallFacts> {
        self.calls.find(call).map(|call| self.facts_of(call))
    }

    /// Every slot that a call has ever lived in: its number, the generation of the latest call, and
    /// whether that call lives.
    pub fn call_slots(&self) -> impl Iterator<Item = (u32, u32, bool)> {
        let slots = (0..).zip(&self.calls.slots);
        slots.map(|(number, slot)| (number, slot.generation, slot.call.is_some()))
    }

    /// The agents of the plan, in its order.
    pub fn agents(&self) -> impl Iterator<Item = AgentFacts> {
        (0..).map(AgentId).zip(&self.agents).map(|(agent, known)| facts_of_agent(agent, known))
    }

    /// One agent, if the plan has him.
    pub fn agent(&self, agent: AgentId) -> Option<AgentFacts> {
        self.agents.get(agent.index()).map(|known| facts_of_agent(agent, known))
    }

    /// The queues that are closed to new calls, or that will be by what a supervisor has said.
    pub fn closings(&self) -> impl Iterator<Item = ClosingFacts> {
        let all = (0..).map(QueueId).zip(&self.closings);
        let all = all.map(|(queue, it)| ClosingFacts { queue, closed: it.closed, until: it.until });
        all.filter(|it| it.closed || it.until.is_some())
    }

    /// The rules of which what they look at of a queue holds, each by its queue and index.
    pub fn active_rules(&self) -> impl Iterator<Item = (QueueId, u16)> {
        self.latches.all.iter().filter(|it| it.is_set).map(|it| (it.queue, it.rule))
    }

    /// The adapters, in the order of their handles.
    pub fn adapters(&self) -> impl Iterator<Item = AdapterFacts> {
        (0..).map(AdapterId).zip(&self.adapters).map(|(adapter, known)| AdapterFacts {
            adapter,
            up: known.up,
            incarnation: known.incarnation,
            heard: known.heard,
            awaits_resync: known.awaited_until.is_some(),
        })
    }

    fn facts_of(&self, call: &Call) -> CallFacts {
        let places = self.places_of(call.handle.slot).map(|place| {
            let Place { queue, demand, entered, .. } = self.places[place];
            PlaceFacts { queue, demand, since: entered }
        });
        let hands = self.hands_of(call.handle.slot).map(|hand| {
            let Hand { offer, agent, slot, queue, rung_by, until, .. } = self.hands[hand];
            HandFacts { offer, agent, slot, queue, rung_by, until }
        });
        CallFacts {
            call: call.handle,
            adapter: call.adapter,
            channel: call.channel,
            arrival: call.arrival,
            priority: call.priority,
            stage: match call.state {
                CallState::Waiting => CallStage::Waiting,
                CallState::Offering => CallStage::Offering,
                CallState::Connecting => CallStage::Connecting,
                CallState::Connected => CallStage::Connected,
                CallState::Held => CallStage::Held,
            },
            arrived_at: call.arrived_at,
            stage_since: call.stage_since,
            awaits: call.awaits.map(|awaits| (awaits.agent, awaits.until)),
            places: places.collect(),
            hands: hands.collect(),
        }
    }
}

fn facts_of_agent(agent: AgentId, known: &Agent) -> AgentFacts {
    let slots = known.slots.iter();
    let changed = known.skills.iter().flat_map(|skills| &skills.changed);
    let skill = |&Changed { skill, level, until, .. }: &Changed| SkillFacts { skill, level, until };
    AgentFacts {
        agent,
        presence: known.presence(),
        presence_since: known.presence_since,
        pending: known.pending(),
        device: known.device,
        heartbeat: known.heartbeat,
        slots: slots.map(|slot| SlotFacts { state: slot.state, since: slot.since }).collect(),
        skills: changed.map(skill).collect(),
    }
}
