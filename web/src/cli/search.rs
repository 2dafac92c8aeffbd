//! `lianmu search`: the search of CONTRACT §3 on the command line.

use std::io::Write;
use std::time::Instant;

use super::{Global, Outcome};
use crate::ask::{self, Asked};
use crate::i18n::{Lang, grouped};
use crate::wire::{RecordDocument, SearchDocument};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to look for; "" lists everything that passes the filters.
    query: String,
    /// Access point: any title author subject publisher isbn issn call_number class series pinyin.
    #[arg(long, default_value = "any")]
    field: String,
    /// Code of a library to search; may be repeated, none means all.
    #[arg(long, value_name = "CODE")]
    library: Vec<String>,
    /// Material type such as book-chi; may be repeated.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Language such as chi; may be repeated.
    #[arg(long)]
    language: Vec<String>,
    /// Class or the start of one, such as TP3; may be repeated.
    #[arg(long)]
    class: Vec<String>,
    /// First year.
    #[arg(long, allow_negative_numbers = true)]
    from: Option<String>,
    /// Last year.
    #[arg(long, allow_negative_numbers = true)]
    to: Option<String>,
    /// Order: relevance newest oldest title call_number.
    #[arg(long, default_value = "relevance")]
    sort: String,
    /// Page, from 1.
    #[arg(long, default_value = "1")]
    page: String,
    /// Hits a page, at most 100.
    #[arg(long, default_value = "20")]
    per_page: String,
    /// Say how each score came about.
    #[arg(long)]
    explain_score: bool,
    /// One JSON document, the same as that of the API.
    #[arg(long)]
    json: bool,
}

impl Args {
    fn asked(&self) -> Asked {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut pairs = vec![
            pair("q", &self.query),
            pair("field", &self.field),
            pair("sort", &self.sort),
            pair("page", &self.page),
            pair("per_page", &self.per_page),
        ];
        let lists = [
            ("library", &self.library),
            ("type", &self.types),
            ("language", &self.language),
            ("class", &self.class),
        ];
        for (name, values) in lists {
            pairs.extend(values.iter().map(|value| pair(name, value)));
        }
        pairs.extend(self.from.iter().map(|year| pair("from", year)));
        pairs.extend(self.to.iter().map(|year| pair("to", year)));
        Asked::from_pairs(pairs)
    }
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let lang = Lang::of_terminal();
    let app = super::open_app(global)?;
    let members = app.members();
    let asked = args.asked();
    let query = ask::strict_choice(&asked, &members, None)
        .and_then(|libraries| ask::query(&asked, libraries, app.home()));
    let mut query = match query {
        Ok(query) => query,
        Err(fault) => {
            eprintln!("lianmu: {}", fault.sentence(lang));
            return Ok(Outcome::WrongUsage);
        }
    };
    query.explain_score = args.explain_score;
    let open = super::opened(global, &app, lang)?;
    let started = Instant::now();
    let answer = open.catalogue.search(&query)?;
    let took_ms = started.elapsed().as_secs_f64() * 1e3;
    let document = SearchDocument::new(&query, answer, took_ms, &open, &members, lang);
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&document)?)?;
    } else {
        text(&document, lang, &mut out)?;
    }
    Ok(Outcome::Done)
}

fn text(document: &SearchDocument, lang: Lang, out: &mut impl Write) -> std::io::Result<()> {
    let found = if document.total_is == "exact" { "search.found" } else { "search.about" };
    let (page, pages) = (document.page.to_string(), document.pages.to_string());
    writeln!(
        out,
        "{} · {} · {}",
        lang.fill(found, &[("n", &grouped(document.total))]),
        lang.fill("search.page_of", &[("page", &page), ("pages", &pages)]),
        lang.fill("search.took", &[("ms", &document.took_ms.to_string())]),
    )?;
    let counts = document.libraries.iter().filter(|l| l.hits > 0).map(|l| format!("{} {}", l.code, l.hits));
    let counts: Vec<String> = counts.collect();
    if !counts.is_empty() {
        writeln!(out, "{}", counts.join("  "))?;
    }
    let first = u64::from(document.page - 1) * u64::from(document.per_page) + 1;
    for (n, record) in (first..).zip(&document.records) {
        self::record(n, record, lang, out)?;
    }
    for advice in &document.advice {
        let n = grouped(advice.hits.unwrap_or_default());
        let q = advice.q.as_deref().unwrap_or(&document.query);
        writeln!(out, "\n{}", lang.fill(&format!("advice.{}", advice.kind), &[("n", &n), ("q", q)]))?;
    }
    Ok(())
}

fn record(n: u64, record: &RecordDocument, lang: Lang, out: &mut impl Write) -> std::io::Result<()> {
    let title = record.title.as_deref().unwrap_or(lang.t("search.no_title"));
    let rest = [&record.part, &record.subtitle].into_iter().flatten().map(|t| format!(" : {t}"));
    writeln!(out, "\n{n:>4}  {title}{}", rest.collect::<String>())?;
    let year = record.year.map(|y| y.to_string());
    let line = [&record.responsibility, &record.publisher, &year, &Some(record.type_label.clone())];
    writeln!(
        out,
        "      {}",
        line.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · ")
    )?;
    let held = record.holdings.iter().take(3).map(|h| {
        let call_number = h.call_number.as_deref().unwrap_or("—");
        format!("{} {call_number} ×{}", h.library, h.copies)
    });
    writeln!(out, "      {}  [{}]", held.collect::<Vec<_>>().join("  "), record.id)?;
    if let Some(score) = &record.score {
        score.lines().try_for_each(|line| writeln!(out, "      | {line}"))?;
    }
    Ok(())
}

/// Access points are named as in the contract; the help text must not forget one.
#[cfg(test)]
#[test]
fn the_help_names_every_access_point() {
    use clap::CommandFactory;
    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        _args: Args,
    }
    let help = Only::command().render_long_help().to_string();
    for field in indexer::search::SearchField::ALL {
        assert!(help.contains(field.name()), "{}", field.name());
    }
}
