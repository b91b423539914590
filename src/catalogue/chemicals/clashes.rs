//! What a chemical has that is another substance's: a number, or a name that is one.

use chemistry::{CasNumber, EcNumber, InChIKey};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Chemical, numbers::Number, store, term};
use crate::base::error::{Error, Reason, Result};

type Read = fn(&Chemical) -> Option<&str>;

/// What one chemical has alone, its field, and the refusal of another's.
const NUMBERS: [(Read, &str, &str, Reason); 3] = [
    (|it| it.cas.as_ref().map(CasNumber::as_str), "/cas", "CAS number", Reason::CasTaken),
    (|it| it.ec.as_ref().map(EcNumber::as_str), "/ec", "EC number", Reason::NumberTaken),
    (|it| it.inchikey.as_ref().map(InChIKey::as_str), "/inchikey", "InChIKey", Reason::NumberTaken),
];

/// Refuses a number that another chemical has; one that it had `before` stays. Who calls it holds
/// [`store::lock_new_names`], so nobody takes the number meanwhile. (No unique index on EC numbers and InChIKeys:
/// whoever imports a list may decide that two entries share one.)
pub async fn check_numbers(db: &mut PgConnection, chemical: &Chemical, before: Option<&Chemical>) -> Result<()> {
    let new = |of: Read| of(chemical).filter(|number| before.and_then(of) != Some(*number));
    let terms: Vec<_> = NUMBERS.iter().filter_map(|(of, ..)| new(*of)).map(term).collect();
    if terms.is_empty() {
        return Ok(());
    }
    let alike = store::find_alike(db, Uuid::nil(), &[], &terms).await?;
    for (of, pointer, kind, reason) in NUMBERS {
        let Some(number) = new(of) else { continue };
        if let Some(other) = alike.iter().find(|other| other.id != chemical.id && of(other) == Some(number)) {
            return Err(reason.at(pointer, format!("{number} is the {kind} of `{}`, {}", other.name, other.id)));
        }
    }
    Ok(())
}

/// Refuses names that are numbers of other substances. What a catalogue of an older version has stays until it is
/// changed.
pub async fn check_names(db: &mut PgConnection, chemical: &Chemical) -> Result<()> {
    for (at, name) in chemical.names().enumerate() {
        let pointer = at.checked_sub(1).map_or_else(|| "/name".to_owned(), |at| format!("/synonyms/{at}"));
        check_name(db, name, chemical, &pointer).await?;
    }
    Ok(())
}

/// Refuses a name that is a number of another substance.
pub async fn check_name(db: &mut PgConnection, name: &str, chemical: &Chemical, pointer: &str) -> Result<()> {
    let Some(number) = Number::read(name).filter(|number| !number.is_of(chemical)) else { return Ok(()) };
    let alike = store::find_alike(db, Uuid::nil(), &[], &[term(number.as_str())]).await?;
    let holder = alike.iter().find(|other| number.is_of(other)).map(|holder| format!("`{}`", holder.name));
    // Lists know more EC numbers than the catalogue: one that nobody has may stay among the synonyms, where it is
    // found.
    if holder.is_none() && pointer != "/name" && matches!(number, Number::Ec(_)) {
        return Ok(());
    }
    let unknown = if holder.is_some() { "" } else { " that this chemical does not have" };
    let detail = format!(
        "{}{unknown}, so `{}` cannot go by it: write the name here and numbers in their own fields",
        number.told(name, holder.as_deref()),
        chemical.cas.as_ref().map_or(chemical.name.as_str(), CasNumber::as_str)
    );
    Err(Error::field(pointer, detail))
}
