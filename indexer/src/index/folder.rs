//! A generation's folder as tantivy sees it: segment files through the file layer, everything small in memory.
//!
//! Which segments there are is said by our manifest, so tantivy's own lists (`meta.json`, `.managed.json`) never
//! reach the disk; there are no locks, because a folder has one writer and a generation never changes. Without a
//! file layer the folder is only read, on read-only media too. It knows nothing of what the files hold.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, OwnedBytes, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};
use tantivy::{Index, IndexSettings};

use crate::files::{FileLayer, WriteFile};
use crate::index::mapped::Used;
use crate::index::{Error, schema, switch};

type Small = Arc<Mutex<HashMap<PathBuf, Vec<u8>>>>;

#[derive(Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    mapped: MmapDirectory,
    files: Option<Arc<dyn FileLayer>>,
    used: Arc<Used>,
    small: Small,
}

impl Folder {
    /// A folder that is only read.
    pub(crate) fn read_only(path: &Path) -> Result<Self, Error> {
        Self::open(path, None)
    }

    /// A folder that is written too.
    pub(crate) fn open(path: &Path, files: Option<Arc<dyn FileLayer>>) -> Result<Self, Error> {
        let mapped = MmapDirectory::open(path).map_err(|e| Error::engine(path)(e))?;
        Ok(Self { path: path.to_owned(), mapped, files, used: Arc::default(), small: Small::default() })
    }

    /// The same folder for another writer of segments.
    pub(crate) fn apart(&self) -> Self {
        Self { small: Small::default(), ..self.clone() }
    }

    /// An index without segments over this folder: what segments are opened with.
    pub(crate) fn index(&self) -> Result<Index, Error> {
        let (schema, _) = schema::schema();
        let index = Index::create(self.apart(), schema, settings()).map_err(Error::engine(&self.path))?;
        schema::register(index.tokenizers());
        Ok(index)
    }

    /// A file of the folder, mapped.
    pub(crate) fn bytes(&self, name: &str) -> Result<OwnedBytes, Error> {
        let path = self.path.join(name);
        self.mapped(Path::new(name)).map_err(|e| Error::io("open", &path)(io::Error::other(e)))
    }

    // What is written here may still be removed and made again, so only what is read is shared.
    fn mapped(&self, name: &Path) -> Result<OwnedBytes, OpenReadError> {
        let map = || {
            let read = self.mapped.open_read(name)?.read_bytes();
            read.map_err(|e| OpenReadError::wrap_io_error(e, name.to_owned()))
        };
        if self.files.is_some() { map() } else { self.used.bytes(&self.path.join(name), map) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the files of a segment that was joined with others.
    pub(crate) fn remove_segment(&self, id: &str) -> Result<(), Error> {
        for name in switch::file_names(&self.path)? {
            if name.starts_with(id) {
                let path = self.path.join(&name);
                self.layer().and_then(|files| files.remove(&path)).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(())
    }

    fn small(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Vec<u8>>> {
        self.small.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn layer(&self) -> io::Result<&dyn FileLayer> {
        let refused = || io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a generation is never changed");
        self.files.as_deref().ok_or_else(refused)
    }
}

/// How every segment is written.
pub(crate) fn settings() -> IndexSettings {
    IndexSettings {
        // Nothing is stored, and nothing compresses best: five bytes an entry become none.
        docstore_compression: tantivy::store::Compressor::Zstd(tantivy::store::ZstdCompressor::default()),
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Folder").field(&self.path).finish()
    }
}

impl Directory for Folder {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.mapped(path)?))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let removed = self.layer().and_then(|files| files.remove(&self.path.join(path)));
        removed.map_err(|e| DeleteError::IoError { io_error: Arc::new(e), filepath: path.to_owned() })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        if self.small().contains_key(path) { Ok(true) } else { self.mapped.exists(path) }
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let wrap = |e| OpenWriteError::wrap_io_error(e, path.to_owned());
        let file = self.layer().and_then(|files| files.create(&self.path.join(path))).map_err(wrap)?;
        Ok(BufWriter::with_capacity(1 << 17, Box::new(Durable(Mutex::new(file)))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let known = self.small().get(path).cloned();
        known.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }

    fn atomic_write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.small().insert(path.to_owned(), bytes.to_owned());
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        // The whole folder is made durable when the generation is finished.
        Ok(())
    }

    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

/// A segment file, durable once tantivy has ended it. The lock is never contended: tantivy only asks for `Sync`.
struct Durable(Mutex<Box<dyn WriteFile>>);

impl Durable {
    fn file(&mut self) -> &mut dyn WriteFile {
        &mut **self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Durable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl TerminatingWrite for Durable {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.file().sync()
    }
}
