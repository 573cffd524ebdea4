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

#[cfg(test)]
mod tests {
    use super::*;

    /// The generator of that paper is this finalizer over steps of the golden ratio: what it gives
    /// from 1,234,567 on is known.
    #[test]
    fn the_finalizer_is_the_one_of_splitmix64() {
        let step = |nth: u64| 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(nth).wrapping_add(1_234_567);
        let given: Vec<u64> = (1..=5).map(|nth| mixed(step(nth))).collect();
        let known: [u64; 5] = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(given, known);
    }

    /// Agents are drawn by it, in replays too: whoever changes it raises `LOGIC_VERSION`.
    #[test]
    fn each_number_counts_in_its_place() {
        assert_eq!(draw(1, 2, 3), mixed(mixed(mixed(1) + 2) + 3));
        let all = [(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)];
        let mut drawn = all.map(|(seed, one, other)| draw(seed, one, other));
        drawn.sort_unstable();
        assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]), "{drawn:?}");
    }
}
