//! From any earlier version of `state.db` to this one, forwards only, each step whole or not at all.
//!
//! Before the first step an older file is copied beside itself, so that a person can go back.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::{Error, Result};

/// The steps in order; step n makes version n. A step is never changed once it was released.
pub(super) const ALL: &[&str] = &[
    include_str!("1.sql"),
    include_str!("2.sql"),
    include_str!("3.sql"),
    include_str!("4.sql"),
    include_str!("5.sql"),
    include_str!("6.sql"),
    include_str!("7.sql"),
    include_str!("8.sql"),
    include_str!("9.sql"),
    include_str!("10.sql"),
    include_str!("11.sql"),
    include_str!("12.sql"),
    include_str!("13.sql"),
    include_str!("14.sql"),
    include_str!("15.sql"),
    include_str!("16.sql"),
    include_str!("17.sql"),
    include_str!("18.sql"),
    include_str!("19.sql"),
    include_str!("20.sql"),
];

/// "LMST" marks the file as ours.
const APPLICATION: i32 = 0x4c4d_5354;

pub(super) fn bring_up_to_date(connection: &mut Connection, data_dir: &Path, steps: &[&str]) -> Result<()> {
    let version = version_of(connection)?;
    if version > steps.len() {
        let path = data_dir.join("state.db");
        return Err(Error::StateTooNew { path, found: version, known: steps.len() });
    }
    if version > 0 && version < steps.len() {
        keep_copy(connection, data_dir, version)?;
    }
    for (number, step) in steps.iter().enumerate().skip(version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have done it while this one waited for its turn.
        let done: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if done as usize <= number {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", number as u32 + 1)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn version_of(connection: &Connection) -> Result<usize> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(version as usize)
}

fn keep_copy(connection: &Connection, data_dir: &Path, version: usize) -> Result<()> {
    let copy = data_dir.join(format!("state.db.version-{version}"));
    if copy.exists() {
        std::fs::remove_file(&copy).map_err(Error::writing(&copy))?;
    }
    connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    Ok(())
}
