//! The numbering plans of the world, from libphonenumber's metadata: which digits are a number of which country. The
//! metadata comes with the crate `phonenumber`, whose own parser is not used: it lets a pattern match the beginning of
//! a number, and takes the trunk prefix of one country off the numbers of another.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the type of a pattern is in a crate that we do not name"
)]

use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use phonenumber::{
    Metadata, Type, country,
    metadata::{DATABASE, Descriptor},
};
use regex::{Regex, RegexBuilder};

/// A number that some phone may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub code: u16,
    /// The national significant number: what follows the country's code.
    pub national: String,
    /// Where the digits tell it.
    pub country: Option<country::Id>,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Premium rate, shared cost and others at which no message arrives.
    Silent,
    Other,
}

impl Number {
    pub fn e164(&self) -> String {
        format!("+{}{}", self.code, self.national)
    }
}

/// Of what follows the `+`.
pub fn from_abroad(digits: &str) -> Option<Number> {
    let code = (1..=3).find_map(|length| {
        let code = digits.get(..length)?.parse().ok().filter(|code| *code != 0)?;
        DATABASE.by_code(&code).map(|plans| (length, code, plans))
    });
    let (length, code, plans) = code?;
    let national = &digits[length..];
    // People write the trunk prefix of the number's own country along: +44 (0)20. In North America it is the country's
    // code once more, and a slip.
    let plan = plans.into_iter().next().filter(|plan| !has_its_code_for_a_trunk(plan));
    number(code, national).or_else(|| number(code, &without_trunk(plan?, national)?))
}

/// Of digits without a `+`, as they are dialled in this country. Where an exit code begins, the rest is from abroad: it
/// comes first, as what follows it may look like a number at home. An error: exit codes of several lengths leave two
/// numbers to choose from.
pub fn from_home(home: country::Id, digits: &str) -> Result<Option<Number>, ()> {
    let Some(plan) = DATABASE.by_id(home.as_ref()) else { return Ok(None) };
    let mut abroad = after_exit_codes(plan, digits).filter_map(from_abroad);
    if let Some(number) = abroad.next() {
        return if abroad.all(|other| other == number) { Ok(Some(number)) } else { Err(()) };
    }
    let code = plan.country_code();
    let at_home = |national: &str| {
        without_trunk(plan, national).and_then(|national| number(code, &national)).or_else(|| number(code, national))
    };
    // Some leave out the `+` and nothing else.
    let rest = digits.strip_prefix(&code.to_string()).filter(|_| !has_its_code_for_a_trunk(plan));
    Ok(at_home(digits).or_else(|| at_home(rest?)))
}

fn has_its_code_for_a_trunk(plan: &Metadata) -> bool {
    plan.national_prefix().is_some_and(|prefix| prefix == plan.country_code().to_string())
}

/// No country's code begins with 0.
fn after_exit_codes<'a>(plan: &'static Metadata, digits: &'a str) -> impl Iterator<Item = &'a str> {
    let exit = plan.international_prefix().map(|exit| exit.as_str());
    let split = move |length: usize| exit.filter(|exit| is_whole(exit, &digits[..length])).map(|_| &digits[length..]);
    (1..digits.len().min(LONGEST_EXIT_CODE + 1)).filter_map(split).filter(|rest| !rest.starts_with('0'))
}

/// Of Australia's carriers.
const LONGEST_EXIT_CODE: usize = 8;

/// A number of this code, if some phone may have it.
fn number(code: u16, national: &str) -> Option<Number> {
    let national = today(code, national);
    let plans = DATABASE.by_code(&code)?;
    let is_only = plans.len() == 1;
    let is_of = |plan: &'static Metadata| match plan.leading_digits().filter(|_| !is_only) {
        Some(leading) => starts(leading.as_str(), &national).is_some(),
        None => kind(plan, &national) != Type::Unknown,
    };
    let Some(plan) = plans.into_iter().find(|plan| is_of(plan)) else {
        return of_no_area(code, national);
    };
    let kind = match kind(plan, &national) {
        Type::Unknown => return of_no_area(code, national),
        Type::PremiumRate | Type::SharedCost | Type::TollFree | Type::Uan | Type::Voicemail | Type::Pager => {
            Kind::Silent
        }
        _ => Kind::Other,
    };
    Some(Number { code, national, country: plan.id().parse().ok(), kind })
}

