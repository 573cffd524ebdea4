//! Figures of queues and agents: a fold over the events of the Router, so that each number can be
//! recomputed from them.
//!
//! What is counted of queues is a *stay*: a call's stand in one queue, from its entry to its end. A
//! stay counts in three ways: in the half minute in which something happens to it (the sliding
//! windows), in the quarter of an hour in which it began (the history), and so in the day in which it
//! began.

mod agents;
mod calls;
mod contacts;
mod day;
mod figures;
mod history;
mod kept;
mod levels;
mod plans;
mod queues;
mod recent;
mod rows;
mod statistics;
mod waits;

pub use agents::{AgentCounts, AgentFigures};
pub use contacts::CONTACTS_MAX;
pub use figures::{QueueCounts, QueueFigures, QueueSummary};
pub use history::{AgentRow, History, HistoryWanted, Interval, Line, QueueRow, Whose};
pub use kept::Unreadable;
pub use levels::{Percent, ServiceLevels};
pub use queues::{QueueNow, Totals, WAIT_BOUNDS};
pub use statistics::Statistics;
pub use waits::Waits;
