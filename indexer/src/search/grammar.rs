//! What a reader typed → clauses: words, `"phrases"`, `-word`, `OR`, `field:word`, `word*`.
//!
//! Nothing typed is an error: what says nothing is listed as ignored. It knows no index.

use crate::index::terms;
use crate::mapping::callnumber::compare_form;
use crate::search::{SearchField, numbers};

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
    if field == SearchField::Any && is_whole_number(text) && !text.starts_with('-') && !split_years(text) {
        asked.push_code(text, field);
        return asked;
    }
    let mut words = Words { rest: text };
    // Whether `OR` joins the word to the clauses of the latest one, and where those begin.
    let (mut join, mut latest) = (false, 0);
    while let Some(word) = words.next() {
        if word.is_or() {
            if join || asked.clauses.is_empty() || words.rest.trim().is_empty() {
                asked.ignored.push("OR".to_owned());
            } else {
                join = true;
            }
            continue;
        }
        let atoms = atoms_of(&word, field);
        if word.has_idle_star() {
            asked.ignored.push("*".to_owned());
        }
        if join {
            asked.join(&word, atoms, latest);
        } else {
            latest = asked.clauses.len();
            asked.push(&word, atoms);
        }
        join = false;
    }
    asked
}

/// What a word asks for: one atom, or one for each part that marks set apart.
fn atoms_of(word: &Word<'_>, field: SearchField) -> Vec<Atom> {
    let field = word.field.unwrap_or(field);
    let is_whole = word.quoted || word.excluded || is_code(field);
    if is_whole || is_whole_number(word.text) || is_call_number(word.text) {
        // -鲁迅·呐喊 excludes the whole as it stands.
        let phrase = word.quoted || word.excluded && split_apart(word.text).nth(1).is_some();
        return vec![Atom::new(field, word.text, phrase)];
    }
    split_apart(word.text).map(|part| Atom::new(field, part, false)).collect()
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

    fn push(&mut self, word: &Word<'_>, atoms: Vec<Atom>) {
        let clauses = atoms.into_iter().filter(|atom| !atom.normal.is_empty());
        let clauses = clauses.map(|atom| Clause { any: vec![atom], excluded: word.excluded }).collect();
        self.take(word, clauses, self.clauses.len());
    }

    /// Joins a word to the clauses from `latest` on: of `家 OR 鲁迅：呐喊` each part of the second may stand for the first.
    fn join(&mut self, word: &Word<'_>, mut atoms: Vec<Atom>, latest: usize) {
        atoms.retain(|atom| !atom.normal.is_empty());
        let before = &self.clauses[latest..];
        if before.iter().any(|clause| clause.excluded != word.excluded) || before.is_empty() {
            self.ignored.push("OR".to_owned());
            return self.push(word, atoms);
        }
        let either = |clause: &Clause, atom: &Atom| Clause {
            any: clause.any.iter().chain([atom]).cloned().collect(),
            excluded: word.excluded,
        };
        let pairs = before.iter().flat_map(|clause| atoms.iter().map(move |atom| either(clause, atom)));
        let clauses = pairs.collect();
        self.take(word, clauses, latest);
    }

    /// Puts clauses in place of those from `from` on, unless that were too many.
    fn take(&mut self, word: &Word<'_>, clauses: Vec<Clause>, from: usize) {
        let all = || self.clauses[..from].iter().chain(&clauses).flat_map(|clause| &clause.any);
        let n_prefixes = all().filter(|atom| atom.prefix).count();
        if clauses.is_empty() || all().count() > MOST_ATOMS || n_prefixes > MOST_PREFIXES {
            return self.ignored.push(word.raw.to_owned());
        }
        self.clauses.truncate(from);
        self.clauses.extend(clauses);
    }

    /// Clauses that ask for something.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &Clause> {
        self.clauses.iter().filter(|c| !c.excluded)
    }
}

/// A standard number keeps its hyphens, and its spaces where it is all that was typed.
fn is_whole_number(text: &str) -> bool {
    let n_digits = text.chars().filter(|c| c.is_numeric()).count();
    n_digits >= 7 && numbers::is_number(text) || numbers::is_cn_book_no(text)
}

/// A class with a point in it or a call number, `TP311.1` and `TP312JA/8.5C`, keeps its marks.
fn is_call_number(text: &str) -> bool {
    let form = compare_form(text);
    let n_letters = form.bytes().take_while(u8::is_ascii_uppercase).count();
    (1..=2).contains(&n_letters)
        && form.as_bytes().get(n_letters).is_some_and(u8::is_ascii_digit)
        && form.contains(['/', '.'])
        && form.chars().all(|c| c.is_alphanumeric() || "/.-+=:()\"#<>".contains(c))
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

impl Word<'_> {
    /// A star stands for the rest of a word only at its end.
    fn has_idle_star(&self) -> bool {
        let stars = ['*', '＊'];
        !self.quoted && self.text.trim_end_matches(stars).contains(stars)
    }

    fn is_or(&self) -> bool {
        !self.quoted && self.text == "OR" && self.field.is_none() && !self.excluded
    }
}

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
            ("java OR 鲁迅：呐喊", "java|鲁迅 java|呐喊"),
            ("鲁迅：呐喊 OR java 入门", "鲁迅|java 呐喊|java 入门"),
            ("红楼梦 OR -三国", "红楼梦 -三国 !OR"),
            ("-红楼梦 OR -三国", "-红楼梦|三国"),
            ("TP312JA/8.5C", "tp312ja 8 5c"),
            ("I247.5 小说", "i247 5 小说"),
            ("OR java", "java !OR"),
            ("java OR", "java !OR"),
            ("title:三国", "title:三国"),
            ("title：三国 作者:罗贯中", "title:三国 author:罗贯中"),
            ("-title:\"三国 演义\"", "-title:\"三国演义\""),
            ("progr*", "progr*"),
            ("pro*ing", "pro ing !*"),
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
