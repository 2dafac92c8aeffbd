//! The seeded consortium generator that demo, tests and benches share.
