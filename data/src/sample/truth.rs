//! What the generator knows and no reader of its files can: which record is which edition, what was done to a
//! record, and which trap an edition sets.

use super::damage::Damage;

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
    /// The trap that its edition sets for matching.
    pub trap: Option<Trap>,
    /// How this record differs from the book in hand.
    pub variations: Variations,
}

impl Truth {
    /// First line of a table of truth.
    pub const HEADER: &str = "library\tcontrol_number\tedition\twork\tdamage\ttrap\tvariations";

    /// Its line in a table of truth, without line end; variations are joined by commas.
    pub fn row(&self, library: &str) -> String {
        let damage = self.damage.map_or("", Damage::name);
        let trap = self.trap.map_or("", Trap::name);
        let Self { control_number, edition, work, variations, .. } = self;
        format!("{library}\t{control_number}\t{edition}\t{work}\t{damage}\t{trap}\t{}", variations.names())
    }
}

/// Why an edition may be taken for another one, or another for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trap {
    /// A volume of a set: title, author, year and ISBN are those of the others.
    VolumeSharedIsbn,
    /// A volume of a set with an ISBN of its own.
    VolumeOwnIsbn,
    /// A later edition under the ISBN of the earlier one.
    EditionKeptIsbn,
    /// A later edition with an ISBN of its own.
    EditionOwnIsbn,
    /// Another book under an ISBN that was used before.
    ReusedIsbn,
    /// A title that hundreds of books share.
    GenericTitle,
}

impl Trap {
    /// All kinds.
    pub const ALL: [Trap; 6] = [
        Self::VolumeSharedIsbn,
        Self::VolumeOwnIsbn,
        Self::EditionKeptIsbn,
        Self::EditionOwnIsbn,
        Self::ReusedIsbn,
        Self::GenericTitle,
    ];

    /// Its name in the table of truth.
    pub fn name(self) -> &'static str {
        match self {
            Self::VolumeSharedIsbn => "volume-shared-isbn",
            Self::VolumeOwnIsbn => "volume-own-isbn",
            Self::EditionKeptIsbn => "edition-kept-isbn",
            Self::EditionOwnIsbn => "edition-own-isbn",
            Self::ReusedIsbn => "reused-isbn",
            Self::GenericTitle => "generic-title",
        }
    }
}

/// How a record differs from the book in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variation {
    /// The ISBN is left out.
    NoIsbn,
    /// One digit of the ISBN is mistyped, so its check digit fails.
    WrongIsbn,
    /// The ISBN has ten digits.
    Isbn10,
    /// Nobody is named.
    NoAuthor,
    /// Persons stand in the statement of responsibility alone.
    NoHeading,
    /// The title has a typing error.
    TitleTypo,
    /// The subtitle is left out.
    NoSubtitle,
    /// The subtitle stands in the title proper.
    SubtitleInTitle,
    /// The publisher's name is shortened.
    ShortPublisher,
    /// The place stands before the publisher's name.
    PlaceInPublisher,
    /// The year is that of a reprint.
    LaterYear,
    /// The pages are left out, or counted otherwise.
    OtherPages,
    /// Traditional characters.
    Traditional,
    /// Title and name romanised, their script in linked fields.
    Romanised,
    /// The part is numbered otherwise: `第一卷` for `第1卷`.
    PartNotation,
    /// The part stands in the title proper, in brackets.
    PartInTitle,
}

impl Variation {
    /// All kinds.
    pub const ALL: [Variation; 16] = [
        Self::NoIsbn,
        Self::WrongIsbn,
        Self::Isbn10,
        Self::NoAuthor,
        Self::NoHeading,
        Self::TitleTypo,
        Self::NoSubtitle,
        Self::SubtitleInTitle,
        Self::ShortPublisher,
        Self::PlaceInPublisher,
        Self::LaterYear,
        Self::OtherPages,
        Self::Traditional,
        Self::Romanised,
        Self::PartNotation,
        Self::PartInTitle,
    ];

    /// Its name in the table of truth.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoIsbn => "no-isbn",
            Self::WrongIsbn => "wrong-isbn",
            Self::Isbn10 => "isbn-10",
            Self::NoAuthor => "no-author",
            Self::NoHeading => "no-heading",
            Self::TitleTypo => "title-typo",
            Self::NoSubtitle => "no-subtitle",
            Self::SubtitleInTitle => "subtitle-in-title",
            Self::ShortPublisher => "short-publisher",
            Self::PlaceInPublisher => "place-in-publisher",
            Self::LaterYear => "later-year",
            Self::OtherPages => "other-pages",
            Self::Traditional => "traditional",
            Self::Romanised => "romanised",
            Self::PartNotation => "part-notation",
            Self::PartInTitle => "part-in-title",
        }
    }
}

/// A set of variations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Variations(u16);

impl Variations {
    /// Puts one in.
    pub fn insert(&mut self, variation: Variation) {
        self.0 |= 1 << variation as u16;
    }

    /// Whether it is in.
    pub fn has(self, variation: Variation) -> bool {
        self.0 & (1 << variation as u16) != 0
    }

    /// Those that are in.
    pub fn iter(self) -> impl Iterator<Item = Variation> {
        Variation::ALL.into_iter().filter(move |variation| self.has(*variation))
    }

    /// Their names, joined by commas.
    pub fn names(self) -> String {
        self.iter().map(Variation::name).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_columns_of_the_header() {
        let mut variations = Variations::default();
        variations.insert(Variation::NoIsbn);
        variations.insert(Variation::PartInTitle);
        let truth = Truth {
            control_number: "0100000001".to_owned(),
            edition: 7,
            work: 6,
            damage: Some(Damage::Nul),
            trap: Some(Trap::VolumeSharedIsbn),
            variations,
        };
        let row = truth.row("BJFU");
        assert_eq!(row, "BJFU\t0100000001\t7\t6\tnul\tvolume-shared-isbn\tno-isbn,part-in-title");
        assert_eq!(row.split('\t').count(), Truth::HEADER.split('\t').count());
        assert!(Variation::ALL.iter().enumerate().all(|(i, v)| *v as usize == i));
    }
}
