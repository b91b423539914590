//! The rights that handlers ask for, each a type: the wrong one does not compile.

use uuid::Uuid;

use super::{Role, standing::Standing};
use crate::base::error::{Error, Result};

/// The right that a handler asks for.
pub trait Right: Send + Sync + 'static {
    fn check(who: &Standing, lab: Option<Uuid>) -> Result<Option<Role>>;
}

macro_rules! right_in_the_lab {
    ($($right:ident),*) => {$(
        #[doc = concat!("At least ", stringify!($right), " in the lab of the path.")]
        pub struct $right;

        impl Right for $right {
            fn check(who: &Standing, lab: Option<Uuid>) -> Result<Option<Role>> {
                // Of a lab that is not yours you learn nothing, not even that it is there.
                let role = lab.and_then(|lab| who.role_in(lab)).ok_or(Error::NotFound("lab"))?;
                if role < Role::$right {
                    return Err(Error::Forbidden(concat!("this needs the role ", stringify!($right), " in the lab")));
                }
                Ok(Some(role))
            }
        }

        impl InLab for $right {}
    )*};
}

/// A right that holds in one lab.
pub trait InLab: Right {}

right_in_the_lab!(Viewer, Member, Manager, Admin);

/// Signed in.
pub struct Anyone;

impl Right for Anyone {
    fn check(_: &Standing, _: Option<Uuid>) -> Result<Option<Role>> {
        Ok(None)
    }
}

/// Edits the catalogue that all labs share: an owner, somebody to whom an owner gave the right, and in an installation
/// of one lab its managers.
pub struct Cataloguer;

impl Right for Cataloguer {
    fn check(who: &Standing, _: Option<Uuid>) -> Result<Option<Role>> {
        let manages_the_only_lab = who.is_only_lab && who.highest_role() >= Some(Role::Manager);
        if who.is_owner || who.is_cataloguer || manages_the_only_lab {
            return Ok(None);
        }
        Err(Error::Forbidden("this needs the right Cataloguer, which an owner of the installation gives"))
    }
}

/// Runs the installation.
pub struct Owner;

impl Right for Owner {
    fn check(who: &Standing, _: Option<Uuid>) -> Result<Option<Role>> {
        if who.is_owner { Ok(None) } else { Err(Error::Forbidden("only an owner of the installation may do this")) }
    }
}
