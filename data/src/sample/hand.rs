//! One record of one library, from the work to the bytes of its file.

use super::catalogue;
use super::damage::Damage;
use super::habits::Habits;
use super::random::Random;
use super::truth::Truth;
use super::vary::{self, Described};
use super::work::Work;
use super::writer;

/// A library's cataloguers and their system.
pub(super) struct Hand<'a> {
    pub(super) seed: u64,
    pub(super) damage: f64,
    pub(super) position: usize,
    pub(super) habits: &'a Habits,
}

impl Hand<'_> {
    /// The record in this row of the library's list, as it stands in the export of this night.
    pub(super) fn write(
        &self,
        row: usize,
        work: Work,
        night: u64,
        broken: Option<Damage>,
    ) -> (Vec<u8>, Truth) {
        let control_number = control_number(self.position, row);
        let (edition, work_number, trap) = (work.number, work.work, work.trap);
        let (described, mut random) = self.describe(row, work, night);
        let mut record = catalogue::catalogue(&described, self.habits, &control_number, &mut random);
        let chance = random.chance(self.damage).then(|| *random.pick(&Damage::ALL));
        let damage = broken.or(chance);
        damage.iter().for_each(|damage| damage.spoil(&mut record));
        let mut bytes = writer::iso2709(&record, self.habits);
        damage.iter().for_each(|damage| damage.inflict(&mut bytes, &mut random));
        if self.habits.line_breaks && damage != Some(Damage::CutOff) {
            bytes.extend_from_slice(b"\r\n");
        }
        let variations = described.variations;
        (bytes, Truth { control_number, edition, work: work_number, damage, trap, variations })
    }

    /// What that record says, and the hand that goes on to write it.
    pub(super) fn describe(&self, row: usize, work: Work, night: u64) -> (Described, Random) {
        let stream = (self.position as u64) << 48 ^ night << 32 ^ row as u64;
        let mut random = Random::new(self.seed ^ 0x6578_706f_7274, stream);
        (vary::describe(work, self.habits, &mut random), random)
    }
}

/// `0700000042`: the 43rd record of the eighth library.
pub(super) fn control_number(position: usize, row: usize) -> String {
    format!("{:02}{:08}", position % 100, row + 1)
}
