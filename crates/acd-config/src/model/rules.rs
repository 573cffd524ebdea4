//! What a configuration file may say about the rules of a queue.

use super::channels::CallChannels;
use super::{AnyOf, Require};
use crate::notes::{Key, Notes};
use crate::read::{List, Node, Read, choice, section};
use crate::values::{Count, Flag, Mention, Name, Number, Percent, PositiveTime, Time, Whole};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;

/// More calls than may live at once.
const CALLS_MOST: u64 = 1 << 20;
/// As many agents as a file may have.
const AGENTS_MOST: u64 = 1_000_000;

section! {
    /// What happens to a call while it waits. Each rule acts once for each stay of a call in the
    /// queue, unless it repeats.
    Rule {
        /// Its name, unique in the queue.
        required name: Name,
        /// When it acts: when all of this holds.
        required when: When,
        /// It acts on the call again each time so long after it has acted, while `when` holds.
        optional repeat_every: PositiveTime,
        /// What it does, in this order: `priority`, `require`, `drop`, `add_queue`, `play`,
        /// `offer_callback`, `ladder`, then
        /// `move_to`, `transfer_to` or `end`.
        required then: Then,
    }
}

section! {
    /// When a rule acts: at least one thing, and all of them.
    When {
        /// The call has been this long in the queue.
        optional waited: Time,
        /// The call has waited this long in all, in whatever queues.
        optional age: Time,
        /// The call is at least so urgent.
        optional priority_at_least: Whole<0, 9>,
        /// The caller is in touch by this, or by one of these.
        optional channel: CallChannels,
        /// The queue is closed as the call enters: the rule's own, or that of `queue`. What is looked at
        /// on entry acts before the call is offered to anybody.
        optional closed: Flag,
        /// So many other calls wait in the queue, are being connected, or are connected through it,
        /// as the call enters: the rule's own queue, or that of `queue`; or so many are live, for all.
        optional calls_in_system: Count<0, CALLS_MOST>,
        /// So many calls wait, or are being offered, in the queue.
        optional calls_waiting: Count<1, CALLS_MOST>,
        /// The first of them entered the queue so long ago.
        optional longest_wait: PositiveTime,
        /// Of the agents who may serve the queue, no more than so many are logged in.
        optional agents_staffed_at_most: Count<0, AGENTS_MOST>,
        /// Of those, no more than so many are ready.
        optional agents_working_at_most: Count<0, AGENTS_MOST>,
        /// Of those, no more than so many are free.
        optional agents_available_at_most: Count<0, AGENTS_MOST>,
        /// Of the calls answered or given up there within the last half hour, fewer were answered
        /// within the queue's `service_level.within`. Short abandons do not count.
        optional service_level_below: Percent,
        /// A call that joined the end of the line now would wait this long, as far as can be said.
        optional estimated_wait: PositiveTime,
        /// The queue that the nine above look at, from `closed` on, if not the rule's own; "*" for all
        /// queues together, which `closed` and `estimated_wait` cannot look at.
        optional queue: Mention,
        /// What ends it, once it has come about: all of this. Without it, it ends when it holds no
        /// more.
        optional until: Until,
    }
}

section! {
    /// What ends what a rule looks at of a queue.
    Until {
        /// No more than so many calls wait.
        optional calls_waiting: Count<0, CALLS_MOST>,
        /// The first of them entered no longer ago.
        optional longest_wait: Time,
        /// So many agents are logged in again.
        optional agents_staffed: Count<1, AGENTS_MOST>,
        /// So many agents are ready again.
        optional agents_working: Count<1, AGENTS_MOST>,
        /// So many agents are free again.
        optional agents_available: Count<1, AGENTS_MOST>,
        /// So many are answered in time again.
        optional service_level: Percent,
        /// A call would wait no longer.
        optional estimated_wait: Time,
    }
}

