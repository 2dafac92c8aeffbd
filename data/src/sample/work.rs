//! Works of the common pool: what was published, before any library catalogued it.
//!
//! Names of persons are put together from tables of surnames and given names; nobody living is meant.
//! Publishers and their ISBN registrants are invented.

use super::random::Random;
use super::words;

/// A publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Its number in the pool.
    pub number: u32,
    /// Which publications are the same work: an edition of a classic shares it with the others.
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

const SURNAMES: &str = "赵钱孙李周吴郑王冯陈褚卫沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马苗方俞任袁柳唐费薛雷贺倪汤罗郝安常于傅齐康伍余顾孟黄萧尹姚邵汪";
const GIVEN: &str = "文明志远晓春秋兰若水清云海山林静思敏学博雅书画松柏梅竹青岚雨晨星辰宇恒安宁和平景行嘉佳言知新怀瑾瑜子墨之然亦凡可心如玉一鸣长风帆舟川江月白石";

const PUBLISHERS: [(&str, &str); 24] = [
    ("清风出版社", "北京"),
    ("北方科技出版社", "北京"),
    ("星河文艺出版社", "上海"),
    ("江南大学出版社", "南京"),
    ("远山出版社", "成都"),
    ("海岳人民出版社", "济南"),
    ("南国美术出版社", "广州"),
    ("知行教育出版社", "北京"),
    ("石渠古籍出版社", "上海"),
    ("青岚少儿出版社", "杭州"),
    ("中原经济出版社", "郑州"),
    ("东湖医药出版社", "武汉"),
    ("长河音乐出版社", "北京"),
    ("天工机械出版社", "北京"),
    ("林泉农业出版社", "北京"),
    ("明德法律出版社", "北京"),
    ("望海出版社", "青岛"),
    ("晨光外语出版社", "上海"),
    ("岭南科学出版社", "广州"),
    ("关中大学出版社", "西安"),
    ("塞北出版社", "呼和浩特"),
    ("滇池民族出版社", "昆明"),
    ("松江电子出版社", "哈尔滨"),
    ("春晖学术出版社", "天津"),
];

const CLASSES: [&str; 40] = [
    "B2", "B84", "C91", "D9", "D923", "F12", "F27", "F713.5", "F83", "G25", "G4", "G64", "H1", "H31",
    "H319.4", "I206", "I207.4", "I247.5", "I247.7", "I267", "I561.4", "J2", "J6", "K20", "K82", "K928", "O1",
    "O13", "O4", "Q1", "R2", "R4", "S1", "S68", "TB3", "TN91", "TP18", "TP311.1", "TP312JA", "TU2",
];

const LATIN_TOPICS: [&str; 20] = [
    "Algorithms",
    "Java",
    "Networks",
    "Databases",
    "Libraries",
    "Forests",
    "Rivers",
    "Music",
    "History",
    "Grammar",
    "Statistics",
    "Chemistry",
    "Design",
    "Economics",
    "Medicine",
    "Geometry",
    "Painting",
    "Robotics",
    "Language",
    "Law",
];
const LATIN_SHAPES: [&str; 8] = [
    "Introduction to {}",
    "The Principles of {}",
    "{}: A Modern Approach",
    "Advanced {}",
    "A Short History of {}",
    "{} in Practice",
    "Essays on {}",
    "Handbook of {}",
];
const LATIN_NAMES: [&str; 12] = [
    "Ashdown, Peter",
    "Brackley, Joan",
    "Coldwell, Anna",
    "Dunmore, Henry",
    "Ellsworth, Mary",
    "Fairholm, John",
    "Greyson, Ruth",
    "Hartwick, Paul",
    "Ingleby, Jane",
    "Kestrel, Tom",
    "Lorimer, Alice",
    "Merriden, Carl",
];

/// Classics whose authors died centuries ago, and the titles that searches are tried with.
const CLASSICS: [(&str, &str, &str, &str); 12] = [
    ("三国演义", "罗贯中", "著", "I242.4"),
    ("红楼梦", "曹雪芹", "著", "I242.4"),
    ("水浒传", "施耐庵", "著", "I242.4"),
    ("西游记", "吴承恩", "著", "I242.4"),
    ("聊斋志异", "蒲松龄", "著", "I242.1"),
    ("儒林外史", "吴敬梓", "著", "I242.4"),
    ("史记", "司马迁", "撰", "K204.2"),
    ("论语", "孔丘", "述", "B222.2"),
    ("牡丹亭", "汤显祖", "著", "I237.2"),
    ("家", "无名氏", "著", "I246.5"),
    ("梦溪笔谈", "沈括", "撰", "Z429.4"),
    ("天工开物", "宋应星", "著", "N092"),
];

/// Titles in other languages and scripts, whole.
const FOREIGN: [(&str, &str, &str); 9] = [
    ("日本の歴史と文化", "jpn", "K313"),
    ("図書館情報学入門", "jpn", "G25"),
    ("История русской литературы", "rus", "I512"),
    ("Основы программирования", "rus", "TP31"),
    ("한국어 문법", "kor", "H55"),
    ("ئۇيغۇر خەلق داستانلىرى", "uig", "I29"),
    ("བོད་ཀྱི་སྒྲུང་རྩེད", "tib", "I29"),
    ("ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ", "mon", "H212"),
    ("𠮷祥图案与㐂字", "chi", "J522"),
];

const COUNTRIES: [&str; 6] = ["美", "英", "法", "德", "日", "俄"];

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
    /// The work with this number of this pool.
    pub(super) fn invent(seed: u64, number: u32) -> Self {
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
            260..300 => {
                work.part = Some((*random.pick(&["上册", "下册", "第1卷", "第二卷", "第3册"])).to_owned())
            }
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
            kind: Kind::Book,
            title: words::title(random),
            subtitle: random.chance(0.2).then(|| words::title(random)),
            part: None,
            people,
            country: None,
            publisher: PUBLISHERS[publisher].0.to_owned(),
            place: PUBLISHERS[publisher].1,
            year,
            isbn: (year >= 1987 && !random.chance(0.03)).then(|| isbn13(publisher, number)),
            issn: None,
            edition: random.chance(0.12).then(|| 2 + random.below(4) as u8),
            class: *random.pick(&CLASSES),
            subjects,
            abstract_text,
            pages: 80 + random.below(600) as u16,
            price: 8 + random.below(120) as u16,
            language: "chi",
        }
    }

    fn become_classic(&mut self, random: &mut Random) {
        let (title, author, role, class) = *random.pick(&CLASSICS);
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

/// A valid ISBN in a range where nobody publishes: 978-7-9xxxx.
fn isbn13(publisher: usize, number: u32) -> String {
    let stem = format!("97879{:02}{:05}", publisher, number % 100_000);
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
