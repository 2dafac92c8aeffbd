//! Every write to the disk that must survive a power cut goes through this layer.
//!
//! It knows files, folders and fsync, nothing of what is in them. `Disk` is the real one; tests put one in
//! its place that stops at a chosen write and loses what was not synced. Reading does not go through it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

pub mod full_disk;
pub mod power_cut;

/// Where durable writes go.
pub trait FileLayer: Send + Sync {
    /// Makes a folder; fails where the name is taken.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Opens a new, empty file in place of any of that name.
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;
    /// Opens a file to write at its end.
    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;
    /// Gives a file another name, replacing any of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name; fails where the name is taken.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes a folder and those above it where they are missing; durable when it returns.
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        let above = path.parent().unwrap_or(Path::new(""));
        self.create_dir_all(above)?;
        match self.create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            made => made?,
        }
        self.sync_dir(above)
    }
}

/// A file being written.
pub trait WriteFile: Write + Send {
    /// Makes everything written so far durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Writes a small file so that its old or its new content is there, never a mixture.
pub fn replace_file(files: &dyn FileLayer, path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(files, path, bytes, |_| Ok(()))
}

/// The same for a secret: readable by its owner alone before a byte of it is there. Where the system knows no such
/// thing the folder must keep it.
pub fn replace_private_file(files: &dyn FileLayer, path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(files, path, bytes, |_temporary| {
        #[cfg(unix)]
        fs::set_permissions(_temporary, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(())
    })
}

fn replace(
    files: &dyn FileLayer,
    path: &Path,
    bytes: &[u8],
    made: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = path.with_added_extension("new");
    let mut file = files.create(&temporary)?;
    made(&temporary)?;
    file.write_all(bytes)?;
    file.sync()?;
    drop(file);
    files.rename(&temporary, path)?;
    files.sync_dir(path.parent().unwrap_or(Path::new("")))
}

/// Removes a folder with everything in it; one that is not there is removed already.
pub fn remove_tree(files: &dyn FileLayer, path: &Path) -> io::Result<()> {
    let items = match fs::read_dir(path) {
        Ok(items) => items,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for item in items {
        let item = item?;
        if item.file_type()?.is_dir() {
            remove_tree(files, &item.path())?;
        } else {
            files.remove(&item.path())?;
        }
    }
    files.remove_dir(path)
}

/// The file system itself.
pub struct Disk;

impl FileLayer for Disk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(DiskFile(BufWriter::with_capacity(1 << 18, File::create(path)?))))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Box::new(DiskFile(BufWriter::new(file))))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    #[cfg(unix)]
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        File::open(path)?.sync_all()
    }

    // Windows writes names through by itself and cannot open a folder as a file.
    #[cfg(not(unix))]
    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }
}

struct DiskFile(BufWriter<File>);

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl WriteFile for DiskFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.flush()?;
        self.0.get_ref().sync_all()
    }
}
