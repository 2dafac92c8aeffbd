//! What one library wrote down of an edition.

use data::sample::{Random, Trap, Variation, Variations};

use super::editions::Edition;
use super::marc::House;

/// A description with its slips.
#[derive(Clone, Debug)]
pub struct Card {
    pub(super) number: u32,
    pub(super) work: u32,
    pub(super) trap: Option<Trap>,
    pub(super) variations: Variations,
    pub(super) title: String,
    pub(super) subtitle: Option<String>,
    pub(super) part: Option<String>,
    pub(super) edition: u8,
    /// Statement of responsibility.
    pub(super) statement: String,
    /// Names and roles of the headings.
    pub(super) headings: Vec<(String, String)>,
    pub(super) publisher: String,
    pub(super) year: u16,
    pub(super) isbn: Option<String>,
    pub(super) pages: usize,
}

impl Card {
    pub(super) fn of(edition: Edition, house: &House, random: &mut Random) -> Self {
        let part = edition.part_name(house.parts_in_words);
        let headings = edition.people().iter().map(|p| (p.name.clone(), p.role.clone())).collect();
        let Edition { number, work, trap, ref book, edition: nth, ref isbn, pages, .. } = edition;
        let mut card = Self {
            number,
            work,
            trap,
            variations: Variations::default(),
            title: book.title.clone(),
            subtitle: book.subtitle.clone(),
            part,
            edition: nth,
            statement: statement(&edition, house),
            headings,
            publisher: book.publisher.clone(),
            year: book.year,
            isbn: isbn.clone(),
            pages,
        };
        if house.parts_in_words && edition.part.is_some() && edition.part_style > 0 {
            card.variations.insert(Variation::PartNotation);
        }
        if house.traditional {
            card.variations.insert(Variation::Traditional);
        }
        card.slips(house, random);
        card
    }

    fn slips(&mut self, house: &House, random: &mut Random) {
        let chances = [0.03, 0.005, 0.85, 0.03, 0.1, 0.007, 0.12, 0.4, 0.015].map(|p| random.chance(p));
        let [no_isbn, wrong, short, nobody, no_heading, typo, no_subtitle, short_name, reprint] = chances;
        let mut did = |variation, whether: bool| {
            if whether {
                self.variations.insert(variation);
            }
            whether
        };
        if did(Variation::NoIsbn, no_isbn && self.isbn.is_some()) {
            self.isbn = None;
        }
        if let Some(isbn) = &mut self.isbn {
            if did(Variation::Isbn10, short && self.year < 2007) {
                *isbn = ten_digits(isbn);
            }
            if did(Variation::WrongIsbn, wrong) {
                let at = 4 + random.below(isbn.len() - 6);
                let digit = (isbn.as_bytes()[at] - b'0' + 1 + random.below(9) as u8) % 10;
                isbn.replace_range(at..at + 1, &digit.to_string());
            }
        }
        if did(Variation::NoAuthor, nobody) {
            self.statement.clear();
            self.headings.clear();
        } else if did(Variation::NoHeading, no_heading) {
            self.headings.clear();
        }
        if did(Variation::TitleTypo, typo && self.title.chars().count() > 2) {
            let mut chars: Vec<char> = self.title.chars().collect();
            let at = random.below(chars.len());
            // A neighbour in the code chart, as from a table that is one off; or a character that got lost.
            match char::from_u32(chars[at] as u32 + 1).filter(|_| random.chance(0.7)) {
                Some(neighbour) => chars[at] = neighbour,
                None => drop(chars.remove(at)),
            }
            self.title = chars.into_iter().collect();
        }
        if let Some(subtitle) = self.subtitle.take()
            && !did(Variation::NoSubtitle, no_subtitle)
        {
            if did(Variation::SubtitleInTitle, house.subtitle_in_title) {
                self.title = format!("{} : {subtitle}", self.title);
            } else {
                self.subtitle = Some(subtitle);
            }
        }
        if house.short_publishers && short_name {
            let name = shortened(&self.publisher);
            if did(Variation::ShortPublisher, name != self.publisher) {
                self.publisher = name;
            }
        }
        if did(Variation::LaterYear, reprint) {
            self.year += 1;
        }
        if did(Variation::OtherPages, random.chance(0.06)) {
            self.pages = (self.pages + random.below(13)).saturating_sub(6);
        }
    }

    /// One line for a person.
    pub fn line(&self) -> String {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        format!(
            "{} : {} | {} | {} | {}, {} | {} | ed. {}",
            self.title,
            or_dash(&self.subtitle),
            or_dash(&self.part),
            self.statement,
            self.publisher,
            self.year,
            or_dash(&self.isbn),
            self.edition
        )
    }
}

/// `[美] 恰克·帕拉尼克著 ; 朱力安译`, in the manner of the house.
fn statement(edition: &Edition, house: &House) -> String {
    let each = edition.people().iter().map(|person| {
        let country = person.country.as_deref().map(|country| match house.square_brackets {
            true => format!("[{country}]"),
            false => format!("({country})"),
        });
        (format!("{}{}", country.unwrap_or_default(), person.name), person.role.as_str())
    });
    let people: Vec<(String, &str)> = each.collect();
    let mut text = String::new();
    for (i, (name, role)) in people.iter().enumerate() {
        text.push_str(name);
        // Who does the same shares the word that follows the last of them.
        match people.get(i + 1) {
            Some((_, next)) if next == role => text.push_str(", "),
            Some(_) => text.push_str(&format!("{role} ; ")),
            None => text.push_str(role),
        }
    }
    text
}

fn shortened(publisher: &str) -> String {
    let endings = ["出版社有限公司", "出版有限公司", "出版公司", "出版集团", "出版社", "书局", "書店", "社"];
    let stem = endings.iter().find_map(|ending| publisher.strip_suffix(ending));
    stem.filter(|stem| stem.chars().count() > 1).unwrap_or(publisher).to_owned()
}

fn ten_digits(isbn13: &str) -> String {
    let stem = &isbn13[3..12];
    let sum: u32 = stem.bytes().zip((2..=10).rev()).map(|(b, w)| u32::from(b - b'0') * w).sum();
    let check = (11 - sum % 11) % 11;
    if check == 10 { format!("{stem}X") } else { format!("{stem}{check}") }
}
