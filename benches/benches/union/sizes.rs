//! Bytes a member record, of the archive and of the generation in force, by kind of file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Result;

/// Prints them.
pub(crate) fn report(data: &Path, n_records: usize, n_entries: u64) -> Result<()> {
    let generation = std::fs::read_to_string(data.join("catalogue/current"))?;
    let archive = by_kind(&data.join("archive"))?;
    let index = by_kind(&data.join("catalogue").join(generation.trim()))?;
    let kept: u64 = by_kind(&data.join("catalogue/kept"))?.values().sum();
    let per_record = |bytes: u64| bytes as f64 / n_records as f64;
    let (archive_bytes, index_bytes): (u64, u64) = (archive.values().sum(), index.values().sum());
    println!(
        "bytes a record: archive {:.1}, index {:.1} ({:.1} an entry), together {:.1}; kept for the night {:.1}, with it {:.1}",
        per_record(archive_bytes),
        per_record(index_bytes),
        index_bytes as f64 / n_entries.max(1) as f64,
        per_record(archive_bytes + index_bytes),
        per_record(kept),
        per_record(archive_bytes + index_bytes + kept)
    );
    for (name, kinds) in [("archive", archive), ("index", index)] {
        let mut kinds: Vec<(String, u64)> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        for (kind, bytes) in kinds {
            println!("  {name:8} {kind:20} {:8.2}", per_record(bytes));
        }
    }
    Ok(())
}

/// All bytes below a folder by the ending of the files, or by their names where they have none.
fn by_kind(folder: &Path) -> Result<BTreeMap<String, u64>> {
    let (mut kinds, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(&folder)? {
            let path = item?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Segment files are named by hashes, side files of layers by numbers.
            let kind = name.rsplit_once('.').map_or(name.as_str(), |(stem, ending)| {
                let named = stem.len() < 32 && stem.chars().any(|c| c.is_alphabetic());
                if named { name.as_str() } else { ending }
            });
            *kinds.entry(kind.to_owned()).or_default() += path.metadata()?.len();
        }
    }
    Ok(kinds)
}
