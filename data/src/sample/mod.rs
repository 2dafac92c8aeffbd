//! The seeded consortium generator that demo, tests and benches share.
//!
//! A common pool of invented works; libraries hold them as unevenly as real ones do (Zipf); each catalogues in
//! its own hand, dialect and charset, and a known share of the records is damaged. The truth (which record is
//! which work, and what was done to it) is given beside the bytes. The same seed gives the same bytes.

mod catalogue;
mod cnmarc;
mod damage;
mod eacc;
mod habits;
mod items;
mod marc21;
mod random;
mod readings;
mod repertoire;
mod words;
mod work;
mod writer;

pub use damage::Damage;
pub use habits::{ExportCharset, Habits, HoldingsField};
pub use random::Random;
pub use words::title;
pub use work::{Kind, Work};

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
}

impl Config {
    /// The demo consortium: the members of the embedded table, one record in a hundred damaged.
    pub fn demo(seed: u64, works: u32) -> Self {
        let rows = crate::members::TABLE.lines().filter(|l| !l.starts_with('#')).skip(1);
        let libraries = rows.filter_map(|line| line.split('\t').next()).map(str::to_owned).collect();
        Self { seed, works, libraries, damage: 0.01 }
    }
}

/// An invented consortium.
pub struct Consortium {
    config: Config,
    works: Vec<Work>,
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

/// What a record of an export is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Its 001.
    pub control_number: String,
    /// Number of the publication in the pool: records with the same number are the same edition.
    pub edition: u32,
    /// Editions with the same number are the same work: later editions, volumes of a set, a classic's editions.
    pub work: u32,
    /// What was done to it.
    pub damage: Option<Damage>,
}

impl Truth {
    /// First line of a table of truth.
    pub const HEADER: &str = "library\tcontrol_number\tedition\twork\tdamage";

    /// Its line in a table of truth, without line end.
    pub fn row(&self, library: &str) -> String {
        let damage = self.damage.map_or("", Damage::name);
        format!("{library}\t{}\t{}\t{}\t{damage}", self.control_number, self.edition, self.work)
    }
}

impl Consortium {
    /// Invents works and who holds them.
    pub fn new(config: Config) -> Self {
        let works: Vec<Work> = (0..config.works).map(|number| Work::invent(config.seed, number)).collect();
        let held = holdings(&config);
        Self { config, works, held }
    }

    /// Codes of the libraries.
    pub fn libraries(&self) -> &[String] {
        &self.config.libraries
    }

    /// The works of the pool.
    pub fn works(&self) -> &[Work] {
        &self.works
    }

    /// Number of member records of all libraries, damaged ones included.
    pub fn n_records(&self) -> usize {
        self.held.iter().map(Vec::len).sum()
    }

    /// The habits of the library at this place of the list.
    pub fn habits(&self, position: usize) -> Habits {
        Habits::of(self.config.seed, position)
    }

    /// The export of the library at this place of the list.
    pub fn export(&self, position: usize) -> Export {
        let library = self.config.libraries[position].clone();
        let habits = self.habits(position);
        let mut random = Random::new(self.config.seed ^ 0x6578_706f_7274, position as u64);
        let mut bytes = Vec::new();
        let mut truth = Vec::new();
        if habits.byte_order_mark {
            bytes.extend_from_slice(b"\xEF\xBB\xBF");
        }
        // Some transfers broke off inside the last record.
        let cut_off = self.config.damage > 0.0 && position % 9 == 4;
        let n_records = self.held[position].len();
        for (row, number) in self.held[position].iter().enumerate() {
            let control_number = format!("{:02}{:08}", position % 100, row + 1);
            let work = &self.works[*number as usize];
            let mut record = catalogue::catalogue(work, &habits, &control_number, &mut random);
            let chance = random.chance(self.config.damage).then(|| *random.pick(&Damage::ALL));
            let damage = if cut_off && row + 1 == n_records { Some(Damage::CutOff) } else { chance };
            damage.iter().for_each(|damage| damage.spoil(&mut record));
            let mut record_bytes = writer::iso2709(&record, &habits);
            damage.iter().for_each(|damage| damage.inflict(&mut record_bytes, &mut random));
            bytes.extend(record_bytes);
            if habits.line_breaks && damage != Some(Damage::CutOff) {
                bytes.extend_from_slice(b"\r\n");
            }
            truth.push(Truth { control_number, edition: *number, work: work.work, damage });
        }
        let extension = if habits.marc21 { "mrc" } else { "iso" };
        Export { file_name: format!("{}.{extension}", library.to_lowercase()), library, bytes, truth }
    }
}

/// Who holds what: the number of holders falls off as Zipf says, larger libraries are drawn more often.
fn holdings(config: &Config) -> Vec<Vec<u32>> {
    let n_libraries = config.libraries.len();
    let weights: Vec<f64> = (0..n_libraries).map(|rank| (rank as f64 + 2.0).powf(-0.6)).collect();
    let mut held = vec![Vec::new(); n_libraries];
    for number in 0..config.works {
        let mut random = Random::new(config.seed ^ 0x686f_6c64, u64::from(number));
        let n_holders = ((0.68 / (1.0 - random.unit() * 0.98)).powf(1.05) * 1.05).ceil() as usize;
        // Weighted draw without putting back: the smallest exponential times win.
        let mut order: Vec<(f64, usize)> =
            weights.iter().enumerate().map(|(i, w)| (-(1.0 - random.unit()).ln() / w, i)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, library) in order.into_iter().take(n_holders.clamp(1, n_libraries)) {
            held[library].push(number);
        }
    }
    held
}

#[cfg(test)]
mod tests;
