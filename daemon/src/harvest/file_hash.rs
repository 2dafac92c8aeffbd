//! The hash by which a file is known again, whatever it is called and wherever it lies.

use std::fs::File;
use std::path::Path;

use crate::{Error, Result};

/// Hash of a file's content.
pub(super) fn file_hash(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let file = File::open(path).map_err(Error::reading(path))?;
    hasher.update_reader(file).map_err(Error::reading(path))?;
    Ok(hasher.finalize().to_hex().to_string())
}
