//! What two member records were joined on.

use serde::{Deserialize, Serialize};

/// What agreed between two records, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grounds(pub u16);

impl Grounds {
    /// An ISBN.
    pub const ISBN: Self = Self(1);
    /// A unified book number 统一书号.
    pub const BOOK_NUMBER: Self = Self(1 << 1);
    /// An ISSN.
    pub const ISSN: Self = Self(1 << 2);
    /// A number in the same other system.
    pub const CONTROL_NUMBER: Self = Self(1 << 3);
    /// The title, or most of it.
    pub const TITLE: Self = Self(1 << 4);
    /// A name.
    pub const AUTHOR: Self = Self(1 << 5);
    /// The publisher.
    pub const PUBLISHER: Self = Self(1 << 6);
    /// The year.
    pub const YEAR: Self = Self(1 << 7);
    /// The number of pages.
    pub const PAGES: Self = Self(1 << 8);
    /// A librarian joined them.
    pub const BY_HAND: Self = Self(1 << 15);

    const NAMES: [(Self, &'static str); 10] = [
        (Self::ISBN, "isbn"),
        (Self::BOOK_NUMBER, "book_number"),
        (Self::ISSN, "issn"),
        (Self::CONTROL_NUMBER, "control_number"),
        (Self::TITLE, "title"),
        (Self::AUTHOR, "author"),
        (Self::PUBLISHER, "publisher"),
        (Self::YEAR, "year"),
        (Self::PAGES, "pages"),
        (Self::BY_HAND, "by_hand"),
    ];

    /// Whether all of `other` agreed.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The names of what agreed, identifiers first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(ground, _)| self.has(*ground)).map(|(_, name)| name)
    }

    /// Whether a number agreed that both bear.
    pub fn identifier(self) -> bool {
        self.0 & 0b1111 != 0
    }
}
