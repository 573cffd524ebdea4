//! The tools, on real folders.
