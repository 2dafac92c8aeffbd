//! The entries of the generation in force: whose records they join, and on what grounds.

use std::path::Path;

use indexer::index::Generation;

use crate::Result;
use crate::pool::{Place, Pool};

/// What was found beside the assignment itself.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) entries: u64,
    /// Members whose record the truth does not know.
    pub(crate) unknown: u64,
    /// Records that are in more than one entry.
    pub(crate) doubled: u64,
    /// Links between members with the names of what agreed.
    pub(crate) links: Vec<(Place, Place, String)>,
}

/// Assigns every member record of the generation to its entry.
pub(crate) fn read(catalogue: &Path, pool: &mut Pool) -> Result<Found> {
    let generation = Generation::open_in_force(catalogue)?.ok_or("no generation in force")?;
    pool.forget_entries();
    let mut found = Found::default();
    for number in generation.live() {
        let entry = generation.entry(number)?;
        found.entries += 1;
        let members = entry.members.iter();
        let places: Vec<Option<Place>> =
            members.map(|m| pool.find(m.library.as_str(), m.control_number.as_deref())).collect();
        for place in &places {
            match place {
                None => found.unknown += 1,
                Some(place) if pool.assign(*place, number).is_some() => found.doubled += 1,
                Some(_) => {}
            }
        }
        for link in &entry.links {
            let place = |at: u16| places.get(usize::from(at)).copied().flatten();
            if let (Some(a), Some(b)) = (place(link.a), place(link.b)) {
                let names: Vec<&str> = link.grounds.names().collect();
                found.links.push((a, b, names.join(" + ")));
            }
        }
    }
    Ok(found)
}
