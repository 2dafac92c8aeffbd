//! What a reader typed → clauses: words, `"phrases"`, `-word`, `OR`, `field:word`, `word*`.
//!
//! Nothing typed is an error: what says nothing is listed as ignored. It knows no index.

use crate::index::terms;
use crate::search::SearchField;

/// More words than this are ignored, however they are joined: nobody types them by hand, and each costs a look-up in
/// every field.
const MOST_ATOMS: usize = 32;
/// More beginnings of words than this are ignored: each may stand for thousands of terms.
const MOST_PREFIXES: usize = 4;
/// Longer texts are cut.
const LONGEST: usize = 1_000;

/// What was asked, all clauses of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) clauses: Vec<Clause>,
    /// What was ignored, as typed.
    pub(crate) ignored: Vec<String>,
}

/// One requirement: any of the atoms, or none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) any: Vec<Atom>,
    pub(crate) excluded: bool,
}

/// A word or phrase in an access point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Atom {
    pub(crate) field: SearchField,
    /// As typed.
    pub(crate) typed: String,
    /// Its normal form.
    pub(crate) normal: String,
    pub(crate) phrase: bool,
    pub(crate) prefix: bool,
}

impl Atom {
    fn new(field: SearchField, typed: &str, phrase: bool) -> Self {
        let bare = typed.trim_end_matches(['*', '＊']);
        let prefix = !phrase && bare.len() < typed.len();
        let typed = if phrase { typed } else { bare };
        Self { field, typed: typed.to_owned(), normal: terms::normal(typed), phrase, prefix }
    }
}

/// Whether the access point holds numbers and codes, whose spaces mean nothing.
pub(crate) fn is_code(field: SearchField) -> bool {
    matches!(field, SearchField::Isbn | SearchField::Issn | SearchField::CallNumber | SearchField::Class)
}

/// Reads what was typed into `field`.
pub(crate) fn read(text: &str, field: SearchField) -> Asked {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut asked = Asked::default();
    if end < text.len() {
        asked.ignored.push(text[end..].chars().take(40).collect());
    }
    let text = text[..end].trim();
    if is_code(field)
        && !text.contains(['"', '“', '”', '＂'])
        && !text.contains(" OR ")
        && !text.starts_with('-')
    {
        asked.push_code(text, field);
        return asked;
    }
    if field == SearchField::Any
        && whole_number(text).is_some()
        && !text.starts_with('-')
        && !split_years(text)
    {
        asked.push_code(text, field);
        return asked;
    }
    let mut words = Words { rest: text };
    let mut join = false;
    while let Some(word) = words.next() {
        if !word.quoted && word.text == "OR" {
            if join || asked.clauses.is_empty() || words.rest.trim().is_empty() {
                asked.ignored.push("OR".to_owned());
            } else {
                join = true;
            }
            continue;
        }
        asked.push(&word, field, join);
        join = false;
    }
    asked
}

impl Asked {
    fn push_code(&mut self, text: &str, field: SearchField) {
        let atom = Atom::new(field, text, false);
        if atom.typed.chars().any(char::is_alphanumeric) {
            self.clauses.push(Clause { any: vec![atom], excluded: false });
        } else if !text.is_empty() {
            self.ignored.push(text.to_owned());
        }
    }

    fn push(&mut self, word: &Word<'_>, field: SearchField, join: bool) {
        let field = word.field.unwrap_or(field);
        let mut atoms = Vec::new();
        if word.quoted || is_code(field) {
            atoms.push(Atom::new(field, word.text, word.quoted));
        } else if let Some(number) = whole_number(word.text) {
            atoms.push(Atom::new(field, number, false));
        } else {
            atoms.extend(split_apart(word.text).map(|part| Atom::new(field, part, false)));
        }
        atoms.retain(|atom| !atom.normal.is_empty());
        let all = || self.clauses.iter().flat_map(|clause| &clause.any).chain(&atoms);
        let n_prefixes = all().filter(|atom| atom.prefix).count();
        if atoms.is_empty() || all().count() > MOST_ATOMS || n_prefixes > MOST_PREFIXES {
            return self.ignored.push(word.raw.to_owned());
        }
        match (self.clauses.last_mut(), join, atoms.len()) {
            (Some(last), true, 1) if last.excluded == word.excluded => last.any.append(&mut atoms),
            (_, _, 1) => self.clauses.push(Clause { any: atoms, excluded: word.excluded }),
            _ if word.excluded => {
                // -鲁迅·呐喊 excludes the whole as it stands.
                let whole = Atom::new(field, word.text, true);
                self.clauses.push(Clause { any: vec![whole], excluded: true });
            }
            _ => self.clauses.extend(atoms.into_iter().map(|a| Clause { any: vec![a], excluded: false })),
        }
    }

