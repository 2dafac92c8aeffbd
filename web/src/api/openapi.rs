//! The description of the API, written by hand beside it.

/// OpenAPI 3.1.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");
