//! What changes at a library between two exports: records catalogued anew, new ones, and withdrawn ones.

use super::Consortium;
use super::hand::{Hand, control_number};
use super::random::Random;
use super::truth::Truth;

/// A library's changes since its export.
pub struct Night {
    /// Changed and new records, as an incremental export has them.
    pub bytes: Vec<u8>,
    /// One row a record of it, in file order; changed records keep their control number.
    pub truth: Vec<Truth>,
    /// Control numbers of the withdrawn ones.
    pub deleted: Vec<String>,
}

impl Consortium {
    /// The changes of a night in which this share of the library's records is touched: half of them changed, a
    /// quarter withdrawn, a quarter new. A changed record describes the same book in another hand.
    pub fn night(&self, position: usize, share: f64) -> Night {
        let (habits, held) = (self.habits(position), &self.held[position]);
        let hand = Hand { seed: self.config.seed, damage: 0.0, position, habits: &habits };
        let mut random = Random::new(self.config.seed ^ 0x6e69_6768_7473, position as u64);
        let mut night = Night { bytes: Vec::new(), truth: Vec::new(), deleted: Vec::new() };
        let (n_works, mut n_new) = (self.config.works as usize, 0);
        for (row, number) in held.iter().enumerate() {
            let fate = random.unit() / share;
            let draw = |_| random.below(n_works + n_works / 50) as u32;
            let other = [0; 8].map(draw).into_iter().find(|other| held.binary_search(other).is_err());
            match fate {
                f if f < 0.5 => night.take(hand.write(row, self.work(*number), 1, None)),
                f if f < 0.75 => night.deleted.push(control_number(position, row)),
                f if f < 1.0 => {
                    if let Some(other) = other {
                        night.take(hand.write(held.len() + n_new, self.work(other), 1, None));
                        n_new += 1;
                    }
                }
                _ => {}
            }
        }
        night
    }
}

impl Night {
    fn take(&mut self, (bytes, truth): (Vec<u8>, Truth)) {
        self.bytes.extend(bytes);
        self.truth.push(truth);
    }
}
