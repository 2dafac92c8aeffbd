//! Files of earlier versions, and files that are not what was written.

use super::*;

#[test]
fn damaged_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    import(&archive, ImportMode::Full, &set(&[("1", "三国演义"), ("2", "红楼梦")])).unwrap();
    let library = archive.library(&code()).unwrap();
    let state = library.state().unwrap();
    let pack_path = library.pack_path_by_prefix(state.packs[0].prefix()).unwrap();
    for path in [library.state_path(1), pack_path] {
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            std::fs::write(&path, &bytes).unwrap();
            let read = Pack::open(&path).and_then(|pack| pack.record(0));
            let as_state = State::read(&path);
            assert!(as_state.is_err(), "byte {at} of {}", path.display());
            drop(read);
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(State::read(&path).is_err() && Pack::open(&path).is_err());
        }
        std::fs::write(&path, &whole).unwrap();
    }
    assert_eq!(contents(&archive).len(), 2);
}

#[test]
fn a_state_of_version_1_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("0000000007.state");
    let mut bytes = b"LMSTATE\0\x01\0\0\0".to_vec();
    for number in [7u64, 6] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(2u64.to_le_bytes());
    bytes.extend([0x55; 32]);
    for (key, slot) in [(1u8, 8u32), (2, 9)] {
        bytes.extend([key; 16]);
        bytes.extend([key + 100; 16]);
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(slot.to_le_bytes());
    }
    bytes.extend(blake3::hash(&bytes).as_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let state = State::read(&path).unwrap();
    assert_eq!((state.number, state.previous, state.packs.len()), (7, 6, 1));
    let slots: Vec<(u32, u32)> = state.slots.iter().map(|slot| (slot.slot, slot.first_seen)).collect();
    assert_eq!(slots, [(8, 0), (9, 0)]);
}

#[test]
fn a_pack_of_version_1_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pack");
    let mut block = Vec::new();
    let text = "红楼梦".as_bytes();
    // Carrier, source, offset, length of two records; no other length, no charset, no flaws.
    let heads = [0, 0, 0, text.len() as u8, 0, 0, 0, Carrier::Xml as u8, 0, 9, text.len() as u8, 0, 0, 0];
    block.extend((heads.len() as u32).to_le_bytes());
    block.extend(heads);
    block.extend([text, text].concat());
    let frame = zstd::bulk::compress(&block, 6).unwrap();
    let mut bytes = b"LMPACK\0\x01".to_vec();
    bytes.extend(&frame);
    let at = bytes.len() as u64;
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(8u64.to_le_bytes());
    for number in [frame.len() as u32, 0, 2, 1, "北林.mrc".len() as u32] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend("北林.mrc".as_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend(b"LMPI");
    std::fs::write(&path, &bytes).unwrap();
    let pack = Pack::open(&path).unwrap();
    let record = pack.record(1).unwrap();
    assert_eq!((record.raw.carrier, record.raw.offset, record.raw.bytes.as_slice()), (Carrier::Xml, 9, text));
    assert_eq!((record.raw.length, &*record.source), (9, "北林.mrc"));
    assert_eq!(pack.record(0).unwrap().raw.carrier, Carrier::Iso2709);
}

#[test]
fn no_flipped_bit_of_a_pack_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    import(&archive, ImportMode::Full, &set(&[("1", "三国演义"), ("2", "红楼梦 红楼梦 红楼梦")])).unwrap();
    let library = archive.library(&code()).unwrap();
    let state = library.state().unwrap();
    let path = library.pack_path_by_prefix(state.packs[0].prefix()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let texts = |path: &std::path::Path| {
        let pack = Pack::open(path)?;
        (0..2).map(|slot| pack.record(slot)).collect::<Result<Vec<_>>>()
    };
    let told = |records: Vec<StoredRecord>| {
        records
            .into_iter()
            .map(|record| (record.raw.bytes, record.raw.offset, record.source))
            .collect::<Vec<_>>()
    };
    let expect = told(texts(&path).unwrap());
    let mut n_found = 0;
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &bytes).unwrap();
        match texts(&path) {
            Ok(records) => assert_eq!(told(records), expect, "bit {bit} was served"),
            Err(_) => n_found += 1,
        }
    }
    // A bit that says nothing about the records, such as one that zstd does not read, is harmless.
    assert!(n_found * 20 > whole.len() * 8 * 19, "{n_found} of {}", whole.len() * 8);
}
