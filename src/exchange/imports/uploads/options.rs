//! What whoever runs an uploaded list has decided: the switches of the command under the same names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    base::{
        error::{Error, Result},
        text::Text,
    },
    exchange::imports::{ContainerOptions, Mapping, Options},
};

/// More than a list has columns.
const MOST: usize = 1_000;

/// Which column is meant, where its header is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnMapping {
    /// One of the import's.
    #[schema(value_type = String, example = "code")]
    pub column: Text<100>,
    /// One of the file's.
    #[schema(value_type = String, example = "Container_Number")]
    pub header: Text<1000>,
}

/// What is to be decided of a list. Without a word nothing is guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"create_locations": true, "repair_cas": true}))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command")]
pub struct ImportOptions {
    /// Once for each column, but several times for `note` and `synonyms`.
    pub mapping: Vec<ColumnMapping>,
    /// Headers of columns to leave out, whatever stands in them.
    #[schema(value_type = Vec<String>)]
    pub ignore: Vec<Text<1000>>,
    /// Make the locations that the lab does not have.
    pub create_locations: bool,
    /// Make a code for each row without one, the same at every run of a list of this name.
    pub make_codes: bool,
    /// Where the name is none of the names of the number's chemical, take the number, and keep the name in the note.
    pub number_decides: bool,
    /// Take a damaged CAS number as the one that it must have been, where the check digit proves it.
    pub repair_cas: bool,
    /// Bring back bottles that were undone since a list brought them.
    pub revive: bool,
}

impl ImportOptions {
    pub fn check(&self) -> Result<()> {
        let many = |count: usize| count > MOST;
        let detail = || format!("has at most {MOST} items: a file has no more columns");
        match (many(self.mapping.len()), many(self.ignore.len())) {
            (true, _) => Err(Error::field("/mapping", detail())),
            (_, true) => Err(Error::field("/ignore", detail())),
            _ => Ok(()),
        }
    }

    pub fn for_run(&self, is_dry_run: bool) -> ContainerOptions {
        let mapping = |it: &ColumnMapping| Mapping { column: it.column.to_string(), header: it.header.to_string() };
        ContainerOptions {
            common: Options {
                dry_run: is_dry_run,
                mapping: self.mapping.iter().map(mapping).collect(),
                ignore: self.ignore.iter().map(ToString::to_string).collect(),
                repair_cas: self.repair_cas,
                revive: self.revive,
            },
            create_locations: self.create_locations,
            make_codes: self.make_codes,
            number_decides: self.number_decides,
        }
    }
}