section! {
    /// What a rule does to a waiting call: at least one thing.
    Then {
        /// Raises the call's priority to this; never lowers it. 9, the emergency, is not for rules.
        optional priority: RulePriority,
        /// Replaces what the queue requires, for this call while it stays in the queue.
        optional require: Require,
        /// With `require`: alternatives, of which one is asked for besides.
        optional any_of: AnyOf,
        /// Takes these skills out of what the call's route requires besides, for the rest of its life.
        optional drop: List<Mention>,
        /// Lets the call wait in this queue too.
        optional add_queue: Mention,
        /// With `add_queue`: only for as long as what the rule looks at of a queue lasts.
        default while_active: Flag = "false",
        /// Has the caller hear this announcement, which the adapter knows by the name.
        optional play: Name,
        /// Has the adapter ask the caller whether he wants to be called back, by its own means.
        default offer_callback: Flag = "false",
        /// Has the adapter try this on-call ladder, which it knows by the name, while the caller waits.
        optional ladder: Name,
        /// Sends the call to this queue instead.
        optional move_to: Mention,
        /// Sends the call out of acdd, to this telephone number.
        optional transfer_to: Number,
        /// Sends the call out of acdd.
        optional end: End,
    }
}

/// The priority that a rule raises to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RulePriority(pub(crate) u8);

impl Read for RulePriority {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        if node.get_ref().as_integer().is_some_and(|number| number.as_str() == "9") {
            let message = "9 is the emergency, which only entry, an adapter or a supervisor sets";
            notes.add(key, &node.span(), message, "a whole number from 0 to 8");
            return None;
        }
        Whole::<0, 8>::read(node, key, notes).map(|priority| Self(priority.0))
    }
}

impl JsonSchema for RulePriority {
    fn schema_name() -> Cow<'static, str> {
        "RulePriority".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Whole::<0, 8>::json_schema(generator)
    }
}

/// How a rule sends a call out of acdd.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End(pub(crate) Ending);

choice! {
    /// How a rule sends a call out of acdd.
    Ending {
        /// To a mailbox.
        "voicemail" => Voicemail,
        /// A recorded message, then the line is cut.
        "message" => Message,
    }
}

impl Read for End {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        if node.get_ref().as_str() == Some("busy") {
            let message = "a call of priority 9 could reach this rule and get a bare busy tone";
            notes.add(key, &node.span(), message, "`voicemail` or `message`");
            return None;
        }
        Ending::read(node, key, notes).map(Self)
    }
}

impl JsonSchema for End {
    fn schema_name() -> Cow<'static, str> {
        "End".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Ending::json_schema(generator)
    }
}

impl Then {
    /// Whether the rule would do nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            priority,
            require,
            any_of,
            drop,
            add_queue,
            while_active: _,
            play,
            offer_callback,
            ladder,
            move_to,
            transfer_to,
            end,
        } = self;
        priority.is_absent()
            && require.is_absent()
            && any_of.is_absent()
            && drop.is_absent()
            && add_queue.is_absent()
            && play.is_absent()
            && !offer_callback.value.0
            && ladder.is_absent()
            && move_to.is_absent()
            && transfer_to.is_absent()
            && end.is_absent()
    }
}

impl When {
    /// Whether a call that only waits on comes to it.
    pub(crate) fn is_wait_only(&self) -> bool {
        let Self {
            waited,
            age,
            priority_at_least,
            channel,
            closed,
            calls_in_system,
            calls_waiting,
            longest_wait,
            agents_staffed_at_most,
            agents_working_at_most,
            agents_available_at_most,
            service_level_below,
            estimated_wait,
            queue: _,
            until: _,
        } = self;
        !waited.is_absent()
            && age.is_absent()
            && priority_at_least.is_absent()
            && channel.is_absent()
            && closed.is_absent()
            && calls_in_system.is_absent()
            && calls_waiting.is_absent()
            && longest_wait.is_absent()
            && agents_staffed_at_most.is_absent()
            && agents_working_at_most.is_absent()
            && agents_available_at_most.is_absent()
            && service_level_below.is_absent()
            && estimated_wait.is_absent()
    }
}
