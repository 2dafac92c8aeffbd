//! What a member library says of itself: its loan desk, where it stands, when it is open, what it lends.
//!
//! Staff write it, `store::facts` keeps it; what is wrong with a value is a value too.

use std::collections::BTreeMap;

use indexer::bib::LibraryCode;
use serde::{Deserialize, Serialize};

use crate::requests::{LenderRules, Rules, Suspension, is_email};

/// Bytes of one text.
const MOST_BYTES: usize = 1_000;
/// Closed periods that are kept.
pub const MOST_CLOSURES: usize = 40;

/// A library's own data; a text that nobody wrote is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LibraryFacts {
    /// Who is asked about loans between libraries: 馆际互借处.
    pub desk: String,
    /// Telephone or fax of the desk.
    pub phone: String,
    /// Where the desk is written to.
    pub email: String,
    /// Postal address.
    pub address: String,
    /// When the desk is open.
    pub hours: String,
    /// Template of its own catalogue, with `{isbn}` or `{control_number}`.
    pub opac_url: String,
    /// Where it stands.
    pub place: Option<Place>,
    /// What it lends, with its closed days; as the consortium's table says where it is `None`.
    pub rules: Option<LenderRules>,
}

/// A point on the earth, in degrees, as maps in China and elsewhere write it (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
}

/// Something that was typed and cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactFault {
    /// A text is too long or holds control characters.
    Text,
    /// Nobody can be written to there.
    Email,
    /// The catalogue's address is none that a browser may follow.
    Address,
    /// A place is a latitude from -90 to 90 and a longitude from -180 to 180, both or neither.
    Place,
    /// A closed period ends before it begins, or there are too many.
    Closures,
    /// A loan takes from 1 to 366 days.
    Rules,
}

impl Place {
    /// The point, if it is on the earth.
    pub fn of(latitude: f64, longitude: f64) -> Option<Self> {
        let is_on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        is_on_earth.then_some(Self { latitude, longitude })
    }

    /// How far it is to another point, in kilometres along the ground.
    pub fn distance_km(self, other: Self) -> f64 {
        const EARTH_KM: f64 = 6_371.0;
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let (dy, dx) = ((b - a) / 2.0, (other.longitude - self.longitude).to_radians() / 2.0);
        let h = dy.sin().powi(2) + a.cos() * b.cos() * dx.sin().powi(2);
        2.0 * EARTH_KM * h.sqrt().min(1.0).asin()
    }
}

impl LibraryFacts {
    /// Everything that is wrong with the values.
    pub fn faults(&self) -> Vec<FactFault> {
        let texts =
            [&self.desk, &self.phone, &self.email, &self.address, &self.hours, &self.opac_url].into_iter();
        let is_bad = |text: &String| {
            text.len() > MOST_BYTES || text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r'))
        };
        let url = self.opac_url.as_str();
        let is_web = url.starts_with("http://") || url.starts_with("https://");
        let closures = self.rules.as_ref().map_or(&[][..], |rules| &rules.closures);
        let found = [
            (texts.clone().any(is_bad), FactFault::Text),
            (!self.email.is_empty() && !is_email(&self.email), FactFault::Email),
            (!url.is_empty() && (!is_web || url.contains(char::is_whitespace)), FactFault::Address),
            (self.place.is_some_and(|p| Place::of(p.latitude, p.longitude).is_none()), FactFault::Place),
            (closures.len() > MOST_CLOSURES || closures.iter().any(|c| c.to < c.from), FactFault::Closures),
            (self.rules.as_ref().is_some_and(|r| !(1..=366).contains(&r.loan_days)), FactFault::Rules),
        ];
        found.into_iter().filter(|(is, _)| *is).map(|(_, fault)| fault).collect()
    }
}

/// What every library says of itself, laid over what the program knows by itself.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    facts: BTreeMap<LibraryCode, LibraryFacts>,
    rules: Rules,
}

impl Directory {
    /// Of what is kept. A library without a place of its own stands where `data::places` puts it.
    pub fn of(kept: Vec<(LibraryCode, LibraryFacts)>) -> Self {
        let mut facts: BTreeMap<LibraryCode, LibraryFacts> = kept.into_iter().collect();
        let rules = Rules::default().with(facts.iter().filter_map(|(code, facts)| {
            Some(LenderRules { code: code.to_string(), ..facts.rules.clone()? })
        }));
        for (code, latitude, longitude) in data::places::all() {
            let facts = facts.entry(LibraryCode::new(code)).or_default();
            facts.place = facts.place.or(Place::of(latitude, longitude));
        }
        Self { facts, rules }
    }

    /// What one library says of itself.
    pub fn facts(&self, code: &LibraryCode) -> Option<&LibraryFacts> {
        self.facts.get(code)
    }

    /// What all lenders allow.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The closed periods of a library that are not over on a day.
    pub fn closures(&self, code: &LibraryCode, today: jiff::civil::Date) -> Vec<Suspension> {
        self.rules.of(code.as_str()).closures.into_iter().filter(|days| days.to >= today).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn what_cannot_be_kept_is_named() {
        let sound = LibraryFacts {
            desk: "馆际互借处".into(),
            phone: "010-6233 0000".into(),
            email: "ill@example.edu.cn".into(),
            hours: "周一至周五\n8:00–17:00".into(),
            opac_url: "https://opac.example.cn/s?i={isbn}".into(),
            place: Place::of(40.0, 116.3),
            ..LibraryFacts::default()
        };
        assert_eq!(sound.faults(), vec![]);
        let closures = vec![Suspension { from: date(2026, 2, 1), to: date(2026, 1, 1) }];
        let all = LibraryFacts {
            desk: "\u{0}".into(),
            email: "nobody".into(),
            opac_url: "javascript:alert(1)".into(),
            place: Some(Place { latitude: f64::NAN, longitude: 0.0 }),
            rules: Some(LenderRules { closures, loan_days: 0, ..LenderRules::default() }),
            ..sound
        };
        let expected = [
            FactFault::Text,
            FactFault::Email,
            FactFault::Address,
            FactFault::Place,
            FactFault::Closures,
            FactFault::Rules,
        ];
        assert_eq!(all.faults(), expected);
    }

    #[test]
    fn what_a_library_says_counts_before_the_table() {
        let bjfu = LibraryCode::new("BJFU");
        let rules = LenderRules { loan_days: 14, ..LenderRules::default() };
        let facts = LibraryFacts { rules: Some(rules), ..LibraryFacts::default() };
        let directory = Directory::of(vec![(bjfu.clone(), facts)]);
        assert_eq!(directory.rules().of("BJFU").loan_days, 14);
        assert_eq!(directory.rules().of("SHL").loan_days, 45);
        assert!(directory.facts(&bjfu).is_some_and(|facts| facts.place.is_some()));
        let known = data::places::all().filter(|(code, ..)| {
            directory.facts(&LibraryCode::new(*code)).is_some_and(|facts| facts.place.is_some())
        });
        assert_eq!(known.count(), data::places::all().count());
    }

    #[test]
    fn distances_are_those_of_the_ground() {
        let (beijing, shanghai) =
            (Place { latitude: 39.9, longitude: 116.4 }, Place { latitude: 31.2, longitude: 121.4 });
        assert!((beijing.distance_km(shanghai) - 1_068.0).abs() < 10.0);
        assert!(beijing.distance_km(beijing) < 0.001);
    }
}
