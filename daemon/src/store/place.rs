//! Where `state.db` may lie: on a disk of this machine, for its locks and shared memory do not reach further.

use std::path::Path;

use crate::{Error, Result};

/// Fails on a file system that is shared over a network.
pub(super) fn refuse_network(data_dir: &Path) -> Result<()> {
    match file_system(data_dir).and_then(network_name) {
        Some(kind) => Err(Error::NetworkFileSystem { data_dir: data_dir.to_owned(), kind }),
        None => Ok(()),
    }
}

// What cannot be found out is taken for a disk.
#[cfg(target_os = "linux")]
fn file_system(path: &Path) -> Option<u32> {
    // The kernel's numbers are of 32 bits, whatever the width and sign of the field.
    rustix::fs::statfs(path).ok().map(|found| found.f_type as u32)
}

#[cfg(not(target_os = "linux"))]
fn file_system(_path: &Path) -> Option<u32> {
    None
}

// Numbers of <linux/magic.h>.
fn network_name(number: u32) -> Option<&'static str> {
    match number {
        0x0000_6969 => Some("NFS"),
        0x0000_517b | 0xfe53_4d42 => Some("SMB"),
        0xff53_4d42 => Some("CIFS"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x7375_7245 => Some("Coda"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_over_a_network_is_named() {
        for (number, expect) in [
            (0x6969, Some("NFS")),
            (0xfe53_4d42, Some("SMB")),
            (0xff53_4d42, Some("CIFS")),
            (0xef53, None),
            (0x0102_1994, None),
            (0x794c_7630, None),
        ] {
            assert_eq!(network_name(number), expect, "{number:x}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        refuse_network(folder.path()).expect("the temporary folder is on a disk");
    }
}
