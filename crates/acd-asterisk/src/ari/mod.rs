//! Asterisk's REST interface, spoken over one websocket: events come down it, requests go up it.

mod client;
mod event;
mod request;

pub(crate) use client::{Broken, Client, Incoming, Login};
pub(crate) use event::{BridgeInfo, ChannelInfo, DeviceInfo, EndpointInfo, Event, FILTER};
pub(crate) use request::{Method, Request, Response, escaped};
