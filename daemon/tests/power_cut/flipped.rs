//! Single bits are flipped in every file: what is served and built stays what it was, or the damage is told.

use indexer::bib::Entry;
use indexer::cluster::{Decision, DecisionKind};
use indexer::pipeline::{decide, sketch_of};

use super::*;

fn files_in(folder: PathBuf) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// A catalogue of two nights, with a decision, a sketch, and a reject of each.
fn lived_in() -> Scene {
    let mut scene = Scene::new();
    let data = scene.data();
    let archive = Archive::open(&data).unwrap();
    for (mode, books) in
        [(ImportMode::Full, books(0..40, "三国演义")), (ImportMode::Delta, books(39..41, "红楼梦"))]
    {
        let job = scene.job(mode, &books);
        let file = &job.what.paths[0];
        let records = std::fs::read(file).unwrap();
        std::fs::write(file, [&records[..], "这不是记录".as_bytes(), &records[..]].concat()).unwrap();
        assert!(job.is_done_over(steady(&data)));
        let pair = [&books[0], &books[1]].map(|(number, _)| (LibraryCode::new("BJFU"), number.clone()));
        let note = Some("同一版".to_owned());
        decide(&archive, &[Decision { kind: DecisionKind::Join, records: pair.to_vec(), note }]).unwrap();
        build_over(&data, false, job.now, steady(&data)).unwrap();
    }
    sketch_of(&archive.library(&LibraryCode::new("BJFU")).unwrap()).unwrap();
    scene
}

/// The entries that a build makes of a copy of the archive.
fn built_anew(data: &Path) -> Looked<Vec<Entry>> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("data");
    for path in files_in(data.join("archive")) {
        let target = copy.join(path.strip_prefix(data)?);
        std::fs::create_dir_all(target.parent().ok_or("it has no folder")?)?;
        std::fs::copy(path, target)?;
    }
    build_over(&copy, true, jiff::Timestamp::from_second(1_765_000_000)?, steady(&copy))?;
    let generation = Generation::open_in_force(&copy.join("catalogue"))?.ok_or("nothing was built")?;
    Ok(generation.live().map(|number| generation.entry(number)).collect::<Result<_, _>>()?)
}

#[test]
fn no_flipped_bit_is_built() {
    let scene = lived_in();
    let data = scene.data();
    let library = Archive::open(&data).unwrap().library(&LibraryCode::new("BJFU")).unwrap();
    let (expect, expect_sketch) = (built_anew(&data).unwrap(), sketch_of(&library).unwrap());
    assert_eq!(expect.iter().map(|entry| entry.members.len()).filter(|&n| n > 1).collect::<Vec<_>>(), [2, 2]);
    let files = files_in(data.join("archive"));
    for name in ["decisions.jsonl", "sketch", "rejects.raw", "runs.jsonl", "current"] {
        assert!(files.iter().any(|path| path.ends_with(name)), "there is no {name}");
    }
    let (mut n_found, mut n_harmless) = (0, 0);
    for (path, part) in files.iter().flat_map(|path| (0..8).map(move |part| (path, part))) {
        let whole = std::fs::read(path).unwrap();
        let mut bytes = whole.clone();
        let Some(byte) = bytes.get_mut((whole.len() * part + whole.len() / 2) / 8) else { continue };
        *byte ^= 1 << part;
        std::fs::write(path, &bytes).unwrap();
        let told = format!("bit {part} in eighth {part} of {}", path.display());
        match built_anew(&data) {
            Ok(entries) => {
                assert!(entries == expect, "{told} was built");
                n_harmless += 1;
            }
            Err(_) => n_found += 1,
        }
        if let Ok(sketch) = sketch_of(&library) {
            assert_eq!(sketch, expect_sketch, "{told}");
        } else {
            assert!(!path.ends_with("sketch"), "{told}: a sketch can be made anew");
        }
        std::fs::write(path, &whole).unwrap();
    }
    println!("{} files of the archive: {n_found} flipped bits found, {n_harmless} harmless", files.len());
    assert!(n_found > 24 && n_harmless > 0);
    assert_eq!(built_anew(&data).unwrap(), expect);
}

#[test]
fn no_flipped_bit_is_served() {
    let scene = lived_in();
    let data = scene.data();
    let files = [files_in(data.join("archive")), files_in(data.join("catalogue"))].concat();
    let (expect_seen, expect_served) = (seen(&data), serve(&data).unwrap());
    let (mut n_found, mut n_harmless) = (0, 0);
    let mut harmless_files = BTreeMap::new();
    for path in &files {
        let whole = std::fs::read(path).unwrap();
        let n_bits = whole.len() * 8;
        for at in (0..n_bits.min(24)).map(|n| n * n_bits.max(1) / n_bits.min(24)) {
            let mut bytes = whole.clone();
            bytes[at / 8] ^= 1 << ((at + at / 24) % 8);
            std::fs::write(path, &bytes).unwrap();
            let (archived, served) = (look(&data), serve(&data));
            let is_found = archived.is_err() || served.is_err();
            if let Ok(archived) = archived {
                let lost_a_run = archived.runs.len() < expect_seen.runs.len() && path.ends_with("runs.jsonl");
                let archived =
                    if lost_a_run { Seen { runs: expect_seen.runs.clone(), ..archived } } else { archived };
                assert_eq!(archived, expect_seen, "bit {at} of {} was served", path.display());
            }
            if let Ok(served) = served {
                assert!(served == expect_served, "bit {at} of {} was served", path.display());
            }
            if is_found {
                n_found += 1
            } else {
                n_harmless += 1
            }
            if !is_found {
                *harmless_files.entry(path.file_name().unwrap().to_owned()).or_insert(0) += 1;
            }
        }
        std::fs::write(path, &whole).unwrap();
    }
    println!(
        "{} files: {n_found} flipped bits found, {n_harmless} harmless, in {harmless_files:?}",
        files.len()
    );
    assert!(files.len() > 20 && n_found > n_harmless);
    assert_eq!(seen(&data), expect_seen);
}
