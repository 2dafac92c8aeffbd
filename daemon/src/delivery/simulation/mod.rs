//! A consortium in one thread: a hub, branches with readers and librarians, a network and clocks that misbehave.
//!
//! Everything but line and time is the real thing: stores, carriers, the hub's inbox and feed. A seed decides what
//! happens; the same seed does the same again. Each is tried in two worlds: three branches that deal with one another all
//! the time, and 46 of them for thirty days. `LIANMU_SEEDS` says how many seeds are tried, `LIANMU_SEED` which one alone.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests may panic, and say what they found"
)]

mod check;
mod faults;
mod hub_disk;

mod line;
mod people;
mod power;
mod tests;
mod world;

/// SplitMix64.
pub(super) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}
