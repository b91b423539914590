use std::sync::LazyLock;

use chemstock::clients::{
    outbound::{Distrust, Failure, Price, Receipt, ReceiptState},
    twilio::Twilio,
};

use super::{
    super::trials::{REFERENCE, now},
    client_with,
};
use crate::support::providers::{
    posted::Posted,
    twilio::{GIVEN_UP, MESSAGE, receipt, receipt_in_json},
};

const URL: &str = "https://chem.example/v1/webhooks/twilio?reference=01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f";

fn listener(other: &[(&str, &str)]) -> Twilio {
    client_with("http://127.0.0.1:1", other)
}

fn heard_with(token: &str, posted: &Posted) -> Result<Vec<Receipt>, Distrust> {
    listener(&[("TWILIO_AUTH_TOKEN", token)]).receipts(&posted.at(now()))
}

fn heard(posted: &Posted) -> Result<Vec<Receipt>, Distrust> {
    static TWILIO: LazyLock<Twilio> = LazyLock::new(|| listener(&[]));
    TWILIO.receipts(&posted.at(now()))
}

fn told(state: ReceiptState, code: Option<&str>) -> Receipt {
    let code = code.map(str::to_owned);
    Receipt { id: MESSAGE.to_owned(), reference: Some(REFERENCE), state, price: None, code }
}

#[test]
fn each_state_of_a_message_is_a_fate_or_nothing() {
    for (status, state) in
        [("sent", ReceiptState::Sent), ("delivered", ReceiptState::Delivered), ("read", ReceiptState::Delivered)]
    {
        assert_eq!(heard(&receipt(URL, status, &[])), Ok(vec![told(state, None)]), "{status}");
    }
    for status in ["accepted", "scheduled", "queued", "sending", "receiving", "canceled", "", "new"] {
        assert_eq!(heard(&receipt(URL, status, &[])), Ok(vec![]), "{status}");
    }
}

#[test]
fn each_code_of_a_failure_has_its_meaning() {
    for status in ["failed", "undelivered"] {
        for (code, why) in GIVEN_UP {
            let heard = heard(&receipt(URL, status, &[("ErrorCode", code)]));
            assert_eq!(heard, Ok(vec![told(ReceiptState::Failed(why), Some(code))]));
        }
        assert_eq!(heard(&receipt(URL, status, &[])), Ok(vec![told(ReceiptState::Failed(Failure::TryLater), None)]));
    }
    let odd = heard(&receipt(URL, "failed", &[("ErrorCode", "+12025550123")]));
    assert_eq!(odd, Ok(vec![told(ReceiptState::Failed(Failure::TryLater), Some("other"))]));
}

#[test]
fn a_receipt_may_say_the_price() {
    let receipts = heard(&receipt(URL, "delivered", &[("Price", "-0.0079"), ("PriceUnit", "USD")])).unwrap();
    let price = Price { amount: "0.0079".parse().unwrap(), currency: "USD".to_owned() };
    assert_eq!(receipts[0].price, Some(price));
}

#[test]
fn a_receipt_to_an_address_without_our_reference_is_believed_all_the_same() {
    let bare = URL.split_once('?').unwrap().0;
    let receipts = heard(&receipt(bare, "delivered", &[])).unwrap();
    assert_eq!(receipts, [Receipt { reference: None, ..told(ReceiptState::Delivered, None) }]);
}

#[test]
fn one_changed_byte_of_url_body_or_signature_is_refused() {
    let good = receipt(URL, "failed", &[("ErrorCode", "30003")]);
    let mut tried = 0;
    for (what, bad) in good.flipped() {
        // Twilio does not sign what kind of body it sends.
        if what.ends_with("of content-type") {
            continue;
        }
        // Another writing of the same text: `%2B` and `%2b`, or `=` where no value follows.
        if form_urlencoded::parse(&bad.body).eq(form_urlencoded::parse(&good.body)) && bad.body != good.body {
            continue;
        }
        assert_eq!(heard(&bad), Err(Distrust::Forged), "{what}");
        tried += 1;
    }
    assert!(tried > 200);
    for header in ["", "====", "ftdPSoF0", "ftdPSoF0+MQczrkgBZFVvhfZAJo=, x"] {
        let mut bad = good.clone();
        bad.headers.insert("x-twilio-signature", header.parse().unwrap());
        assert_eq!(heard(&bad), Err(Distrust::Forged), "{header}");
    }
    let mut unsigned = good.clone();
    unsigned.headers.clear();
    assert_eq!(heard(&unsigned), Err(Distrust::Forged));
    assert_eq!(heard_with("another", &good), Err(Distrust::Forged));
    let mut more = good;
    more.body.extend_from_slice(b"&MessageStatus=delivered");
    assert_eq!(heard(&more), Err(Distrust::Forged));
}

