//! The one place where amounts change their unit.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    density::Density,
    molar_mass::MolarMass,
    quantity::{Amount, Quantity},
    unit::{Dimension, Unit},
};

/// What is known of a substance that lets an amount change its dimension.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Factors {
    pub density: Option<Density>,
    pub molar_mass: Option<MolarMass>,
}

impl Factors {
    pub const NONE: Self = Self { density: None, molar_mass: None };
}

/// Which of the factors a conversion takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    pub density: bool,
    pub molar_mass: bool,
}

impl Used {
    /// A result that rests on a measured factor is worth no more digits than such factors have.
    pub fn is_derived(self) -> bool {
        self.density || self.molar_mass
    }
}

/// An amount in another unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Converted {
    pub value: Decimal,
    pub used: Used,
}

/// Why a quantity has no amount in another unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Inconvertible {
    pub from: Unit,
    pub to: Unit,
    /// The factors without which there is no answer.
    pub missing: Used,
    /// The dimensions agree, but the result has more than 12 digits before the point.
    pub too_large: bool,
}

impl Inconvertible {
    /// The names of the missing factors, as a chemical's fields are called.
    pub fn missing(self) -> Vec<&'static str> {
        let names = [(self.missing.density, "density"), (self.missing.molar_mass, "molar_mass")];
        names.into_iter().filter(|(missing, _)| *missing).map(|(_, name)| name).collect()
    }

    fn message(self) -> String {
        let Self { from, to, .. } = self;
        let missing = self.missing().join(" and the ").replace('_', " ");
        if !missing.is_empty() {
            format!("{from} converts to {to} only with the {missing}: have it added, or use a unit like {to}")
        } else if self.too_large {
            format!("the amount is too large to be written in {to}")
        } else {
            let [from, to] = [from, to].map(in_words);
            format!("{from} cannot be converted to {to}: use a unit like {to}")
        }
    }
}

/// UCUM's code of pieces is `1`, which reads as a number.
fn in_words(unit: Unit) -> &'static str {
    if unit.dimension() == Dimension::Count { "pieces" } else { unit.code() }
}

/// Digits of a result that rests on a density or a molar mass.
const DERIVED_DIGITS: u32 = 6;

impl Quantity {
    /// The amount in another unit. Within a dimension the result is exact, or rounded half to even at 12 decimals.
    /// Mass, volume and amount of substance convert by m = ρ V and m = M n where the factors are known, to 6
    /// significant digits; without them there is no answer, never the one for water.
    pub fn in_unit(self, to: Unit, factors: Factors) -> Result<Converted, Inconvertible> {
        let from = self.unit;
        if from == to {
            return Ok(Converted { value: self.value.get().normalize(), used: Used::default() });
        }
        let refused = Inconvertible { from, to, missing: Used::default(), too_large: false };
        let used = needed(from.dimension(), to.dimension()).ok_or(refused)?;
        let missing = Used {
            density: used.density && factors.density.is_none(),
            molar_mass: used.molar_mass && factors.molar_mass.is_none(),
        };
        if missing.is_derived() {
            return Err(Inconvertible { missing, ..refused });
        }
        // Both amounts in grams where the dimensions differ. Multiplied before divided, so that the one inexact step
        // comes last: Decimal carries 28 digits, of which a result keeps 24.
        let (times, over) = if used.is_derived() { (factors.grams(from), factors.grams(to)) } else { base(from, to) };
        times
            .zip(over)
            .and_then(|(times, over)| self.value.get().checked_mul(times)?.checked_div(over))
            .and_then(|number| rounded(number, used.is_derived()))
            .filter(|number| Amount::try_from(*number).is_ok())
            .map(|value| Converted { value, used })
            .ok_or(Inconvertible { too_large: true, ..refused })
    }
}

fn base(from: Unit, to: Unit) -> (Option<Decimal>, Option<Decimal>) {
    (Some(from.to_base()), Some(to.to_base()))
}

fn rounded(number: Decimal, is_derived: bool) -> Option<Decimal> {
    let even = RoundingStrategy::MidpointNearestEven;
    let digits = if is_derived { number.round_sf_with_strategy(DERIVED_DIGITS, even)? } else { number };
    Some(digits.round_dp_with_strategy(12, even).normalize())
}

