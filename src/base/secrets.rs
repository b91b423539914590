//! Keyed primitives, all from the one `SECRET_KEY`: what the database or Redis leaks is of no use without it.

use std::fmt::{self, Write as _};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::{constant_time, hmac, rand};

/// Derives a key of its own for every purpose, so that a value made for one never passes for another.
#[derive(Clone)]
pub struct SecretKey(Prk);

impl SecretKey {
    /// HKDF-SHA-256 extraction (RFC 5869, 2.2). `Config` has seen to it that there are 32 bytes or more.
    pub fn new(secret: &[u8]) -> Self {
        Self(Salt::new(HKDF_SHA256, b"chemstock").extract(secret))
    }

    /// HMAC-SHA-256. Every part goes in with its length, so that no two lists of parts have the same bytes.
    pub fn mac(&self, purpose: &'static str, parts: &[&[u8]]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.sub_key("mac:", purpose));
        let mut context = hmac::Context::with_key(&key);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    /// AES-256-GCM; the answer is nonce, ciphertext and tag. `aad` is not in it, but `open` needs the same. Random
    /// nonces are good for 2^32 messages under one key (NIST SP 800-38D, 8.3).
    pub fn seal(&self, purpose: &'static str, plaintext: &[u8], aad: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut text = plaintext.to_vec();
        let tag = self
            .aead(purpose)
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut text)
            .expect("messages are shorter than 64 GiB");
        [&nonce, text.as_slice(), tag.as_ref()].concat()
    }

    /// `None` when anything differs: key, purpose, `aad`, or a single bit.
    pub fn open(&self, purpose: &'static str, sealed: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.aead(purpose).open_in_place(nonce, Aad::from(aad), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    fn aead(&self, purpose: &'static str) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, &self.sub_key("seal:", purpose)).expect("32 bytes are the length");
        LessSafeKey::new(key)
    }

    fn sub_key(&self, kind: &str, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        let info = [kind.as_bytes(), purpose.as_bytes()];
        let okm = self.0.expand(&info, ThirtyTwo);
        okm.and_then(|okm| okm.fill(&mut key)).expect("32 bytes are within what HKDF-SHA-256 gives");
        key
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey([redacted])")
    }
}

struct ThirtyTwo;

impl KeyType for ThirtyTwo {
    fn len(&self) -> usize {
        32
    }
}

/// From the generator of aws-lc (NIST SP 800-90A), which the operating system seeds.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("a machine without randomness cannot serve logins");
    bytes
}

/// A code of `count` decimal digits, all equally likely. Bytes from 250 up are thrown away: a plain remainder would
/// make 0 to 5 more frequent than 6 to 9.
pub fn uniform_digits(count: usize) -> String {
    let mut digits = String::with_capacity(count);
    while digits.len() < count {
        for byte in random::<16>().into_iter().filter(|byte| *byte < 250).take(count - digits.len()) {
            digits.push(char::from(b'0' + byte % 10));
        }
    }
    digits
}

/// Takes the same time wherever the two differ.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// In small letters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A String takes whatever is written to it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn key() -> SecretKey {
        SecretKey::new(&[7; 32])
    }

    #[test]
    fn a_mac_depends_on_key_purpose_and_every_boundary_between_parts() {
        let mac = key().mac("otp", &[b"ab", b"c"]);
        assert_eq!(mac, SecretKey::new(&[7; 32]).mac("otp", &[b"ab", b"c"]));
        assert_ne!(mac, key().mac("otp", &[b"a", b"bc"]));
        assert_ne!(mac, key().mac("otp", &[b"ab", b"c", b""]));
        assert_ne!(mac, key().mac("phone", &[b"ab", b"c"]));
        assert_ne!(mac, SecretKey::new(&[8; 32]).mac("otp", &[b"ab", b"c"]));
    }

    /// Computed apart from this code with Python's `hmac`: stored values must survive a change of library.
    #[test]
    fn a_mac_is_hkdf_and_hmac_as_published() {
        let mac = key().mac("otp", &[b"ab", b"c"]);
        assert_eq!(STANDARD.encode(mac), "kBlARY2miynMdKRioIxJ6xV5AWC5/ohDdvP0eALmNrY=");
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_purpose_and_context_only() {
        let sealed = key().seal("outbox", b"your code is 123456", b"message 1");
        assert_eq!(key().open("outbox", &sealed, b"message 1").unwrap(), b"your code is 123456");
        assert_eq!(key().open("outbox", &sealed, b"message 2"), None);
        assert_eq!(key().open("phones", &sealed, b"message 1"), None);
        assert_eq!(SecretKey::new(&[8; 32]).open("outbox", &sealed, b"message 1"), None);
        assert_ne!(sealed, key().seal("outbox", b"your code is 123456", b"message 1"));
        assert_eq!(key().open("outbox", &key().seal("outbox", b"", b""), b"").unwrap(), b"");
    }

    #[test]
    fn a_sealed_message_with_any_flipped_or_missing_byte_does_not_open() {
        let sealed = key().seal("outbox", b"secret", b"");
        for index in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[index] ^= 1;
            assert_eq!(key().open("outbox", &flipped, b""), None);
            assert_eq!(key().open("outbox", &sealed[..index], b""), None);
        }
    }

    #[test]
    fn digits_are_uniform() {
        let mut counts = [0_u32; 10];
        for digit in uniform_digits(100_000).bytes() {
            counts[usize::from(digit - b'0')] += 1;
        }
        // Ten standard deviations (95 each): fails by chance less than once in the age of the universe.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 950), "{counts:?}");
        assert_eq!(uniform_digits(6).len(), 6);
        assert_eq!(uniform_digits(0), "");
    }

    #[test]
    fn random_values_differ_and_comparison_is_by_content() {
        assert_ne!(random::<32>(), random::<32>());
        assert!(constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"some"));
        assert!(!constant_time_eq(b"same", b"sam"));
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", key()), "SecretKey([redacted])");
    }
}
