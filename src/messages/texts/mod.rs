//! The words of a message, in every language that there is. A short message is one segment and ends in the line by
//! which phones find the code (`@domain #code`, WICG origin-bound one-time codes; with the app's hash for Android's SMS
//! Retriever).

mod letter;
mod short;
#[cfg(test)]
mod tests;

use super::content::{Content, Kind};
use crate::base::language::Language;

/// By what a phone knows that a code is ours.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// The host of `PUBLIC_URL`.
    pub domain: Option<&'a str>,
    pub android_app_hash: Option<&'a str>,
}

/// One segment of SMS. Where all that is to be said does not fit, the last line comes before the words, as the code is
/// in it; but words without it are of more use than no message.
pub fn sms(content: &Content, origin: Origin<'_>) -> String {
    let mut wordings = short::wordings(content);
    if let Some(last_line) = content.code.as_deref().and_then(|code| last_line(code, origin)) {
        let mut wholes = wordings.iter().map(|words| format!("{words}\n{last_line}"));
        if let Some(whole) = wholes.find(|whole| fits(whole)) {
            return whole;
        }
    }
    let fitting = wordings.iter().position(|words| fits(words)).unwrap_or_default();
    wordings.swap_remove(fitting)
}

/// Android needs only the hash, and wants it last.
fn last_line(code: &str, origin: Origin<'_>) -> Option<String> {
    match (origin.domain, origin.android_app_hash) {
        (Some(domain), Some(hash)) => Some(format!("@{domain} #{code} {hash}")),
        (Some(domain), None) => Some(format!("@{domain} #{code}")),
        (None, Some(hash)) => Some(format!("{code} {hash}")),
        (None, None) => None,
    }
}

/// Our Latin letters are all in the alphabet of SMS, so a segment has room for 160 of them; Android's SMS Retriever
/// looks at no more than 140 bytes. Any other letter makes the whole of it UTF-16, with room for 70.
fn fits(text: &str) -> bool {
    let is_latin = text.chars().all(|c| c <= '\u{ff}');
    if is_latin { text.len() <= 140 } else { text.encode_utf16().count() <= 70 }
}

pub struct Mail {
    pub subject: String,
    pub body: String,
}

/// Without links: one that is used to them will also follow a forger's.
pub fn mail(content: &Content) -> Mail {
    letter::mail(content)
}

/// Puts in the code and how long it is good for.
fn fill(words: &str, content: &Content) -> String {
    let code = content.code.as_deref().unwrap_or_default();
    words.replace("{code}", code).replace("{time}", &minutes(content.language, content.minutes))
}

fn minutes(language: Language, count: u64) -> String {
    match (language, count) {
        (Language::English | Language::French, 1) => "1 minute".to_owned(),
        (Language::English | Language::French, _) => format!("{count} minutes"),
        (Language::German, 1) => "1 Minute".to_owned(),
        (Language::German, _) => format!("{count} Minuten"),
        (Language::Spanish | Language::Portuguese, 1) => "1 minuto".to_owned(),
        (Language::Spanish | Language::Portuguese, _) => format!("{count} minutos"),
        (Language::Hindi, _) => format!("{count} मिनट"),
        (Language::Arabic, 1) => "دقيقة واحدة".to_owned(),
        (Language::Arabic, 2) => "دقيقتين".to_owned(),
        (Language::Arabic, 3..=10) => format!("{count} دقائق"),
        (Language::Arabic, _) => format!("{count} دقيقة"),
        (Language::Chinese, _) => format!("{count}分钟"),
    }
}
