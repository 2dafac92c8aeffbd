//! Measurements: one bench a question, peers side by side; `RESULTS.md` keeps what came out.
//!
//! What the benches share and what has tests of its own is here.

pub mod real;
