//! A statement is read once a connection and kept, whoever asks it.

use rusqlite::{Connection, Params, Row};

/// SQL that is constant text, on the connection or inside a write.
pub(super) trait Cached {
    /// Executes a statement; how many rows it has changed.
    fn run(&self, sql: &'static str, values: impl Params) -> rusqlite::Result<usize>;

    /// The first row a statement finds.
    fn row<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T>;
}

impl Cached for Connection {
    fn run(&self, sql: &'static str, values: impl Params) -> rusqlite::Result<usize> {
        self.prepare_cached(sql)?.execute(values)
    }

    fn row<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.prepare_cached(sql)?.query_row(values, read)
    }
}
