//! Structures written as SMILES, which lists have in the place of a formula.

/// Whether a text that is no formula is a structure: a bond, a charge in brackets, or a ring in small letters is in it,
/// and nothing that SMILES does not know.
pub(super) fn is_smiles(text: &str) -> bool {
    let (mut rest, mut atoms, mut has_mark, mut is_aromatic) = (text.trim(), 0_u32, false, false);
    let mut rings = [0_u32; 10];
    while let Some(next) = rest.chars().next() {
        let mut length = next.len_utf8();
        match next {
            '[' => {
                let Some(end) = rest.find(']') else { return false };
                let inside = &rest[1..end];
                let is_atom = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '+' | '-' | ':' | '*');
                if inside.is_empty() || !inside.chars().all(is_atom) {
                    return false;
                }
                (length, has_mark, atoms) = (end + 1, true, atoms + 1);
            }
            'B' | 'C' if rest[1..].starts_with(if next == 'B' { 'r' } else { 'l' }) => (length, atoms) = (2, atoms + 1),
            'B' | 'C' | 'N' | 'O' | 'P' | 'S' | 'F' | 'I' | '*' => atoms += 1,
            'b' | 'c' | 'n' | 'o' | 'p' | 's' => (is_aromatic, atoms) = (true, atoms + 1),
            '0'..='9' => rings[usize::from(rest.as_bytes()[0] - b'0')] += 1,
            '=' | '#' | '/' | '\\' => has_mark = true,
            '(' | ')' | '.' | '-' | '%' | ':' | '$' => {}
            _ => return false,
        }
        rest = &rest[length..];
    }
    // Each ring is opened and closed, and small letters stand in one.
    let has_ring = rings.iter().any(|count| *count > 0);
    (has_mark || (is_aromatic && has_ring)) && atoms > 1 && rings.iter().all(|count| count % 2 == 0)
}

/// Whether a formula may as well be a structure: SMILES leaves hydrogen out and writes every atom, so an atom comes
/// again. Numbers in it open and close rings.
pub(super) fn may_be_smiles(text: &str) -> bool {
    let (mut rest, mut atoms, mut again) = (text.trim(), Vec::new(), false);
    let mut rings = [0_u32; 10];
    while let Some(next) = rest.chars().next() {
        let symbol = ["Br", "Cl", "B", "C", "N", "O", "P", "S", "F", "I"].into_iter().find(|it| rest.starts_with(it));
        match (symbol, next) {
            (Some(symbol), _) => {
                again |= atoms.contains(&symbol);
                atoms.push(symbol);
            }
            (None, '1'..='9') if atoms.last().is_some_and(|last| "CNOPS".contains(last)) => {
                rings[usize::from(rest.as_bytes()[0] - b'0')] += 1;
            }
            (None, '(' | ')') => {}
            _ => return false,
        }
        rest = &rest[symbol.map_or(1, str::len)..];
    }
    again && rings.iter().all(|count| count % 2 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_is_known_and_a_formula_with_a_mistake_is_none() {
        for smiles in ["CC(=O)O", "c1ccccc1", "C[C@H](N)C(=O)O", "C#N", "[Na+].[Cl-]", "C/C=C/C", "C%12CC=CC%12"] {
            assert!(is_smiles(smiles), "{smiles}");
        }
        for other in
            ["C2H6O)", "c6h6", "co2", "ethanol", "CH3-CH2-OH", "1/2H2O", "", "[", "NACL", "no2", "BnBr", "C(", "="]
        {
            assert!(!is_smiles(other), "{other}");
        }
    }

    #[test]
    fn a_formula_may_be_a_structure_where_an_atom_comes_again_and_no_hydrogen_is_in_it() {
        for both in ["CCO", "OCC", "COC", "CCCCC", "CCCC(C)O", "ClCCl", "C1CCCCC1", "OO", "BrBr", "CC(C)(C)O"] {
            assert!(may_be_smiles(both), "{both}");
        }
        for formula in [
            "C2O", "CO", "NCO", "COS", "CCl4", "CH3COOH", "HCOOH", "CF3CF3", "CCl3CCl3", "C2N2", "N2O4", "NaCN", "CO2",
            "",
        ] {
            assert!(!may_be_smiles(formula), "{formula}");
        }
    }
}
