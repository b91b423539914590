//! Why a text is refused as a formula, and what to write instead.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormulaError {
    #[error("write a formula of 1 to 255 characters, such as C2H6O")]
    Length,
    #[error("`{0}` is no element: write symbols with one capital letter, such as NaCl")]
    UnknownElement(String),
    #[error("`{0}` does not belong there: write a molecular formula such as CuSO4.5H2O or Ca+2")]
    Unexpected(char),
    #[error("something is missing: every part and every pair of brackets holds atoms")]
    Incomplete,
    #[error("brackets are nested more than 16 deep")]
    TooDeep,
    #[error("write counts as whole numbers up to 9999999 without leading zero")]
    Count,
    #[error("write the charge after its sign, from 1 to 99, such as Ca+2")]
    Charge,
    #[error("`{0}` says a charge of {1}, which no ion has: write `{2}` if atoms are meant, else the charge as it is")]
    ChargeTooLarge(String, u32, String),
    #[error("`{0}` has two meanings: write `{1}` or `{2}`")]
    Ambiguous(String, String, String),
    #[error(
        "`{0}` may be a fraction, or the end of a part: write `{1}` for two parts. Fractions of atoms are no formula: leave \
         it out and give the molar mass"
    )]
    Fraction(String, String),
    #[error("a number before the whole formula is no part of it: write `{0}`, or [13C] for an isotope")]
    Multiple(String),
    #[error("`{0}` is no number, so there is no single formula: leave it out, and give the molar mass if there is one")]
    Unspecified(char),
    #[error("a line between atoms is a bond: write a molecular formula, such as C2H6O")]
    Bond,
    #[error("is a structure (SMILES) and no formula: write the molecular formula, such as C2H6O")]
    Smiles,
    #[error("`{0}` may be a structure (SMILES): write `{1}` if that is the formula, else the formula of the structure")]
    PerhapsSmiles(String, String),
    #[error("the formula is heavier than 10000000 g/mol")]
    TooHeavy,
}
