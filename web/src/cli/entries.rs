//! `lianmu entries --jsonl`: every entry of the generation in force, one a line, in the order of their numbers.

use std::io::Write;

use anyhow::anyhow;
use indexer::bib::Entry;
use indexer::index::Generation;
use rayon::prelude::*;
use serde::Serialize;

use super::{Global, Outcome};
use crate::i18n::Lang;
use crate::union::reasons;
use crate::wire::MemberDocument;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON document a line; the only form there is.
    #[arg(long, required = true)]
    jsonl: bool,
}

/// Entries read at a time: memory stays bounded, and both cores have enough to do.
const STEP: usize = 8192;

pub(crate) fn run(global: &Global, _: Args) -> anyhow::Result<Outcome> {
    let lang = Lang::of_terminal();
    let generation = Generation::open_in_force(&global.data.join("catalogue"))?;
    let generation = generation.ok_or_else(|| anyhow!("{}", lang.t("error.not_ready")))?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let mut numbers = generation.live();
    loop {
        let step: Vec<u32> = numbers.by_ref().take(STEP).collect();
        if step.is_empty() {
            break;
        }
        let lines = step.par_chunks(256).map(|numbers| {
            let mut lines = Vec::new();
            generation.each_entry(numbers, |entry| anyhow::Ok(line(&entry, &mut lines)?))?;
            anyhow::Ok(lines)
        });
        for lines in lines.collect::<anyhow::Result<Vec<_>>>()? {
            out.write_all(&lines)?;
        }
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// One entry.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    members: Vec<MemberDocument>,
    reasons: Vec<String>,
}

fn line(entry: &Entry, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let members = entry.members.iter().map(MemberDocument::from).collect();
    let line = Line { id: entry.id.as_str(), members, reasons: reasons(entry) };
    serde_json::to_writer(&mut *out, &line)?;
    out.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use indexer::bib::Grounds;

    use super::*;
    use crate::union::tests::{book, entry};

    #[test]
    fn a_line_is_that_of_the_contract() {
        let on = Grounds::ISBN.with(Grounds::TITLE).with(Grounds::YEAR);
        let mut pair = entry(book("三国演义", 2001), &["BJFU", "NLC"], &[on]);
        pair.members[1].control_number = None;
        let mut out = Vec::new();
        line(&pair, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!(
                "{{\"id\":\"{}\",\"members\":[{{\"library\":\"BJFU\",\"control_number\":\"001\"}},\
                 {{\"library\":\"NLC\",\"control_number\":null}}],\"reasons\":[\"isbn+title+year\"]}}\n",
                pair.id
            )
        );
    }
}
