//! The book in hand becomes what one library's cataloguer wrote down of it: with the slips and customs that
//! make two records of one book differ. What was done is kept as the truth about the record.

use super::habits::Habits;
use super::random::Random;
use super::readings;
use super::truth::{Variation, Variations};
use super::work::Work;

/// A work as one record describes it.
pub(super) struct Described {
    pub(super) work: Work,
    pub(super) variations: Variations,
}

/// Describes a work; `random` is this library's hand on this day.
pub(super) fn describe(work: Work, habits: &Habits, random: &mut Random) -> Described {
    let mut described = Described { work, variations: Variations::default() };
    described.isbn(habits, random);
    described.people(habits, random);
    described.title(habits, random);
    described.part(habits);
    described.imprint(habits, random);
    described.pages(random);
    if habits.traditional {
        described.variations.insert(Variation::Traditional);
    }
    if habits.romanised && readings::romanised(&described.work.title).is_some() {
        described.variations.insert(Variation::Romanised);
    }
    described
}

impl Described {
    fn did(&mut self, variation: Variation, whether: bool) -> bool {
        if whether {
            self.variations.insert(variation);
        }
        whether
    }

    fn isbn(&mut self, habits: &Habits, random: &mut Random) {
        let Some(isbn) = self.work.isbn.take() else { return };
        if self.did(Variation::NoIsbn, random.chance(0.03)) {
            return;
        }
        let short = self.did(Variation::Isbn10, habits.isbn10 && self.work.year < 2007);
        let mut digits = if short { isbn10(&isbn) } else { isbn };
        if self.did(Variation::WrongIsbn, random.chance(0.005)) {
            digits = mistyped(&digits, random);
        }
        self.work.isbn = Some(digits);
    }

    fn people(&mut self, habits: &Habits, random: &mut Random) {
        if self.work.people.is_empty() {
            return;
        }
        if self.did(Variation::NoAuthor, random.chance(0.03)) {
            self.work.people.clear();
            return;
        }
        self.did(Variation::NoHeading, random.chance(habits.missing_names));
    }

    fn title(&mut self, habits: &Habits, random: &mut Random) {
        if random.chance(0.007)
            && let Some(title) = with_typo(&self.work.title, random)
        {
            self.work.title = title;
            self.variations.insert(Variation::TitleTypo);
        }
        let dropped = random.chance(0.12);
        let Some(subtitle) = self.work.subtitle.take() else { return };
        if self.did(Variation::NoSubtitle, dropped) {
            return;
        }
        match habits.subtitle_in_title {
            Some(mark) => {
                self.work.title = format!("{}{mark}{subtitle}", self.work.title);
                self.variations.insert(Variation::SubtitleInTitle);
            }
            None => self.work.subtitle = Some(subtitle),
        }
    }

    fn part(&mut self, habits: &Habits) {
        let Some(mut part) = self.work.part.take() else { return };
        if habits.parts_in_words {
            let in_words = part.replace('1', "一").replace('2', "二").replace('3', "三");
            self.did(Variation::PartNotation, in_words != part);
            part = in_words;
        }
        if self.did(Variation::PartInTitle, habits.part_in_title) {
            self.work.title = format!("{}({part})", self.work.title);
        } else {
            self.work.part = Some(part);
        }
    }

    fn imprint(&mut self, habits: &Habits, random: &mut Random) {
        let (short, with_place) = (random.chance(0.4), random.chance(0.04));
        if self.did(Variation::ShortPublisher, habits.short_publishers && short) {
            self.work.publisher = shortened(&self.work.publisher);
        } else if self.did(Variation::PlaceInPublisher, with_place && self.work.language == "chi") {
            self.work.publisher = format!("{}{}", self.work.place, self.work.publisher);
        }
        if self.did(Variation::LaterYear, random.chance(0.015)) {
            self.work.year += 1;
        }
    }

