//! What a configuration file may say about the rules of a queue.

use super::{AnyOf, Require};
use crate::notes::{Key, Notes};
use crate::read::{Node, Read, choice, section};
use crate::values::{Mention, Name, Number, Time, Whole};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;

section! {
    /// What happens to a call that waits too long. Each rule acts once for each stay of a call in
    /// the queue.
    Rule {
        /// Its name, unique in the queue.
        required name: Name,
        /// When it acts.
        required when: When,
        /// What it does, in this order: `priority`, `require`, `add_queue`, `play`, then `move_to`,
        /// `transfer_to` or `end`.
        required then: Then,
    }
}

section! {
    /// When a rule acts.
    When {
        /// Once the call has been this long in the queue.
        required waited: Time,
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
        /// Lets the call wait in this queue too.
        optional add_queue: Mention,
        /// Has the caller hear this announcement, which the adapter knows by the name.
        optional play: Name,
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
        let Self { priority, require, any_of, add_queue, play, move_to, transfer_to, end } = self;
        priority.is_absent()
            && require.is_absent()
            && any_of.is_absent()
            && add_queue.is_absent()
            && play.is_absent()
            && move_to.is_absent()
            && transfer_to.is_absent()
            && end.is_absent()
    }
}
