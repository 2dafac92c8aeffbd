//! Which files of a folder belong together, and which of them hold still. Pure: a listing and a time come in.

use std::collections::BTreeMap;
use std::time::Duration;

/// So long a file's size and time must be the same before it is taken.
pub(super) const STILL: Duration = Duration::from_secs(5);

/// A file in the folder or below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its place in the folder, with `/` between names.
    pub(super) name: String,
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: i128,
}

/// Files that together are one export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileSet {
    /// Its file, its folder, or `NAME` of `NAME.001`.
    pub(super) name: String,
    /// Its data files in order.
    pub(super) files: Vec<Item>,
    /// Why it is not whole, though its sender says so.
    pub(super) fault: Option<String>,
    // Everything that must hold still.
    watched: Vec<Item>,
}

/// Looks at listings one after the other and remembers since when each file has been as it is.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    since: BTreeMap<String, (u64, i128, Duration)>,
}

impl FileSet {
    fn of(name: &str, files: Vec<Item>) -> Self {
        Self { name: name.to_owned(), watched: files.clone(), files, fault: None }
    }

    /// Size and time of all its files: another one means that it has changed.
    pub(super) fn signature(&self) -> String {
        let one = |item: &Item| format!("{}\0{}\0{}\0", item.name, item.size, item.modified);
        self.watched.iter().map(one).collect()
    }

    /// When its last file was written.
    pub(super) fn modified(&self) -> i128 {
        self.watched.iter().map(|item| item.modified).max().unwrap_or(0)
    }
}

impl Stillness {
    /// Notes what is there now.
    pub(super) fn look(&mut self, listing: &[Item], now: Duration) {
        let before = std::mem::take(&mut self.since);
        for item in listing {
            let since = match before.get(&item.name) {
                Some(&(size, modified, since)) if size == item.size && modified == item.modified => since,
                _ => now,
            };
            self.since.insert(item.name.clone(), (item.size, item.modified, since));
        }
    }

    /// Whether all files of a set have held still long enough.
    pub(super) fn is_still(&self, set: &FileSet, now: Duration) -> bool {
        set.watched.iter().all(|item| {
            self.since.get(&item.name).is_some_and(|(_, _, since)| now.saturating_sub(*since) >= STILL)
        })
    }
}

/// The sets of a folder, oldest first. What is still being sent (a `.part` in it, no `.done` yet) is none.
pub(super) fn sets(listing: &[Item]) -> Vec<FileSet> {
    let mut folders: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    let mut numbered: BTreeMap<&str, Vec<(u32, Item)>> = BTreeMap::new();
    let mut done: BTreeMap<&str, Item> = BTreeMap::new();
    let mut sets = Vec::new();
    for item in listing.iter().filter(|item| !is_hidden(&item.name)) {
        if let Some((folder, _)) = item.name.split_once('/') {
            folders.entry(folder).or_default().push(item.clone());
        } else if is_part(&item.name) {
        } else if let Some((stem, number)) = numbered_name(&item.name) {
            numbered.entry(stem).or_default().push((number, item.clone()));
        } else if let Some(stem) = item.name.strip_suffix(".done") {
            done.insert(stem, item.clone());
        } else {
            sets.push(FileSet::of(&item.name, vec![item.clone()]));
        }
    }
    for (folder, mut items) in folders {
        if items.iter().any(|item| is_part(&item.name)) {
            continue;
        }
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let mut set = FileSet::of(folder, items);
        set.files.retain(|item| !item.name.ends_with(".done"));
        sets.extend((!set.files.is_empty()).then_some(set));
    }
    for (stem, mark) in done {
        let mut parts = numbered.remove(stem).unwrap_or_default();
        parts.sort_by_key(|(number, _)| *number);
        let missing = (1..).zip(&parts).find(|(expect, (number, _))| expect != number);
        let fault = match (missing, parts.is_empty()) {
            (Some((number, _)), _) => Some(format!("{stem}.{number:03} is missing")),
            (None, true) => Some(format!("there is a {stem}.done, but no {stem}.001")),
            (None, false) => None,
        };
        let mut set = FileSet::of(stem, parts.into_iter().map(|(_, item)| item).collect());
        set.watched.push(mark);
        set.fault = fault;
        sets.push(set);
    }
    sets.sort_by(|a, b| (a.modified(), &a.name).cmp(&(b.modified(), &b.name)));
    sets
}

