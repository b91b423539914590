//! Keys that development makes for itself and keeps, so that a restart logs nobody out.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use uuid::Uuid;

/// The text of the file at `path`, made with `make` when there is none. Only the owner may read it. Of two
/// processes that start at once, both end up with the same text.
pub fn load_or_create(path: &Path, make: impl FnOnce() -> String) -> anyhow::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        read => return read.with_context(|| format!("cannot read {}", path.display())),
    }
    let create = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        publish(path, &make())
    };
    create().with_context(|| format!("cannot create {}; is DATA_DIR writable?", path.display()))?;
    // Read back rather than returned: another process may have been first.
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Written aside and then given its name, so that nobody ever reads half a key. The name is given by a link, which
/// unlike a rename does not replace a file that another process has just made; a rename stands in where the
/// file system has no links.
fn publish(path: &Path, text: &str) -> std::io::Result<()> {
    let aside = path.with_extension(format!("{}.new", Uuid::new_v4()));
    let mut file = private_file(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    match fs::hard_link(&aside, path) {
        Ok(()) => fs::remove_file(&aside),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::remove_file(&aside),
        Err(_) => fs::rename(&aside, path),
    }
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
