//! A file that is written under another name until it is whole.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

const END: &str = ".part";

/// The name under which it is written. What does not get its own name is gone in the end.
pub struct Part(PathBuf);

impl Part {
    /// A file of our own, in place of those that killed runs have left.
    pub fn make(folder: &Path, name: &str) -> io::Result<(Self, File)> {
        let start = format!("{name}.");
        let folder_or_here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        for entry in fs::read_dir(folder_or_here).into_iter().flatten().flatten() {
            let other = entry.file_name();
            let is_part = other.to_str().is_some_and(|other| other.starts_with(&start) && other.ends_with(END));
            // Who holds it is at work.
            if is_part && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
                let _ = fs::remove_file(entry.path());
            }
        }
        let path = folder.join(format!("{start}{}{END}", Uuid::new_v4().simple()));
        let file = File::create_new(&path)?;
        // A file system without locks does without.
        let _ = file.try_lock();
        Ok((Self(path), file))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn rename(&self, whole: &Path) -> io::Result<()> {
        fs::rename(&self.0, whole)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already, if it has its name.
        let _ = fs::remove_file(&self.0);
    }
}
