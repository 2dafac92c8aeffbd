//! `lianmu explain ID`: why these records are one entry, as text or one JSON document.

use std::io::Write;

use indexer::bib::Entry;
use indexer::pipeline::{decisions, member_bibs};

use super::{Global, Outcome};
use crate::explained::{ExplainDocument, Heard, Line, MemberSays, explained};
use crate::i18n::Lang;
use crate::state::{App, Open};
use crate::union::summary;
use crate::wire::MemberDocument;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Id of the entry; an old id leads to its successor.
    id: String,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Entries beside this one that are explained.
const MAX_SIBLINGS: usize = 20;

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let lang = Lang::of_terminal();
    let app = super::open_app(global)?;
    let open = super::opened(global, &app, lang)?;
    let entry = super::entry(&open, &args.id, lang)?;
    let asked = (entry.id.as_str() != args.id.to_ascii_lowercase()).then(|| args.id.clone());
    let siblings = siblings(&app, &open, &entry)?;
    let line = summary(&entry, lang);
    let own = heard(&app, entry);
    let document = explained(asked, &own, &siblings, &decisions(app.archive())?);
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&document)?)?;
    } else {
        writeln!(out, "{}  {}\n{line}", document.id, document.title.as_deref().unwrap_or_default())?;
        text(&document, lang, &mut out)?;
    }
    Ok(Outcome::Done)
}

fn heard(app: &App, entry: Entry) -> Heard {
    Heard { said: member_bibs(app.archive(), &entry), entry }
}

fn siblings(app: &App, open: &Open, entry: &Entry) -> anyhow::Result<Vec<Heard>> {
    let mut siblings = Vec::new();
    for id in entry.siblings.iter().take(MAX_SIBLINGS) {
        siblings.extend(open.catalogue.entry(id)?.map(|sibling| heard(app, sibling)));
    }
    Ok(siblings)
}

fn name(member: &MemberDocument) -> String {
    format!("{}:{}", member.library, member.control_number.as_deref().unwrap_or("—"))
}

fn text(document: &ExplainDocument, lang: Lang, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\n{}", lang.t("explain.members"))?;
    for member in &document.members {
        member_text(member, lang, out)?;
    }
    if !document.links.is_empty() {
        writeln!(out, "\n{}", lang.t("union.links"))?;
    }
    for link in &document.links {
        let weight = link.weight.map(|weight| format!("  {weight:+.0}")).unwrap_or_default();
        writeln!(out, "  {} — {}  {}{weight}", name(&link.a), name(&link.b), link.grounds.join("+"))?;
        lines(&link.comparisons, out)?;
    }
    writeln!(out, "\n{}", lang.t("explain.provenance"))?;
    for from in &document.provenance {
        writeln!(out, "  {}\t{}", lang.label("shown", from.field), name(&from.member))?;
    }
    if !document.decisions.is_empty() {
        writeln!(out, "\n{}", lang.t("explain.decisions"))?;
    }
    for decision in &document.decisions {
        super::cluster::decision_text(decision, out)?;
    }
    if !document.siblings.is_empty() {
        writeln!(out, "\n{}", lang.t("explain.siblings"))?;
    }
    for sibling in &document.siblings {
        let (title, year) =
            (sibling.title.as_deref().unwrap_or_default(), sibling.year.map(|y| y.to_string()));
        let (year, word) = (year.unwrap_or_default(), lang.t(sibling.word));
        writeln!(out, "  {}  {title} {year}  {word}", sibling.id)?;
        if let Some([a, b]) = &sibling.between {
            writeln!(out, "  {} — {}", name(a), name(b))?;
        }
        lines(&sibling.comparisons, out)?;
    }
    Ok(())
}

fn member_text(member: &MemberSays, lang: Lang, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "  {}", name(&member.member))?;
    if let Some(missing) = &member.missing {
        return writeln!(out, "    {missing}");
    }
    let isbn = (!member.isbn.is_empty()).then(|| member.isbn.join(" "));
    for (name, said) in [
        ("title", &member.title),
        ("part", &member.part),
        ("subtitle", &member.subtitle),
        ("responsibility", &member.responsibility),
        ("edition", &member.edition),
        ("publisher", &member.publisher),
        ("year", &member.year.map(|y| y.to_string())),
        ("isbn", &isbn),
    ] {
        if let Some(said) = said {
            let mark = if member.differs.contains(&name) { "≠ " } else { "" };
            writeln!(out, "    {}\t{mark}{said}", lang.label("shown", name))?;
        }
    }
    Ok(())
}

fn lines(comparisons: &[Line], out: &mut impl Write) -> std::io::Result<()> {
    for line in comparisons {
        let Line { comparison, left, right, level, weight } = line;
        let said = if left == right { left.clone() } else { format!("{left} | {right}") };
        writeln!(out, "    {weight:>+7.2}  {comparison}: {level}  {said}")?;
    }
    Ok(())
}
