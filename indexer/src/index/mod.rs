//! Entries → a generation of the catalogue on disk.
