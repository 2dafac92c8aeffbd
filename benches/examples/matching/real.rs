//! Real Chinese titles in a made-up consortium: rows of `../shared/corpus/zh_books.tsv` are the editions, and each
//! of a few libraries describes them with the slips that our own generator makes too, but in its own way.

use std::collections::{HashMap, HashSet};

use data::sample::Random;
use indexer::bib::{Agent, AgentKind, Bib, Isbn, MaterialType, Part};
use indexer::cluster::MatchRecord;

/// What is known of a record: its edition, what was done to it, and the trap it stands in.
pub(crate) struct Known {
    pub(crate) edition: u32,
    pub(crate) done: Vec<&'static str>,
    pub(crate) trap: &'static str,
}

#[derive(Clone)]
struct Book {
    edition: u32,
    trap: &'static str,
    title: String,
    subtitle: Option<String>,
    part: Option<String>,
    author: String,
    publisher: String,
    year: i16,
    isbn: Option<u64>,
    statement: Option<&'static str>,
    pages: u16,
}

/// Match records of `n_works` real books and what is known of each; empty where the corpus is not there.
pub(crate) fn records(seed: u64, n_works: usize) -> (Vec<MatchRecord>, Vec<Known>) {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let path = std::path::Path::new(&here).join("../../shared/corpus/zh_books.tsv");
    let Ok(table) = std::fs::read_to_string(path) else {
        println!("skipped: no corpus beside the workspace");
        return (Vec::new(), Vec::new());
    };
    let mut random = Random::new(seed, 1);
    let editions = editions(&table, n_works, &mut random);
    let (mut records, mut known) = (Vec::new(), Vec::new());
    for book in &editions {
        let n_holders = 1 + random.below(6) + if random.chance(0.1) { random.below(20) } else { 0 };
        let first = random.below(46);
        for holder in 0..n_holders {
            let (bib, done) = described(book, (first + holder * 7) % 46, &mut random);
            records.push(MatchRecord::of(&bib));
            known.push(Known { edition: book.edition, done, trap: book.trap });
        }
    }
    (records, known)
}

fn editions(table: &str, n_works: usize, random: &mut Random) -> Vec<Book> {
    let mut rows: Vec<&str> = table.lines().skip(1).collect();
    for i in (1..rows.len()).rev() {
        rows.swap(i, random.below(i + 1));
    }
    let (mut seen, mut found): (HashSet<String>, Vec<Book>) = Default::default();
    for row in rows {
        let cells: Vec<&str> = row.split('\t').collect();
        let [title, author, publisher, year, isbn, ..] = cells[..] else { continue };
        let Ok(year) = year.get(..4).unwrap_or_default().parse::<i16>() else { continue };
        // Where the row has no number, one of a range in which nobody publishes.
        let isbn = Isbn::parse(isbn)
            .unwrap_or_else(|| Isbn::parse(&isbn_10(79_000_000 + found.len() as u64)).unwrap());
        // Rows of two sources may be one edition: a title of a publisher is taken once.
        let key: String = title.chars().take(4).collect();
        let publisher_key: String = publisher.chars().take(4).collect();
        if !seen.insert(isbn.to_string()) | !seen.insert(format!("{key}\t{publisher_key}"))
            || title.is_empty()
            || publisher.is_empty()
        {
            continue;
        }
        let (proper, subtitle) = match title.split_once(['：', ':']) {
            Some((proper, subtitle)) if proper.chars().count() > 1 => {
                (proper.to_owned(), Some(subtitle.trim().to_owned()))
            }
            _ => (title.to_owned(), None),
        };
        found.push(Book {
            edition: found.len() as u32 * 4,
            trap: "",
            title: proper,
            subtitle,
            part: None,
            author: author.to_owned(),
            publisher: publisher.to_owned(),
            year,
            isbn: (year >= 1987).then_some(isbn.0),
            statement: None,
            pages: if random.chance(0.5) { 80 + random.below(600) as u16 } else { 0 },
        });
        if found.len() >= n_works {
            break;
        }
    }
    trapped(found, random)
}

/// An ISBN of ten digits from its first nine.
fn isbn_10(stem: u64) -> String {
    let text = format!("7{:08}", stem % 100_000_000);
    let sum: u64 = text.bytes().enumerate().map(|(i, b)| u64::from(b - b'0') * (10 - i as u64)).sum();
    match (11 - sum % 11) % 11 {
        10 => format!("{text}X"),
        check => format!("{text}{check}"),
    }
}

fn trapped(books: Vec<Book>, random: &mut Random) -> Vec<Book> {
    let mut all = Vec::new();
    for mut book in books {
        match random.below(1000) {
            0..14 => {
                let names = *random.pick(&[
                    ["上册", "中册", "下册"],
                    ["第一卷", "第二卷", "第三卷"],
                    ["1", "2", "3"],
                ]);
                for (n, name) in (0..).zip(names) {
                    let part = Some(name.to_owned());
                    all.push(Book { edition: book.edition + n, part, trap: "volume", ..book.clone() });
                }
                continue;
            }
            14..22 => {
                let title: String = book.title.chars().rev().collect();
                let author =
                    format!("{}{}", random.pick(&["赵", "钱", "孙"]), random.pick(&["云山", "海波", "文"]));
                let year = book.year - 5;
                all.push(Book {
                    edition: book.edition + 1,
                    title: format!("{title}研究"),
                    author,
                    year,
                    trap: "reused",
                    ..book.clone()
                });
                book.trap = "reused";
            }
            22..72 => {
                let later = Book {
                    edition: book.edition + 1,
                    year: book.year + 3,
                    statement: Some("第2版"),
                    trap: "later edition",
                    ..book.clone()
                };
                all.push(later);
                book.trap = "later edition";
            }
            72..122 => {
                book.title = (*random.pick(&[
                    "高等数学",
                    "大学英语",
                    "文集",
                    "会议论文集",
                    "Proceedings",
                    "线性代数",
                ]))
                .to_owned();
                book.subtitle = None;
                book.trap = "generic";
            }
            _ => {}
        }
        all.push(book);
    }
    all
}

