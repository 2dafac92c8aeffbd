//! Measurements: one bench a question, peers side by side; `RESULTS.md` keeps what came out.