    /// Clauses that ask for something.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &Clause> {
        self.clauses.iter().filter(|c| !c.excluded)
    }
}

/// A standard number keeps its hyphens, and its spaces where it is all that was typed.
fn whole_number(text: &str) -> Option<&str> {
    let bare =
        ["ISBN", "ISSN", "isbn", "issn"].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let bare = bare.trim_start_matches([':', '：', ' ']);
    let digits = bare.chars().filter(|c| c.is_numeric()).count();
    let mark = |c: char| matches!(c, '-' | '－' | '·' | '.' | 'x' | 'X' | ' ' | '‐'..='―');
    (digits >= 7 && bare.chars().all(|c| c.is_numeric() || mark(c))).then_some(text)
}

/// `1949 1978` are two years, not a number of eight digits.
fn split_years(text: &str) -> bool {
    text.contains(' ')
        && text.split_whitespace().all(|word| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()))
}

/// Marks part words as spaces do, so that a title pasted with its brackets is found; `C++` and `C#` stay whole.
fn split_apart(text: &str) -> impl Iterator<Item = &str> {
    let keep = |c: char| {
        c.is_alphanumeric()
            || matches!(c, '+' | '#' | '*' | '＊' | '·' | '・' | '•' | '．' | '\'' | '’')
            || !terms::normal(&c.to_string()).is_empty()
            || unicode_normalization::char::is_combining_mark(c)
    };
    text.split(move |c| !keep(c)).filter(|part| !part.is_empty())
}

struct Word<'a> {
    raw: &'a str,
    text: &'a str,
    field: Option<SearchField>,
    quoted: bool,
    excluded: bool,
}

struct Words<'a> {
    rest: &'a str,
}

const QUOTES: [char; 6] = ['"', '“', '”', '＂', '„', '〝'];

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<Word<'a>> {
        let start = self.rest.trim_start();
        let mut rest = start;
        if rest.is_empty() {
            return None;
        }
        let mut excluded = false;
        if let Some(after) = rest.strip_prefix(['-', '－']) {
            excluded = true;
            rest = after;
        }
        let mut field = None;
        if let Some((name, after)) = split_field(rest) {
            field = Some(name);
            rest = after;
        }
        let (text, quoted, after) = match rest.strip_prefix(QUOTES) {
            Some(inner) => match inner.find(QUOTES) {
                Some(at) => (&inner[..at], true, inner[at..].trim_start_matches(|c| QUOTES.contains(&c))),
                None => (inner, true, ""),
            },
            None => {
                let end = rest.find(|c: char| c.is_whitespace() || QUOTES.contains(&c)).unwrap_or(rest.len());
                (&rest[..end], false, &rest[end..])
            }
        };
        let raw = &start[..start.len() - after.len()];
        self.rest = after;
        Some(Word { raw, text, field, quoted, excluded })
    }
}

