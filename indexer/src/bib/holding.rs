//! One library's copies of one edition, as far as the export tells.

use serde::{Deserialize, Serialize};

/// Copies of one call number at one location.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// Shelving location (馆藏地) as the library writes it.
    pub location: Option<String>,
    /// Call number as the library sent it, parts joined by `/` (DOMAIN §5).
    pub call_number: Option<String>,
    /// Number of copies; 0 where the export does not tell.
    pub copies: u16,
    /// Item barcodes, at most 500.
    pub barcodes: Vec<String>,
    /// Volumes or years held, as written.
    pub coverage: Option<String>,
    /// Whether the copies may be lent, and why not.
    pub lendable: Lendable,
}

/// Whether copies may be lent, as far as the export tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lendable {
    /// Nothing speaks against it and the profile knows the location.
    Yes,
    /// The word in location, type or status that forbids it: 阅览室, 保存本.
    No {
        /// The word found.
        reason: String,
    },
    /// The export does not tell.
    Unknown,
}
