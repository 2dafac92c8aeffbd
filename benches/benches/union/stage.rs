//! One stage of the work in a process of its own, so that its memory and its processor time are its own.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use indexer::archive::{Archive, ImportMode};
use indexer::bib::LibraryCode;
use indexer::pipeline::{BuildOptions, Built, DeltaLimits, ImportRequest, build, ensure_profile, import};

use crate::Result;

/// What this program does when it is started for one stage.
pub(crate) enum Stage {
    Import,
    Night,
    Build,
}

/// What a stage took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_bytes: u64,
}

impl Cost {
    /// One after the other.
    pub(crate) fn and(&self, other: &Cost) -> Cost {
        Cost {
            seconds: self.seconds + other.seconds,
            cpu_seconds: self.cpu_seconds + other.cpu_seconds,
            peak_bytes: self.peak_bytes.max(other.peak_bytes),
        }
    }
}

/// The stage that the arguments name, and its own arguments.
pub(crate) fn asked_for(args: &[String]) -> Option<(Stage, &[String])> {
    let stage = match args.first()?.as_str() {
        "--import" => Stage::Import,
        "--night" => Stage::Night,
        "--build" => Stage::Build,
        _ => return None,
    };
    Some((stage, &args[1..]))
}

/// Starts this program for a stage and reads what it took; other lines of its are passed on.
pub(crate) fn measured(args: &[&str]) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?).args(args).output()?;
    if !output.status.success() {
        return Err(format!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut cost = Cost::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Some(figures) = line.strip_prefix("cost ") else {
            println!("  {line}");
            continue;
        };
        let figures: Vec<f64> = figures.split(' ').filter_map(|figure| figure.parse().ok()).collect();
        if let [seconds, cpu_seconds, peak] = figures[..] {
            cost = Cost { seconds, cpu_seconds, peak_bytes: peak as u64 };
        }
    }
    Ok(cost)
}

impl Stage {
    /// Does it and says what it took.
    pub(crate) fn run(&self, args: &[String]) -> Result<()> {
        let start = Instant::now();
        let data = Path::new(args.first().ok_or("no data directory")?);
        match self {
            Self::Import => import_folder(data, Path::new(&args[1]), ImportMode::Full)?,
            Self::Night => {
                import_folder(data, &Path::new(&args[1]).join("changed"), ImportMode::Delta)?;
                import_folder(data, &Path::new(&args[1]).join("withdrawn"), ImportMode::Delete)?;
            }
            Self::Build => build_generation(data, args.iter().any(|arg| arg == "--full"))?,
        }
        let (cpu_seconds, peak) = (cpu_seconds(), peak_bytes());
        println!("cost {:.3} {cpu_seconds:.3} {peak}", start.elapsed().as_secs_f64());
        Ok(())
    }
}

fn import_folder(data: &Path, folder: &Path, mode: ImportMode) -> Result<()> {
    let archive = Archive::open(data)?;
    let mut paths: Vec<_> =
        std::fs::read_dir(folder)?.map(|item| item.map(|i| i.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    for path in paths {
        let library = LibraryCode::new(path.file_name().unwrap_or_default().to_string_lossy());
        let request = ImportRequest { library, mode, paths: vec![path], run: "bench".to_owned() };
        import(&archive, &request, &())?;
        ensure_profile(&archive, &request.library)?;
    }
    Ok(())
}

fn build_generation(data: &Path, full: bool) -> Result<()> {
    let built_at = "2026-11-25".to_owned();
    let options =
        BuildOptions { full, limits: DeltaLimits::default(), threads: 2, memory_bytes: 512 << 20, built_at };
    match build(data, &options, &())? {
        Built::NothingToDo { .. } => println!("nothing to build"),
        Built::New { counts, way, .. } => println!("{way:?}, {counts:?}"),
    }
    Ok(())
}

/// Of all threads of this process; the kernel counts hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}
