//! The formula and the molar mass that a bottle's row has: they must be those of its chemical.

use chemistry::{Formula, MolarMass};
use rust_decimal::Decimal;

use crate::{
    catalogue::chemicals,
    exchange::imports::{columns::Columns, faults::shortened, numbers::number_and_unit, table::Row},
};

/// What a row says of its chemical beside numbers and names.
#[derive(Default)]
pub struct Stated {
    formula: Option<Formula>,
    molar_mass: Option<MolarMass>,
    /// Behind the point of the molar mass.
    digits: u32,
    /// What could not be read, so that nothing was compared with it.
    pub unread: Option<String>,
}

impl Stated {
    pub fn read(row: &Row, columns: &Columns) -> Self {
        let mut unread = Vec::new();
        let mut note = |column: &str, cell: &str, why: String| {
            unread.push(format!("{column} `{}` was not compared: {why}", shortened(cell)));
        };
        let formula = row.get("formula").and_then(|cell| {
            let read = cell.parse::<Formula>();
            read.map_err(|why| note("formula", cell, why.to_string())).ok()
        });
        let molar_mass = row.get("molar mass").and_then(|cell| {
            let read =
                plain_mass(cell, columns).and_then(|plain| plain.parse::<MolarMass>().map_err(|why| why.to_string()));
            read.map_err(|why| note("molar mass", cell, why)).ok()
        });
        let digits = molar_mass.map_or(0, |_| {
            let plain = row.get("molar mass").and_then(|cell| plain_mass(cell, columns).ok()).unwrap_or_default();
            plain.split_once('.').map_or(0, |(_, digits)| u32::try_from(digits.len()).unwrap_or_default())
        });
        Self { formula, molar_mass, digits, unread: (!unread.is_empty()).then(|| unread.join("; ")) }
    }

    /// What is not the entry's, with both values.
    pub fn contradiction(&self, one: &chemicals::Chemical) -> Option<String> {
        let own = one.formula.as_ref();
        if let Some((own, said)) = own.zip(self.formula.as_ref())
            && !own.is_same(said)
            && !own.has_atoms_of(said)
            && !(own.has_ratio_of(said) && self.weighs_as(one))
        {
            return Some(format!("the formula is {said} here and {own} there"));
        }
        let own = one.molar_mass?;
        let of_formula = self.formula.as_ref().filter(|_| one.formula.is_none());
        if let Some(said) = of_formula.filter(|said| said.contradicts(own)) {
            return Some(format!("the formula is {said} here, and the molar mass {own} g/mol there"));
        }
        // A molecule of another size may stand for the same ratio: P2O5 is P4O10.
        let is_of_row = |said: MolarMass| self.formula.as_ref().is_some_and(|formula| !formula.contradicts(said));
        let said =
            self.molar_mass.filter(|said| self.differs(own, *said) && !(one.formula.is_some() && is_of_row(*said)))?;
        Some(format!("the molar mass is {said} g/mol here and {own} g/mol there"))
    }

    /// Whether the row has the molar mass of the entry, so that its formula is only written for another number of atoms.
    fn weighs_as(&self, one: &chemicals::Chemical) -> bool {
        one.molar_mass.zip(self.molar_mass).is_some_and(|(own, said)| !self.differs(own, said))
    }

    /// By more than the rounding explains.
    fn differs(&self, own: MolarMass, said: MolarMass) -> bool {
        let rounding = Decimal::new(5, self.digits.min(20) + 1);
        own.differs_from(said) && (own.get() - said.get()).abs() > rounding
    }
}

fn plain_mass(cell: &str, columns: &Columns) -> Result<String, String> {
    let odd = || "write one number, in g/mol".to_owned();
    let (number, unit) = number_and_unit(cell)
        .or_else(|| cell.split_once(' ').map(|(number, unit)| (number.into(), unit)))
        .ok_or_else(odd)?;
    let unit: String = unit.chars().filter(|c| !c.is_whitespace()).collect();
    if !matches!(unit.to_lowercase().as_str(), "" | "g/mol" | "gmol-1" | "g\u{b7}mol-1" | "g/mole" | "da") {
        return Err(odd());
    }
    columns.signs("molar mass").plain(&number)
}
