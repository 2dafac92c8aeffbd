//! Query strings and flags → `Query`: the parameters of CONTRACT §3, checked once for page, API and command.
//!
//! Pure: it knows the members and the policy, not the catalogue.

use indexer::bib::{LibraryCode, MaterialType};
use indexer::library::Members;
use indexer::search::{Query, SearchField, Sort};

use crate::error::BadRequest;

/// Names and values of a query string, decoded, in order, empty values left out: forms send many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Vec<(String, String)>);

/// Deepest hit that can be reached by paging.
pub(crate) const DEEPEST: u32 = 10_000;
const MAX_PER_PAGE: u32 = 100;

impl Asked {
    /// Reads a query string; whatever is no UTF-8 becomes U+FFFD.
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.trim().to_owned()));
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Takes pairs as they stand.
    pub(crate) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The last value with this name: of two the later was meant.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All values with this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether this name has this value.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|v| v == value)
    }

    /// All pairs but those with these names; `lang` goes too, the cookie keeps it.
    pub(crate) fn without<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let kept = move |(name, _): &&(String, String)| name != "lang" && !names.contains(&name.as_str());
        self.0.iter().filter(kept).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All pairs.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A link to `path` with these names replaced by these pairs.
    pub(crate) fn link(&self, path: &str, replaced: &[&str], by: &[(&str, &str)]) -> String {
        link(path, self.without(replaced).chain(by.iter().copied()))
    }
}

/// `path?name=value&…`
pub(crate) fn link<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The libraries that were chosen, in list order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Searched; none means all.
    pub(crate) libraries: Vec<LibraryCode>,
    /// Beyond the limit of the policy.
    pub(crate) left_out: Vec<LibraryCode>,
    /// Codes that no member has.
    pub(crate) unknown: Vec<String>,
}

/// Chosen libraries and whole groups, cut at the limit: what a page does.
pub(crate) fn choice(asked: &Asked, members: &Members, limit: Option<usize>) -> Choice {
    let mut unknown: Vec<String> = Vec::new();
    for code in asked.all("library") {
        let known = members.get(&LibraryCode::new(code)).is_some();
        if !known && !unknown.iter().any(|u| u == code) && unknown.len() < 10 {
            unknown.push(code.to_owned());
        }
    }
    let chosen = |library: &&indexer::library::Library| {
        asked.has("library", library.code.as_str()) || asked.has("group", &library.group)
    };
    let mut libraries: Vec<LibraryCode> = members.iter().filter(chosen).map(|l| l.code.clone()).collect();
    let left_out = libraries.split_off(limit.unwrap_or(usize::MAX).min(libraries.len()));
    Choice { libraries, left_out, unknown }
}

/// Chosen libraries, every fault an error: what the API and the command do.
pub(crate) fn strict_choice(
    asked: &Asked,
    members: &Members,
    limit: Option<usize>,
) -> Result<Vec<LibraryCode>, BadRequest> {
    let choice = choice(&Asked(only(asked, "library")), members, None);
    if let Some(code) = choice.unknown.into_iter().next() {
        return Err(BadRequest::UnknownLibrary(code));
    }
    match limit {
        Some(max) if choice.libraries.len() > max => {
            Err(BadRequest::TooManyLibraries { max, given: choice.libraries.len() })
        }
        _ => Ok(choice.libraries),
    }
}

fn only(asked: &Asked, name: &str) -> Vec<(String, String)> {
    asked.0.iter().filter(|(n, _)| n == name).cloned().collect()
}

/// Everything but the libraries.
pub(crate) fn query(
    asked: &Asked,
    libraries: Vec<LibraryCode>,
    home: Option<LibraryCode>,
) -> Result<Query, BadRequest> {
    let page = number(asked, "page", 1, u32::MAX)?.unwrap_or(1);
    let per_page = number(asked, "per_page", 1, MAX_PER_PAGE)?.unwrap_or(20);
    if page.checked_mul(per_page).is_none_or(|deepest| deepest > DEEPEST) {
        return Err(BadRequest::TooDeep { max: DEEPEST });
    }
    let searchable = &MaterialType::ALL[..18];
    let mut types = Vec::new();
    for code in asked.all("type") {
        let found = searchable.iter().find(|t| t.code() == code);
        let allowed = || searchable.iter().map(|t| t.code()).collect::<Vec<_>>();
        types.push(*found.ok_or_else(|| wrong("type", code, &allowed()))?);
    }
    Ok(Query {
        text: asked.get("q").unwrap_or_default().to_owned(),
        field: word(asked, "field", SearchField::from_name, &SearchField::ALL.map(SearchField::name))?,
        libraries,
        types,
        languages: asked.all("language").map(str::to_owned).collect(),
        classes: classes(asked),
        from: year(asked, "from")?,
        to: year(asked, "to")?,
        sort: word(asked, "sort", Sort::from_name, &Sort::ALL.map(Sort::name))?,
        home,
        page,
        per_page,
        explain_score: false,
    })
}

/// Of a class and a class below it the narrower one counts: the boxes of a page offer both.
fn classes(asked: &Asked) -> Vec<String> {
    let all: Vec<&str> = asked.all("class").collect();
    let narrowed =
        |class: &str| all.iter().any(|other| other.len() > class.len() && other.starts_with(class));
    all.iter().filter(|class| !narrowed(class)).map(|class| (*class).to_owned()).collect()
}

