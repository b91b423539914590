//! Units of amount, by their UCUM codes.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::text::text_value;

/// What a unit measures. Amounts of one dimension convert into each other exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Dimension {
    /// Base unit g.
    Mass,
    /// Base unit mL.
    Volume,
    /// Amount of substance, base unit mol.
    Substance,
    /// Pieces, base unit 1.
    Count,
}

/// One line a unit, so that its code, its column value, its schema and its factor stay together.
/// The factor is exact: an integer and the number of its decimals.
macro_rules! units {
    ($($unit:ident = $code:literal, $dimension:ident, $factor:literal, $decimals:literal;)+) => {
        /// UCUM code of a unit (table 2.2 of 2024-06-17). Common spellings such as `ml`, `µl`, `cc`
        /// or `lbs` are accepted and answered as the code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(try_from = "String")]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(example = "mL"))]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text"))]
        pub enum Unit {
            $(#[cfg_attr(feature = "utoipa", schema(rename = $code))]
              #[cfg_attr(feature = "sqlx", sqlx(rename = $code))] $unit,)+
        }

        impl Unit {
            pub const ALL: &[Self] = &[$(Self::$unit),+];

            /// The UCUM code, case sensitive.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$unit => $code),+ }
            }

            pub const fn dimension(self) -> Dimension {
                match self { $(Self::$unit => Dimension::$dimension),+ }
            }

            /// How many g, mL, mol or pieces one of this unit is.
            pub fn to_base(self) -> Decimal {
                match self { $(Self::$unit => Decimal::new($factor, $decimals)),+ }
            }
        }
    };
}

// UCUM: [lb_av] is 7000 [gr] of 64.79891 mg, [oz_av] a sixteenth of it. [gal_us] is 231 [in_i]3 of
// 16.387064 mL, [qt_us] a quarter, [pt_us] an
// eighth and [foz_us] a 128th of it. [cft_i] is 1728 [cin_i]. [oz_tr] is 480 [gr], [dr_av] a sixteenth of [oz_av].
units! {
    Tonne = "t", Mass, 1_000_000, 0;
    Kilogram = "kg", Mass, 1_000, 0;
    Gram = "g", Mass, 1, 0;
    Decigram = "dg", Mass, 1, 1;
    Centigram = "cg", Mass, 1, 2;
    Milligram = "mg", Mass, 1, 3;
    Microgram = "ug", Mass, 1, 6;
    Nanogram = "ng", Mass, 1, 9;
    Picogram = "pg", Mass, 1, 12;
    Pound = "[lb_av]", Mass, 45_359_237, 5;
    Ounce = "[oz_av]", Mass, 28_349_523_125, 9;
    TroyOunce = "[oz_tr]", Mass, 311_034_768, 7;
    Dram = "[dr_av]", Mass, 17_718_451_953_125, 13;
    Kilolitre = "kL", Volume, 1_000_000, 0;
    CubicMetre = "m3", Volume, 1_000_000, 0;
    Litre = "L", Volume, 1_000, 0;
    Decilitre = "dL", Volume, 100, 0;
    Centilitre = "cL", Volume, 10, 0;
    Millilitre = "mL", Volume, 1, 0;
    Microlitre = "uL", Volume, 1, 3;
    Nanolitre = "nL", Volume, 1, 6;
    Picolitre = "pL", Volume, 1, 9;
    Drop = "[drp]", Volume, 5, 2;
    CubicFoot = "[cft_i]", Volume, 28_316_846_592, 6;
    CubicInch = "[cin_i]", Volume, 16_387_064, 6;
    Gallon = "[gal_us]", Volume, 3_785_411_784, 6;
    Quart = "[qt_us]", Volume, 946_352_946, 6;
    Pint = "[pt_us]", Volume, 473_176_473, 6;
    FluidOunce = "[foz_us]", Volume, 295_735_295_625, 10;
    Mole = "mol", Substance, 1, 0;
    Millimole = "mmol", Substance, 1, 3;
    Micromole = "umol", Substance, 1, 6;
    Nanomole = "nmol", Substance, 1, 9;
    Picomole = "pmol", Substance, 1, 12;
    Femtomole = "fmol", Substance, 1, 15;
    Piece = "1", Count, 1, 0;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error("write the unit as one of the UCUM codes {}", codes())]
    Unknown,
    #[error("this unit can be read as two sizes: write mg for milligram, mL for millilitre, mol for mole")]
    Ambiguous,
    #[error("this is a concentration and not an amount: write how much there is, such as 500 mL")]
    Concentration,
}