#[test]
fn the_port_may_be_in_the_signed_url_or_not() {
    for (signed, given) in [
        ("https://chem.example:443/v1/hook?a=1", "https://chem.example/v1/hook?a=1"),
        ("https://chem.example/v1/hook?a=1", "https://chem.example:8443/v1/hook?a=1"),
        ("https://chem.example:8443/v1/hook?a=1", "https://chem.example:8443/v1/hook?a=1"),
        ("http://[::1]:80/v1/hook", "http://[::1]/v1/hook"),
        ("http://[::1]", "http://[::1]:8080"),
    ] {
        let posted = Posted { url: given.to_owned(), ..receipt(signed, "delivered", &[]) };
        assert_eq!(heard(&posted).map(|receipts| receipts.len()), Ok(1), "{signed} {given}");
    }
    for given in ["https://chem.example:80/v1/hook", "http://chem.example/v1/hook", "chem.example/v1/hook", ""] {
        let posted = Posted { url: given.to_owned(), ..receipt("https://chem.example:444/v1/hook", "delivered", &[]) };
        assert_eq!(heard(&posted), Err(Distrust::Forged), "{given}");
    }
}

#[test]
fn a_body_of_json_is_held_to_the_hash_in_the_signed_url() {
    let body = r#"{"MessageSid":"SM00000000000000000000000000000001","MessageStatus":"failed","ErrorCode":30007}"#;
    // Computed once, by `sha256sum`, as are those below.
    let hash = "ea92c433663b4f620dbcc6b4b6bc818bc8c9eb7f32c6ce69c4e9fa8bc80862bc";
    let good = receipt_in_json(URL, hash, body);
    assert_eq!(heard(&good), Ok(vec![told(ReceiptState::Failed(Failure::Blocked), Some("30007"))]));
    for (what, bad) in good.flipped().into_iter().filter(|(what, _)| !what.ends_with("of content-type")) {
        assert_eq!(heard(&bad), Err(Distrust::Forged), "{what}");
    }
    // Without the hash the body would have to be signed.
    assert_eq!(heard(&Posted { url: URL.to_owned(), ..good }), Err(Distrust::Forged));
}

#[test]
fn a_signature_by_another_algorithm_or_key_is_refused_whatever_it_says() {
    for (settings, distrust) in [
        ("key=WK1,algorithm=HMAC_SHA256", Distrust::NotSetUp),
        ("key=WK1, algorithm=HMAC_SHA1", Distrust::NotSetUp),
        ("key=WK1,algorithm=NONE", Distrust::Forged),
        ("key=WK1,algorithm=HMAC_MD5", Distrust::Forged),
        ("key=WK1,algorithm=", Distrust::Forged),
        ("algorithm", Distrust::Forged),
        ("", Distrust::Forged),
    ] {
        let mut posted = receipt(URL, "delivered", &[]);
        posted.headers.insert("x-twilio-webhooks-signature-settings", settings.parse().unwrap());
        assert_eq!(heard(&posted), Err(distrust), "{settings}");
    }
}

#[test]
fn what_is_signed_but_names_no_message_cannot_be_read() {
    for (body, hash) in [
        ("[]", "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"),
        (r#"{"MessageStatus":"delivered"}"#, "759495f9ac542db8884e5e51123fc61ace7f60ee6750990c37086dea317f5574"),
        (
            r#"{"MessageStatus":"delivered","MessageSid":"+12025550123"}"#,
            "27ac8e39423baf6a68ce7ac9a4327651195414dde65cf056f5761619ba0eed54",
        ),
    ] {
        assert_eq!(heard(&receipt_in_json(URL, hash, body)), Err(Distrust::Unreadable), "{body}");
    }
}

/// The vectors of Twilio's own libraries (twilio-python, `test_request_validator.py`).
#[test]
fn the_vectors_of_twilios_libraries_verify() {
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    let several = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
    let posted = Posted::new(url, &[("x-twilio-signature", "IK+Dwps556ElfBT0I3Rgjkr1wJU=")], several);
    assert_eq!(heard_with("12345", &posted), Ok(vec![]));
    let url = format!("{url}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620");
    let body = "{\"property\": \"value\", \"boolean\": true}";
    let posted = Posted::new(&url, &[("x-twilio-signature", "a9nBmqA0ju/hNViExpshrM61xv4=")], body);
    assert_eq!(heard_with("12345", &posted), Ok(vec![]));
    // Computed once, by Python's `hmac`.
    let body = "AccountSid=AC00000000000000000000000000000000&MessageSid=SM00000000000000000000000000000001&\
                MessageStatus=delivered&To=%2B12025550123&From=%2B15005550006&ApiVersion=2010-04-01";
    let posted = Posted::new(URL, &[("x-twilio-signature", "ftdPSoF0+MQczrkgBZFVvhfZAJo=")], body);
    assert_eq!(heard(&posted), Ok(vec![told(ReceiptState::Delivered, None)]));
}
