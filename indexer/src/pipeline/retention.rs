//! Which states and packs of the archives are still needed, by what the generations on the disk say of themselves.
//!
//! It removes nothing where a generation cannot be asked. Undo is the archive's affair.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::error::Result;
use crate::archive::{Archive, Needed, Removed};
use crate::bib::LibraryCode;

/// Of a manifest what counts here; a layout of another version names its packs all the same.
#[derive(Deserialize)]
struct BuiltFrom {
    packs: Vec<String>,
    libraries: Vec<BuiltLibrary>,
}

#[derive(Deserialize)]
struct BuiltLibrary {
    code: LibraryCode,
    #[serde(default)]
    state: Option<u64>,
}

/// Removes the states and packs of all libraries that neither undoing nor any generation needs. States that runs
/// put in force once stay longer than others.
pub fn remove_unneeded(
    archive: &Archive,
    data_dir: &Path,
    once_in_force: BTreeSet<(LibraryCode, u64)>,
) -> Result<Removed> {
    let mut all = Removed::default();
    let Some(needed) = needed_by_generations(&data_dir.join("catalogue")) else { return Ok(all) };
    let needed = Needed { once_in_force, ..needed };
    for code in archive.libraries()? {
        let removed = archive.library(&code)?.remove_unneeded(&needed)?;
        all.states += removed.states;
        all.packs += removed.packs;
    }
    Ok(all)
}

// Nothing where one of them does not say.
fn needed_by_generations(catalogue: &Path) -> Option<Needed> {
    let mut needed = Needed::default();
    let items = match std::fs::read_dir(catalogue) {
        Ok(items) => items,
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(needed),
        Err(_) => return None,
    };
    for item in items {
        let path = item.ok()?.path();
        if !path.is_dir() {
            continue;
        }
        let manifest = match std::fs::read(path.join("manifest.json")) {
            Ok(bytes) => serde_json::from_slice::<BuiltFrom>(&bytes).ok()?,
            // Not finished, so never in force.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(_) => return None,
        };
        needed.packs.extend(manifest.packs);
        let states =
            manifest.libraries.into_iter().filter_map(|library| Some((library.code, library.state?)));
        needed.states.extend(states);
    }
    Some(needed)
}
