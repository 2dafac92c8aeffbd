//! How should entries be stored: each by itself with a trained dictionary, or many in a block?
//!
//! `cargo bench -p benches --bench stored -- CATALOGUE` takes the entries of the generation in force, in their order,
//! and says of each form how many bytes an entry takes, how long it takes to press one, and how long a page of twenty
//! takes that stand anywhere. Bytes are those of the frames; where each begins is the same to all.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::path::PathBuf;
use std::time::Instant;

use indexer::index::Generation;
use zstd::bulk::{Compressor, Decompressor};

/// Entries on which a dictionary is trained, evenly spread.
const SAMPLES: usize = 8_000;
const PAGE: usize = 20;
const N_PAGES: usize = 2_000;
/// So many entries at most, of all that there are: they are held in memory.
const MOST: usize = 400_000;

/// Entries that are pressed together, and where each stands in it.
struct Frame {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let path = PathBuf::from(path.ok_or("which catalogue?")?);
    let generation = Generation::open_in_force(&path)?.ok_or("no generation is in force there")?;
    let numbers = generation.live().take(MOST);
    let entries: Vec<Vec<u8>> = numbers.map(|number| generation.packed(number)).collect::<Result<_, _>>()?;
    let n_bytes: usize = entries.iter().map(Vec::len).sum();
    println!("{} entries of {:.1} bytes", entries.len(), n_bytes as f64 / entries.len() as f64);
    let sample: Vec<&[u8]> =
        entries.iter().step_by(entries.len().div_ceil(SAMPLES)).map(Vec::as_slice).collect();
    for kibibytes in [16, 112, 700] {
        let dictionary = zstd::dict::from_samples(&sample, kibibytes << 10)?;
        for level in [3, 12] {
            let name = format!("one by one, dictionary of {kibibytes} KiB, level {level}");
            measure(&name, &entries, 1, level, &dictionary)?;
        }
    }
    for kibibytes in [4, 16, 64] {
        for level in [3, 12] {
            measure(
                &format!("blocks of {kibibytes} KiB, level {level}"),
                &entries,
                kibibytes << 10,
                level,
                &[],
            )?;
        }
    }
    let dictionary = zstd::dict::from_samples(&sample, 112 << 10)?;
    measure("blocks of 4 KiB, dictionary of 112 KiB, level 12", &entries, 4 << 10, 12, &dictionary)
}

/// Presses all, then fetches pages.
fn measure(
    name: &str,
    entries: &[Vec<u8>],
    least: usize,
    level: i32,
    dictionary: &[u8],
) -> Result<(), Box<dyn std::error::Error>> {
    let mut compressor = Compressor::with_dictionary(level, dictionary)?;
    let start = Instant::now();
    let mut frames: Vec<Frame> = Vec::new();
    let mut places = Vec::with_capacity(entries.len());
    let (mut open, mut ends) = (Vec::new(), Vec::new());
    for entry in entries {
        places.push((frames.len(), ends.len()));
        open.extend_from_slice(entry);
        ends.push(open.len());
        if open.len() >= least {
            frames.push(Frame { bytes: compressor.compress(&open)?, ends: std::mem::take(&mut ends) });
            open.clear();
        }
    }
    frames.push(Frame { bytes: compressor.compress(&open)?, ends });
    let pressing = start.elapsed().as_secs_f64() / entries.len() as f64;
    let n_bytes: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
    let (p50, p99) = pages(entries, &frames, &places, dictionary)?;
    println!(
        "{name}: {:.1} bytes, {:.1} µs to press one, page of twenty {p50:.1} / {p99:.1} µs",
        n_bytes as f64 / entries.len() as f64,
        pressing * 1e6,
    );
    Ok(())
}

/// Microseconds to fetch a page, the median and the 99th percentile.
fn pages(
    entries: &[Vec<u8>],
    frames: &[Frame],
    places: &[(usize, usize)],
    dictionary: &[u8],
) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let mut decompressor = Decompressor::with_dictionary(dictionary)?;
    let largest = frames.iter().filter_map(|frame| frame.ends.last()).max().copied().unwrap_or_default();
    let mut room = Vec::with_capacity(largest);
    let mut dice = 46_u64;
    let mut times = Vec::with_capacity(N_PAGES);
    for _ in 0..N_PAGES {
        let mut page = Vec::with_capacity(PAGE);
        let start = Instant::now();
        for _ in 0..PAGE {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let n = (dice >> 33) as usize % entries.len();
            let (frame, nth) = places[n];
            let frame = &frames[frame];
            room.clear();
            decompressor.decompress_to_buffer(&frame.bytes, &mut room)?;
            let begin = if nth == 0 { 0 } else { frame.ends[nth - 1] };
            page.push((n, room[begin..frame.ends[nth]].to_vec()));
        }
        times.push(start.elapsed().as_secs_f64() * 1e6);
        if page.iter().any(|(n, entry)| entries[*n] != *entry) {
            return Err("an entry came back as another".into());
        }
    }
    times.sort_by(f64::total_cmp);
    Ok((times[N_PAGES / 2], times[N_PAGES * 99 / 100]))
}
