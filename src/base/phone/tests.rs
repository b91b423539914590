use std::collections::HashMap;

use phonenumber::{Metadata, metadata::DATABASE};
use proptest::prelude::*;

use super::*;

/// Of what is taken for a phone: one spelling, which is that of E.164 and stays as it is.
fn assert_canonical(phone: &Phone) {
    let digits = phone.as_str().strip_prefix('+').expect("a +");
    assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()), "{digits}");
    assert_eq!(Phone::parse(phone.as_str(), None).as_ref(), Ok(phone));
    assert_eq!(phone.masked().chars().count(), 3);
}

// `PROPTEST_CASES=100000` looks further.
proptest! {
    #[test]
    fn any_text_is_a_canonical_phone_or_refused(text in any::<String>(), region in "[A-Za-z]{0,3}") {
        if let Ok(phone) = Phone::parse(&text, Some(&region)) {
            assert_canonical(&phone);
        }
    }

    #[test]
    fn any_digits_are_a_canonical_phone_or_refused(
        text in "[+]?[0-9]{0,3}[-+. ()/0-9]{0,32}",
        region in proptest::option::of(proptest::sample::select(vec!["US", "KR", "DE", "MX", "AR", "IT", "CI", "ZZ"])),
    ) {
        if let Ok(phone) = Phone::parse(&text, region) {
            assert_canonical(&phone);
        }
    }
}

#[test]
fn spellings_of_one_number_are_one_phone() {
    let canonical = Phone::parse("+821012345678", None).unwrap();
    let spellings =
        ["+8201012345678", "+82 10-1234-5678", "+82 (0)10 1234 5678", " +82 10 1234 5678 ", "(+82) 10 1234 5678"];
    for spelling in spellings.into_iter().chain(["＋８２　１０　１２３４　５６７８", "+٨٢١٠١٢٣٤٥٦٧٨"])
    {
        assert_eq!(Phone::parse(spelling, None).unwrap(), canonical, "{spelling}");
    }
    assert_eq!(Phone::parse("010-1234-5678", Some("KR")).unwrap(), canonical);
    // Wherever the installation stands.
    assert_eq!(Phone::parse("+821012345678", Some("US")).unwrap(), canonical);
}

#[test]
fn a_number_with_its_country_is_the_same_wherever_one_is() {
    for number in ["+821012345678", "+8613812345678", "+4915112345678", "+12025550123", "+447911123456"] {
        for region in ["US", "KR", "CN", "DE", "GB", "RU"] {
            assert_eq!(Phone::parse(number, Some(region)).unwrap().as_str(), number, "{region}");
        }
    }
}

#[test]
fn extensions_letters_foreign_digits_and_premium_numbers_are_refused() {
    for bad in [
        "+1 202 555 0123 ext 5",
        "+12025550123;ext=1",
        "+1900CHEMIST",
        "8201012345678+",
        "++821012345678",
        "+82+1012345678",
        "+822\u{1F600}1012345678",
        "+19005550123",
        "+870773123456",
        "+881612345678",
        "+882161234567",
        "+883510012345",
        "+989123456789",
        "+5351234567",
        "+963944567890",
        "",
        "+",
        "+1",
        "12",
    ] {
        assert!(Phone::parse(bad, None).is_err(), "{bad}");
    }
}

#[test]
fn numbers_reserved_for_examples_are_accepted() {
    for reserved in ["+12025550123", "+15005550006"] {
        assert_eq!(Phone::parse(reserved, None).unwrap().as_str(), reserved);
    }
}

