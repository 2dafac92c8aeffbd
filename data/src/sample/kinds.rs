//! What kinds of publications there are besides plain books, and how frequent each is.
//!
//! What real pools have a fixed number of (editions of a classic, textbooks of one language) thins out in large
//! pools: else they would fill with books that no description tells apart.

use super::names;
use super::random::Random;
use super::repertoire::{CLASSICS, COUNTRIES, FOREIGN, GENERIC, GENERIC_LATIN, LATIN_SHAPES, LATIN_TOPICS};
use super::truth::Trap;
use super::words;
use super::work::{Kind, Work, issn};

/// Numbers from here on are a large pool's.
const SMALL_POOL: u32 = 30_000;

impl Work {
    /// The publication with this number, whatever its neighbours are.
    pub(super) fn alone(seed: u64, number: u32) -> Self {
        let mut random = Random::new(seed, u64::from(number) + 1);
        let mut work = Self::plain(number, &mut random);
        let kind = random.below(1000);
        let thinned = number >= SMALL_POOL && random.below(1000) >= 60;
        match kind {
            0..40 | 110..122 if thinned => {}
            0..12 => return work.into_classic(&mut random),
            12..40 => return work.into_java_book(&mut random),
            40..110 => work.become_western(&mut random),
            110..122 => return work.into_foreign(&mut random),
            122..150 => return work.into_serial(&mut random),
            150..170 => return work.into_thesis(),
            170..180 => return work.into_score(),
            180..225 => work.become_translation(&mut random),
            _ => {}
        }
        work.perhaps_generic(&mut random)
    }

    /// A Chinese book with an ISBN: what sets, later editions and reused ISBNs are made of.
    pub(super) fn book_with_isbn(seed: u64, number: u32, isbn: String) -> Self {
        let mut random = Random::new(seed, u64::from(number) + 1);
        let mut work = Self::plain(number, &mut random);
        if random.chance(0.05) {
            work.become_translation(&mut random);
        }
        work.year = work.year.max(1987 + random.below(30) as u16);
        work.isbn = Some(isbn);
        work.perhaps_generic(&mut random)
    }

    /// Titles that hundreds of books share: only author and publisher tell them apart.
    fn perhaps_generic(mut self, random: &mut Random) -> Self {
        // A little over one in twenty, as some kinds of works have none.
        if random.chance(0.056) {
            let list: &[&str] = if self.language == "eng" { &GENERIC_LATIN } else { &GENERIC };
            self.title = (*random.pick(list)).to_owned();
            self.subtitle = None;
            self.trap = Some(Trap::GenericTitle);
        }
        self
    }

    fn into_classic(mut self, random: &mut Random) -> Self {
        let which = random.below(CLASSICS.len());
        let (title, author, role, class) = CLASSICS[which];
        // Above every number of a pool.
        self.work = u32::MAX - which as u32;
        self.title = title.to_owned();
        self.subtitle = None;
        let commentator = (names::person(random), "校注");
        self.people = vec![(author.to_owned(), role)];
        if random.chance(0.7) {
            self.people.push(commentator);
        }
        self.class = class;
        self.subjects = vec!["古典文学".to_owned()];
        self
    }

    fn into_java_book(mut self, random: &mut Random) -> Self {
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
        self
    }

    fn become_western(&mut self, random: &mut Random) {
        let shape = *random.pick(&LATIN_SHAPES);
        self.title = shape.replacen("{}", random.pick::<&str>(&LATIN_TOPICS), 1).replacen(
            "{}",
            random.pick::<&str>(&LATIN_TOPICS),
            1,
        );
        self.subtitle = random.chance(0.3).then(|| format!("with {} examples", 10 + random.below(90)));
        self.people = vec![(names::latin_person(random), "author")];
        if random.chance(0.2) {
            self.people.push((names::latin_person(random), "author"));
        }
        (self.publisher, self.place) = names::latin_publisher(random);
        self.language = "eng";
        self.subjects = vec![(*random.pick(&LATIN_TOPICS)).to_owned()];
        self.abstract_text = None;
        self.series = None;
    }

    fn into_foreign(mut self, random: &mut Random) -> Self {
        let (title, language, class) = *random.pick(&FOREIGN);
        self.title = title.to_owned();
        self.subtitle = None;
        self.language = language;
        self.class = class;
        self
    }

    fn into_serial(mut self, random: &mut Random) -> Self {
        self.kind = Kind::Serial;
        let other = words::noun(random);
        let other = if random.chance(0.6) { other } else { "" };
        let kind = random.pick(&["学报", "研究", "通讯", "评论", "杂志"]);
        self.title = format!("{}{other}{kind}", words::noun(random));
        self.isbn = None;
        self.edition = None;
        self.people.clear();
        self.issn = Some(issn(self.number));
        self
    }

    fn into_thesis(mut self) -> Self {
        self.kind = Kind::Thesis;
        self.isbn = None;
        self.edition = None;
        self.people.truncate(1);
        self
    }

    fn into_score(mut self) -> Self {
        self.kind = Kind::Score;
        self.title = format!("{}协奏曲", self.title);
        self.class = "J657";
        self
    }

    fn become_translation(&mut self, random: &mut Random) {
        self.country = Some(*random.pick(&COUNTRIES));
        self.people = vec![(names::translated_person(random), "著"), (names::person(random), "译")];
    }
}
