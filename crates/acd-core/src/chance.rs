//! Chance without a generator: numbers that look random and follow from what is there.

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014): a permutation without a visible pattern.
pub(crate) const fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// What the criterion `random` draws for two numbers: always the same for the same seed.
pub const fn draw(seed: u64, one: u64, other: u64) -> u64 {
    mixed(mixed(mixed(seed).wrapping_add(one)).wrapping_add(other))
}
