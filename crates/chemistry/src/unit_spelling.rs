//! The spellings of units that labels and lists have, beside the UCUM codes.

use std::str::FromStr;

use super::unit::{Dimension, Unit, UnitError};

impl Unit {
    /// Symbols in which the case carries the prefix: only these spellings.
    fn from_symbol(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "KG" | "Kg" => Self::Kilogram,
            "G" => Self::Gram,
            // Labels print ML for millilitre; nobody stores a megalitre. Compare `is_ambiguous`.
            "ml" | "ML" | "Ml" | "cm3" | "cm³" => Self::Millilitre,
            "l" | "dm3" | "dm³" => Self::Litre,
            "dl" => Self::Decilitre,
            "cl" => Self::Centilitre,
            "ul" | "UL" | "mm3" | "mm³" => Self::Microlitre,
            "m³" => Self::CubicMetre,
            "kl" | "KL" => Self::Kilolitre,
            "nl" => Self::Nanolitre,
            "ft3" | "ft³" | "FT3" => Self::CubicFoot,
            "in3" | "in³" => Self::CubicInch,
            _ => return None,
        })
    }

    /// Words and customary abbreviations, in any case and with or without the plural.
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "tonne" | "metric ton" => Self::Tonne,
            "kilogram" | "kilogramme" | "kilo" | "kgs" => Self::Kilogram,
            "gram" | "gramme" | "gm" | "gms" => Self::Gram,
            "milligram" | "milligramme" | "mgs" => Self::Milligram,
            "microgram" | "microgramme" | "mcg" => Self::Microgram,
            "nanogram" | "nanogramme" => Self::Nanogram,
            "lb" | "lbs" | "pound" => Self::Pound,
            "oz" | "ounce" => Self::Ounce,
            "liter" | "litre" | "lit" | "ltr" => Self::Litre,
            "deciliter" | "decilitre" => Self::Decilitre,
            "centiliter" | "centilitre" => Self::Centilitre,
            "milliliter" | "millilitre" | "mls" | "cc" | "ccm" => Self::Millilitre,
            "microliter" | "microlitre" => Self::Microlitre,
            "cu ft" | "cu. ft." | "cubic foot" | "cubic feet" => Self::CubicFoot,
            "pt" | "pint" => Self::Pint,
            "drop" => Self::Drop,
            "kiloliter" | "kilolitre" => Self::Kilolitre,
            "gal" | "gals" | "gallon" => Self::Gallon,
            "qt" | "qts" | "quart" => Self::Quart,
            "fl oz" | "fl. oz." | "fl.oz." | "floz" | "fluid ounce" => Self::FluidOunce,
            "mole" => Self::Mole,
            "millimole" => Self::Millimole,
            "micromole" => Self::Micromole,
            "nanomole" => Self::Nanomole,
            "pc" | "pcs" | "piece" | "ea" | "each" | "count" | "unit" | "vial" | "bottle" | "box" | "boxe" | "tab"
            | "tablet" | "ampoule" | "stk" | "st\u{fc}ck" => Self::Piece,
            _ => return None,
        })
    }
}

/// Units as keyboards of other scripts have them. (The micro sign and the Greek letter look the same; UCUM writes u.)
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{b5}' | '\u{3bc}' => plain.push('u'),
            '㎖' => plain.push_str("mL"),
            '㎕' => plain.push_str("uL"),
            '㎗' => plain.push_str("dL"),
            '㎘' => plain.push_str("kL"),
            'ℓ' => plain.push('L'),
            '㏄' => plain.push_str("cc"),
            '㎤' => plain.push_str("cm3"),
            '㎥' => plain.push_str("m3"),
            '㎏' => plain.push_str("kg"),
            '㎎' => plain.push_str("mg"),
            '㎍' => plain.push_str("ug"),
            '㏖' => plain.push_str("mol"),
            '\u{ff01}'..='\u{ff5e}' => plain.extend(char::from_u32(u32::from(c) - 0xfee0)),
            '\u{3000}' | '\u{a0}' => plain.push(' '),
            _ => plain.push(c),
        }
    }
    plain
}

/// `Mg` is the SI symbol of the tonne, which waste reports do use.
fn is_ambiguous(text: &str) -> bool {
    matches!(text, "Mg" | "MG" | "Mmol" | "MMOL")
}

