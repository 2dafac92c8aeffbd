//! The centre.

pub mod iso18626;