fn described(book: &Book, library: usize, random: &mut Random) -> (Bib, Vec<&'static str>) {
    let mut done = Vec::new();
    let mut did = |what, whether: bool| {
        if whether {
            done.push(what);
        }
        whether
    };
    let mut bib = Bib::empty(MaterialType::BookChi);
    let mut title = book.title.clone();
    if did("title typo", random.chance(0.007) && title.chars().count() > 1) {
        let mut chars: Vec<char> = title.chars().collect();
        let at = random.below(chars.len());
        chars[at] = *random.pick(&['的', '与', '学', '中']);
        title = chars.into_iter().collect();
    }
    bib.subtitle = book.subtitle.clone();
    if did("no subtitle", bib.subtitle.is_some() && random.chance(0.12)) {
        bib.subtitle = None;
    }
    if did("subtitle in title", bib.subtitle.is_some() && library % 8 == 3) {
        title = format!("{title}{}{}", ["：", " : ", " "][library / 8 % 3], bib.subtitle.take().unwrap());
    }
    match (&book.part, library % 5) {
        (Some(part), 0) => title = format!("{title}（{part}）"),
        (Some(part), 1) => title = format!("{title} {part}"),
        (Some(part), _) => {
            bib.part = Some(Part { number: Some(part.clone()), title: None, volume: None });
        }
        (None, _) => {}
    }
    bib.title = Some(title);
    if !did("no author", random.chance(0.03)) && !book.author.is_empty() {
        bib.responsibility = Some(format!("{}{}", book.author, if library % 2 == 0 { "著" } else { "" }));
        if library % 3 == 0 {
            let name =
                book.author.split(['/', ' ', '，', ',']).find(|n| !n.trim().is_empty()).unwrap_or("佚名");
            let name = name.trim().to_owned();
            bib.agents = vec![Agent {
                name,
                kind: AgentKind::Person,
                role: None,
                qualifier: None,
                pinyin: None,
                main: true,
            }];
        }
    }
    let short = book.publisher.strip_suffix("出版社").unwrap_or(&book.publisher);
    let shortened = did("short publisher", library % 5 == 2 && random.chance(0.4));
    bib.publisher = Some(if shortened { short } else { &book.publisher }.to_owned());
    bib.year = Some(book.year + i16::from(did("later year", random.chance(0.015))));
    bib.edition = book.statement.map(str::to_owned);
    bib.extent = (book.pages > 0).then(|| format!("{}页", book.pages));
    if let Some(isbn) = book.isbn.filter(|_| !did("no isbn", random.chance(0.03))) {
        if did("wrong isbn", random.chance(0.005)) {
            bib.invalid_isbns = vec![(isbn - isbn % 1000 + (isbn % 1000 + 130) % 1000).to_string()];
        } else {
            bib.isbns = vec![Isbn(isbn)];
        }
    }
    (bib, done)
}

/// Precision and recall of an assignment, and how often each slip kept a record apart.
pub(crate) fn report(known: &[Known], entry: &[usize]) {
    let mut by_entry: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut by_edition: HashMap<u32, Vec<usize>> = HashMap::new();
    for (i, record) in known.iter().enumerate() {
        by_entry.entry(entry[i]).or_default().push(i);
        by_edition.entry(record.edition).or_default().push(i);
    }
    let pairs = |n: usize| (n * n.saturating_sub(1) / 2) as f64;
    let said: f64 = by_entry.values().map(|v| pairs(v.len())).sum();
    let all: f64 = by_edition.values().map(|v| pairs(v.len())).sum();
    let (mut right, mut wrong) = (0.0, HashMap::<(&str, &str), u32>::new());
    for members in by_entry.values() {
        for (n, &i) in members.iter().enumerate() {
            for &j in &members[n + 1..] {
                if known[i].edition == known[j].edition {
                    right += 1.0;
                } else {
                    let traps = (known[i].trap.min(known[j].trap), known[i].trap.max(known[j].trap));
                    *wrong.entry(traps).or_default() += 1;
                }
            }
        }
    }
    println!("precision {:.3} %, recall {:.3} %", 100.0 * right / said, 100.0 * right / all);
    println!("wrong by trap: {wrong:?}");
    let mut by_slip: HashMap<&str, (u32, u32)> = HashMap::new();
    for members in by_edition.values() {
        for &i in members {
            for &j in members.iter().filter(|&&j| j != i) {
                for slip in known[i].done.iter().copied().chain([known[i].trap]) {
                    let counts = by_slip.entry(slip).or_default();
                    counts.1 += 1;
                    counts.0 += u32::from(entry[i] == entry[j]);
                }
            }
        }
    }
    let mut slips: Vec<_> = by_slip.into_iter().collect();
    slips.sort_unstable();
    for (slip, (found, of)) in slips {
        println!("  recall {slip:18} {:.2} % of {of}", 100.0 * f64::from(found) / f64::from(of));
    }
}
