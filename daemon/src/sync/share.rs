//! What this machine gives to its neighbours: files of generations that are here, and packs of original records, each by
//! its hash. It lists nothing and is asked for nothing else.

use std::fs;
use std::path::{Component, Path, PathBuf};

use indexer::index;

/// The file whose content has a BLAKE3, as its 64 small hexadecimal digits; nothing where no generation here names it.
/// What it holds is not compared: whoever asked for it does that.
pub fn file_by_hash(data_dir: &Path, blake3: &str) -> Option<PathBuf> {
    if blake3.len() != 64 || !blake3.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let catalogue = data_dir.join("catalogue");
    // The newest first: that is what is asked for.
    index::names_here(&catalogue).iter().rev().find_map(|generation| {
        let manifest = index::manifest_of(&catalogue, generation)?;
        let dir = catalogue.join(generation);
        let named = manifest.files.iter().find(|file| file.blake3 == blake3 && is_plain(&file.name));
        let file = named.map(|file| dir.join(&file.name)).or_else(|| {
            let own = dir.join(index::MANIFEST);
            // Of itself a manifest cannot say the hash.
            fs::read(&own).is_ok_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == blake3).then_some(own)
        });
        let original = || {
            let name =
                manifest.packs.iter().find(|pack| *pack == blake3).map(|pack| format!("{pack}.pack"))?;
            let mut folders = manifest.libraries.iter().map(|library| library.code.as_str());
            let of = |code: &str| data_dir.join("archive").join(code).join("packs").join(&name);
            folders.find(|code| is_plain(code) && is_file(&of(code))).map(of)
        };
        file.filter(|path| is_file(path)).or_else(original)
    })
}

// A name that leads nowhere else, whatever a manifest says.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none()
}

// A link is none of them, wherever it leads.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}
