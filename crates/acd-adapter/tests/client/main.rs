//! The client side of a session, over real streams.

mod fake;
mod session;
mod simulated;
