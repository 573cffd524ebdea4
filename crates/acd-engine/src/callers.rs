//! Who a caller is, without saying it: a keyed hash of his number.

use acd_core::CallerKey;
use siphasher::sip::SipHasher24;
use std::fmt;
use std::hash::Hasher;

/// By which callers are known again: to be kept secret, and for as long as they are to be.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct CallerSecret(pub [u8; 16]);

impl fmt::Debug for CallerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallerSecret")
    }
}

impl CallerSecret {
    /// Equal for equal callers; whoever has not got the secret learns nothing from it.
    pub(crate) fn key_of(self, caller: &str) -> CallerKey {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(caller.as_bytes());
        CallerKey(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_known_again_by_whoever_has_the_secret() {
        let [ours, theirs] = [[1; 16], [2; 16]].map(CallerSecret);
        assert_eq!(ours.key_of("+15550142"), CallerSecret([1; 16]).key_of("+15550142"));
        assert_ne!(ours.key_of("+15550142"), ours.key_of("+15550143"));
        assert_ne!(ours.key_of("+15550142"), theirs.key_of("+15550142"));
    }
}
