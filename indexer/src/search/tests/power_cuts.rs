//! The power goes at every step of a build: the old generation is served or the new one, never a mixture.

use std::cell::Cell;
use std::sync::Arc;

use super::*;
use crate::files::FileLayer;
use crate::files::power_cut::{Loss, at_every_step};
use crate::index::Error;

/// Adds an entry, changes one, takes one away.
fn extend(dir: &std::path::Path, files: Arc<dyn FileLayer>) -> Result<(), Error> {
    let mut builder = Builder::extend(dir, OPTIONS, files)?;
    [2, 4].into_iter().for_each(|number| builder.retire(number));
    builder.redirect(&EditionId::from_key(5), Some(&EditionId::from_key(6)));
    for entry in [book(3, "Java详明教程", "林巧民"), book(20, "三国志", "陈寿")] {
        builder.push(builder.prepare(&entry, &[entry.id.key().unwrap_or_default()])?)?;
    }
    builder.finish(ManifestInput::default()).map(drop)
}

fn says(dir: &std::path::Path) -> String {
    let catalogue = Catalogue::open(dir).unwrap();
    let of = |text: &str| {
        let answer = catalogue.search(&query(text, SearchField::Any)).unwrap();
        format!("{} {:?} {:?}\n", answer.total, keys(&answer), answer.facets)
    };
    let successor = catalogue.successor(&EditionId::from_key(5));
    ["", "三国", "Java"].map(of).concat() + &format!("{successor:?}")
}

#[test]
#[expect(clippy::print_stderr, reason = "the count is the point")]
fn a_cut_at_any_step_leaves_the_old_generation_or_the_new_one() {
    let whole = tempfile::tempdir().unwrap();
    build(whole.path(), &shelf());
    let old = says(whole.path());
    extend(whole.path(), Arc::new(crate::files::Disk)).unwrap();
    let new = says(whole.path());
    assert_ne!(old, new);
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("data");
    std::fs::create_dir(&root).unwrap();
    build(&root, &shelf());
    let switched = Cell::new(0);
    let n_steps = at_every_step(
        &root,
        &[Loss::Nothing, Loss::All, Loss::Seeded(7)],
        |power| extend(&root, power).is_ok(),
        |cut| {
            let found = says(&root);
            assert!(found == new || found == old && !cut.promised, "{cut:?}: {found}");
            switched.set(switched.get() + u32::from(found == new));
        },
    )
    .unwrap();
    eprintln!("cut at {n_steps} steps of a build, {} times the new generation was there", switched.get());
    assert!(n_steps > 50 && switched.get() > 0);
}
