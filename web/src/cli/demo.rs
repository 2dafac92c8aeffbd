//! `lianmu demo`: a whole consortium from nothing, through the real import and build, then served.
//!
//! What an interrupted first start has finished is not done again: exports are made whole or not at all, and a
//! library that has an archive has been imported. With a generation in force it only serves.

mod consortium;
mod house;
mod line;
mod machine;

use std::collections::HashSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use daemon::Writer;
use daemon::clock::SystemClock;
use daemon::import::ImportSet;
use daemon::lock::Holder;
use daemon::runs::RunState;
use daemon::settings::Settings;
use daemon::store::{AccountRole, NewAccount, Store};
use data::sample::{Config, Consortium, Truth};
use indexer::archive::{Archive, ImportMode};
use indexer::bib::LibraryCode;
use indexer::files::{Disk, replace_private_file};
use indexer::pipeline::Built;
use jiff::Timestamp;

use super::progress::Bars;
use super::{Global, Outcome, progress, serve};
use crate::login::password;
use crate::login::secret::Secret;

/// Works that give a little more than 100,000 member records.
const WORKS: u32 = 30_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of works in the invented consortium.
    #[arg(long, value_name = "N", default_value_t = WORKS)]
    works: u32,
    /// Seed: the same one gives the same consortium.
    #[arg(long, value_name = "S", default_value_t = 8046)]
    seed: u64,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// A hub and two branches, each a process of its own, at this address and the two ports after it.
    #[arg(long)]
    consortium: bool,
    /// End when the day of the consortium has been told.
    #[arg(long, requires = "consortium")]
    once: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let mut settings = super::settings(global)?;
    if let Some(listen) = args.listen {
        settings.listen_on(listen);
    }
    if args.consortium {
        return consortium::run(global, &args, settings.server.listen);
    }
    if !global.data.join("catalogue").join("current").is_file() {
        prepare(global, &settings, &args)?;
    }
    let (password, are_new) = accounts(&global.data, |_| true, None)?;
    if are_new {
        house::furnish(&super::open_app(global)?)?;
    }
    print_what_to_try(settings.server.listen, &password);
    serve::serve(settings, global)
}