    fn pages(&mut self, random: &mut Random) {
        let (fate, more) = (random.below(100), 1 + random.below(9) as u16);
        if self.did(Variation::OtherPages, fate < 7) {
            self.work.pages = if fate < 2 { 0 } else { self.work.pages + more };
        }
    }
}

fn shortened(publisher: &str) -> String {
    let endings = ["出版社", " University Press", " Press", " Books", " & Sons", " Publishers"];
    let stem = endings.iter().find_map(|ending| publisher.strip_suffix(ending));
    stem.unwrap_or(publisher).to_owned()
}

fn isbn10(isbn13: &str) -> String {
    let stem = &isbn13[3..12];
    let sum: u32 = stem.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * (10 - i as u32)).sum();
    match (11 - sum % 11) % 11 {
        10 => format!("{stem}X"),
        check => format!("{stem}{check}"),
    }
}

/// One digit in front of the check digit becomes another one; no such error keeps the check digit true.
fn mistyped(digits: &str, random: &mut Random) -> String {
    let at = digits.len() - 2 - random.below(8);
    let other = 1 + random.below(9) as u32;
    let wrong = |c: char| c.to_digit(10).and_then(|d| char::from_digit((d + other) % 10, 10)).unwrap_or('0');
    digits.chars().enumerate().map(|(i, c)| if i == at { wrong(c) } else { c }).collect()
}

/// A character of the same sound, a lost one, or two that changed places; none in a title of two characters.
fn with_typo(title: &str, random: &mut Random) -> Option<String> {
    let mut chars: Vec<char> = title.chars().collect();
    let (at, fate, which) = (random.below(chars.len().max(1)), random.below(10), random.bits());
    if chars.len() < 3 {
        return None;
    }
    match fate {
        0..6 => {
            let c = chars[at];
            chars[at] = readings::other_of_its_sound(c, which).unwrap_or(if c == 'e' { 'a' } else { 'e' });
        }
        6..8 => {
            chars.remove(at);
        }
        _ => {
            let at = at.min(chars.len() - 2);
            if chars[at] == chars[at + 1] {
                chars.remove(at);
            } else {
                chars.swap(at, at + 1);
            }
        }
    }
    Some(chars.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isbns_lose_their_prefix_and_digits_their_truth() {
        assert_eq!(isbn10("9787533918453"), "7533918452");
        let valid = |digits: &str| {
            let weights = digits.bytes().rev().enumerate().map(|(i, b)| {
                let value = if b == b'X' { 10 } else { u32::from(b - b'0') };
                value * if digits.len() == 10 { i as u32 + 1 } else { 1 + 2 * (i as u32 % 2) }
            });
            weights.sum::<u32>().is_multiple_of(if digits.len() == 10 { 11 } else { 10 })
        };
        let mut random = Random::new(1, 1);
        for digits in ["9787533918453", "7533918452"] {
            assert!(valid(digits));
            for _ in 0..200 {
                let wrong = mistyped(digits, &mut random);
                assert!(wrong.len() == digits.len() && !valid(&wrong), "{wrong}");
            }
        }
    }

    #[test]
    fn a_typing_error_changes_a_little() {
        let mut random = Random::new(2, 2);
        for title in ["计算机网络教程", "Handbook of Rivers", "三国演义"] {
            for _ in 0..50 {
                let typo = with_typo(title, &mut random).expect("long enough");
                assert_ne!(typo, title);
                assert!(title.chars().count() - typo.chars().count() <= 1, "{typo}");
            }
        }
        assert_eq!(with_typo("家", &mut random), None);
    }

    #[test]
    fn publishers_are_shortened_as_people_say_them() {
        let table = [
            ("江南大学出版社", "江南大学"),
            ("Tidewater University Press", "Tidewater"),
            ("Northfield", "Northfield"),
        ];
        for (name, expect) in table {
            assert_eq!(shortened(name), expect);
        }
    }
}