fn is_hidden(name: &str) -> bool {
    name.split('/').any(|piece| piece.starts_with('.'))
}

fn is_part(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".part")
}

// `北林.001` → (`北林`, 1)
fn numbered_name(name: &str) -> Option<(&str, u32)> {
    let (stem, number) = name.rsplit_once('.')?;
    let is_number = number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit()) && !stem.is_empty();
    if is_number { Some((stem, number.parse().ok()?)) } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn item(name: &str, modified: i128) -> Item {
        Item { name: name.to_owned(), size: 1, modified }
    }

    /// `name=file+file` for each set, `!` behind a faulty one.
    fn shown(names: &[&str]) -> String {
        let listing: Vec<Item> = names.iter().map(|name| item(name, 0)).collect();
        let one = |set: &FileSet| {
            let files: Vec<&str> = set.files.iter().map(|item| item.name.as_str()).collect();
            format!("{}={}{}", set.name, files.join("+"), if set.fault.is_some() { "!" } else { "" })
        };
        sets(&listing).iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn files_that_belong_together() {
        let check = |names: &[&str], expect: &str| assert_eq!(shown(names), expect, "{names:?}");
        check(&[], "");
        check(&["北林.mrc"], "北林.mrc=北林.mrc");
        check(&["乙.mrc", "丙.xml"], "丙.xml=丙.xml 乙.mrc=乙.mrc");
        check(&[".北林.mrc", "北林.mrc.part", "北林.PART", ".git/config"], "");
        check(&["full/2.mrc", "full/1.mrc", "full/deep/3.mrc"], "full=full/1.mrc+full/2.mrc+full/deep/3.mrc");
        check(&["full/1.mrc", "full/2.mrc.part"], "");
        check(&["full/1.mrc", "full/.hidden"], "full=full/1.mrc");
        check(&["full/1.mrc", "full/x.done"], "full=full/1.mrc");
        check(&["full/x.done"], "");
        check(&["林.001", "林.002"], "");
        check(&["林.002", "林.001", "林.done"], "林=林.001+林.002");
        check(&["林.001", "林.003", "林.done"], "林=林.001+林.003!");
        check(&["林.002", "林.done"], "林=林.002!");
        check(&["林.done"], "林=!");
        check(&["a.mrc.001", "a.mrc.done", "b.2026"], "a.mrc=a.mrc.001 b.2026=b.2026");
    }

    #[test]
    fn the_oldest_set_comes_first() {
        let listing = [item("new", 9), item("old", 1), item("n.001", 5), item("n.done", 7)];
        let names: Vec<String> = sets(&listing).into_iter().map(|set| set.name).collect();
        assert_eq!(names, ["old", "n", "new"]);
    }

    #[test]
    fn a_file_is_taken_when_it_has_been_still() {
        let second = Duration::from_secs;
        let mut stillness = Stillness::default();
        let mut look = |size: u64, modified: i128, now: u64| {
            let listing = [Item { name: "a".into(), size, modified }];
            stillness.look(&listing, second(now));
            stillness.is_still(&sets(&listing)[0], second(now))
        };
        let steps = [
            (1, 1, 100, false),
            (1, 1, 104, false),
            (1, 1, 105, true),
            (2, 1, 106, false),
            (2, 2, 110, false),
            (2, 2, 114, false),
            (2, 2, 115, true),
        ];
        for (size, modified, now, expect) in steps {
            assert_eq!(look(size, modified, now), expect, "at {now}");
        }
    }

    #[test]
    fn a_set_waits_for_its_last_file() {
        let second = Duration::from_secs;
        let mut stillness = Stillness::default();
        stillness.look(&[item("f/1", 1)], second(0));
        let listing = [item("f/1", 1), item("f/2", 1)];
        stillness.look(&listing, second(4));
        let set = &sets(&listing)[0];
        assert!(!stillness.is_still(set, second(6)));
        assert!(stillness.is_still(set, second(9)));
    }
}
