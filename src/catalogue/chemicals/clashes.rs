//! Names that are numbers of other substances.

use chemistry::CasNumber;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Chemical, numbers::Number, store, term};
use crate::base::error::{Error, Result};

/// Refuses names that are numbers of other substances. What a catalogue of an older version has stays until it is changed.
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
    // Lists know more EC numbers than the catalogue: one that nobody has may stay among the synonyms, where it is found.
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
