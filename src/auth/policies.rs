//! What an admin decides for a lab. `people/labs/policies` keeps each value with the time from which it holds. A new
//! policy is an enumeration, or any other type with a default, and one line in the table below.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::base::{
    enumeration::enumeration,
    error::{Error, Result},
};

/// From which role on people register and edit containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    #[default]
    Member,
    Manager,
}

/// What other labs of the installation see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    #[default]
    None,
    /// How much of a chemical the lab has.
    Stock,
}

macro_rules! policies {
    ($($name:ident: $field:ident = $text:literal, $type:ty, strictest $strictest:expr, $form:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum PolicyName { $($name),+ }

        enumeration!(PolicyName::as_str in "lab_policies.name" { $($name = $text),+ });

        /// Those that hold in a lab.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
        #[serde(default)]
        pub struct Policies {
            $(#[serde(deserialize_with = $text)] pub $field: $type),+
        }

        $(
            /// A value that this version does not know, as a later one wrote it, counts as the strictest.
            fn $field<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<$type, D::Error> {
                let value = Value::deserialize(from)?;
                Ok(<$type>::deserialize(&value).unwrap_or($strictest))
            }
        )+

        impl PolicyName {
            /// What holds until an admin sets something else.
            pub fn default_value(self) -> Value {
                match self { $(Self::$name => serde_json::to_value(<$type>::default()).unwrap_or_default()),+ }
            }

            /// The value, if it is one of this policy.
            pub fn check(self, value: &Value) -> Result<()> {
                match self {
                    $(Self::$name => <$type>::deserialize(value).map_err(|_| Error::field("/value", $form)).map(drop)),+
                }
            }
        }
    };
}

policies! {
    Registration: registration = "registration", Registration, strictest Registration::Manager, "must be \"member\" or \"manager\"";
    Sharing: sharing = "sharing", Sharing, strictest Sharing::None, "must be \"none\" or \"stock\"";
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<PolicyName>();
    }

    #[test]
    fn each_policy_takes_its_default_and_refuses_what_is_none_of_its_values() {
        for name in PolicyName::ALL {
            assert!(name.check(&name.default_value()).is_ok(), "{name:?}");
            for wrong in [json!(null), json!("nobody"), json!(7), json!([])] {
                assert!(name.check(&wrong).is_err(), "{name:?}: {wrong}");
            }
        }
    }

    #[test]
    fn where_nothing_was_set_the_defaults_hold() {
        assert_eq!(serde_json::from_value::<Policies>(json!({})).ok(), Some(Policies::default()));
        let set = json!({"registration": "manager", "of_a_later_version": true});
        let held = serde_json::from_value::<Policies>(set).ok();
        assert_eq!(held, Some(Policies { registration: Registration::Manager, ..Policies::default() }));
    }

    #[test]
    fn a_value_that_is_not_known_counts_as_the_strictest() {
        for unknown in [json!("of_a_later_version"), json!(7), json!(null), json!({"roles": []})] {
            let held = serde_json::from_value::<Policies>(json!({"registration": unknown, "sharing": unknown})).ok();
            let strictest = Policies { registration: Registration::Manager, sharing: Sharing::None };
            assert_eq!(held, Some(strictest), "{unknown}");
        }
    }
}