fn codes() -> String {
    Unit::ALL.iter().map(|unit| unit.code()).collect::<Vec<_>>().join(", ")
}

impl Unit {
    pub const fn as_str(self) -> &'static str {
        self.code()
    }
}

text_value!(Unit, UnitError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_those_of_ucum() {
        for (code, factor) in [
            ("kg", "1000"),
            ("g", "1"),
            ("mg", "0.001"),
            ("ug", "0.000001"),
            ("ng", "0.000000001"),
            ("[lb_av]", "453.59237"),
            ("[oz_av]", "28.349523125"),
            ("m3", "1000000"),
            ("L", "1000"),
            ("dL", "100"),
            ("cL", "10"),
            ("mL", "1"),
            ("uL", "0.001"),
            ("[gal_us]", "3785.411784"),
            ("[qt_us]", "946.352946"),
            ("[foz_us]", "29.5735295625"),
            ("[pt_us]", "473.176473"),
            ("[cft_i]", "28316.846592"),
            ("[oz_tr]", "31.1034768"),
            ("[dr_av]", "1.7718451953125"),
            ("[drp]", "0.05"),
            ("t", "1000000"),
            ("pg", "0.000000000001"),
            ("fmol", "0.000000000000001"),
            ("mol", "1"),
            ("mmol", "0.001"),
            ("umol", "0.000001"),
            ("nmol", "0.000000001"),
            ("1", "1"),
        ] {
            assert_eq!(code.parse::<Unit>().unwrap().to_base().to_string(), factor, "{code}");
        }
    }

    #[test]
    fn customary_factors_follow_from_their_definitions() {
        let exact = |text: &str| Decimal::from_str_exact(text).unwrap();
        assert_eq!(Unit::Pound.to_base() * exact("1000"), exact("64.79891") * exact("7000"));
        assert_eq!(Unit::Ounce.to_base() * exact("16"), Unit::Pound.to_base());
        assert_eq!(Unit::Gallon.to_base(), exact("16.387064") * exact("231"));
        assert_eq!(Unit::Quart.to_base() * exact("4"), Unit::Gallon.to_base());
        assert_eq!(Unit::Pint.to_base() * exact("8"), Unit::Gallon.to_base());
        assert_eq!(Unit::CubicFoot.to_base(), Unit::CubicInch.to_base() * exact("1728"));
        assert_eq!(Unit::TroyOunce.to_base(), exact("0.06479891") * exact("480"));
        assert_eq!(Unit::Dram.to_base() * exact("16"), Unit::Ounce.to_base());
        assert_eq!(Unit::FluidOunce.to_base() * exact("128"), Unit::Gallon.to_base());
    }

    #[test]
    fn a_code_is_its_own_name_in_text_and_json() {
        for unit in Unit::ALL {
            assert_eq!(unit.code().parse(), Ok(*unit));
            assert_eq!(serde_json::to_string(unit).unwrap(), format!("\"{unit}\""));
        }
        assert_eq!(serde_json::from_str::<Unit>("\"ml\"").unwrap(), Unit::Millilitre);
    }

    #[test]
    #[cfg(feature = "sqlx")]
    fn the_column_value_is_the_code() {
        use sqlx::{Encode, Postgres, Type, postgres::PgArgumentBuffer};

        let text = <String as Type<Postgres>>::type_info();
        assert!(<Unit as Type<Postgres>>::compatible(&text));

        for unit in Unit::ALL {
            let mut buffer = PgArgumentBuffer::default();
            let _ = Encode::<Postgres>::encode(*unit, &mut buffer).unwrap();
            assert_eq!(&buffer[..], unit.code().as_bytes());
        }
    }
}
