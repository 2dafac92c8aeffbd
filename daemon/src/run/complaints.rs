//! What goes wrong again and again is logged once: a full disk complains four times a second.

use std::collections::HashMap;

use crate::{Result, import};

/// What was said last of each kind of work.
#[derive(Default)]
pub(super) struct Complaints(HashMap<&'static str, String>);

impl Complaints {
    /// Logs how a kind of work went where that is news.
    pub(super) fn note(&mut self, what: &'static str, result: Result<()>) {
        match result {
            Ok(()) => {
                if self.0.remove(what).is_some() {
                    tracing::info!("{what} works again");
                }
            }
            Err(error) => {
                let text = import::chain(&error);
                if self.0.get(what) != Some(&text) {
                    tracing::error!(error = text, "{what} failed");
                    self.0.insert(what, text);
                }
            }
        }
    }
}
