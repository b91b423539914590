//! A formula as the value of a text column.

use sqlx::{
    Postgres,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef},
};

use super::formula::Formula;

// By hand, because a derived newtype would take any text of the column without the molar mass.
impl sqlx::Type<Postgres> for Formula {
    fn type_info() -> PgTypeInfo {
        <String as sqlx::Type<Postgres>>::type_info()
    }

    fn compatible(of: &PgTypeInfo) -> bool {
        <String as sqlx::Type<Postgres>>::compatible(of)
    }
}

impl PgHasArrayType for Formula {
    fn array_type_info() -> PgTypeInfo {
        String::array_type_info()
    }
}

impl sqlx::Encode<'_, Postgres> for Formula {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <&str as sqlx::Encode<Postgres>>::encode(self.as_str(), buffer)
    }
}

impl<'r> sqlx::Decode<'r, Postgres> for Formula {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <&str as sqlx::Decode<Postgres>>::decode(value)?;
        Ok(Self::of_stored(text)?)
    }
}