/// `M`, `mM`, `N`, `% w/w`, `ppm`, `mol/L`, `mg/mL`
fn is_concentration(text: &str) -> bool {
    let of_a_unit = |part: &str| {
        let measured = part.parse().map(Unit::dimension);
        matches!(measured, Ok(Dimension::Mass | Dimension::Volume))
    };
    let word = text.to_ascii_lowercase();
    matches!(text, "M" | "mM" | "uM" | "nM" | "pM" | "fM" | "N")
        || matches!(word.as_str(), "ppm" | "ppb" | "w/w" | "w/v" | "v/v" | "v/w" | "m/m" | "m/v" | "normal" | "percent")
        || word.ends_with("molar")
        || text.contains('%')
        || text.rsplit_once('/').is_some_and(|(_, of)| of_a_unit(of))
}

impl FromStr for Unit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = plain(text.trim());
        // As after an abbreviation: `gal.`
        let text = text.strip_suffix('.').filter(|text| !text.contains('.')).unwrap_or(&text).to_owned();
        if let Some(unit) = Self::ALL.iter().find(|unit| unit.code() == text) {
            return Ok(*unit);
        }
        if is_ambiguous(&text) {
            return Err(UnitError::Ambiguous);
        }
        if is_concentration(&text) {
            return Err(UnitError::Concentration);
        }
        let word = text.to_ascii_lowercase();
        Self::from_symbol(&text)
            .or_else(|| Self::from_word(&word))
            .or_else(|| Self::from_word(word.strip_suffix('s')?))
            .ok_or(UnitError::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_spellings_are_understood() {
        for (unit, spellings) in [
            (Unit::Millilitre, "ml,ML,mls,cc,CC,cm3,cm³,Milliliter,millilitres, mL "),
            (Unit::Microlitre, "µl,μl,µL,μL,uL,ul,microliters"),
            (Unit::Microgram, "µg,μg,ug,mcg,Micrograms"),
            (Unit::Micromole, "µmol,umol,micromoles"),
            (Unit::Litre, "l,L,lit,ltr,Liters,LITRE,dm3"),
            (Unit::Gram, "g,G,gm,gms,GMS,gram,Grams,grammes"),
            (Unit::Kilogram, "kg,KG,Kg,kgs,kilograms,kilo"),
            (Unit::Piece, "1,pcs,PCS,pc,ea,EA,each,pieces"),
            (Unit::Pound, "lb,lbs,LB,pounds,[lb_av]"),
            (Unit::Ounce, "oz,OZ,ounces"),
            (Unit::FluidOunce, "fl oz,fl. oz.,FL OZ,fluid ounces"),
            (Unit::Gallon, "gal,gallons,gal.,GAL."),
            (Unit::Litre, "L.,ltrs,ℓ,Ｌ"),
            (Unit::Millilitre, "mls.,㎖,ｍＬ,㏄"),
            (Unit::Milligram, "㎎,ｍｇ"),
            (Unit::Pint, "pt,pint,pints,pt."),
            (Unit::CubicFoot, "cu ft,ft3,ft³"),
            (Unit::Tonne, "t,tonne,tonnes"),
            (Unit::Kilolitre, "kL"),
            (Unit::Piece, "box,boxes,vial,vials,bottle,tabs,tablets,Stk,unit,units"),
        ] {
            for spelling in spellings.split(',') {
                assert_eq!(spelling.parse(), Ok(unit), "{spelling}");
            }
        }
    }

    #[test]
    fn a_concentration_is_told_from_an_amount() {
        for text in [
            "M", "mM", "µM", "N", "%", "% w/w", "vol%", "w/v", "ppm", "PPB", "Molar", "mol/L", "mg/mL", "g / l",
            "mmol/kg", "IU/mL",
        ] {
            assert_eq!(text.parse::<Unit>(), Err(UnitError::Concentration), "{text}");
        }
    }

    #[test]
    fn a_spelling_with_two_sizes_is_refused_instead_of_guessed() {
        for text in ["Mg", "MG", "MMOL", "Mmol"] {
            assert_eq!(text.parse::<Unit>(), Err(UnitError::Ambiguous), "{text}");
        }
        for text in [
            "", "s", "m", "T", "gr", "grs", "Gs", "lt", "mt", "x 1 mL", "psi", "IU", "U", "NG", "MOL", "kG", "[LB_AV]",
            "gramss", "l/box", "/",
        ] {
            assert_eq!(text.parse::<Unit>(), Err(UnitError::Unknown), "{text}");
        }
        assert!(UnitError::Unknown.to_string().ends_with("pmol, fmol, 1"));
    }
}
