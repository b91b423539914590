//! Rows of one file that have the same mark go in one after the other, so that each sees what became of those before
//! it.

use std::collections::HashSet;

/// A row that can be read, before it is stored.
pub struct Waiting<R, I> {
    pub row: R,
    pub item: I,
    pub mark: Option<String>,
}

type Rows<R, I> = Vec<Waiting<R, I>>;

/// The rows that wait for none of the others, and those that do.
pub fn turns<R, I>(rows: Rows<R, I>) -> (Rows<R, I>, Rows<R, I>) {
    let mut marks = HashSet::new();
    rows.into_iter().partition(|waiting| waiting.mark.as_ref().is_none_or(|mark| marks.insert(mark.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_waits_for_those_before_it_that_have_its_mark() {
        let rows = [(1, Some("a")), (2, None), (3, Some("a")), (4, Some("b")), (5, Some("a")), (6, None)];
        let rows = rows.map(|(row, mark)| Waiting { row, item: (), mark: mark.map(str::to_owned) });
        let lines = |rows: &[Waiting<u64, ()>]| rows.iter().map(|it| it.row).collect::<Vec<_>>();
        let (now, later) = turns(rows.into());
        assert_eq!((lines(&now), lines(&later)), (vec![1, 2, 4, 6], vec![3, 5]));
        let (now, later) = turns(later);
        assert_eq!((lines(&now), lines(&later)), (vec![3], vec![5]));
    }
}
