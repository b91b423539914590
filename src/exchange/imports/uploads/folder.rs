//! A folder for one run: the list under its own name, and beside it what earlier runs have written.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use uuid::Uuid;

/// Gone with the run.
pub struct Folder {
    path: PathBuf,
    /// The file that is imported.
    name: String,
    /// Of which list it is, or has corrections.
    list: String,
}

impl Folder {
    pub fn new(name: &str, list: &str) -> io::Result<Self> {
        let all = std::env::temp_dir();
        remove_left(&all);
        let path = all.join(format!("{START}{}", Uuid::new_v4().simple()));
        let mut made = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut made, 0o700);
        made.create(&path)?;
        Ok(Self { path, name: name.to_owned(), list: list.to_owned() })
    }

    pub fn file(&self) -> PathBuf {
        self.path.join(&self.name)
    }

    pub fn codes_name(&self) -> String {
        format!("{}.codes.csv", self.list)
    }

    pub fn codes(&self) -> io::Result<Vec<u8>> {
        match fs::read(self.path.join(self.codes_name())) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    /// Where the file is that is imported, that one counts.
    pub fn put(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name);
        if is_plain && name != self.name { fs::write(self.path.join(name), content) } else { Ok(()) }
    }

    pub fn put_list(&self, content: &[u8]) -> io::Result<()> {
        fs::write(self.file(), content)
    }

    /// What the import has written beside the list, but for the codes.
    pub fn corrections(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_written = name != self.name && name != self.list && name != self.codes_name();
            let is_whole = Path::new(&name).extension().is_some_and(|extension| extension == "csv");
            if is_written && is_whole {
                found.push((name, fs::read(entry.path())?));
            }
        }
        Ok(found)
    }

    /// What an import says, without where the folder is.
    pub fn told(&self, text: &str) -> String {
        let folder = format!("{}{}", self.path.display(), std::path::MAIN_SEPARATOR);
        text.replace(&folder, "").replace('\0', "\u{fffd}")
    }
}

/// How folders of runs begin.
const START: &str = "chemstock-run-";
/// Longer than a run takes.
const LEFT_AFTER: Duration = Duration::from_hours(24);

/// What processes have left that were killed.
fn remove_left(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let is_of_run = entry.file_name().to_str().is_some_and(|name| name.starts_with(START));
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_of_run && age().is_some_and(|age| age > LEFT_AFTER) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
