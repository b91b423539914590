//! How much a label of GS1 says is in it.

use rust_decimal::Decimal;

use super::{quantity::Quantity, unit::Unit};

/// The net weight or volume, with as many decimals as the last digit of the identifier says. Left out are those of
/// which GS1 does not say what is measured or how large the unit is: ounces of weight or volume (357), quarts (360).
pub(super) fn measure(ai: &str, value: &str) -> Option<Quantity> {
    let unit = match ai.get(..3)? {
        "310" => Unit::Kilogram,
        "315" => Unit::Litre,
        "316" => Unit::CubicMetre,
        "320" => Unit::Pound,
        "356" => Unit::TroyOunce,
        "361" => Unit::Gallon,
        "364" => Unit::CubicInch,
        "365" => Unit::CubicFoot,
        _ => return None,
    };
    let scale = ai.get(3..)?.parse().ok().filter(|scale| *scale <= 6)?;
    let value = Decimal::new(value.parse().ok()?, scale).normalize();
    Quantity::new(value, unit).ok().filter(|_| !value.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_weights_and_volumes_are_read_where_they_have_one_meaning() {
        let amount = |data: &str| measure(&data[..4], &data[4..]);
        for (data, expected) in [
            ("3103001224", "1.224 kg"),
            ("3152000250", "2.5 L"),
            ("3163000200", "0.2 m3"),
            ("3201000125", "12.5 [lb_av]"),
            ("3562000150", "1.5 [oz_tr]"),
            ("3611000050", "5 [gal_us]"),
            ("3640000012", "12 [cin_i]"),
            ("3653001500", "1.5 [cft_i]"),
        ] {
            assert_eq!(amount(data).map(|it| it.to_string()).as_deref(), Some(expected), "{data}");
        }
        // Lengths, areas, gross weights, and what has two meanings.
        for data in ["3111000050", "3141000050", "3301000050", "3351000050", "3571000050", "3601000050", "3100000000"] {
            assert_eq!(amount(data), None, "{data}");
        }
    }
}
