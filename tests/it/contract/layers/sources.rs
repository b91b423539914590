//! What the sources use and write.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use regex::{Captures, Regex};

/// A source without its comments and tests.
pub struct Source {
    pub file: String,
    pub module: Vec<String>,
    /// Without strings, too.
    pub code: String,
    text: String,
}

pub struct Import {
    pub place: String,
    pub from: Vec<String>,
    pub to: Vec<String>,
}

/// Blanks of the same length, on the same lines.
fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) }).collect()
}

fn find_files(folder: &Path, kind: &str, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            find_files(&path, kind, into);
        } else if path.extension().is_some_and(|extension| extension == kind) {
            let file = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("a file below");
            into.push(file.to_str().expect("a name").to_owned());
        }
    }
}

/// Those below a folder that end so.
pub fn files_of(folder: &str, kind: &str) -> Vec<String> {
    let mut files = Vec::new();
    find_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), kind, &mut files);
    files.sort();
    files
}

pub fn files(folders: &[&str]) -> Vec<String> {
    folders.iter().flat_map(|folder| files_of(folder, "rs")).collect()
}

pub fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a text")
}

/// The end of the item that begins there: its semicolon or its last brace.
fn end_of_item(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

impl Source {
    fn new(file: String) -> Self {
        const COMMENT: &str = r"//[^\n]*|/\*.*?\*/|b?'(?:\\.[^']*|[^'\\])'";
        const STRING: &str = r##"b?r#".*?"#|b?r"[^"]*"|b?"(?:\\.|[^"\\])*""##;
        static TOKENS: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(&format!("(?s)(?:{COMMENT})|(?P<string>{STRING})")).expect("a pattern"));
        let raw = read(&file);
        let text = TOKENS.replace_all(&raw, |it: &Captures<'_>| match it.name("string") {
            Some(string) => string.as_str().to_owned(),
            None => blank(&it[0]),
        });
        let (mut code, mut text) =
            (TOKENS.replace_all(&raw, |it: &Captures<'_>| blank(&it[0])).into_owned(), text.into_owned());
        while let Some(start) = code.find("#[cfg(test)]") {
            let end = start + end_of_item(&code[start..]);
            for it in [&mut code, &mut text] {
                let blanked = blank(&it[start..end]);
                it.replace_range(start..end, &blanked);
            }
        }
        let path = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let module = path.split('/').map(str::to_owned).collect();
        Self { file, module, code, text }
    }

    pub fn place(&self, at: usize) -> String {
        format!("{}:{}", self.file, self.code[..at].matches('\n').count() + 1)
    }

    /// Every path that begins in this crate, those of a `use` one by one.
    pub fn imports(&self) -> Vec<Import> {
        static ROOT: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?:^|[^\w:])(crate|self|(?:super::)*super)::").expect("a pattern"));
        let mut imports = Vec::new();
        for found in ROOT.captures_iter(&self.code) {
            let root = found.get(1).expect("a root");
            let base = match root.as_str() {
                "crate" => Vec::new(),
                "self" => self.module.clone(),
                supers => {
                    let up = supers.matches("super").count();
                    self.module[..self.module.len().saturating_sub(up)].to_vec()
                }
            };
            let import = |to| Import { place: self.place(root.start()), from: self.module.clone(), to };
            imports.extend(expand(&self.code[root.end() + 2..], base).into_iter().map(import));
        }
        imports
    }

    /// Tables that the file writes.
    pub fn writes(&self) -> BTreeSet<String> {
        static WRITE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"\b(?:insert into|update|delete from)\s+([a-z_]+)").expect("a pattern"));
        WRITE.captures_iter(&self.text).map(|it| it[1].to_owned()).collect()
    }
}

/// The paths of what follows a `::`: one, or those of a list in braces.
fn expand(code: &str, base: Vec<String>) -> Vec<Vec<String>> {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"::|[{},*]|\w+|\S").expect("a pattern"));
    let (mut path, mut lists, mut paths) = (base, Vec::new(), Vec::new());
    let (mut is_open, mut after_name) = (false, false);
    for token in TOKEN.find_iter(code).map(|token| token.as_str()) {
        let is_name = token.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        match token {
            "::" | "*" => is_open |= token == "*",
            "{" => lists.push(path.clone()),
            "," | "}" if !lists.is_empty() => {
                if is_open {
                    paths.push(path);
                }
                path = lists.last().cloned().unwrap_or_default();
                is_open = false;
                if token == "}" {
                    lists.pop();
                }
                if lists.is_empty() {
                    return paths;
                }
            }
            // The second of two names is what the first is called here.
            _ if is_name && after_name && !lists.is_empty() => {}
            _ if is_name && !after_name => {
                is_open = true;
                if token != "self" {
                    path.push(token.to_owned());
                }
            }
            _ => break,
        }
        after_name = is_name;
    }
    paths.push(path);
    paths
}

/// All but `main.rs`, which may use everything, and `lib.rs`, which is the list.
pub static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let is_test = |file: &String| file.ends_with("/tests.rs") || file.contains("/tests/");
    let files = files(&["src"]).into_iter().filter(|file| !is_test(file));
    files.filter(|file| !["src/lib.rs", "src/main.rs"].contains(&file.as_str())).map(Source::new).collect()
});

pub fn imports() -> impl Iterator<Item = Import> {
    SOURCES.iter().flat_map(Source::imports).filter(|import| !import.to.is_empty())
}
