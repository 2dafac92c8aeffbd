//! `lianmu record ID`: one entry, as text, JSON or in a format of other programs.

use std::io::Write;

use super::{Global, Outcome};
use crate::export::{self, Format};
use crate::i18n::Lang;
use crate::union::summary;
use crate::wire::{EntryDocument, library_name};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Id of the entry, as `search` prints it.
    id: String,
    /// Format of the answer; readable text where none is given.
    #[arg(long, value_name = "json|iso2709|marcxml|ris|bibtex|csl|gb7714")]
    format: Option<String>,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let lang = Lang::of_terminal();
    let format = match args.format.as_deref() {
        None | Some("json") => None,
        Some(name) => match Format::from_name(name) {
            Some(format) => Some(format),
            None => {
                let allowed = format!("json {}", Format::names());
                let gaps = [("format", name), ("allowed", allowed.as_str())];
                eprintln!("lianmu: {}", lang.fill("error.unknown_format", &gaps));
                return Ok(Outcome::WrongUsage);
            }
        },
    };
    let app = super::open_app(global)?;
    let open = super::opened(global, &app, lang)?;
    let entry = super::entry(&open, &args.id, lang)?;
    let mut out = std::io::stdout().lock();
    match format {
        Some(format) => out.write_all(&export::write(format, &entry, app.archive())?)?,
        None if args.format.is_some() => {
            let document = EntryDocument::new(&entry, &open.beside(&entry)?, app.home().as_ref(), lang);
            writeln!(out, "{}", serde_json::to_string(&document)?)?;
        }
        None => {
            let members = app.members();
            for (label, values) in crate::pages::record::description(&entry.bib, lang) {
                writeln!(out, "{label}\t{}", values.join(" · "))?;
            }
            writeln!(out, "{}", summary(&entry, lang))?;
            for held in &entry.holdings {
                let holding = &held.holding;
                let call_number = holding.call_number.as_deref().unwrap_or("—");
                let location = holding.location.as_deref().unwrap_or_default();
                let name = library_name(&members, &held.library);
                writeln!(out, "{name}\t{call_number}\t×{}\t{location}", holding.copies)?;
            }
        }
    }
    Ok(Outcome::Done)
}
