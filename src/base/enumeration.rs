//! Enumerations as tables keep them: a text for each variant. Which texts there are stands in the code alone, and each
//! that is read is looked up there: a check constraint would have to be dropped whole for each new variant.

/// One enumeration of a table.
pub trait Enumeration: Copy + Sized + 'static {
    /// Where it is kept: `table.column`, several with commas.
    const COLUMNS: &'static str;
    const VARIANTS: &'static [Self];

    fn text(self) -> &'static str;

    fn of_column(text: &str) -> ::std::result::Result<Self, Unknown> {
        let found = Self::VARIANTS.iter().find(|variant| variant.text() == text).copied();
        found.ok_or_else(|| Unknown { columns: Self::COLUMNS, value: text.chars().take(64).collect() })
    }
}

/// A newer version has written it, or somebody by hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{columns} holds {value:?}, which this version does not know")]
pub struct Unknown {
    pub columns: &'static str,
    pub value: String,
}

/// `enumeration!(State::as_str in "containers.state" { InStock = "in_stock", … })` gives it `State::ALL` and
/// `State::as_str`, and makes it the type of a column.
macro_rules! enumeration {
    ($name:ident::$text:ident in $columns:literal { $($variant:ident = $value:literal),+ $(,)? }) => {
        impl $name {
            pub const ALL: [Self; [$($value),+].len()] = [$(Self::$variant),+];

            /// As the database writes it.
            pub const fn $text(self) -> &'static str {
                match self { $(Self::$variant => $value),+ }
            }
        }

        impl $crate::base::enumeration::Enumeration for $name {
            const COLUMNS: &'static str = $columns;
            const VARIANTS: &'static [Self] = &Self::ALL;

            fn text(self) -> &'static str {
                self.$text()
            }
        }

        impl ::sqlx::Type<::sqlx::Postgres> for $name {
            fn type_info() -> ::sqlx::postgres::PgTypeInfo {
                <str as ::sqlx::Type<::sqlx::Postgres>>::type_info()
            }

            fn compatible(of: &::sqlx::postgres::PgTypeInfo) -> bool {
                <str as ::sqlx::Type<::sqlx::Postgres>>::compatible(of)
            }
        }

        impl ::sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> ::sqlx::postgres::PgTypeInfo {
                <&str as ::sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl ::sqlx::Encode<'_, ::sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut ::sqlx::postgres::PgArgumentBuffer,
            ) -> ::std::result::Result<::sqlx::encode::IsNull, ::sqlx::error::BoxDynError> {
                <&str as ::sqlx::Encode<::sqlx::Postgres>>::encode(self.$text(), buffer)
            }
        }

        impl<'r> ::sqlx::Decode<'r, ::sqlx::Postgres> for $name {
            fn decode(
                value: ::sqlx::postgres::PgValueRef<'r>,
            ) -> ::std::result::Result<Self, ::sqlx::error::BoxDynError> {
                let text = <&str as ::sqlx::Decode<::sqlx::Postgres>>::decode(value)?;
                Ok(<Self as $crate::base::enumeration::Enumeration>::of_column(text)?)
            }
        }
    };
}
pub(crate) use enumeration;

/// Every variant is read back from what it is written as, and nothing else is.
#[cfg(test)]
#[expect(clippy::panic, reason = "a test that finds something else has failed")]
pub fn assert_read_back<T: Enumeration + PartialEq + std::fmt::Debug>() {
    for variant in T::VARIANTS {
        assert_eq!(T::of_column(variant.text()).as_ref(), Ok(variant));
    }
    let Err(unknown) = T::of_column("frozen") else { panic!("{} takes anything", T::COLUMNS) };
    assert!(unknown.to_string().contains(T::COLUMNS) && unknown.to_string().contains("\"frozen\""), "{unknown}");
}

#[cfg(test)]
pub fn assert_read_back_and_on_the_wire<T: Enumeration + PartialEq + std::fmt::Debug + serde::Serialize>() {
    assert_read_back::<T>();
    for variant in T::VARIANTS {
        assert_eq!(serde_json::to_value(variant).ok(), Some(variant.text().into()));
    }
}
