//! How much the work of the daemon may take from whoever searches: it runs at low priority.

/// Lowers the priority of the calling thread, and of those that it starts.
#[cfg(target_os = "linux")]
pub(crate) fn lower() {
    // On Linux the priority is a thread's own. Where it cannot be set everything works, only less politely.
    let _ = rustix::process::setpriority_process(None, 10);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn lower() {}
