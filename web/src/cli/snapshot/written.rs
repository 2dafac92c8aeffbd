//! Where a repository is written, and how it gets into a bucket from there.

use std::path::PathBuf;

use anyhow::Context;
use daemon::sync::Site;
use daemon::sync::bucket::Bucket;
use daemon::sync::carrier::Carrier;
use daemon::sync::mirror::{self, Mirrored};

/// Where a repository is written: a folder, and the bucket into which that is copied.
pub(super) struct Written {
    pub(super) folder: PathBuf,
    pub(super) bucket: Option<Bucket>,
}

impl Written {
    pub(super) fn copy(&self, site: &Site) -> anyhow::Result<Mirrored> {
        let Some(bucket) = &self.bucket else { return Ok(Mirrored::default()) };
        let bar = super::super::progress::bytes("copy");
        let mirrored = mirror::mirror(site, &self.folder, bucket, &|n| bar.inc(n));
        bar.finish_and_clear();
        let again =
            || format!("{} is published; only the copy is missing, publish again", self.folder.display());
        mirrored.with_context(again)
    }

    pub(super) fn tell(&self, mirrored: Mirrored) {
        if let Some(bucket) = &self.bucket {
            let Mirrored { files, bytes } = mirrored;
            println!("{} has all of it: {files} files of {bytes} bytes were copied", bucket.place());
        }
    }
}
