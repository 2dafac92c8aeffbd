//! A repository that counts what is asked for, and may be behind a line that is cut for pieces.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::Path;

use daemon::sync::carrier::{Carrier, Folder, Opened};

use crate::scene::Scene;

pub(crate) struct Counting {
    inner: Folder,
    /// Bytes of all files, from where each was begun.
    pub(crate) bytes: Cell<u64>,
    /// Pieces that were asked for.
    pub(crate) pieces: Cell<u32>,
    /// Names of all else.
    pub(crate) others: RefCell<Vec<String>>,
    is_cut: bool,
}

impl Counting {
    pub(crate) fn new(scene: &Scene, is_cut: bool) -> Self {
        let inner = Folder::new(&scene.repository());
        Self { inner, bytes: Cell::default(), pieces: Cell::default(), others: RefCell::default(), is_cut }
    }
}

impl Carrier for Counting {
    fn place(&self) -> &str {
        self.inner.place()
    }

    fn is_a_line(&self) -> bool {
        false
    }

    fn open(&self, name: &str, at: u64) -> daemon::Result<Option<Opened>> {
        if name.starts_with("objects/") {
            self.pieces.set(self.pieces.get() + 1);
            if self.is_cut {
                let (place, reason) = (self.place().to_owned(), "it is cut".to_owned());
                return Err(daemon::Error::Line { place, reason });
            }
        } else {
            self.others.borrow_mut().push(name.to_owned());
        }
        let opened = self.inner.open(name, at)?;
        if opened.is_some() {
            let length = fs::metadata(Path::new(self.place()).join(name)).unwrap().len();
            self.bytes.set(self.bytes.get() + length - at);
        }
        Ok(opened)
    }
}
