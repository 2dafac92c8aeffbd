//! The one sentence: read → decode → map → archive → cluster → index; all rayon is here.
//!
//! `import` takes files into a library's archive, `build` makes a generation of what all archives hold.
//! Neither knows a clock, a lock or a terminal: time comes in as text, progress goes out through a trait.

mod progress;

pub use progress::{Progress, Stage};
