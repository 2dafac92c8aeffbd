//! Named steps of a message's way, at which a test kills the process: `LIANMU_KILL_AT=settle-inside:2` dies when it is
//! there for the second time, as by SIGKILL. A program built without debug assertions knows no steps.

/// A step has been reached: `phase` is `before` its transaction, `inside` it with all but the commit done, or `after`.
pub(super) fn reached(step: &str, phase: &str) {
    #[cfg(all(debug_assertions, unix))]
    wanted::die_if_it_is(step, phase);
    #[cfg(not(all(debug_assertions, unix)))]
    let _ = (step, phase);
}

#[cfg(all(debug_assertions, unix))]
mod wanted {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    static WANTED: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();

    fn read() -> Option<(String, AtomicU32)> {
        let text = std::env::var("LIANMU_KILL_AT").ok()?;
        let (name, n) = text.split_once(':')?;
        Some((name.to_owned(), AtomicU32::new(n.parse().ok()?)))
    }

    pub(super) fn die_if_it_is(step: &str, phase: &str) {
        let Some((name, left)) = WANTED.get_or_init(read) else { return };
        let is_it = name.split_once('-').is_some_and(|(wanted, when)| wanted == step && when == phase);
        if is_it && left.fetch_sub(1, Relaxed) == 1 {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}
