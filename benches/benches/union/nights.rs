//! What a night costs: a share of the records changed, new and withdrawn, and an incremental build.

use std::path::Path;

use data::sample::judge::judge;

use crate::pool::Pool;
use crate::stage::Cost;
use crate::{Result, entries, report, stage, text};

/// Prints time as a share of the full build's, and whether the entries are as good as before.
pub(crate) fn measure(pool: &mut Pool, data: &Path, dir: &Path, share: f64, full: &Cost) -> Result<()> {
    let (folder, copy) = (dir.join(format!("night-{share}")), dir.join(format!("data-{share}")));
    let (before, n_touched) = pool.write_night(&folder, share)?;
    copy_tree(data, &copy)?;
    let import = stage::measured(&["--night", &text(&copy), &text(&folder)])?;
    let build = stage::measured(&["--build", &text(&copy)])?;
    let found = entries::read(&copy.join("catalogue"), pool)?;
    let verdict = judge(&pool.judged().0);
    println!(
        "night of {:.1} %: {n_touched} records; import {:.2} s; build {:.2} s ({:.2} s CPU, {} MB), {:.1} % of the full build, {:.1} % of its CPU",
        share * 100.0,
        import.seconds,
        build.seconds,
        build.cpu_seconds,
        build.peak_bytes >> 20,
        build.seconds / full.seconds * 100.0,
        build.cpu_seconds / full.cpu_seconds * 100.0
    );
    report::found(&found, pool);
    println!("  {}", report::in_short(&verdict));
    pool.restore(before);
    std::fs::remove_dir_all(&folder)?;
    std::fs::remove_dir_all(&copy)?;
    Ok(())
}

/// Files are never written in place, so the copy may share them.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for item in std::fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        if item.path().is_dir() {
            copy_tree(&item.path(), &target)?;
        } else {
            std::fs::hard_link(item.path(), target)?;
        }
    }
    Ok(())
}
