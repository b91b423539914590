//! The languages that messages are written in, and which of them somebody wants (RFC 9110 section 12.5.4).

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

macro_rules! languages {
    ($default:ident $default_tag:literal, $($name:ident $tag:literal),* $(,)?) => {
        /// By its BCP 47 tag.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, sqlx::Type)]
        #[sqlx(type_name = "text")]
        pub enum Language {
            #[default]
            #[serde(rename = $default_tag)]
            #[sqlx(rename = $default_tag)]
            $default,
            $(
                #[serde(rename = $tag)]
                #[sqlx(rename = $tag)]
                $name
            ),*
        }

        impl Language {
            pub const ALL: &[Self] = &[Self::$default, $(Self::$name),*];

            pub const fn tag(self) -> &'static str {
                match self { Self::$default => $default_tag, $(Self::$name => $tag),* }
            }
        }
    };
}

languages! {
    English "en",
    German "de",
    French "fr",
    Spanish "es",
    Portuguese "pt",
    Hindi "hi",
    Arabic "ar",
    Chinese "zh",
}

/// By hand, as the derived one does not see the tags that the macro hands on.
impl PartialSchema for Language {
    fn schema() -> RefOr<Schema> {
        let tags = Self::ALL.iter().map(|language| language.tag());
        let schema = ObjectBuilder::new().schema_type(Type::String).description(Some("By its BCP 47 tag."));
        schema.enum_values(Some(tags)).into()
    }
}

impl ToSchema for Language {}

impl Language {
    /// The one that `Accept-Language` likes best, by the first part of each tag; none if it names none of ours.
    pub fn negotiate(accepted: &str) -> Option<Self> {
        let ranges = accepted.split(',').take(32).filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let language = Self::of_tag(parts.next()?)?;
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
            (weight > 0.0).then_some((language, weight))
        });
        // Of equals the first.
        let best = ranges.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(language, _)| language)
    }

    fn of_tag(tag: &str) -> Option<Self> {
        let first = tag.split('-').next().unwrap_or_default();
        Self::ALL.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(first))
    }
}

/// The language of ours that `Accept-Language` prefers; none if the header is absent or names none of ours. It is a
/// wish: no request fails because of it.
#[derive(Debug, Clone, Copy)]
pub struct AcceptLanguage(pub Option<Language>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_liked_best_is_chosen() {
        for (accepted, chosen) in [
            ("de", Some(Language::German)),
            ("pt-BR,pt;q=0.9,en;q=0.8", Some(Language::Portuguese)),
            ("sv, fr;q=0.5, en;q=0.7", Some(Language::English)),
            ("ZH-Hant-TW", Some(Language::Chinese)),
            ("en;q=0, es;q=0.1", Some(Language::Spanish)),
            ("*", None),
            ("", None),
            ("de;q=much, xx", None),
        ] {
            assert_eq!(Language::negotiate(accepted), chosen, "{accepted}");
        }
    }
}
