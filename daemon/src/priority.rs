//! How much the work of the daemon may take from whoever searches: it runs at low priority.

/// The lowest there is: whoever searches comes first, and on an idle machine it costs nothing.
#[cfg(target_os = "linux")]
const LOWEST: i32 = 19;

/// Lowers the priority of the calling thread, and of those that it starts.
#[cfg(target_os = "linux")]
pub(crate) fn lower() {
    // On Linux the priority is a thread's own. Where it cannot be set everything works, only less politely.
    let _ = rustix::process::setpriority_process(None, LOWEST);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn lower() {}
