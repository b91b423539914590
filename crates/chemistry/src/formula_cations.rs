//! Where a formula in capitals is a metal of two letters, alone or with the anions that its charge needs: `PB`,
//! `SC2O3`, `CO2(CO)8`. What chemistry has in capitals for good reason does not come out even, as `SCF2`, or is kept.

/// Metals whose two letters are elements of one letter (deuterium and tritium among them), with their charges.
const METALS: [(&str, &[u32]); 21] = [
    ("BI", &[3]),
    ("CD", &[2]),
    ("CO", &[2, 3]),
    ("CS", &[1]),
    ("CU", &[1, 2]),
    ("DY", &[3]),
    ("HF", &[4]),
    ("HO", &[3]),
    ("IN", &[3]),
    ("NB", &[5]),
    ("ND", &[3]),
    ("NI", &[2]),
    ("NP", &[4, 6]),
    ("OS", &[4, 8]),
    ("PB", &[2, 4]),
    ("PD", &[2]),
    ("PU", &[3, 4]),
    ("SC", &[3]),
    ("SN", &[2, 4]),
    ("TB", &[3]),
    ("YB", &[2, 3]),
];
/// Not metals of a salt here, but sold as elements.
const ELEMENTS: [&str; 7] = ["SI", "TI", "PT", "TH", "SB", "PO", "AT"];
/// Carbon monoxide, nitrogen monoxide, hydrogen fluoride, and compounds of carbon with sulfur and fluorine.
const KEPT: [&str; 5] = ["CO", "NO", "HF", "COS", "COF2"];

/// The longest first.
const ANIONS: [(&str, u32); 24] = [
    ("CH3COO", 1),
    ("C2H3O2", 1),
    ("CH3CO2", 1),
    ("HCO3", 1),
    ("HSO4", 1),
    ("C2O4", 2),
    ("VO4", 3),
    ("NO3", 1),
    ("NO2", 1),
    ("SO4", 2),
    ("CO3", 2),
    ("PO4", 3),
    ("BF4", 1),
    ("PF6", 1),
    ("SCN", 1),
    ("IO3", 1),
    ("OH", 1),
    ("CN", 1),
    ("O", 2),
    ("S", 2),
    ("F", 1),
    ("I", 1),
    ("N", 3),
    ("P", 3),
];

/// The symbol that such a formula begins with.
pub(super) fn first(text: &str) -> Option<&'static str> {
    let body = text.split(['.', '·', 'x', ' ']).next().unwrap_or_default();
    if KEPT.contains(&body) {
        return None;
    }
    let mut known = METALS.iter().map(|(symbol, _)| *symbol).chain(ELEMENTS);
    let symbol = known.find(|symbol| body.starts_with(symbol))?;
    let rest = &body[symbol.len()..];
    let is_cation = rest.starts_with('+') || (rest.starts_with('^') && rest.ends_with('+'));
    (rest.is_empty() || is_cation || is_even(symbol, rest)).then_some(symbol)
}

/// Whether the charges of what follows the metal, with its count, come out even.
fn is_even(symbol: &str, rest: &str) -> bool {
    let Some((_, charges)) = METALS.iter().find(|(metal, _)| *metal == symbol) else { return false };
    let (metals, mut rest) = count(rest);
    let (mut total, mut counts, mut has_carbonyl) = (0, metals, false);
    while !rest.is_empty() {
        let (inner, behind) = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            Some(group) => group,
            None => match ANIONS.iter().find(|(anion, _)| rest.starts_with(anion)) {
                Some((anion, _)) => rest.split_at(anion.len()),
                None => return false,
            },
        };
        let charge = ANIONS.iter().find(|(anion, _)| *anion == inner).map(|(_, charge)| *charge);
        let Some(charge) = charge.or((inner == "CO").then_some(0)) else { return false };
        has_carbonyl |= charge == 0;
        let (times, after) = count(behind);
        total += charge * times;
        counts = divisor(counts, times);
        rest = after;
    }
    // Formulas of salts are reduced: C2O2 is no oxide of cobalt.
    let is_salt = total > 0 && counts == 1 && charges.iter().any(|charge| charge * metals == total);
    is_salt || (has_carbonyl && total == 0)
}

fn count(text: &str) -> (u32, &str) {
    let (digits, rest) = text.split_at(text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len());
    // A count of four digits is none of a salt.
    (if digits.is_empty() { 1 } else { digits.parse().ok().filter(|count| *count < 1_000).unwrap_or(0) }, rest)
}

fn divisor(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use crate::Formula;

    #[test]
    fn metals_in_capitals_alone_and_in_salts_are_refused_with_both_readings() {
        for (typed, one, other) in [
            ("PB", "Pb", "P1B"),
            ("SI", "Si", "S1I"),
            ("SN", "Sn", "S1N"),
            ("NI", "Ni", "N1I"),
            ("CU", "Cu", "C1U"),
            ("IN", "In", "I1N"),
            ("NB", "Nb", "N1B"),
            ("BI", "Bi", "B1I"),
            ("OS", "Os", "O1S"),
            ("SC", "Sc", "S1C"),
            ("NP", "Np", "N1P"),
            ("PU", "Pu", "P1U"),
            ("CU+2", "Cu+2", "C1U+2"),
            ("HO2O3", "Ho2O3", "H1O2O3"),
            ("YB2O3", "Yb2O3", "Y1B2O3"),
            ("SC2O3", "Sc2O3", "S1C2O3"),
            ("ND2O3", "Nd2O3", "N1D2O3"),
            ("CDO", "CdO", "C1DO"),
            ("CO2(CO)8", "Co2(CO)8", "C1O2(CO)8"),
            ("NI(CO)4", "Ni(CO)4", "N1I(CO)4"),
            ("PBCO3", "PbCO3", "P1BCO3"),
            ("COI2", "CoI2", "C1OI2"),
            ("CO(OH)2", "Co(OH)2", "C1O(OH)2"),
            ("CO3(PO4)2", "Co3(PO4)2", "C1O3(PO4)2"),
            ("BIOF", "BiOF", "B1IOF"),
            ("CD(NO3)2.4H2O", "Cd(NO3)2.4H2O", "C1D(NO3)2.4H2O"),
        ] {
            let told = typed.parse::<Formula>().expect_err(typed).to_string();
            assert!(told.contains(&format!("write `{one}` or `{other}`")), "{typed}: {told}");
            let [one, other] = [one, other].map(|text| text.parse::<Formula>().expect(text).molar_mass());
            assert_ne!(one, other, "{typed}");
        }
    }

    #[test]
    fn what_has_one_usual_meaning_in_capitals_stays() {
        const RIGHT: &str = "C2H6O C2H5OH CH3COOH CO2 CO NO HF SO2 SO3 H2SO4 HCN CS2 COS COF2 HNO3 HO- CN- SCN- NO+ \
            NO2 H2O2 NH4NO3 NH2OH NH4HF2 HONO HOSO3H HFSO3 CD3OD ND3 CD2O CDF3 YBO3 NPF2 NI3 BI3 OSF2 INO3 K3PO4 V2O5 KIO3 \
            CO(NH2)2 CF3SO3H KOH CHI3 BF3 PF5 SF6 N2O NOF UF6 UO2 WO3 C60 I2 HI";
        for text in RIGHT.split_whitespace() {
            assert!(text.parse::<Formula>().is_ok(), "{text}: {:?}", text.parse::<Formula>());
        }
    }
}
