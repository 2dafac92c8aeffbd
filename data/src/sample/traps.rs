//! Works that are made to be confused: volumes of a set, later editions, ISBNs used twice.
//!
//! Numbers go by threes, and what a triple is follows from its place alone; so each work can be invented
//! without the others.

use super::random::Random;
use super::truth::Trap;
use super::work::{Work, isbn13, issn};

/// What a triple of numbers is.
enum Triple {
    /// The volumes of a set, with one ISBN or one each.
    Set { one_isbn: bool },
    /// The last is a later edition of the second, under the same ISBN or its own.
    LaterEdition { kept_isbn: bool },
    /// The last is another book under the ISBN of the second.
    ReusedIsbn,
    /// Three works that have nothing in common.
    Strangers,
}

impl Triple {
    /// Of all works: 4 % volumes with a common ISBN, 3 % with their own, 5 % later editions that kept the ISBN,
    /// 2 % that did not, 0.8 % other books under an old ISBN.
    fn drawn(random: &mut Random) -> Self {
        match random.below(1000) {
            0..40 => Self::Set { one_isbn: true },
            40..70 => Self::Set { one_isbn: false },
            70..220 => Self::LaterEdition { kept_isbn: true },
            220..280 => Self::LaterEdition { kept_isbn: false },
            280..304 => Self::ReusedIsbn,
            _ => Self::Strangers,
        }
    }
}

impl Work {
    /// The publication with this number of this pool.
    pub(super) fn invent(seed: u64, number: u32) -> Self {
        let mut random = Random::new(seed ^ 0x7472_6970_6c65, u64::from(number / 3));
        let (first, place) = (number - number % 3, number % 3);
        match (Triple::drawn(&mut random), place) {
            (Triple::Set { one_isbn }, _) => {
                Self::book_with_isbn(seed, first, isbn13(first)).volume(number, one_isbn, &mut random)
            }
            (Triple::LaterEdition { kept_isbn: true }, 1) => {
                Self::book_with_isbn(seed, number, isbn13(number))
            }
            (Triple::LaterEdition { kept_isbn: true }, 2) => {
                let earlier = Self::book_with_isbn(seed, number - 1, isbn13(number - 1));
                let isbn = earlier.isbn.clone();
                let later = earlier.later_edition(number, &mut random);
                Self { isbn, trap: Some(Trap::EditionKeptIsbn), ..later }
            }
            (Triple::LaterEdition { kept_isbn: false }, 2) => {
                let later = Self::alone(seed, number - 1).later_edition(number, &mut random);
                Self { trap: Some(Trap::EditionOwnIsbn), ..later }
            }
            (Triple::ReusedIsbn, 1) => Self::book_with_isbn(seed, number, isbn13(number)),
            (Triple::ReusedIsbn, 2) => {
                let first_use = Self::book_with_isbn(seed, number - 1, isbn13(number - 1));
                let book = Self::book_with_isbn(seed, number, isbn13(number - 1));
                // A house uses its own numbers again.
                let (publisher, place) = (first_use.publisher, first_use.place);
                Self { publisher, place, trap: Some(Trap::ReusedIsbn), ..book }
            }
            _ => Self::alone(seed, number),
        }
    }

    fn volume(mut self, number: u32, one_isbn: bool, random: &mut Random) -> Self {
        let names = random.pick(&[
            ["上册", "中册", "下册"],
            ["第1卷", "第2卷", "第3卷"],
            ["第一册", "第二册", "第三册"],
            ["卷一", "卷二", "卷三"],
            ["1", "2", "3"],
        ]);
        self.part = Some(names[(number % 3) as usize].to_owned());
        self.trap = Some(if one_isbn { Trap::VolumeSharedIsbn } else { Trap::VolumeOwnIsbn });
        if !one_isbn {
            self.isbn = Some(isbn13(number));
        }
        self.pages += 17 * (number % 3) as u16;
        self.number = number;
        self
    }

    fn later_edition(mut self, number: u32, random: &mut Random) -> Self {
        self.number = number;
        self.edition = Some(self.edition.unwrap_or(1) + 1);
        self.year = (self.year + 2 + random.below(4) as u16).min(2026);
        self.isbn = self.isbn.map(|_| isbn13(number));
        self.issn = self.issn.map(|_| issn(number));
        self.pages += 24;
        self.price += 9;
        self
    }
}
