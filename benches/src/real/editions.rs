//! Editions of the real books, with traps among them: numbers go by threes.

use data::sample::{Random, Trap};

use super::books::{Book, Person};

/// A publication.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edition {
    pub(super) number: u32,
    pub(super) work: u32,
    pub(super) trap: Option<Trap>,
    pub(super) book: Book,
    pub(super) part: Option<u8>,
    /// How the set numbers its parts.
    pub(super) part_style: usize,
    pub(super) edition: u8,
    pub(super) isbn: Option<String>,
    pub(super) pages: usize,
}

const GENERIC: [&str; 8] =
    ["高等数学", "文集", "Proceedings", "中国通史", "大学英语", "论文集", "普通物理学", "诗集"];

impl Edition {
    /// The edition with this number.
    pub(super) fn of(books: &[Book], seed: u64, number: u32) -> Self {
        let mut random = Random::new(seed ^ 0x7472_6970, u64::from(number / 3));
        let (fate, nth) = (random.below(1000), number % 3);
        let base = |number| Self::alone(books, seed, number);
        match (fate, nth) {
            (0..40, _) => {
                let mut volume = base(number - nth);
                volume.give_isbn(number - nth);
                volume.part_style = random.below(4);
                Self {
                    number,
                    part: Some(nth as u8),
                    trap: Some(Trap::VolumeSharedIsbn),
                    pages: volume.pages + 31 * nth as usize,
                    ..volume
                }
            }
            (40..190, 1) | (190..214, 1) => {
                let mut first = base(number);
                first.give_isbn(number);
                first
            }
            (40..190, 2) => {
                let mut later = base(number - 1);
                later.give_isbn(number - 1);
                later.book.year += 2 + random.below(6) as u16;
                let trap = Some(Trap::EditionKeptIsbn);
                let edition = later.edition + 1;
                Self { number, edition, trap, pages: later.pages + 20, ..later }
            }
            (190..214, 2) => {
                let mut other = base(number);
                other.book.publisher = base(number - 1).book.publisher;
                other.give_isbn(number - 1);
                Self { trap: Some(Trap::ReusedIsbn), ..other }
            }
            _ => base(number),
        }
    }

    fn alone(books: &[Book], seed: u64, number: u32) -> Self {
        let mut random = Random::new(seed ^ 0x0061_6c6f_6e65, u64::from(number));
        let mut book = books[number as usize % books.len()].clone();
        if number as usize >= books.len() {
            // The corpus is at its end: the title of one book with the makers of another.
            let makers = random.pick(books);
            book.people = makers.people.clone();
            book.publisher = random.pick(books).publisher.clone();
            book.year = makers.year;
        }
        let generic = random.chance(0.056);
        if generic {
            book.title = (*random.pick(&GENERIC)).to_owned();
            book.subtitle = None;
        }
        let mut edition = Self {
            number,
            work: number,
            trap: generic.then_some(Trap::GenericTitle),
            book,
            part: None,
            part_style: 0,
            edition: if random.chance(0.08) { 2 } else { 1 },
            isbn: None,
            pages: 90 + random.below(700),
        };
        if edition.book.year >= 1988 && random.chance(0.97) {
            edition.give_isbn(number);
        }
        edition
    }

    fn give_isbn(&mut self, number: u32) {
        self.book.year = self.book.year.max(1988);
        let serial = (u64::from(number) * 33_333_331 + 7_000_003) % 100_000_000;
        let stem = format!("9787{serial:08}");
        let weighted = stem.bytes().zip([1, 3].into_iter().cycle()).map(|(b, w)| u32::from(b - b'0') * w);
        self.isbn = Some(format!("{stem}{}", (10 - weighted.sum::<u32>() % 10) % 10));
    }

    /// `上册`, `第2卷`, `卷三`, `4`.
    pub(super) fn part_name(&self, in_words: bool) -> Option<String> {
        let nth = usize::from(self.part?);
        let numeral = if in_words { ["一", "二", "三"] } else { ["1", "2", "3"] }[nth % 3];
        Some(match self.part_style {
            0 => ["上册", "中册", "下册"][nth % 3].to_owned(),
            1 => format!("第{numeral}卷"),
            2 => format!("第{numeral}册"),
            _ => format!("第{numeral}辑"),
        })
    }

    pub(super) fn people(&self) -> &[Person] {
        &self.book.people
    }
}
