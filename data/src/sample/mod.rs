//! The seeded consortium generator that demo, tests and benches share.
//!
//! A common pool of invented works; libraries hold them as unevenly as real ones do (Zipf); each catalogues in
//! its own hand, dialect and charset, and a known share of the records is damaged. The truth (which record is
//! which work, and what was done to it) is given beside the bytes. The same seed gives the same bytes, and every
//! record follows from the seed, its library and its place alone.

mod catalogue;
mod cnmarc;
mod damage;
mod eacc;
mod habits;
mod hand;
mod items;
pub mod judge;
mod kinds;
mod marc21;
mod names;
mod night;
mod random;
mod readings;
mod repertoire;
mod traps;
mod truth;
mod vary;
mod words;
mod work;
mod writer;

pub use damage::Damage;
pub use habits::{ExportCharset, Habits, HoldingsField};
pub use night::Night;
pub use random::Random;
pub use truth::{Trap, Truth, Variation, Variations};
pub use words::title;
pub use work::{Kind, Work};

use std::io::Write;

use hand::Hand;

/// How large a consortium to invent.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Everything follows from it.
    pub seed: u64,
    /// Works in the common pool; 3.5 libraries hold one on average.
    pub works: u32,
    /// Codes of the libraries, the largest first.
    pub libraries: Vec<String>,
    /// Share of records that are damaged, 0 to 1.
    pub damage: f64,
    /// Whether all libraries are about as large as each other; else as unequal as real ones.
    pub evenly: bool,
}

impl Config {
    /// The demo consortium: the members of the embedded table, one record in a hundred damaged.
    pub fn demo(seed: u64, works: u32) -> Self {
        let rows = crate::members::TABLE.lines().filter(|l| !l.starts_with('#')).skip(1);
        let libraries = rows.filter_map(|line| line.split('\t').next()).map(str::to_owned).collect();
        Self { seed, works, libraries, damage: 0.01, evenly: false }
    }
}

/// An invented consortium. It keeps who holds what, four bytes a record; works are invented when they are needed.
pub struct Consortium {
    config: Config,
    // Numbers of the works that each library holds, ascending.
    held: Vec<Vec<u32>>,
}

/// One library's export and the truth about it.
pub struct Export {
    /// The library.
    pub library: String,
    /// A name such as its system would give.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// One row a record, in file order.
    pub truth: Vec<Truth>,
}

impl Consortium {
    /// Decides who holds what.
    pub fn new(config: Config) -> Self {
        let held = holdings(&config);
        Self { config, held }
    }

    /// Codes of the libraries.
    pub fn libraries(&self) -> &[String] {
        &self.config.libraries
    }

    /// The works of the pool, by number.
    pub fn works(&self) -> impl Iterator<Item = Work> {
        (0..self.config.works).map(|number| self.work(number))
    }

    /// One work of the pool.
    pub fn work(&self, number: u32) -> Work {
        Work::invent(self.config.seed, number)
    }

    /// The work in this row of the list of the library at this place, as its record describes it.
    pub fn described(&self, position: usize, row: usize) -> Option<Work> {
        let work = self.work(*self.held[position].get(row)?);
        let habits = self.habits(position);
        let hand = Hand { seed: self.config.seed, damage: self.config.damage, position, habits: &habits };
        Some(hand.describe(row, work, 0).0.work)
    }

    /// Number of member records of all libraries, damaged ones included.
    pub fn n_records(&self) -> usize {
        self.held.iter().map(Vec::len).sum()
    }

    /// The habits of the library at this place of the list.
    pub fn habits(&self, position: usize) -> Habits {
        Habits::of(self.config.seed, position)
    }

    /// Name of the export file of the library at this place of the list.
    pub fn file_name(&self, position: usize) -> String {
        let extension = if self.habits(position).marc21 { "mrc" } else { "iso" };
        format!("{}.{extension}", self.config.libraries[position].to_lowercase())
    }

    /// The export of the library at this place of the list.
    pub fn export(&self, position: usize) -> Export {
        let (mut bytes, mut truth) = (Vec::new(), Vec::new());
        self.write_export(position, &mut bytes, |row| truth.push(row)).expect("memory takes all writes");
        let library = self.config.libraries[position].clone();
        Export { file_name: self.file_name(position), library, bytes, truth }
    }

    /// Writes the same record by record, for exports that memory shall not hold.
    pub fn write_export(
        &self,
        position: usize,
        file: &mut dyn Write,
        mut each: impl FnMut(Truth),
    ) -> std::io::Result<()> {
        let habits = self.habits(position);
        if habits.byte_order_mark {
            file.write_all(b"\xEF\xBB\xBF")?;
        }
        // Some transfers broke off inside the last record.
        let cut_off = self.config.damage > 0.0 && position % 9 == 4;
        let n_records = self.held[position].len();
        for (row, number) in self.held[position].iter().enumerate() {
            let hand = Hand { seed: self.config.seed, damage: self.config.damage, position, habits: &habits };
            let last = cut_off && row + 1 == n_records;
            let (bytes, truth) = hand.write(row, self.work(*number), 0, last.then_some(Damage::CutOff));
            file.write_all(&bytes)?;
            each(truth);
        }
        Ok(())
    }
}

/// Who holds what: the number of holders falls off as Zipf says, larger libraries are drawn more often.
fn holdings(config: &Config) -> Vec<Vec<u32>> {
    let n_libraries = config.libraries.len();
    let falling = if config.evenly { 0.0 } else { -0.6 };
    let weights: Vec<f64> = (0..n_libraries).map(|rank| (rank as f64 + 2.0).powf(falling)).collect();
    let mut held = vec![Vec::new(); n_libraries];
    for number in 0..config.works {
        let mut random = Random::new(config.seed ^ 0x686f_6c64, u64::from(number));
        let n_holders = ((0.68 / (1.0 - random.unit() * 0.98)).powf(1.05) * 1.05).ceil() as usize;
        // Weighted draw without putting back: the smallest exponential times win.
        let mut order: Vec<(f64, usize)> =
            weights.iter().enumerate().map(|(i, w)| (-(1.0 - random.unit()).ln() / w, i)).collect();
        let n_holders = n_holders.clamp(1, n_libraries);
        if n_holders < n_libraries {
            order.select_nth_unstable_by(n_holders, |a, b| a.0.total_cmp(&b.0));
        }
        for (_, library) in &order[..n_holders] {
            held[*library].push(number);
        }
    }
    held
}

#[cfg(test)]
mod tests;
