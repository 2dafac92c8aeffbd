//! `lianmu import`: a set of files into a library's archive, with a report.

use std::path::PathBuf;

use daemon::jobs::{Answer, Mode, Request};
use daemon::report::Report;
use daemon::runs::{Run, RunState};
use indexer::bib::LibraryCode;
use indexer::mapping::{Guess, guess_profile};
use indexer::marc::{FlawCode, Lang};
use indexer::pipeline;

use super::progress::Bars;
use super::{Global, Outcome};

const MEANING: &str = "\
What makes two records the same: the control number (001) without blanks around it. A record without one, and one \
whose number came before in the same call with other content, is known by its bytes: it stays as long as sets \
contain it unchanged. The very same record twice in one call counts as a duplicate.

A record whose leader says `d` (position 5) deletes the one with its number, in a full set and in a delta alike; what \
follows it in the files under that number is new again.

Every import is one run: it is in force as a whole or not at all, importing the same files again changes nothing, and \
`lianmu runs undo ID` brings back what was before. `lianmu build` makes it searchable.";

#[derive(clap::Args)]
#[command(after_long_help = MEANING)]
pub(crate) struct Args {
    /// Code of the member library, as `lianmu library list` shows it.
    #[arg(long, value_name = "CODE")]
    library: String,
    /// The files are all the library has (the default).
    ///
    /// What the library had and the files do not contain is deleted. A set that breaks off, or of which nothing
    /// can be read, changes nothing.
    #[arg(long, group = "mode")]
    full: bool,
    /// The files hold new and changed records.
    ///
    /// What they do not contain stays. Where a file breaks off, what came until then is kept.
    #[arg(long, group = "mode")]
    delta: bool,
    /// The files hold, or list one a line, what is to be deleted.
    ///
    /// A record is found by its control number (001), one without by all of its bytes. What is not there is
    /// passed over.
    #[arg(long, group = "mode")]
    delete: bool,
    /// Print how the library's holdings fields seem to be built, with the evidence; store nothing.
    #[arg(long)]
    guess_holdings: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    /// Files and folders; together they are one set.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let library = LibraryCode::new(args.library.as_str());
    if !super::all_are_members(global, std::slice::from_ref(&library))? {
        return Ok(Outcome::WrongUsage);
    }
    if args.guess_holdings {
        return print_guess(&args.files, args.json);
    }
    let mode = match (args.delta, args.delete) {
        (true, _) => Mode::Delta,
        (_, true) => Mode::Delete,
        _ => Mode::Full,
    };
    // A daemon that does it has another working directory.
    let paths = args.files.iter().map(std::path::absolute).collect::<std::io::Result<Vec<PathBuf>>>()?;
    let request = Request::Import { library: library.to_string(), mode, paths };
    let Answer::Ran { run, report } = super::submit(global, request, &Bars::new(library.as_str()))? else {
        anyhow::bail!("the daemon gave an answer to another question");
    };
    if args.json {
        println!("{}", serde_json::to_string(&run)?);
    } else {
        print_report(global, &run, &report);
    }
    Ok(super::outcome_of(&run))
}

/// A run with its files and rejects, readable.
pub(super) fn print_report(global: &Global, run: &Run, report: &Report) {
    let n_files = report.files.len();
    println!(
        "{}: {} records seen in {n_files} {}, {:.1} MB, {:.1} s",
        run.library,
        run.seen,
        if n_files == 1 { "file" } else { "files" },
        run.bytes as f64 / 1e6,
        run.seconds,
    );
    println!(
        "  {} new, {} changed, {} same, {} duplicate, {} rejected; {} deleted; {} repaired",
        run.new, run.changed, run.same, run.duplicate, run.rejected, run.deleted, run.repaired,
    );
    match run.state {
        RunState::Ok => {}
        RunState::Held => println!(
            "  held: nothing was changed; `lianmu runs release {0}` takes it in, `lianmu runs discard {0}` throws it \
             away",
            run.run
        ),
        RunState::OkNothingNew => println!("  nothing new"),
        RunState::Partial if run.mode == "full" => println!("  the set is not whole: nothing was changed"),
        RunState::Partial => println!("  the source broke off: what came is kept"),
        RunState::Failed => println!("  nothing usable came: nothing was changed"),
    }
    if let Some(reason) = &run.reason {
        println!("  {reason}");
    }
    for reject in &report.rejects {
        let cause = FlawCode::from_code(&reject.code).map_or("", |code| code.sentence(Lang::En));
        println!(
            "  rejected: {}, record {}, byte {}, {} bytes: {} ({cause})",
            reject.file, reject.n, reject.offset, reject.length, reject.code,
        );
    }
    let unnamed = run.rejected.saturating_sub(report.rejects.len() as u64);
    if unnamed > 0 {
        println!("  and {unnamed} more");
    }
    if let Some(folder) = &report.quarantine {
        println!("  rejects are kept in {}", global.data.join(folder).display());
    }
}

fn print_guess(files: &[PathBuf], json: bool) -> anyhow::Result<Outcome> {
    let sample = pipeline::sample_of(files)?;
    if sample.is_empty() {
        anyhow::bail!("no record could be read, so there is nothing to guess from");
    }
    let guess = guess_profile(&sample);
    if json {
        println!("{}", guess_document(&guess));
        return Ok(Outcome::Done);
    }
    println!("guessed from {} records; nothing was stored", guess.n_records);
    for line in &guess.evidence {
        println!(
            "  {} ${}  {:?}, {:.0} %: {}; {}",
            line.tag,
            line.code,
            line.role,
            line.share * 100.0,
            line.because,
            line.examples.join(" · "),
        );
    }
    println!();
    print!("{}", toml::to_string_pretty(&guess.profile)?);
    Ok(Outcome::Done)
}

fn guess_document(guess: &Guess) -> serde_json::Value {
    let evidence: Vec<serde_json::Value> = guess
        .evidence
        .iter()
        .map(|line| {
            serde_json::json!({
                "tag": line.tag, "subfield": line.code, "role": line.role, "share": line.share,
                "because": line.because, "examples": line.examples,
            })
        })
        .collect();
    serde_json::json!({"records": guess.n_records, "profile": guess.profile, "evidence": evidence})
}
