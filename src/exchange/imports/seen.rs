//! Rows of one file that say they are the same thing: the first that goes in decides, and each later one is refused. A
//! refused row decides nothing.

use std::collections::{HashMap, HashSet};

/// `("code", "B-1")`
type Mark = (&'static str, String);

/// What tells a row from the others.
pub struct Marks {
    /// With this one of an earlier row, it is refused; a row without one is refused for none.
    pub own: Option<Mark>,
    /// What a later row may have as its own.
    pub all: Vec<Mark>,
}

/// A row that can be read, before it is stored.
pub struct Waiting<R, I> {
    pub row: R,
    pub line: u64,
    pub item: I,
    pub marks: Marks,
}

/// The rows of a batch, as far as those that went in before can say.
pub struct Turn<R, I> {
    /// They have nothing in common that a refusal of one of them could change.
    pub now: Vec<Waiting<R, I>>,
    /// To be asked about again, when `now` has been stored.
    pub later: Vec<Waiting<R, I>>,
    /// Each with its reason.
    pub refused: Vec<(R, String)>,
}

/// Which line had a mark first, of the rows that went in.
#[derive(Default)]
pub struct Seen(HashMap<Mark, u64>);

impl Seen {
    pub fn note(&mut self, marks: Marks, line: u64) {
        for mark in marks.all {
            self.0.entry(mark).or_insert(line);
        }
    }

    /// A row waits for each earlier one that it may be the same as; the first of all waits for none.
    pub fn turn<R, I>(&self, rows: Vec<Waiting<R, I>>) -> Turn<R, I> {
        let mut turn = Turn { now: Vec::with_capacity(rows.len()), later: Vec::new(), refused: Vec::new() };
        let (mut now, mut later) = (HashSet::<Mark>::new(), HashSet::<Mark>::new());
        for waiting in rows {
            let Marks { own, all } = &waiting.marks;
            let own = own.as_ref();
            if let Some((own, earlier)) = own.and_then(|own| Some((own, self.0.get(own)?))) {
                turn.refused.push((waiting.row, format!("line {earlier} has the same {}", own.0)));
            } else if own.is_some_and(|own| now.contains(own) || later.contains(own))
                || all.iter().any(|mark| later.contains(mark))
            {
                later.extend(all.iter().cloned());
                turn.later.push(waiting);
            } else {
                now.extend(all.iter().cloned());
                turn.now.push(waiting);
            }
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row by its own mark and another one.
    fn turn(seen: &Seen, rows: &[(u64, &str, &str)]) -> (Vec<u64>, Vec<u64>, Vec<u64>) {
        let mark = |text: &str| ("mark", text.to_owned());
        let rows = rows.iter().map(|&(line, own, other)| {
            let marks = Marks { own: Some(mark(own)), all: vec![mark(own), mark(other)] };
            Waiting { row: line, line, item: (), marks }
        });
        let turn = seen.turn(rows.collect());
        let lines = |rows: Vec<Waiting<u64, ()>>| rows.into_iter().map(|it| it.line).collect();
        (lines(turn.now), lines(turn.later), turn.refused.into_iter().map(|(line, _)| line).collect())
    }

    #[test]
    fn a_row_waits_for_those_before_it_that_have_its_mark_and_is_refused_only_for_one_that_went_in() {
        let rows = [(1, "a", "x"), (2, "a", "y"), (3, "y", "z"), (4, "z", "w"), (5, "b", "w"), (6, "c", "x")];
        let mut seen = Seen::default();
        assert_eq!(turn(&seen, &rows), (vec![1, 6], vec![2, 3, 4, 5], vec![]));
        seen.note(Marks { own: Some(("mark", "a".into())), all: vec![("mark", "a".into())] }, 1);
        assert_eq!(turn(&seen, &rows[1..5]), (vec![3], vec![4, 5], vec![2]));
    }
}
