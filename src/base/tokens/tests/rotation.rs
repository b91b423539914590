//! Keys that come and go.

use super::*;

#[test]
fn every_kind_of_new_key_is_one_that_the_ring_takes() {
    for (kind, algorithm) in [(KeyKind::EdDsa, "EdDSA"), (KeyKind::Es256, "ES256"), (KeyKind::Rs256, "RS256")] {
        let tokens = tokens(&[KeyRing::generate_pem_of(kind)]);
        let (token, claims) = sign(&tokens);
        assert_eq!(tokens.verify(&token, now()), Ok(claims));
        assert_eq!(tokens.jwks()["keys"][0]["alg"], algorithm);
    }
    let rsa = tokens(&[KeyRing::generate_pem_of(KeyKind::Rs256)]).jwks();
    assert_eq!(URL_SAFE_NO_PAD.decode(rsa["keys"][0]["n"].as_str().unwrap()).unwrap().len(), 384);
}

#[test]
fn one_text_may_hold_several_keys_with_remarks_between_them() {
    let (first, second, third) = (KeyRing::generate_pem(), p256_pem(), KeyRing::generate_pem());
    let apart = KeyRing::from_pems(&[first.clone(), second.clone(), third.clone()]).unwrap();
    let together = KeyRing::from_pems(&[format!("since May\n{first}\nnext\n{second}\n"), third.clone()]).unwrap();
    assert_eq!(together.list(), apart.list());
    let states: Vec<_> = together.list().into_iter().map(|key| key.state).collect();
    assert_eq!(states, [KeyState::Active, KeyState::NextOrRetiring, KeyState::NextOrRetiring]);
    let twice = [format!("{first}{second}"), first.clone()];
    assert_eq!(KeyRing::from_pems(&twice).unwrap_err(), KeyError::Duplicate(3));
    let cut = format!("{first}{}", &second[..60]);
    assert_eq!(KeyRing::from_pems(&[cut]).unwrap_err(), KeyError::Unsupported(2));
    assert_eq!(KeyRing::from_pems(&[first, "no key".to_owned()]).unwrap_err(), KeyError::Unsupported(2));
}

#[test]
fn the_time_above_a_key_tells_whether_it_comes_or_goes() {
    use KeyState::{Active, Next, NextOrRetiring, Retiring};
    let [old, new, odd] = [-60, 0, 0].map(|seconds| KeyRing::generate_file(KeyKind::EdDsa, later(seconds)));
    let (_, odd) = odd.split_once('\n').unwrap();
    let states = |text: &str| {
        let ring = KeyRing::from_pems(&[text.to_owned()]).unwrap();
        ring.list().into_iter().map(|key| key.state).collect::<Vec<_>>()
    };
    assert_eq!(states(&format!("{old}{new}")), [Active, Next]);
    assert_eq!(states(&format!("{new}{old}")), [Active, Retiring]);
    // Of a key without a time nothing is said, nor of the others where the active one has none: the time of one key is
    // not that of the one after it.
    assert_eq!(states(&format!("{new}{odd}{old}")), [Active, NextOrRetiring, Retiring]);
    assert_eq!(states(&format!("{odd}{new}{old}")), [Active, NextOrRetiring, NextOrRetiring]);
    for bad in ["Made yesterday\n", "Made \n", "made 2026-11-22T00:00:00Z\n"] {
        assert_eq!(states(&format!("{new}{bad}{odd}")), [Active, NextOrRetiring]);
    }
    // Other remarks may stand beside it.
    assert_eq!(states(&format!("ours\n{old}the next one\n{new}")), [Active, Next]);
    let ring = KeyRing::from_pems(&[new]).unwrap();
    assert_eq!(ring.list()[0].made, Some(now()));
}

#[test]
fn a_key_that_is_gone_verifies_nothing_also_of_what_it_had_verified() {
    let (old, new) = (KeyRing::generate_pem(), KeyRing::generate_pem());
    let tokens = tokens(std::slice::from_ref(&old));
    let (by_old, claims) = sign(&tokens);
    assert_eq!(tokens.verify(&by_old, now()), Ok(claims.clone()));
    tokens.replace_keys(KeyRing::from_pems(&[new.clone(), old]).unwrap());
    let (by_new, _) = sign(&tokens);
    assert_eq!(tokens.verify(&by_old, now()), Ok(claims));
    tokens.replace_keys(KeyRing::from_pems(&[new]).unwrap());
    assert_eq!(tokens.verify(&by_old, now()), Err(TokenError::UnknownKey));
    assert!(tokens.verify(&by_new, now()).is_ok());
}