fn prepare(global: &Global, settings: &Settings, args: &Args) -> anyhow::Result<()> {
    let began = Instant::now();
    let exports = global.data.join("demo-exports");
    make_exports(&exports, args)?;
    let clock = Arc::new(SystemClock::default());
    let writer = Writer::open(&global.data, settings, Holder::Command, clock)?;
    let n_records = import_all(&writer, &exports)?;
    if let Built::New { summary, .. } = daemon::build::build(&writer, false, &Bars::new("build"))? {
        eprintln!(
            "built generation {}: {} entries from {n_records} new records in {:.0} s",
            summary.generation,
            summary.entries,
            began.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

// Made beside their place and renamed, so that a half-made consortium is never taken for a whole one.
fn make_exports(exports: &Path, args: &Args) -> anyhow::Result<()> {
    if exports.is_dir() {
        eprintln!("using the exports in {}", exports.display());
        return Ok(());
    }
    let unfinished = exports.with_extension("part");
    if unfinished.is_dir() {
        std::fs::remove_dir_all(&unfinished)
            .with_context(|| format!("cannot remove {}", unfinished.display()))?;
    }
    std::fs::create_dir_all(&unfinished).with_context(|| format!("cannot make {}", unfinished.display()))?;
    eprintln!("inventing a consortium of {} works (seed {})", args.works, args.seed);
    write_exports(&unfinished, args)?;
    std::fs::rename(&unfinished, exports).with_context(|| format!("cannot name {}", exports.display()))?;
    Ok(())
}

// A sub-folder a library, and beside them the table of truth for whoever wants to check the union.
fn write_exports(folder: &Path, args: &Args) -> anyhow::Result<()> {
    let consortium = Consortium::new(Config::demo(args.seed, args.works));
    let bar = progress::bar("exports", consortium.libraries().len() as u64);
    let mut truth = std::io::BufWriter::new(std::fs::File::create(folder.join("truth.tsv"))?);
    writeln!(truth, "{}", Truth::HEADER)?;
    for position in 0..consortium.libraries().len() {
        let export = consortium.export(position);
        let own = folder.join(&export.library);
        std::fs::create_dir_all(&own).with_context(|| format!("cannot make {}", own.display()))?;
        let path = own.join(&export.file_name);
        std::fs::write(&path, &export.bytes).with_context(|| format!("cannot write {}", path.display()))?;
        for row in &export.truth {
            writeln!(truth, "{}", row.row(&export.library))?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    truth.flush().context("cannot write the table of truth")
}

fn import_all(writer: &Writer, exports: &Path) -> anyhow::Result<u64> {
    let done: HashSet<LibraryCode> = Archive::open(writer.data_dir())?.libraries()?.into_iter().collect();
    let sets = sets_of(exports)?;
    let mut n_records = 0;
    for (number, (library, folder)) in sets.iter().enumerate() {
        if done.contains(library) {
            continue;
        }
        let set = ImportSet { library: library.clone(), mode: ImportMode::Full, paths: vec![folder.clone()] };
        let bars = Bars::new(format!("{:>2}/{} {:<8}", number + 1, sets.len(), library.as_str()));
        let mut run = daemon::import::import(writer, &set, &bars)?.run;
        // Some exports are cut off on purpose; the person who would look at that knows it.
        if run.state == RunState::Held {
            run = daemon::holds::release(writer, &run.run, &bars)?.run;
        }
        eprintln!(
            "{:<8} {:>6} records, {} repaired, {} rejected, {} duplicate, {:.1} s",
            run.library, run.seen, run.repaired, run.rejected, run.duplicate, run.seconds
        );
        n_records += run.new;
    }
    Ok(n_records)
}

// A sub-folder a library, named by its code.
fn sets_of(exports: &Path) -> anyhow::Result<Vec<(LibraryCode, PathBuf)>> {
    let mut sets = Vec::new();
    for item in std::fs::read_dir(exports).with_context(|| format!("cannot read {}", exports.display()))? {
        let item = item?;
        if item.path().is_dir() {
            sets.push((LibraryCode::new(item.file_name().to_string_lossy()), item.path()));
        }
    }
    sets.sort();
    Ok(sets)
}

/// Who may sign in: somebody who asks for books, who lends them, and who looks after all. The people are invented.
const PEOPLE: [(&str, &str, &str, AccountRole); 4] = [
    ("BJFU", "reader", "林小雨", AccountRole::Reader),
    ("BJFU", "staff", "周致远", AccountRole::Staff),
    ("PKU", "staff", "沈书航", AccountRole::Staff),
    ("BJFU", "admin", "顾明月", AccountRole::Admin),
];

// The password of all of them is drawn for this data directory, unless it is given, and kept in it, so that each start
// can say it; and whether they were not there before.
fn accounts(
    data: &Path,
    wants: impl Fn(&str) -> bool,
    given: Option<&str>,
) -> anyhow::Result<(String, bool)> {
    let file = data.join("demo-password");
    let password = match std::fs::read_to_string(&file) {
        Ok(password) => password,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            let drawn = match given {
                Some(given) => given.to_owned(),
                None => Secret::random()?.reveal()[..16].to_owned(),
            };
            // Kept before any account has it: whoever is interrupted goes on with the same one.
            replace_private_file(&Disk, &file, drawn.as_bytes())
                .with_context(|| format!("cannot write {}", file.display()))?;
            drawn
        }
        Err(cause) => return Err(cause).with_context(|| format!("cannot read {}", file.display())),
    };
    let store = Store::open(data)?;
    let are_new = !store.has_admin()?;
    for (library, barcode, name, role) in PEOPLE.into_iter().filter(|(library, ..)| wants(library)) {
        if store.account(library, barcode)?.is_none() {
            let hash = password::hash(&password)?;
            let new = NewAccount {
                library,
                barcode,
                code: barcode,
                name,
                email: "demo@example.org",
                phone: "",
                lang: "",
                role,
                password: Some(&hash),
            };
            store.add_account(&new, Timestamp::now())?;
        }
    }
    Ok((password, are_new))
}

fn print_what_to_try(listen: SocketAddr, password: &str) {
    println!("open http://{listen}/ and search for 红楼梦, java, or by pinyin: sgyy");
    println!(
        "sign in at http://{listen}/login as reader, staff or admin of BJFU (北京林业大学图书馆) or staff of PKU \
         (北京大学图书馆); password of each: {password}"
    );
    println!(
        "ask the API: curl 'http://{listen}/api/v1/search?q=java'; or lianmu search 历史 --library BJFU"
    );
}
