//! `JWT_PRIVATE_KEYS`: paths of PEM files, or the PEM text itself where a platform mounts no files.

use std::{
    io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::vars::Vars;

#[derive(Debug, Clone)]
pub enum PrivateKeys {
    /// The first one signs, all of them verify. None in development: a key is made under `DATA_DIR`.
    Files(Vec<PathBuf>),
    /// One or several, one after the other.
    Text(SecretString),
}

/// What was read from one place, or why it could not be.
pub struct KeyText {
    /// How the place is called in messages: never a part of a key.
    pub place: String,
    pub path: Option<PathBuf>,
    pub text: io::Result<String>,
}

impl PrivateKeys {
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Files(paths) if paths.is_empty())
    }

    pub fn read(&self) -> Vec<KeyText> {
        match self {
            Self::Files(paths) => (1..).zip(paths).map(|(n, path)| file(n, path)).collect(),
            Self::Text(text) => vec![KeyText {
                place: "the PEM text in JWT_PRIVATE_KEYS".to_owned(),
                path: None,
                text: Ok(text.expose_secret().to_owned()),
            }],
        }
    }
}

fn file(n: usize, path: &Path) -> KeyText {
    KeyText { place: place(n, path), path: Some(path.to_owned()), text: std::fs::read_to_string(path) }
}

/// What does not look like a path may be a piece of a key: then its number stands for it.
fn place(n: usize, path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = text.len() <= 200 && text.chars().all(|c| c.is_ascii_alphanumeric() || "/\\:._- ~".contains(c));
    let is_path = text.starts_with(['/', '.', '~']) || path.extension().is_some() || path.exists();
    if is_plain && is_path { text.into_owned() } else { format!("entry {n}, which is neither a path nor PEM text,") }
}

pub(super) fn read(vars: &mut Vars) -> PrivateKeys {
    const NAME: &str = "JWT_PRIVATE_KEYS";
    let text = vars.text(NAME).unwrap_or_default();
    if text.contains("-----BEGIN") {
        // Variables of one line write line ends as `\n`.
        return PrivateKeys::Text(text.replace("\\n", "\n").into());
    }
    PrivateKeys::Files(vars.list(NAME, "paths of PEM files, comma-separated, or PEM text", |path| Some(path.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_a_path_and_never_what_may_be_a_key() {
        assert_eq!(place(1, Path::new("/run/secrets/jwt.pem")), "/run/secrets/jwt.pem");
        assert_eq!(place(1, Path::new("keys/a.pem")), "keys/a.pem");
        for secret in ["MC4CAQAwBQYDK2VwBCIEIJdS+7Zz4=", "MC4CAQAwBQYDK2VwBCIEIJdS", "a b\nc"] {
            assert!(!place(2, Path::new(secret)).contains(secret), "{secret}");
        }
    }
}
