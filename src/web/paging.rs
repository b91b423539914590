//! The query of a list that nothing narrows.

use serde::{Deserialize, de::DeserializeOwned};
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use crate::base::page::{Cursor, Limit};

/// `K` is the sort key of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "K: DeserializeOwned")]
pub struct PageQuery<K> {
    #[serde(default)]
    pub limit: Limit,
    pub cursor: Option<Cursor<K>>,
}

/// As the document shows it, whatever the sort key is.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document alone reads it")]
struct Shown {
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl<K> IntoParams for PageQuery<K> {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Shown::into_params(parameter_in)
    }
}
