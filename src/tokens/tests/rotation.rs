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
