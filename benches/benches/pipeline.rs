//! How many records a second become a searchable generation, from export files on?
//!
//! `cargo bench -p benches --bench pipeline -- 30000` with the number of works; 3.5 records each.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::time::Instant;

use data::sample::{Config, Consortium};
use indexer::archive::{Archive, ImportMode};
use indexer::bib::LibraryCode;
use indexer::pipeline::{BuildOptions, DeltaLimits, ImportRequest, build, ensure_profile, import};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let works = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(30_000);
    let folder = tempfile::tempdir()?;
    let consortium = Consortium::new(Config::demo(46, works));
    let mut requests = Vec::new();
    let (mut records, mut bytes) = (0, 0);
    for position in 0..consortium.libraries().len() {
        let export = consortium.export(position);
        let path = folder.path().join(&export.file_name);
        std::fs::write(&path, &export.bytes)?;
        records += export.truth.len();
        bytes += export.bytes.len();
        requests.push(ImportRequest {
            library: LibraryCode::new(export.library.as_str()),
            mode: ImportMode::Full,
            paths: vec![path],
            run: "bench".to_owned(),
        });
    }
    println!("{records} records, {bytes} bytes in {} files", requests.len());
    let data_dir = folder.path().join("data");
    let archive = Archive::open(&data_dir)?;
    let start = Instant::now();
    for request in requests.iter().filter(|r| r.paths[0].metadata().is_ok_and(|m| m.len() > 0)) {
        import(&archive, request, &())?;
        ensure_profile(&archive, &request.library)?;
    }
    say("import", records, start);
    let building = Instant::now();
    let built_at = "2026-11-25".to_owned();
    build(
        &data_dir,
        &BuildOptions {
            full: true,
            limits: DeltaLimits::default(),
            threads: 2,
            memory_bytes: 512 << 20,
            built_at,
        },
        &(),
    )?;
    say("build", records, building);
    say("both", records, start);
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
    Ok(())
}

fn say(what: &str, records: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what:8} {seconds:6.2} s  {:.0} records/s", records as f64 / seconds);
}
