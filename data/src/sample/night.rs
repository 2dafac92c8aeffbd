//! What changes at a library between two exports: records catalogued anew, new ones, and withdrawn ones.

use std::io::{self, Write};

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

/// What becomes of a record of the list.
enum Fate {
    Stays,
    Changes,
    Goes,
    /// It stays, and at the end of the list comes a record of this work.
    Brings(u32),
}

impl Consortium {
    /// The changes of a night in which this share of the library's records is touched: half of them changed, a
    /// quarter withdrawn, a quarter new. A changed record describes the same book in another hand.
    pub fn night(&self, position: usize, share: f64) -> Night {
        let (habits, held) = (self.habits(position), &self.held[position]);
        let hand = Hand { seed: self.config.seed, damage: 0.0, position, habits: &habits };
        let mut night = Night { bytes: Vec::new(), truth: Vec::new(), deleted: Vec::new() };
        let mut n_new = 0;
        for (row, fate) in self.fates(position, share).enumerate() {
            match fate {
                Fate::Stays => {}
                Fate::Changes => night.take(hand.write(row, self.work(held[row]), 1, None)),
                Fate::Goes => night.deleted.push(control_number(position, row)),
                Fate::Brings(other) => {
                    night.take(hand.write(held.len() + n_new, self.work(other), 1, None));
                    n_new += 1;
                }
            }
        }
        night
    }

    /// Writes the whole export as it is after that night; what did not change is the same, byte for byte.
    pub fn write_export_after(&self, position: usize, share: f64, file: &mut dyn Write) -> io::Result<()> {
        let (habits, held) = (self.habits(position), &self.held[position]);
        let hand = |damage| Hand { seed: self.config.seed, damage, position, habits: &habits };
        let (before, after) = (hand(self.config.damage), hand(0.0));
        let mut new = Vec::new();
        for (row, fate) in self.fates(position, share).enumerate() {
            let work = || self.work(held[row]);
            match fate {
                Fate::Goes => continue,
                Fate::Changes => file.write_all(&after.write(row, work(), 1, None).0)?,
                Fate::Stays | Fate::Brings(_) => file.write_all(&before.write(row, work(), 0, None).0)?,
            }
            if let Fate::Brings(other) = fate {
                new.push(other);
            }
        }
        for (n, other) in new.into_iter().enumerate() {
            file.write_all(&after.write(held.len() + n, self.work(other), 1, None).0)?;
        }
        Ok(())
    }

    fn fates(&self, position: usize, share: f64) -> impl Iterator<Item = Fate> {
        let held = &self.held[position];
        let mut random = Random::new(self.config.seed ^ 0x6e69_6768_7473, position as u64);
        let n_works = self.config.works as usize;
        held.iter().map(move |_| {
            let fate = random.unit() / share;
            let draw = |_| random.below(n_works + n_works / 50) as u32;
            let other = [0; 8].map(draw).into_iter().find(|other| held.binary_search(other).is_err());
            match fate {
                f if f < 0.5 => Fate::Changes,
                f if f < 0.75 => Fate::Goes,
                f if f < 1.0 => other.map_or(Fate::Stays, Fate::Brings),
                _ => Fate::Stays,
            }
        })
    }
}

impl Night {
    fn take(&mut self, (bytes, truth): (Vec<u8>, Truth)) {
        self.bytes.extend(bytes);
        self.truth.push(truth);
    }
}
