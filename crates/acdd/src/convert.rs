//! Between the engine's words and the wire's: the only place that knows both.

pub(crate) mod explained;
pub(crate) mod message;
pub(crate) mod order;
pub(crate) mod refusal;
pub(crate) mod row;
pub(crate) mod statistics;
pub(crate) mod status;
pub(crate) mod time;
pub(crate) mod watched;
