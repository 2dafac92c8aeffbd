//! A second consortium, of real titles, authors and publishers: does the matching solve the problem, or our own
//! generator?
//!
//! It shares nothing with `data::sample` but the names of variations and traps and the source of numbers: books
//! come from the corpus beside the project, the cataloguer and the writer are its own. Where the corpus ends, a
//! title goes with the author and publisher of other books.

mod books;
mod card;
mod editions;
mod marc;

use std::io::Write;
use std::path::Path;

use data::sample::{Random, Truth};

pub use card::Card;
use editions::Edition;
use marc::House;

/// Where the corpus is, when it is there.
pub const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/zh_books.tsv");

/// A consortium that catalogues real books.
pub struct RealConsortium {
    seed: u64,
    libraries: Vec<String>,
    books: Vec<books::Book>,
    // Numbers of the editions that each library holds, ascending.
    held: Vec<Vec<u32>>,
}

impl RealConsortium {
    /// So many editions and who holds them; nothing where there is no corpus.
    pub fn open(corpus: &Path, seed: u64, n_editions: u32, libraries: Vec<String>) -> Option<Self> {
        let text = std::fs::read_to_string(corpus).ok()?;
        Some(Self::of_table(&text, seed, n_editions, libraries)).filter(|it| !it.books.is_empty())
    }

    fn of_table(text: &str, seed: u64, n_editions: u32, libraries: Vec<String>) -> Self {
        let books = books::distinct(text, seed);
        let held = holdings(seed, n_editions, libraries.len());
        Self { seed, libraries, books, held }
    }

    /// Codes of the libraries.
    pub fn libraries(&self) -> &[String] {
        &self.libraries
    }

    /// Different books in the corpus.
    pub fn n_books(&self) -> usize {
        self.books.len()
    }

    /// Writes the export of a library, record by record.
    pub fn write_export(
        &self,
        position: usize,
        file: &mut dyn Write,
        mut each: impl FnMut(Truth),
    ) -> std::io::Result<()> {
        let house = House::of(self.seed, position);
        for row in 0..self.held[position].len() {
            let (card, mut random) = self.card_and_hand(position, row);
            let control_number = format!("{:02}{:08}", position % 100, row + 1);
            file.write_all(&marc::record(&card, &house, &control_number, &mut random))?;
            let Card { number: edition, work, trap, variations, .. } = card;
            each(Truth { control_number, edition, work, damage: None, trap, variations });
        }
        Ok(())
    }

    /// What a library wrote down in this row of its list.
    pub fn card(&self, position: usize, row: usize) -> Card {
        self.card_and_hand(position, row).0
    }

    fn card_and_hand(&self, position: usize, row: usize) -> (Card, Random) {
        let edition = Edition::of(&self.books, self.seed, self.held[position][row]);
        let mut random = Random::new(self.seed ^ 0x7265_616c, (position as u64) << 40 | row as u64);
        (Card::of(edition, &House::of(self.seed, position), &mut random), random)
    }
}

/// A little under half of the editions are in one library, the others in 3.5 more, a few in nearly all.
fn holdings(seed: u64, n_editions: u32, n_libraries: usize) -> Vec<Vec<u32>> {
    let mut held = vec![Vec::new(); n_libraries];
    for number in 0..n_editions {
        let mut random = Random::new(seed ^ 0x7368_656c_6676, u64::from(number));
        let more = -(1.0 - random.unit()).ln() * 4.0;
        let n_holders = if random.chance(0.45) { 1 } else { 2 + more as usize };
        // Numbers that have no divisor in common with the number of libraries reach them all.
        let step = *random.pick(&[1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21]);
        let first = random.below(n_libraries);
        for nth in 0..n_holders.min(n_libraries) {
            let library: &mut Vec<u32> = &mut held[(first + nth * step) % n_libraries];
            if library.last() != Some(&number) {
                library.push(number);
            }
        }
    }
    held
}

#[cfg(test)]
mod tests;
