//! Real books out of the corpus table, each once.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use data::sample::Random;

/// A book as a bookseller's page describes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Book {
    pub(super) title: String,
    pub(super) subtitle: Option<String>,
    pub(super) people: Vec<Person>,
    pub(super) publisher: String,
    pub(super) year: u16,
}

/// A person as named there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) country: Option<String>,
    pub(super) role: String,
}

const ROLES: [&str; 14] =
    ["主编", "编著", "编译", "译注", "点校", "校注", "选编", "改编", "著", "编", "译", "注", "绘", "撰"];

/// The books with author, publisher and year, in an order of the seed; what may be one book twice is left out.
pub(super) fn distinct(table: &str, seed: u64) -> Vec<Book> {
    let mut seen = HashSet::new();
    let mut books: Vec<Book> = table.lines().skip(1).filter_map(book).collect();
    books.retain(|book| {
        // All keys of each row, so that rows hang together through one that is left out.
        let n_new = keys(book).into_iter().filter(|key| seen.insert(key.clone())).count();
        n_new == 3
    });
    let mut random = Random::new(seed ^ 0x626f_6f6b, 0);
    for i in (1..books.len()).rev() {
        books.swap(i, random.below(i + 1));
    }
    books
}

fn book(row: &str) -> Option<Book> {
    let mut cells = row.split('\t').map(|cell| cell.replace("&#34;", "\"").replace("&amp;", "&"));
    let (title, authors, publisher, year) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    let year = year.parse().ok().filter(|year| (1949..=2025).contains(year))?;
    let people = people(&authors);
    let usable = |text: &str| !text.trim().is_empty() && text.chars().count() < 60;
    // A title that names an edition would contradict the later editions made of it.
    if title.contains('版') || !usable(&title) || !usable(&publisher) || people.is_empty() {
        return None;
    }
    let (title, subtitle) = match title.split_once(['：', ':']) {
        Some((title, subtitle)) if !title.trim().is_empty() && !subtitle.trim().is_empty() => {
            (title.trim().to_owned(), Some(subtitle.trim().to_owned()))
        }
        _ => (title.trim().to_owned(), None),
    };
    Some(Book { title, subtitle, people, publisher: publisher.trim().to_owned(), year })
}

/// `[美] 查克·帕拉尼克 / 朱力安 译` → two persons; who follows a foreigner without a role translates.
fn people(authors: &str) -> Vec<Person> {
    let names =
        authors.split(['/', '，', ',', '、', ';', '；']).map(str::trim).filter(|name| !name.is_empty());
    let mut people: Vec<Person> = names.take(4).filter_map(person).collect();
    let foreign = people.first().is_some_and(|p| p.country.is_some() || p.name.contains(['·', '•', '.']));
    for (i, person) in people.iter_mut().enumerate().filter(|(_, person)| person.role.is_empty()) {
        person.role = if i > 0 && foreign { "译" } else { "著" }.to_owned();
    }
    people
}

fn person(text: &str) -> Option<Person> {
    let closed = [('[', ']'), ('（', '）'), ('(', ')'), ('【', '】'), ('［', '］')];
    let (country, rest) = closed
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open)?.split_once(*close))
        .map_or((None, text), |(country, rest)| (Some(country.trim().to_owned()), rest.trim()));
    let role = ROLES.iter().find(|role| rest.len() > role.len() + 3 && rest.ends_with(**role));
    let name = role.map_or(rest, |role| rest[..rest.len() - role.len()].trim_end());
    let fits = name.chars().count() >= 2 && name.chars().count() <= 30;
    let country = country.filter(|country| country.chars().count() <= 4);
    fits.then(|| Person { name: name.to_owned(), country, role: (*role.unwrap_or(&"")).to_owned() })
}

/// Each form of a character → the one it folds to: a book may be listed in both scripts.
static FOLDED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let rows = data::fold::TABLE.lines().filter(|line| !line.starts_with(['#', '=']));
    let pairs = rows.filter_map(|line| line.split_once('\t')).filter_map(|(one, forms)| {
        let mut target = one.chars();
        target.next().filter(|_| target.next().is_none()).map(|one| (one, forms))
    });
    pairs.flat_map(|(one, forms)| forms.chars().map(move |form| (form, one))).collect()
});

/// What two rows about one book would have in common.
fn keys(book: &Book) -> [String; 3] {
    let folded = |c: char| FOLDED.get(&c).copied().unwrap_or(c);
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).map(folded).collect::<String>();
    let title = letters(&book.title);
    let publisher: String = letters(&book.publisher).chars().take(2).collect();
    let author: String = letters(&book.people[0].name).chars().rev().take(2).collect();
    let subtitle = book.subtitle.as_deref().map(letters).unwrap_or_default();
    // A subtitle with a number in it may be all that tells volumes apart.
    let volume: String = subtitle.chars().filter(|c| c.is_numeric() || "上中下".contains(*c)).collect();
    [
        format!("{title}|{volume}|p{publisher}"),
        format!("{title}|{volume}|{author}|{}", book.year),
        format!("{title}|{subtitle}|{author}|{publisher}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_taken_apart() {
        let table = [
            ("聂永真", "聂永真//著"),
            ("[美] 查克·帕拉尼克 / 朱力安", "查克·帕拉尼克/美/著 朱力安//译"),
            ("（清）王琦 注 / 李长路 点校", "王琦/清/注 李长路//点校"),
            ("黄苗子著", "黄苗子//著"),
            ("杨念群 编", "杨念群//编"),
            ("C.莱特.米尔斯/陈强，张永强", "C.莱特.米尔斯//著 陈强//译 张永强//译"),
            ("", ""),
        ];
        for (authors, expect) in table {
            let people: Vec<String> = people(authors)
                .iter()
                .map(|p| format!("{}/{}/{}", p.name, p.country.as_deref().unwrap_or(""), p.role))
                .collect();
            assert_eq!(people.join(" "), expect, "{authors}");
        }
    }

    #[test]
    fn a_book_is_there_once() {
        let table = "title\tauthor\tpublisher\tyear\n\
            务虚笔记\t史铁生\t作家出版社\t2011\t\n\
            《务虚笔记》\t史铁生 著\t作家出版\t2012\t\n\
            务虚笔记\t史铁生\t人民文学出版社\t2011\t\n\
            务虚笔记\t史铁生\t人民文学出版社\t2004\t\n\
            務虛筆記\t史鐵生\t作家出版社\t2009\t\n\
            统计物理学（第二版）\t某人\t作家出版社\t2009\t\n\
            孤岛：上册\t(美)恰克\t北京联合\t2014\t\n\
            孤岛：下册\t(美)恰克\t北京联合\t2014\t\n\
            没有年份\t某某\t作家出版社\t\t\n";
        let books = distinct(table, 1);
        // The row of 2004 may be that of 2011, which may be the first.
        assert_eq!(books.len(), 3, "{books:?}");
    }
}
