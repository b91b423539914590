//! All values together: against 1,815 real substances (`tests/data/identifiers`) and in an API document.

use super::{CasNumber, Formula, InChIKey, MolarMass, cas};

const SUBSTANCES: &str = include_str!("../tests/data/identifiers/identifiers_pubchem_small.tsv");

struct Substance {
    cas: &'static str,
    formula: &'static str,
    molar_mass: MolarMass,
    inchikey: &'static str,
}

fn substances() -> impl Iterator<Item = Substance> {
    SUBSTANCES.lines().map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_cid, cas, formula, molar_mass, _smiles, _inchi, inchikey, ..] = columns[..] else {
            panic!("a substance has at least seven columns: {line}");
        };
        Substance { cas, formula, molar_mass: molar_mass.parse().unwrap(), inchikey }
    })
}

#[test]
fn every_cas_number_is_valid_and_survives_the_loss_of_its_hyphens() {
    assert_eq!(substances().count(), 1_815);
    for Substance { cas, .. } in substances() {
        let read: CasNumber = cas.parse().unwrap_or_else(|error| panic!("{cas}: {error}"));
        assert_eq!(read.as_str(), cas);
        assert_eq!(cas::propose(&cas.replace('-', "")), Some(read));
    }
}

#[test]
fn every_inchikey_is_valid_also_those_of_salts_and_ions() {
    for Substance { inchikey, .. } in substances() {
        assert_eq!(inchikey.parse::<InChIKey>().unwrap().as_str(), inchikey);
    }
}

/// PubChem writes Hill order itself, so what comes out is what went in.
#[test]
fn every_formula_is_its_own_canonical_form() {
    for Substance { formula, .. } in substances() {
        let read: Formula = formula.parse().unwrap_or_else(|error| panic!("{formula}: {error}"));
        assert_eq!(read.as_str(), formula);
    }
}

#[test]
fn every_molar_mass_is_the_stated_one_without_exception() {
    for Substance { formula, molar_mass, .. } in substances() {
        let computed = formula.parse::<Formula>().unwrap().molar_mass();
        assert!(!computed.differs_from(molar_mass), "{formula}: {computed}, not {molar_mass}");
    }
}

#[cfg(feature = "utoipa")]
mod schemas {
    use serde::de::DeserializeOwned;
    use utoipa::PartialSchema;

    use crate::{
        Amount, CasNumber, ContainerCode, Density, EcNumber, Formula, Gtin, InChIKey, MolarMass, Quantity, Unit,
    };

    /// What the API document shows must be accepted.
    fn example_is_valid<T: PartialSchema + DeserializeOwned>() {
        let schema = serde_json::to_value(T::schema()).unwrap();
        let read = serde_json::from_value::<T>(schema["example"].clone());
        assert!(read.is_ok(), "{}: {}", schema["example"], read.err().unwrap());
    }

    #[test]
    fn every_example_of_the_document_is_valid() {
        example_is_valid::<CasNumber>();
        example_is_valid::<EcNumber>();
        example_is_valid::<InChIKey>();
        example_is_valid::<Formula>();
        example_is_valid::<MolarMass>();
        example_is_valid::<Density>();
        example_is_valid::<Unit>();
        example_is_valid::<Amount>();
        example_is_valid::<Quantity>();
        example_is_valid::<ContainerCode>();
        example_is_valid::<Gtin>();
    }
}