/// Examples take area codes that nobody has been given yet: with 555-01xx, which nobody ever has, any will do.
fn of_no_area(code: u16, national: String) -> Option<Number> {
    let is_example = code == 1 && national.len() == 10 && national.as_bytes()[0] >= b'2' && &national[3..8] == "55501";
    is_example.then_some(Number { code, national, country: Some(country::US), kind: Kind::Other })
}

/// Mexico gave up the 1 of its mobiles, and the 01, 044 and 045 before it, in 2019. In Argentina a mobile is dialled
/// with a 9 from abroad and without one at home: the ten digits name one phone.
fn today(code: u16, national: &str) -> String {
    let of_mexico = || {
        let old = ["044", "045", "01", "1"].iter().find_map(|old| national.strip_prefix(old))?;
        (old.len() == 10).then(|| old.to_owned())
    };
    let of_argentina = || {
        let mobile = format!("9{national}");
        let plan = DATABASE.by_id("AR").filter(|_| national.len() == 10)?;
        (kind(plan, &mobile) == Type::Mobile).then_some(mobile)
    };
    let now = match code {
        52 => of_mexico(),
        54 => of_argentina(),
        _ => None,
    };
    now.unwrap_or_else(|| national.to_owned())
}

/// Without the trunk prefix, such as the 0 of most countries; none where what is left could be no number while the
/// whole could.
fn without_trunk(plan: &'static Metadata, national: &str) -> Option<String> {
    let prefix = plan.national_prefix_for_parsing().map(|prefix| prefix.as_str()).or(plan.national_prefix())?;
    let found = pattern(prefix, Where::Start).captures(national)?;
    let rest = &national[found.get(0)?.end()..];
    // The last group is what a rule such as `9$1` puts back.
    let group = found.get(found.len() - 1).filter(|_| found.len() > 1);
    let without = match (plan.national_prefix_transform_rule(), group) {
        (Some(rule), Some(group)) => format!("{}{rest}", rule.replace("$1", group.as_str())),
        _ => rest.to_owned(),
    };
    let general = plan.descriptors().general();
    (!matches(general, national) || matches(general, &without)).then_some(without)
}

/// As in libphonenumber, in the order in which it looks.
fn kind(plan: &'static Metadata, national: &str) -> Type {
    let all = plan.descriptors();
    if !matches(all.general(), national) {
        return Type::Unknown;
    }
    let kinds = [
        (Type::PremiumRate, all.premium_rate()),
        (Type::TollFree, all.toll_free()),
        (Type::SharedCost, all.shared_cost()),
        (Type::Voip, all.voip()),
        (Type::PersonalNumber, all.personal_number()),
        (Type::Pager, all.pager()),
        (Type::Uan, all.uan()),
        (Type::Voicemail, all.voicemail()),
        (Type::Mobile, all.mobile()),
        (Type::FixedLine, all.fixed_line()),
    ];
    let mut kinds = kinds.into_iter();
    let found = kinds.find(|(_, descriptor)| descriptor.is_some_and(|descriptor| matches(descriptor, national)));
    found.map_or(Type::Unknown, |(kind, _)| kind)
}

fn matches(descriptor: &'static Descriptor, national: &str) -> bool {
    let lengths = descriptor.possible_length();
    let has_length = lengths.is_empty() || lengths.iter().any(|length| usize::from(*length) == national.len());
    has_length && is_whole(descriptor.national_number().as_str(), national)
}

fn is_whole(text: &'static str, digits: &str) -> bool {
    pattern(text, Where::Whole).is_match(digits)
}

fn starts(text: &'static str, digits: &str) -> Option<usize> {
    pattern(text, Where::Start).find(digits).map(|found| found.end())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Where {
    Start,
    Whole,
}

/// Of the patterns of the metadata, those that were needed so far.
static COMPILED: LazyLock<RwLock<HashMap<(&'static str, Where), Regex>>> = LazyLock::new(RwLock::default);

fn pattern(text: &'static str, place: Where) -> Regex {
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(&(text, place)).cloned();
    known.unwrap_or_else(|| {
        let end = if place == Where::Whole { "$" } else { "" };
        let built = RegexBuilder::new(&format!("^(?:{text}){end}")).ignore_whitespace(true).unicode(false).build();
        let built = built.expect("the crate has compiled it before");
        let mut compiled = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
        compiled.entry((text, place)).or_insert(built).clone()
    })
}
