//! How good, how fast and how small is the union, and what does a night's change cost?
//!
//! `cargo bench -p benches --bench union -- 100000 [--dir DIR] [--real] [--no-nights] [--examples]`, with the
//! number of member records. Makes the exports of a consortium whose truth is known, imports and builds them
//! through the real pipeline in a process of its own, and judges the entries of the generation. `--real` takes
//! real titles and authors from the corpus beside the project.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod entries;
mod nights;
mod pool;
mod report;
mod sizes;
mod stage;

use std::path::{Path, PathBuf};
use std::time::Instant;

use data::sample::judge::judge;
use pool::Pool;

// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Shares of the records that nights touch.
const NIGHTS: [f64; 3] = [0.001, 0.01, 0.1];

struct Options {
    records: usize,
    dir: Option<PathBuf>,
    real: bool,
    nights: bool,
    examples: bool,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some((stage, rest)) = stage::asked_for(&args) {
        // As the program does.
        #[cfg(target_os = "linux")]
        let _ = rustix::thread::disable_transparent_huge_pages(true);
        return stage.run(rest);
    }
    let options = options(&args);
    let temporary = tempfile::tempdir()?;
    let dir = options.dir.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(dir)?;
    let Some(mut pool) = Pool::of(options.records, options.real) else {
        println!("skipped: there is no corpus of real titles beside the project");
        return Ok(());
    };
    measure(&mut pool, dir, &options)
}

fn options(args: &[String]) -> Options {
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    Options {
        records: args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(100_000),
        dir: args.iter().position(|arg| arg == "--dir").and_then(|at| args.get(at + 1)).map(PathBuf::from),
        real: has("--real"),
        nights: !has("--no-nights"),
        examples: has("--examples"),
    }
}

fn measure(pool: &mut Pool, dir: &Path, options: &Options) -> Result<()> {
    let start = Instant::now();
    let exports = dir.join("exports");
    pool.write_exports(&exports)?;
    let (n, seconds) = (pool.n_records(), start.elapsed().as_secs_f64());
    println!("{}: {n} records in {} libraries, written in {seconds:.1} s", pool.name(), pool.n_libraries());

    let data = dir.join("data");
    let import = stage::measured(&["--import", &text(&data), &text(&exports)])?;
    let build = stage::measured(&["--build", &text(&data), "--full"])?;
    report::speed("import", n, &import);
    report::speed("build", n, &build);
    report::speed("together", n, &import.and(&build));

    let catalogue = data.join("catalogue");
    let found = entries::read(&catalogue, pool)?;
    let (records, places) = pool.judged();
    let verdict = judge(&records);
    report::found(&found, pool);
    report::verdict(&verdict);
    report::grounds(&found, pool);
    sizes::report(&data, n, verdict.entries)?;
    if options.examples {
        report::examples(&verdict, &places, pool);
    }
    if options.nights && !options.real {
        for share in NIGHTS {
            nights::measure(pool, &data, dir, share, &build)?;
        }
    }
    Ok(())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
