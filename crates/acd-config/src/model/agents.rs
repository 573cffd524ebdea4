//! What a configuration file may say about the people who take calls.

use super::Level;
use crate::read::{Entries, section};
use crate::values::{Device, Flag, Text, Time, Whole};
use acd_core::{CAPACITY_MAX, RANK_MAX};

section! {
    /// Somebody who takes calls.
    Agent {
        /// The name that people see; the id unless given.
        optional name: Text,
        /// What the agent can do, and how well: 1 to 10, 10 is best.
        default skills: Entries<Level> = "{}",
        /// Which device rings. Without one, the call's own adapter rings the agent by the id.
        default endpoints: Endpoints = "{}",
        /// How many calls the agent may hold at once.
        default capacity: Capacity = "{}",
        /// How the agent serves particular queues.
        default queues: Entries<Profile> = "{}",
        /// Whether the agent takes calls of these `queues` and of no others.
        default only: Flag = "false",
    }
}

section! {
    /// How an agent serves a queue.
    Profile {
        /// Of the calls that the agent may take, those of the queue with the higher rank come first,
        /// whatever their priority; only emergencies come before.
        default rank: Whole<1, RANK_MAX> = "5",
        /// How long a call must have waited in the queue before the agent may take it: for those
        /// who help out. It does not hold back emergencies.
        default delay: Time = "'0s'",
    }
}

section! {
    /// Which device rings, by channel: `adapter:address`, such as `asterisk-a:PJSIP/201`.
    Endpoints {
        /// For telephone calls and callbacks.
        optional voice: Device,
        /// For chats.
        optional chat: Device,
        /// For messages.
        optional text: Device,
        /// For tasks.
        optional task: Device,
    }
}

section! {
    /// How many calls an agent may hold at once, by channel; 0 for none.
    Capacity {
        /// Telephone calls and callbacks.
        default voice: Whole<0, CAPACITY_MAX> = "1",
        /// Chats.
        default chat: Whole<0, CAPACITY_MAX> = "0",
        /// Messages.
        default text: Whole<0, CAPACITY_MAX> = "0",
        /// Tasks.
        default task: Whole<0, CAPACITY_MAX> = "0",
    }
}
