//! Works of the common pool: what was published, before any library catalogued it.
//!
//! Names of persons are put together from tables of surnames and given names; nobody living is meant.
//! Publishers and their ISBN registrants are invented.

use super::random::Random;
use super::repertoire::{
    CLASSES, CLASSICS, COUNTRIES, FOREIGN, GIVEN, LATIN_NAMES, LATIN_SHAPES, LATIN_TOPICS, PUBLISHERS,
    SURNAMES,
};
use super::words;

/// A publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Its number in the pool.
    pub number: u32,
    /// Publications with the same number here are one work: editions of a classic, volumes of a set.
    pub work: u32,
    /// What kind of publication.
    pub kind: Kind,
    /// Title proper.
    pub title: String,
    /// Other title information.
    pub subtitle: Option<String>,
    /// Part of a multi-volume set: `上册`, `第2卷`.
    pub part: Option<String>,
    /// Persons and their roles: 著, 主编, 译.
    pub people: Vec<(String, &'static str)>,
    /// Country of the first person: `美`.
    pub country: Option<&'static str>,
    /// Publisher.
    pub publisher: String,
    /// Place of publication.
    pub place: &'static str,
    /// Year.
    pub year: u16,
    /// ISBN-13 without hyphens; none before 1986 and for some.
    pub isbn: Option<String>,
    /// ISSN with its hyphen, of serials.
    pub issn: Option<String>,
    /// Edition from 2.
    pub edition: Option<u8>,
    /// Class of the Chinese Library Classification.
    pub class: &'static str,
    /// Subject headings.
    pub subjects: Vec<String>,
    /// Series it came out in.
    pub series: Option<String>,
    /// Abstract.
    pub abstract_text: Option<String>,
    /// Pages.
    pub pages: u16,
    /// Price in yuan.
    pub price: u16,
    /// Language code.
    pub language: &'static str,
}

/// What kind of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A book.
    Book,
    /// A journal.
    Serial,
    /// A thesis.
    Thesis,
    /// Printed music.
    Score,
}

/// A name put together from the tables.
pub(super) fn person(random: &mut Random) -> String {
    let surnames: Vec<char> = SURNAMES.chars().collect();
    let given: Vec<char> = GIVEN.chars().collect();
    let mut name = String::from(*random.pick(&surnames));
    name.push(*random.pick(&given));
    if random.chance(0.75) {
        name.push(*random.pick(&given));
    }
    name
}

impl Work {
    /// The publication with this number of this pool.
    ///
    /// Numbers go by threes: some triples are the volumes of a set, in some the last is a later edition of the
    /// second; so each can be invented without the others.
    pub(super) fn invent(seed: u64, number: u32) -> Self {
        let mut random = Random::new(seed ^ 0x7472_6970_6c65, u64::from(number / 3));
        let first = number - number % 3;
        let fate = random.below(100);
        if fate < 6 {
            let set = Self::alone(seed, first);
            if set.kind == Kind::Book && set.language == "chi" {
                return set.volume(number, &mut random);
            }
        } else if fate < 18 && number % 3 == 2 {
            return Self::alone(seed, number - 1).later_edition(number, &mut random);
        }
        Self::alone(seed, number)
    }

    fn volume(mut self, number: u32, random: &mut Random) -> Self {
        let names = random.pick(&[
            ["上册", "中册", "下册"],
            ["第1卷", "第2卷", "第3卷"],
            ["第一册", "第二册", "第三册"],
            ["卷一", "卷二", "卷三"],
        ]);
        self.part = Some(names[(number % 3) as usize].to_owned());
        // Half of the sets have one ISBN on all volumes.
        if random.chance(0.5) {
            self.isbn = self.isbn.map(|_| isbn13(number));
        }
        self.pages += 17 * (number % 3) as u16;
        self.number = number;
        self
    }

    fn later_edition(mut self, number: u32, random: &mut Random) -> Self {
        self.number = number;
        self.edition = Some(self.edition.unwrap_or(1) + 1);
        self.year = (self.year + 2 + random.below(4) as u16).min(2026);
        self.isbn = (self.kind == Kind::Book && self.year >= 1987).then(|| isbn13(number));
        self.issn = self.issn.map(|_| issn(number));
        self.pages += 24;
        self.price += 9;
        self
    }

    fn alone(seed: u64, number: u32) -> Self {
        let mut random = Random::new(seed, u64::from(number) + 1);
        let mut work = Self::plain_book(number, &mut random);
        match random.below(1000) {
            0..12 => work.become_classic(&mut random),
            12..40 => work.become_java_book(&mut random),
            40..110 => work.become_western(&mut random),
            110..122 => work.become_foreign(&mut random),
            122..150 => work.become_serial(&mut random),
            150..170 => work.become_thesis(),
            170..180 => work.become_score(),
            180..215 => work.become_generic(&mut random),
            215..260 => work.become_translation(&mut random),
            _ => {}
        }
        work
    }

