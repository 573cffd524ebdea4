//! Agents' devices: whether Asterisk can reach them, and whether they are in a call that is not
//! acdd's.

use super::{Switch, Timer};
use crate::ari::DeviceInfo;
use acd_adapter::{DeviceState, Report};
use std::time::{Duration, Instant};

/// How long after a leg of ours Asterisk may take to say that its device is free.
const SAYS_WITHIN: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Device {
    /// As Asterisk says; empty if it has not.
    state: String,
    /// Legs that acdd has asked for.
    legs: u32,
    /// Until when it may seem to be in a call because of a leg of ours that is over.
    ours_until: Option<Instant>,
    /// As acdd was told.
    told: Option<DeviceState>,
}

impl Device {
    fn is(&self, now: Instant) -> DeviceState {
        let ours = self.legs > 0 || self.ours_until.is_some_and(|until| now < until);
        match self.state.as_str() {
            "UNAVAILABLE" | "INVALID" => DeviceState::Down,
            "INUSE" | "BUSY" | "RINGING" | "RINGINUSE" | "ONHOLD" if !ours => DeviceState::Busy,
            _ => DeviceState::Up,
        }
    }
}

impl Switch {
    /// A device is not as it was.
    pub(super) fn device_changed(&mut self, device: &DeviceInfo) {
        // What no agent can have is not kept: queues, conferences, custom states.
        if self.settings.address(&device.name).is_some() {
            self.devices.entry(device.name.clone()).or_default().state.clone_from(&device.state);
            self.tell_of_device(&device.name);
        }
    }

    /// A leg of ours rings it.
    pub(super) fn device_has_leg(&mut self, device: &str) {
        self.devices.entry(device.to_owned()).or_default().legs += 1;
        self.tell_of_device(device);
    }

    /// A leg of ours is gone from it.
    pub(super) fn device_lost_leg(&mut self, device: &str) {
        let Some(known) = self.devices.get_mut(device) else { return };
        known.legs = known.legs.saturating_sub(1);
        if known.legs == 0 {
            let until = self.now.instant + SAYS_WITHIN;
            known.ours_until = Some(until);
            self.timers.insert((until, Timer::Device(device.to_owned())));
        }
    }

    /// Tells acdd how a device is, if that is news. Those that no agent has it refuses, and nobody
    /// misses them.
    pub(super) fn tell_of_device(&mut self, device: &str) {
        let Some(known) = self.devices.get_mut(device).filter(|known| !known.state.is_empty())
        else {
            return;
        };
        let Some(address) = self.settings.address(device).map(str::to_owned) else { return };
        let state = known.is(self.now.instant);
        if known.told.replace(state) != Some(state) {
            self.tell(Report::DeviceChanged { address, state });
        }
    }

    /// The daemon or this process is new to the other.
    pub(super) fn tell_of_all_devices(&mut self) {
        let mut names: Vec<String> = self.devices.keys().cloned().collect();
        names.sort_unstable();
        for name in names {
            if let Some(known) = self.devices.get_mut(&name) {
                known.told = None;
            }
            self.tell_of_device(&name);
        }
    }
}
