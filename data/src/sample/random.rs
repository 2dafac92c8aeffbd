//! A small generator of numbers that gives the same sequence on every machine (SplitMix64).

/// Seeded source of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each (seed, stream).
    pub fn new(seed: u64, stream: u64) -> Self {
        // Neighbours must start far apart: a sequence is steps of one length, so near ones would be the same
        // numbers a few draws later.
        Self(mixed(mixed(seed).wrapping_add(stream)))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number below `n`; 0 for `n` = 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.bits() % n as u64) as usize }
    }

    /// A number in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_streams_share_no_numbers() {
        let mut seen = std::collections::HashSet::new();
        for stream in 0..2_000 {
            let mut random = Random::new(46, stream);
            assert!((0..50).all(|_| seen.insert(random.bits())), "stream {stream} repeats another");
        }
    }
}