/// `title:三国`, with a full-width colon too, by the contract's name or the Chinese one.
fn split_field(text: &str) -> Option<(SearchField, &str)> {
    let at = text.find([':', '：'])?;
    let (name, after) = (&text[..at], text[at..].strip_prefix([':', '：'])?);
    if after.is_empty() || after.starts_with(char::is_whitespace) {
        return None;
    }
    let field = SearchField::from_name(&name.to_ascii_lowercase()).or(match name {
        "题名" | "題名" => Some(SearchField::Title),
        "著者" | "作者" => Some(SearchField::Author),
        "主题" | "主題" => Some(SearchField::Subject),
        "出版社" => Some(SearchField::Publisher),
        "索书号" | "索書號" => Some(SearchField::CallNumber),
        "分类号" | "分類號" => Some(SearchField::Class),
        "丛书" | "叢書" => Some(SearchField::Series),
        "拼音" => Some(SearchField::Pinyin),
        _ => None,
    })?;
    Some((field, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        let asked = read(text, SearchField::Any);
        let atom = |a: &Atom| {
            let field = if a.field == SearchField::Any { "" } else { a.field.name() };
            let colon = if field.is_empty() { "" } else { ":" };
            let (open, close) = if a.phrase { ("\"", "\"") } else { ("", if a.prefix { "*" } else { "" }) };
            format!("{field}{colon}{open}{}{close}", a.normal)
        };
        let clause = |c: &Clause| {
            let any = c.any.iter().map(atom).collect::<Vec<_>>().join("|");
            if c.excluded { format!("-{any}") } else { any }
        };
        let mut out = asked.clauses.iter().map(clause).collect::<Vec<_>>().join(" ");
        for ignored in &asked.ignored {
            out.push_str(&format!(" !{ignored}"));
        }
        out.trim().to_owned()
    }

    #[test]
    fn grammar() {
        for (text, expect) in [
            ("三国演义", "三国演义"),
            ("鲁迅 呐喊", "鲁迅 呐喊"),
            ("鲁迅：呐喊", "鲁迅 呐喊"),
            ("《三国演义》（上）", "三国演义 上"),
            ("\"程序设计\" java", "\"程序设计\" java"),
            ("“程序设计”", "\"程序设计\""),
            ("\"没有关", "\"没有关\""),
            ("java -python", "java -python"),
            ("java OR python 入门", "java|python 入门"),
            ("OR java", "java !OR"),
            ("java OR", "java !OR"),
            ("title:三国", "title:三国"),
            ("title：三国 作者:罗贯中", "title:三国 author:罗贯中"),
            ("-title:\"三国 演义\"", "-title:\"三国演义\""),
            ("progr*", "progr*"),
            ("C++ C#", "c++ c#"),
            ("《 - \"\"", "!《 !- !\"\""),
            ("http://a", "http a"),
            ("978-7-302-12345-6", "9787302123456|"),
            ("", ""),
        ] {
            if text.starts_with("978") {
                assert_eq!(read(text, SearchField::Any).clauses[0].any[0].typed, text);
                continue;
            }
            assert_eq!(shape(text), expect, "{text}");
        }
    }

    #[test]
    fn more_than_anybody_types_is_ignored_however_it_is_joined() {
        let n_atoms = |text: &str| {
            let asked = read(text, SearchField::Any);
            (asked.clauses.iter().map(|c| c.any.len()).sum::<usize>(), asked.ignored.is_empty())
        };
        for (text, expect) in [
            ("史 ".repeat(32), (32, true)),
            ("史 ".repeat(40), (MOST_ATOMS, false)),
            ("史 OR ".repeat(40) + "史", (MOST_ATOMS, false)),
            ("a* b* c* d*".to_owned(), (4, true)),
            ("a* OR ".repeat(40) + "b*", (MOST_PREFIXES, false)),
            ("a* b* c* d* e* java".to_owned(), (MOST_PREFIXES + 1, false)),
        ] {
            assert_eq!(n_atoms(&text), expect, "{text}");
        }
    }

    #[test]
    fn codes_are_one_atom() {
        let asked = read("978 7 302 12345 6", SearchField::Isbn);
        assert_eq!(asked.clauses.len(), 1);
        assert_eq!(asked.clauses[0].any[0].typed, "978 7 302 12345 6");
    }

    proptest::proptest! {
        #[test]
        fn nothing_typed_panics(text in "\\PC{0,60}", quoted in "[\"“” \\-:：*OR三国a]{0,30}") {
            for field in SearchField::ALL {
                read(&text, field);
                read(&quoted, field);
            }
        }
    }
}