/// What a conversion between two dimensions takes; none for pieces, which have no mass.
fn needed(from: Dimension, to: Dimension) -> Option<Used> {
    use Dimension::{Count, Mass, Substance, Volume};
    match (from, to) {
        (from, to) if from == to => Some(Used::default()),
        (Count, _) | (_, Count) => None,
        (Mass, Volume) | (Volume, Mass) => Some(Used { density: true, molar_mass: false }),
        (Mass, Substance) | (Substance, Mass) => Some(Used { density: false, molar_mass: true }),
        _ => Some(Used { density: true, molar_mass: true }),
    }
}

impl Factors {
    /// The mass of one of this unit.
    fn grams(self, unit: Unit) -> Option<Decimal> {
        match unit.dimension() {
            Dimension::Mass => Some(unit.to_base()),
            Dimension::Volume => unit.to_base().checked_mul(self.density?.get()),
            Dimension::Substance => unit.to_base().checked_mul(self.molar_mass?.get()),
            Dimension::Count => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::quantity::tests::{any_quantity, any_unit},
        *,
    };

    fn quantity(value: &str, unit: Unit) -> Quantity {
        Quantity { value: value.parse().unwrap(), unit }
    }

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    fn density(text: &str) -> Factors {
        Factors { density: Some(text.parse().unwrap()), molar_mass: None }
    }

    #[test]
    fn one_dimension_converts_exactly() {
        for (value, from, to, expected) in [
            ("12.5", Unit::Millilitre, Unit::Litre, "0.0125"),
            ("1", Unit::Gallon, Unit::Litre, "3.785411784"),
            ("1", Unit::Gallon, Unit::FluidOunce, "128"),
            ("4", Unit::Quart, Unit::Gallon, "1"),
            ("1", Unit::Pound, Unit::Ounce, "16"),
            ("1", Unit::Gram, Unit::Pound, "0.002204622622"),
            ("1", Unit::Nanogram, Unit::Kilogram, "0.000000000001"),
            ("250", Unit::Micromole, Unit::Millimole, "0.25"),
            ("3", Unit::Piece, Unit::Piece, "3"),
            ("999999999999.999999999999", Unit::Ounce, Unit::Ounce, "999999999999.999999999999"),
        ] {
            let converted = quantity(value, from).in_unit(to, Factors::NONE).unwrap().value;
            assert_eq!(converted, decimal(expected), "{value} {from} in {to}");
        }
    }

    #[test]
    fn a_half_at_the_thirteenth_place_goes_to_the_even_digit() {
        for (nanograms, kilograms) in [("0.5", "0"), ("1.5", "0.000000000002"), ("2.5", "0.000000000002")] {
            let converted = quantity(nanograms, Unit::Nanogram).in_unit(Unit::Kilogram, Factors::NONE).unwrap().value;
            assert_eq!(converted, decimal(kilograms));
        }
    }

    #[test]
    fn mass_and_volume_convert_through_the_density() {
        let ethanol = density("0.7893");
        let litre = quantity("2.5", Unit::Litre);
        assert_eq!(litre.in_unit(Unit::Kilogram, ethanol).unwrap().value, decimal("1.97325"));
        let mass = quantity("1.97325", Unit::Kilogram);
        assert_eq!(mass.in_unit(Unit::Litre, ethanol).unwrap().value, decimal("2.5"));
    }

    #[test]
    fn amount_of_substance_converts_through_the_molar_mass_and_reaches_volume_with_both() {
        let acetonitrile = Factors { molar_mass: Some("41.05192".parse().unwrap()), ..density("0.786") };
        for (value, from, to, expected) in [
            ("1", Unit::Millimole, Unit::Gram, "0.0410519"),
            ("1", Unit::Gram, Unit::Mole, "0.0243594"),
            ("1", Unit::Mole, Unit::Millilitre, "52.2289"),
            ("52.2289", Unit::Millilitre, Unit::Mole, "1"),
        ] {
            let converted = quantity(value, from).in_unit(to, acetonitrile).unwrap();
            assert_eq!(converted.value, decimal(expected), "{value} {from} in {to}");
            assert!(converted.used.molar_mass);
        }
    }

    #[test]
    fn a_derived_amount_has_six_significant_digits() {
        let acetonitrile = density("0.786");
        for (grams, millilitres) in
            [("10", "12.7226"), ("131", "166.667"), ("0.001", "0.00127226"), ("786000", "1000000")]
        {
            let converted = quantity(grams, Unit::Gram).in_unit(Unit::Millilitre, acetonitrile).unwrap();
            assert_eq!(
                converted,
                Converted { value: decimal(millilitres), used: Used { density: true, molar_mass: false } }
            );
            assert_eq!(converted.value.to_string(), millilitres, "no zeros that mean nothing");
        }
    }

    #[test]
    fn what_cannot_be_converted_says_what_is_missing() {
        for (from, to, known, missing, sentence) in [
            (Unit::Litre, Unit::Gram, Factors::NONE, &["density"][..], "L converts to g only with the density"),
            (Unit::Gram, Unit::Mole, density("1"), &["molar_mass"], "g converts to mol only with the molar mass"),
            (Unit::Mole, Unit::Litre, Factors::NONE, &["density", "molar_mass"], "the density and the molar mass"),
            (Unit::Mole, Unit::Litre, density("1"), &["molar_mass"], "use a unit like L"),
        ] {
            let refused = quantity("1", from).in_unit(to, known).unwrap_err();
            assert_eq!(refused.missing(), missing);
            assert!(refused.to_string().contains(sentence), "{refused}");
        }

        for (from, to) in [(Unit::Litre, Unit::Piece), (Unit::Piece, Unit::Gram)] {
            let never = quantity("1", from).in_unit(to, density("1")).unwrap_err();
            assert_eq!((never.from, never.to), (from, to));
            assert!(never.missing().is_empty() && !never.too_large, "{never}");
            assert!(never.to_string().ends_with(&format!("use a unit like {}", in_words(to))), "{never}");
        }

        let too_large = quantity("1000000", Unit::Kilogram).in_unit(Unit::Nanogram, Factors::NONE).unwrap_err();
        assert!(too_large.too_large);
        assert_eq!(too_large.to_string(), "the amount is too large to be written in ng");
    }

    proptest! {
        #[test]
        fn a_conversion_answers_within_its_bounds_or_refuses(
            quantity in any_quantity(), to in any_unit(), density in prop::option::of(1_u32..=25_000_000),
        ) {
            let density = density.map(|micro| Density::try_from(Decimal::new(micro.into(), 6)).unwrap());
            if let Ok(converted) = quantity.in_unit(to, Factors { density, molar_mass: None }) {
                prop_assert!(Amount::try_from(converted.value).is_ok());
            }
        }

        /// Millionths of the smaller unit fit the 12 places of every larger one of these.
        #[test]
        fn there_and_back_is_the_same_amount(
            micro in 0_i64..1_000_000_000_000,
            (small, large) in prop::sample::select(vec![
                (Unit::Millilitre, Unit::Litre), (Unit::Gram, Unit::Kilogram), (Unit::Gallon, Unit::Millilitre),
                (Unit::Millimole, Unit::Mole), (Unit::Microlitre, Unit::Millilitre), (Unit::Gallon, Unit::Quart),
            ]),
        ) {
            let start = Decimal::new(micro, 6);
            let there = Quantity::new(start, small).unwrap().in_unit(large, Factors::NONE).unwrap().value;
            let back = Quantity::new(there, large).unwrap().in_unit(small, Factors::NONE).unwrap().value;
            prop_assert_eq!(back, start);
        }

        /// Against integer arithmetic: gallons are 3785411784 and fluid ounces 29573529.5625 nL.
        #[test]
        fn the_result_is_the_nearest_decimal(micro in 0_u64..1_000_000_000) {
            let millilitres = Quantity::new(Decimal::from_i128_with_scale(micro.into(), 6), Unit::Millilitre).unwrap();
            let gallons = millilitres.in_unit(Unit::Gallon, Factors::NONE).unwrap().value;
            let exact = u128::from(micro) * 1_000_000_000_000;
            let (quotient, rest) = (exact / 3_785_411_784, exact % 3_785_411_784);
            let nearest = quotient + u128::from(rest * 2 > 3_785_411_784 || (rest * 2 == 3_785_411_784 && quotient % 2 == 1));
            prop_assert_eq!(gallons, Decimal::from_i128_with_scale(nearest.try_into().unwrap(), 12));
        }
    }
}
