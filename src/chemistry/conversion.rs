//! The one place where amounts change their unit.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    density::Density,
    quantity::{Amount, Quantity},
    unit::{Dimension, Unit},
};

/// Why a quantity has no amount in another unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Inconvertible {
    pub from: Unit,
    pub to: Unit,
    /// Mass against volume, and nobody said how dense the substance is.
    pub needs_density: bool,
    /// The dimensions agree, but the result has more than 12 digits before the point.
    pub too_large: bool,
}

impl Inconvertible {
    fn message(self) -> String {
        let Self { from, to, .. } = self;
        if self.needs_density {
            format!("{from} converts to {to} only with the density: add it to the substance, or use a unit like {from}")
        } else if self.too_large {
            format!("the amount is too large to be written in {to}: use a larger unit")
        } else {
            format!("{from} cannot be converted to {to}: use a unit like {from}")
        }
    }
}

impl Quantity {
    /// The amount in another unit, rounded half to even at 12 decimals. Mass and volume convert by
    /// m = ρ V when the density is known; without it there is no answer, never the one for water.
    pub fn in_unit(self, to: Unit, density: Option<Density>) -> Result<Decimal, Inconvertible> {
        let from = self.unit;
        if from == to {
            return Ok(self.value.get());
        }
        let refused = Inconvertible { from, to, needs_density: false, too_large: false };
        let (own, target) = (from.to_base(), to.to_base());
        let (times, over) = match (from.dimension(), to.dimension(), density) {
            (from, to, _) if from == to => (Some(own), Some(target)),
            (Dimension::Volume, Dimension::Mass, Some(rho)) => (own.checked_mul(rho.get()), Some(target)),
            (Dimension::Mass, Dimension::Volume, Some(rho)) => (Some(own), target.checked_mul(rho.get())),
            (Dimension::Volume, Dimension::Mass, None) | (Dimension::Mass, Dimension::Volume, None) => {
                return Err(Inconvertible { needs_density: true, ..refused });
            }
            _ => return Err(refused),
        };
        // Multiplied before divided, so that the one inexact step comes last: Decimal carries 28
        // digits, of which a result keeps 24.
        times
            .zip(over)
            .and_then(|(times, over)| self.value.get().checked_mul(times)?.checked_div(over))
            .map(|number| number.round_dp_with_strategy(12, RoundingStrategy::MidpointNearestEven).normalize())
            .filter(|number| Amount::try_from(*number).is_ok())
            .ok_or(Inconvertible { too_large: true, ..refused })
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
            let converted = quantity(value, from).in_unit(to, None).unwrap();
            assert_eq!(converted, decimal(expected), "{value} {from} in {to}");
        }
    }

    #[test]
    fn a_half_at_the_thirteenth_place_goes_to_the_even_digit() {
        for (nanograms, kilograms) in [("0.5", "0"), ("1.5", "0.000000000002"), ("2.5", "0.000000000002")] {
            let converted = quantity(nanograms, Unit::Nanogram).in_unit(Unit::Kilogram, None).unwrap();
            assert_eq!(converted, decimal(kilograms));
        }
    }

    #[test]
    fn mass_and_volume_convert_through_the_density() {
        let ethanol = Some("0.7893".parse().unwrap());
        let litre = quantity("2.5", Unit::Litre);
        assert_eq!(litre.in_unit(Unit::Kilogram, ethanol).unwrap(), decimal("1.97325"));
        let mass = quantity("1.97325", Unit::Kilogram);
        assert_eq!(mass.in_unit(Unit::Litre, ethanol).unwrap(), decimal("2.5"));
    }

    #[test]
    fn what_cannot_be_converted_says_what_is_missing() {
        let without_density = quantity("1", Unit::Litre).in_unit(Unit::Gram, None).unwrap_err();
        assert!(without_density.needs_density);
        assert!(without_density.to_string().contains("only with the density"));

        let density = Some("1".parse().unwrap());
        for (from, to) in [(Unit::Gram, Unit::Mole), (Unit::Litre, Unit::Piece), (Unit::Piece, Unit::Gram)] {
            let never = quantity("1", from).in_unit(to, density).unwrap_err();
            assert_eq!((never.from, never.to), (from, to));
            assert!(!never.needs_density && !never.too_large, "{never}");
        }

        let too_large = quantity("1000000", Unit::Kilogram).in_unit(Unit::Nanogram, None).unwrap_err();
        assert!(too_large.too_large);
        assert_eq!(too_large.to_string(), "the amount is too large to be written in ng: use a larger unit");
    }

    proptest! {
        #[test]
        fn a_conversion_answers_within_its_bounds_or_refuses(
            quantity in any_quantity(), to in any_unit(), density in prop::option::of(1_u32..=25_000_000),
        ) {
            let density = density.map(|micro| Density::try_from(Decimal::new(micro.into(), 6)).unwrap());
            if let Ok(converted) = quantity.in_unit(to, density) {
                prop_assert!(Amount::try_from(converted).is_ok());
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
            let there = Quantity::new(start, small).unwrap().in_unit(large, None).unwrap();
            let back = Quantity::new(there, large).unwrap().in_unit(small, None).unwrap();
            prop_assert_eq!(back, start);
        }

        /// Against integer arithmetic: gallons are 3785411784 and fluid ounces 29573529.5625 nL.
        #[test]
        fn the_result_is_the_nearest_decimal(micro in 0_u64..1_000_000_000) {
            let millilitres = Quantity::new(Decimal::from_i128_with_scale(micro.into(), 6), Unit::Millilitre).unwrap();
            let gallons = millilitres.in_unit(Unit::Gallon, None).unwrap();
            let exact = u128::from(micro) * 1_000_000_000_000;
            let (quotient, rest) = (exact / 3_785_411_784, exact % 3_785_411_784);
            let nearest = quotient + u128::from(rest * 2 > 3_785_411_784 || (rest * 2 == 3_785_411_784 && quotient % 2 == 1));
            prop_assert_eq!(gallons, Decimal::from_i128_with_scale(nearest.try_into().unwrap(), 12));
        }
    }
}