fn word<T: Default>(
    asked: &Asked,
    name: &'static str,
    read: impl Fn(&str) -> Option<T>,
    allowed: &[&str],
) -> Result<T, BadRequest> {
    match asked.get(name) {
        None => Ok(T::default()),
        Some(value) => read(value).ok_or_else(|| wrong(name, value, allowed)),
    }
}

fn wrong(name: &'static str, value: &str, allowed: &[&str]) -> BadRequest {
    BadRequest::WrongValue { name, value: value.to_owned(), allowed: allowed.join(" ") }
}

/// A whole number between the limits.
pub(crate) fn number(
    asked: &Asked,
    name: &'static str,
    min: u32,
    max: u32,
) -> Result<Option<u32>, BadRequest> {
    let Some(value) = asked.get(name) else { return Ok(None) };
    match value.parse() {
        Ok(n) if (min..=max).contains(&n) => Ok(Some(n)),
        // A huge number is a number: how deep one may go has its own sentence.
        Err(_) if max == u32::MAX && value.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(max)),
        _ => {
            let allowed =
                if max == u32::MAX { format!("{min}–{DEEPEST}") } else { format!("{min}–{max}") };
            Err(BadRequest::WrongNumber { name, value: value.to_owned(), allowed })
        }
    }
}

fn year(asked: &Asked, name: &'static str) -> Result<Option<i16>, BadRequest> {
    let Some(value) = asked.get(name) else { return Ok(None) };
    match value.parse() {
        Ok(year) if (-3000..=9999).contains(&year) => Ok(Some(year)),
        _ => {
            Err(BadRequest::WrongNumber { name, value: value.to_owned(), allowed: "-3000–9999".to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn ask(text: &str) -> Result<Query, BadRequest> {
        query(&Asked::parse(Some(text)), Vec::new(), None)
    }

    #[test]
    fn reads_every_parameter() {
        let query =
            ask("q=java&field=title&type=book-chi&type=thesis&language=chi&class=TP3&from=1998&to=2024\
                         &sort=newest&page=2&per_page=50&unknown=1")
            .unwrap();
        assert_eq!(query.text, "java");
        assert_eq!(query.field, SearchField::Title);
        assert_eq!(query.types, [MaterialType::BookChi, MaterialType::Thesis]);
        assert_eq!(query.classes, ["TP3"]);
        assert_eq!((query.from, query.to), (Some(1998), Some(2024)));
        assert_eq!((query.sort, query.page, query.per_page), (Sort::Newest, 2, 50));
    }

    #[test]
    fn empty_values_of_a_form_are_absent() {
        let query = ask("q=&from=&to=&type=&page=&sort=").unwrap();
        assert_eq!(query, Query::default());
    }

    #[test]
    fn wrong_values_have_sentences() {
        for (text, name) in [
            ("field=colour", "field"),
            ("sort=random", "sort"),
            ("type=stone", "type"),
            ("type=authority", "type"),
            ("page=0", "page"),
            ("page=-1", "page"),
            ("page=x", "page"),
            ("per_page=101", "per_page"),
            ("from=MMXX", "from"),
            ("to=99999", "to"),
        ] {
            let sentence = ask(text).unwrap_err().sentence(crate::i18n::Lang::En);
            assert!(sentence.contains(name), "{text}: {sentence}");
        }
    }

    #[test]
    fn pages_end_at_ten_thousand() {
        assert_eq!(ask("page=500").unwrap().page, 500);
        for text in ["page=501", "page=101&per_page=100", "page=99999999999999999999"] {
            assert_eq!(ask(text), Err(BadRequest::TooDeep { max: DEEPEST }), "{text}");
        }
    }

    #[test]
    fn the_narrower_class_counts() {
        assert_eq!(ask("class=TP&class=TP3&class=I").unwrap().classes, ["TP3", "I"]);
    }

    #[test]
    fn choices_follow_the_list_and_the_limit() {
        let members = Members::embedded();
        let asked = Asked::parse(Some("library=SHL&library=NLC&library=NOWHERE"));
        let found = choice(&asked, &members, Some(1));
        assert_eq!(found.libraries, [LibraryCode::new("NLC")]);
        assert_eq!(found.left_out, [LibraryCode::new("SHL")]);
        assert_eq!(found.unknown, ["NOWHERE"]);
        assert_eq!(
            strict_choice(&asked, &members, None),
            Err(BadRequest::UnknownLibrary("NOWHERE".to_owned()))
        );
        let group = Asked::parse(Some("group=公共馆"));
        assert_eq!(choice(&group, &members, Some(10)).libraries.len(), 2);
        let two = Asked::parse(Some("library=SHL&library=NLC"));
        assert_eq!(
            strict_choice(&two, &members, Some(1)),
            Err(BadRequest::TooManyLibraries { max: 1, given: 2 })
        );
    }

    #[test]
    fn links_replace_what_changes() {
        let asked = Asked::parse(Some("q=三国&page=3&lang=en&type=map"));
        assert_eq!(
            asked.link("/search", &["page"], &[("page", "4")]),
            "/search?q=%E4%B8%89%E5%9B%BD&type=map&page=4"
        );
        assert_eq!(Asked::default().link("/", &[], &[]), "/");
    }
}
