//! The density and the molar mass that count for a bottle, and whose they are.

use chemistry::{Density, Factors, MolarMass, Quantity, Unit, Used};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{Container, store};
use crate::base::error::Result;

/// Whose value was counted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The bottle's own.
    Container,
    /// What the lab says of the chemical.
    Lab,
    /// What the shared catalogue says of it.
    Chemical,
}

/// What an amount was converted with; only what was used is there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"density": "0.786", "density_of": "chemical"}))]
pub struct CountedWith {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density: Option<Density>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density_of: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub molar_mass: Option<MolarMass>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub molar_mass_of: Option<Source>,
}

/// The values that count, each with its source.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counting {
    pub density: Option<(Density, Source)>,
    pub molar_mass: Option<(MolarMass, Source)>,
}

impl Counting {
    /// What the bottle itself says.
    pub fn own(density: Option<Density>) -> Self {
        Self::new(density, Factors::NONE, Factors::NONE)
    }

    /// The same, where it is enough to say the amount in the unit. Most amounts need nothing, and only those that do
    /// make the lab and the catalogue be asked.
    pub fn own_for(density: Option<Density>, amount: Option<Quantity>, unit: Unit) -> Option<Self> {
        let own = Self::own(density);
        amount.is_none_or(|amount| own.is_enough_for(amount, unit)).then_some(own)
    }

    /// The one place that decides whose value counts: the bottle's before the lab's before the chemical's.
    pub fn new(own: Option<Density>, lab: Factors, catalogue: Factors) -> Self {
        fn of<T>(value: Option<T>, source: Source) -> Option<(T, Source)> {
            value.map(|value| (value, source))
        }
        Self {
            density: of(own, Source::Container)
                .or(of(lab.density, Source::Lab))
                .or(of(catalogue.density, Source::Chemical)),
            molar_mass: of(lab.molar_mass, Source::Lab).or(of(catalogue.molar_mass, Source::Chemical)),
        }
    }

    /// Whether an amount can be said in the unit with these values alone.
    pub fn is_enough_for(self, amount: Quantity, unit: Unit) -> bool {
        amount.in_unit(unit, self.factors()).is_ok()
    }

    pub fn factors(self) -> Factors {
        Factors { density: self.density.map(|it| it.0), molar_mass: self.molar_mass.map(|it| it.0) }
    }

    /// None when the conversion needed none of them.
    pub fn used(self, used: Used) -> Option<CountedWith> {
        let (density, molar_mass) =
            (self.density.filter(|_| used.density), self.molar_mass.filter(|_| used.molar_mass));
        (used.density || used.molar_mass).then(|| CountedWith {
            density: density.map(|it| it.0),
            density_of: density.map(|it| it.1),
            molar_mass: molar_mass.map(|it| it.0),
            molar_mass_of: molar_mass.map(|it| it.1),
        })
    }
}

/// The density and the molar mass with which an amount is said in the bottle's unit.
pub async fn counting_for(db: &mut PgConnection, of: &Container, amount: Option<Quantity>) -> Result<Counting> {
    match Counting::own_for(of.density, amount, of.amount.unit) {
        Some(own) => Ok(own),
        None => store::find_counting(db, of.lab_id, of.chemical.id, of.density).await,
    }
}
