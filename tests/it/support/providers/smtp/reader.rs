//! Reads a mail as a mail program does: RFC 5322, RFC 2045 and RFC 2047.

use base64::{Engine, engine::general_purpose::STANDARD};

pub struct Mail {
    /// In their order, as a person sees them.
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Mail {
    /// Panics on what is not a mail of one plain text.
    pub fn read(raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").expect("a head and a body");
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", "\t");
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_owned(), decoded_words(value))
        };
        let headers: Vec<_> = unfolded.split("\r\n").map(header).collect();
        let mut mail = Self { headers, text: String::new() };
        mail.text = match mail.header("Content-Transfer-Encoding") {
            "7bit" => body.to_owned(),
            "base64" => text(STANDARD.decode(body.replace("\r\n", "")).expect("base64")),
            "quoted-printable" => text(quoted_printable(&body.replace("=\r\n", ""))),
            other => panic!("{other}"),
        };
        mail
    }

    /// The one header of this name.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = found.next().unwrap_or_else(|| panic!("no {name}"));
        assert!(found.next().is_none(), "{name} comes twice");
        value
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

fn quoted_printable(body: &str) -> Vec<u8> {
    let mut parts = body.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("a byte"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

/// `=?utf-8?b?...?=`; between two of them a space is none.
fn decoded_words(value: &str) -> String {
    let mut decoded = String::new();
    let mut last_was_encoded = false;
    for word in value.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
        if !decoded.is_empty() && (encoded.is_none() || !last_was_encoded) {
            decoded.push(' ');
        }
        last_was_encoded = encoded.is_some();
        match encoded {
            Some(encoded) => decoded.push_str(&text(STANDARD.decode(encoded).expect("base64"))),
            None => decoded.push_str(word),
        }
    }
    decoded
}
