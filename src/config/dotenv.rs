//! The process environment over a `.env` file in the working directory.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::env::VarError;
use std::io::ErrorKind;

use super::vars::{ConfigErrors, Problem};
use super::{Config, names, read_all};

impl Config {
    /// The configuration of this process. A variable of the real environment wins over the file, also when it is
    /// empty: that is how one line of the file is switched off for one start.
    pub fn from_env_and_dotenv() -> Result<Self, ConfigErrors> {
        let (file, problems) = match std::fs::read_to_string(".env") {
            Ok(text) => parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => (HashMap::new(), Vec::new()),
            Err(error) => {
                let wrong = format!("cannot be read ({error})");
                let remedy = "make it a readable UTF-8 file, or remove it".to_owned();
                (HashMap::new(), vec![Problem { variable: ".env".to_owned(), wrong, remedy }])
            }
        };
        let (mut config, known) = layered(environment, &file, problems)?;
        config.warnings = names::near_misses(environment_names(), &known);
        Ok(config)
    }
}

/// `problems` are those of the file; they are told together with the others.
pub(super) fn layered(
    environment: impl Fn(&str) -> Result<String, VarError>,
    file: &HashMap<String, String>,
    problems: Vec<Problem>,
) -> Result<(Config, BTreeSet<&'static str>), ConfigErrors> {
    // A set, because a variable may be asked for more than once.
    let unreadable = RefCell::new(BTreeSet::new());
    let (result, known) = read_all(&|name| match environment(name) {
        Ok(value) => Some(value),
        Err(VarError::NotPresent) => file.get(name).cloned(),
        Err(VarError::NotUnicode(_)) => {
            unreadable.borrow_mut().insert(name.to_owned());
            None
        }
    });
    let unreadable = unreadable.into_inner().into_iter().map(|variable| {
        let (wrong, remedy) = ("is not UTF-8".to_owned(), "set it anew".to_owned());
        Problem { variable, wrong, remedy }
    });
    let misspelt = names::unknown_in_file(file, &known);
    let mut all: Vec<Problem> = problems.into_iter().chain(unreadable).chain(misspelt).collect();
    match result {
        Ok(config) if all.is_empty() => return Ok((config, known)),
        Ok(_) => {}
        Err(ConfigErrors(others)) => all.extend(others),
    }
    Err(ConfigErrors(all))
}

#[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
fn environment(name: &str) -> Result<String, VarError> {
    std::env::var(name)
}

fn environment_names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// The variables of a `.env` text, and a problem for each line that is none. The parser's own error quotes the
/// line, which may hold a secret, and does not say where it stands.
pub(super) fn parse(text: &str) -> (HashMap<String, String>, Vec<Problem>) {
    let (mut values, mut problems) = (HashMap::new(), Vec::new());
    let mut lines = text.lines().zip(1_usize..);
    for entry in dotenvy::from_read_iter(text.as_bytes()) {
        match entry {
            Ok((name, value)) => {
                skip_past(&mut lines, &name);
                values.insert(name, value);
            }
            Err(dotenvy::Error::LineParse(fragment, _)) => {
                let at = skip_past(&mut lines, fragment.lines().next().unwrap_or_default());
                let variable = at.map_or(".env".to_owned(), |at| format!(".env line {at}"));
                let wrong = "is not NAME=value".to_owned();
                let remedy = "put values with spaces, # or $ in single quotes, and close every quote";
                problems.push(Problem { variable, wrong, remedy: remedy.to_owned() });
            }
            Err(error) => {
                let (wrong, remedy) = (format!("cannot be read ({error})"), "mend or remove it".to_owned());
                problems.push(Problem { variable: ".env".to_owned(), wrong, remedy });
                break;
            }
        }
    }
    (values, problems)
}

/// The number of the next line with `fragment`: entries come in the order of their lines.
fn skip_past<'a>(lines: &mut impl Iterator<Item = (&'a str, usize)>, fragment: &str) -> Option<usize> {
    let mut entries = lines.filter(|(line, _)| !line.trim_start().starts_with('#'));
    entries.find(|(line, _)| line.contains(fragment)).map(|(_, number)| number)
}
