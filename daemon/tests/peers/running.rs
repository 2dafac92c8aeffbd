//! Programs that this project did not write, each a process of its own. A test whose peer is not installed says so and
//! passes, or fails where `LIANMU_PEERS=required`.

use std::process::Child;

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A peer that is not there is missed by whoever installed it.
#[track_caller]
pub(crate) fn skip(what: &str) {
    assert!(std::env::var("LIANMU_PEERS").as_deref() != Ok("required"), "{what}");
    eprintln!("skipped: {what}");
}
