//! What the journal asks of a folder on a disk, so that tests can stand in for one that fails.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A folder of files, named without a path.
pub trait Disk: Clone + Debug + Send + 'static {
    /// A file that is being written.
    type File: DiskFile;

    /// The names of all files, in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// A new, empty file; an old one of that name is replaced.
    ///
    /// # Errors
    /// It cannot be made.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Up to `most` bytes from `offset` on; fewer only at the end of the file.
    ///
    /// # Errors
    /// There is no such file, or it cannot be read.
    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>>;

    /// How long a file is.
    ///
    /// # Errors
    /// There is no such file.
    fn length(&self, name: &str) -> io::Result<u64>;

    /// Cuts a file off; a loss of power may undo it.
    ///
    /// # Errors
    /// It cannot be cut.
    fn trim(&self, name: &str, length: u64) -> io::Result<()>;

    /// Makes durable what a file holds that nobody writes any more.
    ///
    /// # Errors
    /// It is not known what is; asking again would not tell.
    fn sync_file(&self, name: &str) -> io::Result<()>;

    /// Cuts a file off, durably.
    ///
    /// # Errors
    /// It cannot be cut, or that cannot be made durable.
    fn cut(&self, name: &str, length: u64) -> io::Result<()> {
        self.trim(name, length)?;
        self.sync_file(name)
    }

    /// Gives a file another name, which may be taken.
    ///
    /// # Errors
    /// It cannot be renamed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes durable which names there are.
    ///
    /// # Errors
    /// It is not known whether they are.
    fn sync(&self) -> io::Result<()>;

    /// What messages call a file.
    fn path(&self, name: &str) -> String;
}

/// A file that is written from its beginning to its end.
pub trait DiskFile: Send + 'static {
    /// Adds to the end.
    ///
    /// # Errors
    /// A part of it may have been written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes durable what has been written.
    ///
    /// # Errors
    /// It is not known what is; asking again would not tell.
    fn sync(&mut self) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct RealDisk {
    folder: PathBuf,
}

impl RealDisk {
    /// The folder, made if it is not there, and there for good.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        make_folder(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The folder as it is, to read it.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }
}

impl Disk for RealDisk {
    type File = File;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<File> {
        File::create(self.folder.join(name))
    }

    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.folder.join(name))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.folder.join(name))?.len())
    }

    fn trim(&self, name: &str, length: u64) -> io::Result<()> {
        File::options().write(true).open(self.folder.join(name))?.set_len(length)
    }

    fn sync_file(&self, name: &str) -> io::Result<()> {
        File::options().write(true).open(self.folder.join(name))?.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.folder.join(from), self.folder.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// What a file is called that is there whole or not at all, until it is there.
const SUFFIX_NEW: &str = ".new";

/// Writes a file that is there whole or not at all, durably.
///
/// # Errors
/// It is not known whether it is there.
pub(crate) fn write_whole(disk: &impl Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = format!("{name}{SUFFIX_NEW}");
    let mut file = disk.create(&new)?;
    let written = file.write(bytes).and_then(|()| file.sync());
    drop(file);
    let renamed = written.and_then(|()| disk.rename(&new, name));
    if renamed.is_err() {
        // A disk that is full must not stay so because of what is of no use.
        let _left = disk.remove(&new).is_err();
    }
    renamed?;
    disk.sync()
}

/// Removes what `write_whole` did not come to finish.
///
/// # Errors
/// The folder cannot be read or written.
pub(crate) fn remove_unfinished(disk: &impl Disk) -> io::Result<()> {
    disk.list()?
        .iter()
        .filter(|name| name.ends_with(SUFFIX_NEW))
        .try_for_each(|new| disk.remove(new))
}

/// Makes a folder with all that it is in, so that a loss of power does not take it away again.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let is_new = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let made = folder.ancestors().take_while(is_new).count();
    fs::create_dir_all(folder)?;
    // A name is durable once the folder that it stands in is. That of the folder itself is synced
    // each time: whoever made it may have been killed before he came to that.
    for path in folder.ancestors().take(made.max(1)) {
        let above = match path.parent() {
            Some(above) if above.as_os_str().is_empty() => Path::new("."),
            Some(above) => above,
            None => break,
        };
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

impl DiskFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
