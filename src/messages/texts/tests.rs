use super::*;

const KINDS: [Kind; 5] = [Kind::LoginCode, Kind::PhoneChangeCode, Kind::EmailCode, Kind::PhoneChanged, Kind::Test];
const CODES: [&str; 3] = ["123456", "1234567", "12345678"];
const HASH: &str = "FA+9qCX9VSu";
const SHORT: &str = "chem.example";
const MEDIUM: &str = "stock.chemistry-lab.example.org";

/// GSM 03.38, the basic set without the escape.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
    abcdefghijklmnopqrstuvwxyzäöñüà";
/// These take two places each.
const GSM_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// None when a letter is not in the alphabet of SMS.
fn septets(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| GSM.contains(c).then_some(1).or(GSM_EXTENSION.contains(c).then_some(2)))
        .try_fold(0, |sum, places| Some(sum + places?))
}

fn is_one_segment(text: &str) -> bool {
    septets(text).map_or_else(|| text.encode_utf16().count() <= 70, |septets| septets <= 160 && text.len() <= 140)
}

fn contents() -> Vec<Content> {
    let mut all = Vec::new();
    for kind in KINDS {
        for &language in Language::ALL {
            if matches!(kind, Kind::PhoneChanged | Kind::Test) {
                all.push(Content::notice(kind, language));
                continue;
            }
            let with = |(code, minutes): (&str, u64)| Content { kind, language, code: Some(code.to_owned()), minutes };
            all.extend(CODES.into_iter().zip([1, 5, 10]).map(with));
        }
    }
    all
}

fn domains() -> Vec<Option<String>> {
    let longest = [&"a".repeat(63), ".", &"b".repeat(63), ".", &"c".repeat(63), ".", &"d".repeat(61)].concat();
    assert_eq!((longest.len(), MEDIUM.len()), (253, 31));
    vec![None, Some(SHORT.to_owned()), Some(MEDIUM.to_owned()), Some(longest)]
}

fn each_sms(check: impl Fn(&Content, Origin<'_>, &str)) {
    for content in contents() {
        for domain in domains() {
            for android_app_hash in [None, Some(HASH)] {
                let origin = Origin { domain: domain.as_deref(), android_app_hash };
                check(&content, origin, &sms(&content, origin));
            }
        }
    }
}

#[test]
fn every_sms_is_one_segment() {
    each_sms(|content, origin, text| assert!(is_one_segment(text), "{:?} {origin:?}: {text}", content.kind));
}

#[test]
fn the_words_of_european_languages_are_all_in_the_alphabet_of_sms() {
    let wide = [Language::Hindi, Language::Arabic, Language::Chinese];
    for content in contents().iter().filter(|content| !wide.contains(&content.language)) {
        for words in short::wordings(content) {
            assert!(septets(&words).is_some(), "{words}");
        }
    }
}

#[test]
fn the_last_line_is_what_phones_look_for() {
    each_sms(|content, origin, text| {
        let code = content.code.as_deref();
        let domain = origin.domain.filter(|domain| domain.len() < 100);
        let expected = match (code, domain, origin.android_app_hash) {
            (Some(code), Some(domain), Some(hash)) => format!("\n@{domain} #{code} {hash}"),
            (Some(code), Some(domain), None) => format!("\n@{domain} #{code}"),
            (Some(code), None, Some(hash)) if origin.domain.is_none() => format!("\n{code} {hash}"),
            _ => {
                assert!(!text.contains(['\n', '#', '@']), "{text}");
                return;
            }
        };
        let at = text.rfind('\n').unwrap();
        assert_eq!(&text[at..], expected);
        assert!(text[..at].contains(code.unwrap()) && !text[..at].contains('\n'), "{text}");
    });
}

#[test]
fn an_sms_with_a_code_says_whose_it_is_where_there_is_room() {
    each_sms(|content, _, text| {
        let Some(code) = &content.code else { return };
        let words = text.lines().next().unwrap();
        assert!(words == code || words.contains("Chemstock") && words.contains(code), "{text}");
        // What a lock screen shows.
        assert!(words.chars().take(48).collect::<String>().contains(code), "{text}");
    });
}

#[test]
fn with_a_short_domain_an_english_code_comes_with_everything() {
    let content =
        Content { kind: Kind::LoginCode, language: Language::English, code: Some("123456".to_owned()), minutes: 10 };
    let origin = Origin { domain: Some(SHORT), android_app_hash: Some(HASH) };
    let expected = "Your Chemstock code is 123456. Never tell it to anybody. Valid for 10 minutes.\n\
        @chem.example #123456 FA+9qCX9VSu";
    assert_eq!(sms(&content, origin), expected);
}

#[test]
fn every_english_code_begins_with_the_same_words() {
    for content in contents().iter().filter(|content| content.language == Language::English) {
        let Some(code) = &content.code else { continue };
        let expected = format!("Your Chemstock code is {code}.");
        assert!(sms(content, Origin::default()).starts_with(&expected));
        assert!(mail(content).body.starts_with(&expected));
    }
}

#[test]
fn without_a_last_line_every_sms_says_to_keep_the_code_secret_and_how_long_it_is_good() {
    for content in contents().iter().filter(|content| content.code.is_some()) {
        let text = sms(content, Origin::default());
        assert!(short::wordings(content)[..2].contains(&text), "{text}");
        let latin = septets(&text).is_some();
        assert!(!latin || text.contains(&minutes(content.language, content.minutes)), "{text}");
    }
}

#[test]
fn no_text_has_a_link_or_a_gap_left() {
    let is_plain = |text: &str| {
        let has_host = text.split_whitespace().any(|word| word.trim_end_matches(['.', '।', '。']).contains('.'));
        !has_host && !["http", "www", "://", "{", "}", "  "].iter().any(|bad| text.contains(bad))
    };
    for content in contents() {
        let Mail { subject, body } = mail(&content);
        for text in [sms(&content, Origin::default()), subject, body] {
            assert!(is_plain(&text), "{text}");
        }
    }
}

#[test]
fn a_letter_has_the_code_in_its_subject_and_says_what_it_is_for() {
    for content in contents() {
        let Mail { subject, body } = mail(&content);
        assert!(subject.contains("Chemstock") && body.contains("Chemstock") && !subject.contains('\n'), "{subject}");
        let Some(code) = &content.code else { continue };
        assert!(subject.contains(code) && body.contains(code), "{subject}");
        assert!(body.contains(&minutes(content.language, content.minutes)), "{body}");
        assert_eq!(body.split("\n\n").count(), 4, "{body}");
    }
}

#[test]
fn no_two_messages_say_the_same() {
    let contents = contents();
    let letters: std::collections::HashSet<_> = contents.iter().map(|content| mail(content).body).collect();
    let texts: std::collections::HashSet<_> = contents.iter().map(|content| sms(content, Origin::default())).collect();
    assert_eq!((letters.len(), texts.len()), (contents.len(), contents.len()));
}
