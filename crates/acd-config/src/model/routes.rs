//! What a configuration file may say about where calls go whose adapter names no queue.

use super::channels::CallChannel;
use super::{AnyOf, Require};
use crate::patterns::Patterns;
use crate::read::{Entries, List, section};
use crate::values::{Mention, Whole};

section! {
    /// Where a call goes whose adapter names no queue, if no route before it takes the call.
    Route {
        /// Which calls take it. The last route has none: it takes every call.
        optional r#match: Match,
        /// The queue that the call enters.
        required queue: Mention,
        /// How urgent the call is, unless its adapter says so: 5 is normal, 9 an emergency.
        optional priority: Whole<0, 9>,
        /// The skills that an agent must have besides what the queue requires, in whatever queue the
        /// call is, until it is over.
        optional require: Require,
        /// Alternatives, of which an agent must have one besides.
        optional any_of: AnyOf,
        /// The agent whom the call is for, unless its adapter names another: it waits for him a while
        /// (`queues.NAME.affinity.wait`).
        optional preferred_agent: Mention,
    }
}

section! {
    /// Which calls take a route: all of this. A text may be given exactly, as one of several, or with
    /// `*` for any characters and `?` for any one; `\` makes the next character stand for itself.
    Match {
        /// The number that was dialled, as the adapter gives it.
        optional dialed: Patterns,
        /// The caller's number, as the adapter gives it.
        optional caller: Patterns,
        /// By which means the caller is in touch.
        optional channel: List<CallChannel>,
        /// What the adapter says of the call besides, by the key.
        optional attributes: Entries<Patterns>,
    }
}
