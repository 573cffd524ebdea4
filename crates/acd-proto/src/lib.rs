//! `acd.v1`: the wire protocol, generated from `proto/acd/v1`.
//!
//! The `.proto` files are the reference for every field: unit, bounds, errors.

/// Messages, clients and servers of `acd.v1`.
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod v1 {
    tonic::include_proto!("acd.v1");
}

/// The encoded file descriptors, for gRPC reflection.
pub const FILE_DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/acd_v1.bin"));