    fn plain_book(number: u32, random: &mut Random) -> Self {
        let publisher = random.below(PUBLISHERS.len());
        let year = 2024 - (random.unit() * random.unit() * 70.0) as u16;
        let subjects = (0..1 + random.below(2)).map(|_| words::noun(random).to_owned()).collect();
        let abstract_text = random.chance(0.4).then(|| {
            format!(
                "本书讨论{}、{}与{}，可供{}参考。",
                words::title(random),
                words::noun(random),
                words::noun(random),
                words::noun(random)
            )
        });
        let role = *random.pick(&["著", "编著", "主编", "编"]);
        let mut people = vec![(person(random), role)];
        if random.chance(0.25) {
            people.push((person(random), role));
        }
        Self {
            number,
            work: number,
            kind: Kind::Book,
            title: words::title(random),
            subtitle: random.chance(0.2).then(|| words::title(random)),
            part: None,
            people,
            country: None,
            publisher: PUBLISHERS[publisher].0.to_owned(),
            place: PUBLISHERS[publisher].1,
            year,
            isbn: (year >= 1987 && !random.chance(0.03)).then(|| isbn13(number)),
            issn: None,
            edition: random.chance(0.12).then(|| 2 + random.below(4) as u8),
            class: *random.pick(&CLASSES),
            subjects,
            series: random.chance(0.15).then(|| format!("{}丛书", words::noun(random))),
            abstract_text,
            pages: 80 + random.below(600) as u16,
            price: 8 + random.below(120) as u16,
            language: "chi",
        }
    }

    fn become_classic(&mut self, random: &mut Random) {
        let which = random.below(CLASSICS.len());
        let (title, author, role, class) = CLASSICS[which];
        // Above every number of a pool.
        self.work = u32::MAX - which as u32;
        self.title = title.to_owned();
        self.subtitle = None;
        self.people = vec![(author.to_owned(), role)];
        self.class = class;
        self.subjects = vec!["古典文学".to_owned()];
    }

    fn become_java_book(&mut self, random: &mut Random) {
        let shape = random.pick(&["Java{}", "JAVA语言{}", "{}的Java实现", "Java与{}"]);
        let topic = random.pick(&[
            "程序设计",
            "简明教程",
            "编程基础",
            "并发编程",
            "数据结构",
            "网络编程",
            "案例教程",
            "虚拟机",
        ]);
        self.title = shape.replace("{}", topic);
        self.class = "TP312JA";
        self.subjects = vec!["JAVA语言".to_owned(), "程序设计".to_owned()];
    }

    fn become_western(&mut self, random: &mut Random) {
        self.title = random.pick(&LATIN_SHAPES).replace("{}", random.pick::<&str>(&LATIN_TOPICS));
        self.subtitle = random.chance(0.3).then(|| format!("with {} examples", 10 + random.below(90)));
        self.people = vec![((*random.pick(&LATIN_NAMES)).to_owned(), "author")];
        self.publisher =
            (*random.pick(&["Harbour Press", "Northfield", "Old Mill Books", "Tidewater University Press"]))
                .to_owned();
        self.place = "London";
        self.language = "eng";
        self.subjects = vec![(*random.pick(&LATIN_TOPICS)).to_owned()];
        self.abstract_text = None;
        self.series = None;
    }

    fn become_foreign(&mut self, random: &mut Random) {
        let (title, language, class) = *random.pick(&FOREIGN);
        self.title = title.to_owned();
        self.subtitle = None;
        self.language = language;
        self.class = class;
    }

    fn become_serial(&mut self, random: &mut Random) {
        self.kind = Kind::Serial;
        self.title =
            format!("{}{}", words::noun(random), random.pick(&["学报", "研究", "通讯", "评论", "杂志"]));
        self.isbn = None;
        self.edition = None;
        self.people.clear();
        self.issn = Some(issn(self.number));
    }

    fn become_thesis(&mut self) {
        self.kind = Kind::Thesis;
        self.isbn = None;
        self.edition = None;
        self.people.truncate(1);
    }

    fn become_score(&mut self) {
        self.kind = Kind::Score;
        self.title = format!("{}协奏曲", self.title);
        self.class = "J657";
    }

    /// Titles that hundreds of books share: only author and publisher tell them apart.
    fn become_generic(&mut self, random: &mut Random) {
        self.title = (*random.pick(&["高等数学", "大学英语", "大学语文", "文集", "线性代数", "会议论文集"]))
            .to_owned();
        self.subtitle = None;
    }

    fn become_translation(&mut self, random: &mut Random) {
        self.country = Some(*random.pick(&COUNTRIES));
        let given = words::noun(random);
        self.people = vec![(format!("{given}·{}", person(random)), "著"), (person(random), "译")];
    }
}

/// A valid ISBN in a range where nobody publishes, 978-7-9…; ten million numbers without a repetition.
fn isbn13(number: u32) -> String {
    let stem = format!("97879{:07}", (u64::from(number) * 7_654_321 + 1_234_567) % 10_000_000);
    let sum: u32 =
        stem.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 }).sum();
    format!("{stem}{}", (10 - sum % 10) % 10)
}

fn issn(number: u32) -> String {
    let stem = format!("9{:06}", number % 1_000_000);
    let sum: u32 = stem.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * (8 - i as u32)).sum();
    let check = match (11 - sum % 11) % 11 {
        10 => 'X',
        n => char::from(b'0' + n as u8),
    };
    format!("{}-{}{check}", &stem[..4], &stem[4..])
}
