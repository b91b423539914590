//! A name in words, numbers and signs.

use super::text::is_dash;

pub(super) enum Token {
    /// In small letters.
    Word(String),
    Number(String),
    Sign(char),
}

/// In small letters, without accents, with plain figures and signs.
pub(super) fn tokens(name: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let plain: Vec<char> = name.chars().flat_map(plain).collect();
    for (at, &c) in plain.iter().enumerate() {
        let is_digit = |at: usize| plain.get(at).is_some_and(char::is_ascii_digit);
        match tokens.last_mut() {
            Some(Token::Word(word)) if c.is_alphabetic() => word.push(c),
            Some(Token::Number(number)) if c.is_ascii_digit() => number.push(c),
            _ if c.is_alphabetic() => tokens.push(Token::Word(c.to_string())),
            _ if c.is_ascii_digit() => tokens.push(Token::Number(c.to_string())),
            // `0.5`, but not the count before the dot in `CuSO4.5H2O` and `Fe(NO3)3.9H2O`, nor one of several locants.
            Some(Token::Number(number)) if matches!(c, '.' | ',') && is_digit(at + 1) && number.len() == 1 => {
                let before = at.checked_sub(2).map(|at| plain[at]);
                let is_count = before.is_some_and(|c| c.is_alphabetic() || matches!(c, ',' | ')' | ']' | '}'));
                let is_free = !is_count || (number == "0" && before != Some(','));
                let has_more = (at + 1..plain.len()).find(|at| !is_digit(*at)).is_some_and(|end| plain[end] == ',');
                if is_free && !has_more { number.push(c) } else { tokens.push(Token::Sign(c)) }
            }
            Some(Token::Sign(' ')) if c == ' ' => {}
            _ => tokens.push(Token::Sign(c)),
        }
    }
    tokens
}

fn plain(c: char) -> impl Iterator<Item = char> {
    let (first, rest) = match c {
        '½' => ('0', ".5"),
        '\u{2070}' | '\u{2074}'..='\u{2079}' => (char::from_digit(u32::from(c) - 0x2070, 10).unwrap_or(c), ""),
        '¹' => ('1', ""),
        '²' => ('2', ""),
        '³' => ('3', ""),
        '\u{2080}'..='\u{2089}' => (char::from_digit(u32::from(c) - 0x2080, 10).unwrap_or(c), ""),
        '\u{2022}' | '\u{2219}' | '\u{22c5}' | '\u{b7}' | '\u{30fb}' => ('·', ""),
        '×' => ('x', ""),
        _ if is_dash(c) => ('-', ""),
        'é' | 'è' | 'É' => ('e', ""),
        c if c.is_whitespace() => (' ', ""),
        c => (c.to_lowercase().next().unwrap_or(c), ""),
    };
    std::iter::once(first).chain(rest.chars())
}
