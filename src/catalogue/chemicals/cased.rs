//! Where the case of a letter tells one substance from another.

use chemistry::Formula;

/// Whether the letter there keeps its case: in a formula with a symbol of two letters (`CoS` is not `COS`), as the
/// locant of an atom (N-butyl is at the nitrogen, n-butyl is the normal one), and as a configuration (D- and L- are
/// one, d- and l- turn light). `N,N-` is always nitrogen.
pub fn cased(name: &[char], at: usize) -> bool {
    if !name[at].is_uppercase() {
        return false;
    }
    // A space behind a comma says nothing: `N, N-` is `N,N-`.
    let bare = &name[..name[..at].iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1)];
    let before = match bare.last() {
        Some(',') => Some(','),
        _ if bare.len() < at => Some(' '),
        last => last.copied(),
    };
    let is_locant = matches!(name[at], 'N' | 'O' | 'S' | 'C' | 'D' | 'L')
        && matches!(before, None | Some('-' | '(' | '[' | ' '))
        && name.get(at + 1) == Some(&'-');
    let is_space = |c: char| matches!(c, ' ' | ',' | ';');
    is_locant || is_formula(around(name, at, |c| !is_space(c))) || is_formula(around(name, at, char::is_alphanumeric))
}

/// In lower case, but for the letters that keep theirs.
pub fn small(name: &str) -> String {
    let letters: Vec<_> = name.chars().collect();
    let lower = |at: usize| {
        let keeps = cased(&letters, at);
        letters[at].to_lowercase().filter(move |_| !keeps).chain(keeps.then_some(letters[at]))
    };
    (0..letters.len()).flat_map(lower).collect()
}

/// The longest run there of letters that belong together.
fn around(name: &[char], at: usize, belongs: impl Fn(char) -> bool) -> &[char] {
    let begin = name[..at].iter().rposition(|c| !belongs(*c)).map_or(0, |before| before + 1);
    let end = name[at..].iter().position(|c| !belongs(*c)).map_or(name.len(), |behind| at + behind);
    &name[begin..end]
}

/// One whose case says something. Words of two letters, such as `No` and `In`, are words.
fn is_formula(word: &[char]) -> bool {
    word.len() > 2 && word.iter().any(char::is_ascii_lowercase) && Formula::is_one(&word.iter().collect::<String>())
}
