//! `lianmu marc`: reads any MARC file without a data directory (CONTRACT §4).
//!
//! One thread, one record at a time: memory does not grow with the file. Reports or converts; decides nothing
//! about what is in a record.

mod convert;
mod line;
mod report;

use std::io::{self, BufWriter};
use std::path::PathBuf;

use indexer::charset::Charset;
use indexer::marc::{
    Account, Error, Flaw, Framed, ParseOptions, RawRecord, ReadOptions, Reader, Record, contained_files,
    parse,
};

use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files to read: ISO 2709, MARCXML, MARC-in-JSON or a text form, also inside .gz, .zst and .zip.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Report one JSON line a record and one a file.
    #[arg(long, conflicts_with = "to")]
    jsonl: bool,
    /// Convert to standard output; the report goes to standard error.
    #[arg(long, value_enum, value_name = "FORM")]
    to: Option<convert::Form>,
    /// How to read the fields: by default each record tells.
    #[arg(long, value_enum, default_value = "auto")]
    dialect: DialectChoice,
    /// Charset of the text: by default each record tells.
    #[arg(long, default_value = "auto", value_parser = charset_of)]
    charset: CharsetChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum DialectChoice {
    Auto,
    Cnmarc,
    Unimarc,
    Marc21,
}

#[derive(Clone, Copy, Debug)]
struct CharsetChoice(Option<Charset>);

fn charset_of(label: &str) -> Result<CharsetChoice, String> {
    if label.eq_ignore_ascii_case("auto") {
        return Ok(CharsetChoice(None));
    }
    match Charset::from_label(label) {
        Some(charset) => Ok(CharsetChoice(Some(charset))),
        None => Err(format!("no charset is called {label}")),
    }
}

/// One record or fragment on its way to the output.
struct Item<'a> {
    file: &'a str,
    n: u64,
    raw: &'a RawRecord,
    record: &'a Record,
    /// Why it is a reject.
    reject: Option<Flaw>,
}

/// What is made of the records.
trait Sink {
    fn item(&mut self, item: &Item<'_>) -> io::Result<()>;
    fn summary(&mut self, file: &str, account: &Account) -> io::Result<()>;
    /// Records that could be read but not written.
    fn unwritten(&self) -> u64 {
        0
    }
    fn finish(&mut self) -> io::Result<()>;
}

pub(crate) fn run(_global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let mut sink: Box<dyn Sink> = match args.to {
        Some(form) => Box::new(convert::Converter::new(form, out)),
        None if args.jsonl => Box::new(line::JsonLines::new(out, args.dialect)),
        None => Box::new(report::Report::new(out)),
    };
    let mut outcome = Outcome::Done;
    for path in &args.files {
        match contained_files(path) {
            Ok(files) => {
                for (name, input) in files {
                    match read(&name, input, args.charset.0, sink.as_mut()) {
                        Ok(true) => {}
                        Ok(false) if outcome == Outcome::Done => outcome = Outcome::DoneWithRejects,
                        Ok(false) => {}
                        Err(error) => outcome = failed(error)?,
                    }
                }
            }
            Err(error) => outcome = failed(error.into())?,
        }
    }
    sink.finish()?;
    if sink.unwritten() > 0 && outcome == Outcome::Done {
        outcome = Outcome::DoneWithRejects;
    }
    Ok(outcome)
}

/// A file that cannot be read does not keep the others from being read; a closed output does.
fn failed(error: anyhow::Error) -> anyhow::Result<Outcome> {
    match error.downcast_ref::<Error>() {
        Some(_) => {
            eprintln!("lianmu: {error:#}");
            Ok(Outcome::Failed)
        }
        None => Err(error),
    }
}

/// Reads one contained file; true when nothing had to be rejected.
fn read(
    name: &str,
    input: impl io::Read,
    charset: Option<Charset>,
    sink: &mut dyn Sink,
) -> anyhow::Result<bool> {
    let mut reader = Reader::new(input, ReadOptions::default());
    let mut raw = RawRecord::default();
    let mut record = Record::default();
    let mut options = ParseOptions { charset, prior: None, as_decoded: true };
    let mut seen = Seen::default();
    let mut n = 0;
    while let Some(framed) = reader.next(&mut raw)? {
        let reject = match framed {
            Framed::Reject(flaw) => {
                record.clear();
                Some(flaw)
            }
            Framed::Record => {
                let outcome = parse(&raw, &options, &mut record);
                reader.account_mut().settle(&raw, &outcome, &record);
                seen.add(record.charset);
                options.prior = seen.prior();
                outcome.err()
            }
        };
        sink.item(&Item { file: name, n, raw: &raw, record: &record, reject })?;
        n += 1;
    }
    let account = reader.account();
    sink.summary(name, &account)?;
    Ok(account.rejected == 0)
}

/// Counts the charsets of a file: what nearly all records are in decides where one leaves it open.
#[derive(Default)]
struct Seen {
    total: u32,
    most: Option<(Charset, u32)>,
}

impl Seen {
    fn add(&mut self, charset: Charset) {
        if charset == Charset::Ascii {
            return;
        }
        self.total = self.total.saturating_add(1);
        match &mut self.most {
            Some((most, count)) if *most == charset => *count = count.saturating_add(1),
            Some((_, count)) if *count > 0 => *count -= 1,
            most => *most = Some((charset, 1)),
        }
    }

    fn prior(&self) -> Option<Charset> {
        let (charset, count) = self.most?;
        (count >= 20 && count as u64 * 10 >= u64::from(self.total) * 9).then_some(charset)
    }
}
