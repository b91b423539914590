//! Which bottles a supplier's label means: a lot alone is no product.

use chemistry::Label;

use super::Container;

/// Of bottles with the label's lot, or of its article, those of its product. Bottles whose article nobody wrote down
/// count when nothing tells them from one that matches, or when there is only one product that they can be.
#[expect(clippy::vec_box, reason = "as the store gives them")]
pub fn of_product(mut found: Vec<Box<Container>>, label: &Label) -> Vec<Box<Container>> {
    let is_certain = |it: &Container| {
        let has_number = it.gtin.is_none() && label.catalogue_number.is_some();
        label.gtin.is_some() && it.gtin == label.gtin
            || has_number && is_same(it.catalogue_number.as_ref(), label.catalogue_number.as_ref())
    };
    found.retain(|it| {
        let differs = it.gtin.is_some() && label.gtin.is_some() && it.gtin != label.gtin;
        !differs && (is_certain(it) || agree(it.catalogue_number.as_ref(), label.catalogue_number.as_ref()))
    });
    let certain: Vec<_> = found.iter().filter(|it| is_certain(it)).cloned().collect();
    match (certain.is_empty(), found.first().cloned()) {
        (false, _) => found.retain(|it| certain.iter().any(|sure| sure.id == it.id || may_be_one_product(sure, it))),
        (true, Some(first)) if !found.iter().all(|it| may_be_one_product(&first, it)) => found.clear(),
        (true, _) => {}
    }
    found
}

fn may_be_one_product(one: &Container, other: &Container) -> bool {
    one.chemical.id == other.chemical.id
        && (one.gtin.is_none() || other.gtin.is_none() || one.gtin == other.gtin)
        && agree(one.supplier.as_ref(), other.supplier.as_ref())
        && agree(one.catalogue_number.as_ref(), other.catalogue_number.as_ref())
}

/// What is not known contradicts nothing.
fn agree(one: Option<&String>, other: Option<&String>) -> bool {
    one.is_none() || other.is_none() || is_same(one, other)
}

fn is_same(one: Option<&String>, other: Option<&String>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.to_lowercase() == other.to_lowercase())
}
