//! The client side of a session, over real streams.

mod anew;
mod fake;
mod half_open;
mod session;
mod simulated;