#[test]
fn the_cases_of_other_products_are_read_as_they_should_be() {
    let cases = include_str!("../../../tests/data/cases/phones.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(cases).unwrap();
    for case in &cases {
        let (text, expect) = (case["phone"].as_str().unwrap(), case["expect"].as_str().unwrap());
        let parsed = Phone::parse(text, case["region"].as_str().or(Some("US"))).map(String::from);
        match (&parsed, expect) {
            (Err(_), _) => assert!(expect.contains("refused"), "{text:?} is refused: {parsed:?}"),
            (Ok(phone), "the same") => assert_eq!(phone, "+522221234567"),
            (Ok(phone), _) => assert!(expect.contains(phone.as_str()), "{text:?} is {phone}"),
        }
    }
}

/// What is dialled in a country before the code of another: all of up to four digits, and the one that it prefers.
fn exit_codes(plan: &Metadata) -> Vec<String> {
    let pattern = plan.international_prefix().unwrap().as_str();
    let pattern = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
    let short = (1..=4_usize).flat_map(|length| {
        let count = 10_usize.pow(u32::try_from(length).unwrap());
        (0..count).map(move |n| format!("{n:0length$}"))
    });
    let preferred = plan.preferred_international_prefix().map(|code| code.replace('~', " "));
    short.filter(|code| pattern.is_match(code)).chain(preferred).collect()
}

#[test]
fn an_exit_code_is_a_plus_wherever_it_is_dialled_and_whatever_number_follows() {
    let plans: Vec<&Metadata> = DATABASE.iter().filter(|plan| plan.international_prefix().is_some()).collect();
    let mobile = |plan: &Metadata| Some(format!("{} {}", plan.country_code(), plan.descriptors().mobile()?.example()?));
    let mobiles: Vec<_> = plans.iter().filter_map(|plan| mobile(plan)).collect();
    let mut known = HashMap::new();
    for (nth, home) in plans.iter().enumerate() {
        let pattern = home.international_prefix().unwrap().as_str();
        let is_new = !known.contains_key(pattern);
        let codes: &Vec<String> = known.entry(pattern).or_insert_with(|| exit_codes(home));
        assert!(!codes.is_empty(), "{}", home.id());
        // More of the numbers where a pattern is met first, some in the other countries that have it.
        let step = if is_new { 3 } else { 41 };
        for code in codes {
            for mobile in mobiles.iter().skip(nth % step).step_by(step) {
                let international = Phone::parse(&format!("+{mobile}"), None);
                let dialled = Phone::parse(&format!("{code} {mobile}"), Some(home.id()));
                let is_unclear =
                    dialled.as_ref().err().is_some_and(|why| codes.len() > 1 && why.contains("two numbers"));
                assert!(dialled == international || is_unclear, "{code} {mobile} in {}: {dialled:?}", home.id());
            }
        }
    }
}

#[test]
fn a_number_dialled_with_an_exit_code_reaches_the_country_that_it_names() {
    let of_america = [
        ("011 49 151 12345678", "+4915112345678"),
        ("011 49 171 2345678", "+491712345678"),
        ("011 86 139 1234 5678", "+8613912345678"),
        ("011 20 122 123 4567", "+201221234567"),
        ("011 82 10 1234 5678", "+821012345678"),
        ("011 1 202 555 0123", "+12025550123"),
        ("1 202 555 0123", "+12025550123"),
        ("(202) 555-0123", "+12025550123"),
    ];
    let of_russia = [
        ("8 10 81 90 1234 5678", "+819012345678"),
        ("8 10 91 81234 56789", "+918123456789"),
        ("8 912 345-67-89", "+79123456789"),
    ];
    let of_america =
        ["US", "CA"].into_iter().flat_map(|home| of_america.map(|(dialled, phone)| (home, dialled, phone)));
    for (home, dialled, phone) in of_america.chain(of_russia.map(|(dialled, phone)| ("RU", dialled, phone))) {
        assert_eq!(Phone::parse(dialled, Some(home)).unwrap().as_str(), phone, "{dialled} in {home}");
    }
}

#[test]
fn old_ways_to_dial_mexico_and_argentina_are_one_phone_each() {
    let (mexico, argentina) = ("+522221234567", "+5491123456789");
    for (home, spelling, phone) in [
        ("US", "+52 1 222 123 4567", mexico),
        ("US", "+52 222 123 4567", mexico),
        ("US", "+52 01 222 123 4567", mexico),
        ("US", "+52 044 222 123 4567", mexico),
        ("US", "011 52 1 222 123 4567", mexico),
        ("MX", "045 222 123 4567", mexico),
        ("MX", "222 123 4567", mexico),
        ("MX", "1 222 123 4567", mexico),
        ("US", "+54 9 11 2345 6789", argentina),
        ("US", "+54 11 15 2345 6789", argentina),
        ("US", "+54 (0)11 15-2345-6789", argentina),
        ("US", "+54 11 2345 6789", argentina),
        ("AR", "011 15 2345 6789", argentina),
        ("AR", "11 15 2345 6789", argentina),
        ("AR", "9 11 2345 6789", argentina),
        ("MX", "00 54 9 11 2345 6789", argentina),
    ] {
        assert_eq!(Phone::parse(spelling, Some(home)).unwrap().as_str(), phone, "{spelling} in {home}");
    }
}

#[test]
fn a_whole_number_is_looked_at_and_not_its_beginning() {
    for invalid in ["+6323234567", "+86101234567", "+359430123457", "+601234567897", "+4702000"] {
        assert!(Phone::parse(invalid, None).is_err(), "{invalid}");
    }
    assert_eq!(Phone::parse("+78081234567", None).unwrap().as_str(), "+78081234567");
}

#[test]
fn the_example_mobile_of_every_country_is_its_own_canonical_form() {
    let mut count = 0;
    for plan in DATABASE.iter().filter(|plan| plan.international_prefix().is_some()) {
        let Some(mobile) = plan.descriptors().mobile().and_then(|mobile| mobile.example()) else { continue };
        let number = format!("+{}{mobile}", plan.country_code());
        match Phone::parse(&number, None) {
            Ok(phone) => {
                let country = phone.country().expect("a country of that code");
                let code = DATABASE.by_id(country.as_ref()).unwrap().country_code();
                assert_eq!((phone.as_str(), code), (&*number, plan.country_code()));
            }
            Err(why) => assert!(why.contains("no provider delivers"), "{number}: {why}"),
        }
        count += 1;
    }
    assert!(count > 200);
}

#[test]
fn only_ten_digits_of_the_united_states_and_canada_are_a_number_for_examples() {
    for example in ["+12025550100", "+12025550199", "+16045550123", "+12115550123", "+19995550123"] {
        assert!(Phone::parse(example, None).unwrap().is_for_examples(), "{example}");
    }
    for other in ["+12025550200", "+15005550006", "+18765550123", "+4915112345678"] {
        assert!(!Phone::parse(other, None).unwrap().is_for_examples(), "{other}");
    }
    for refused in ["+15550123", "+1125550123", "+10005550123", "+113075550123", "+1999913075550123", "+11115550123"] {
        assert!(Phone::parse(refused, None).is_err(), "{refused}");
    }
}

#[test]
fn debug_shows_two_digits_only() {
    assert_eq!(format!("{:?}", Phone::parse("+12025550123", None).unwrap()), "…23");
}
