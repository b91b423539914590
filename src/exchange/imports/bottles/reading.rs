//! What a row says of a bottle.

use chemistry::canonical_code;

use super::{
    Bottle, Bottles,
    amounts::read_amount,
    cells::{read_chemical, read_code, read_content, read_location},
    known::fingerprint,
    solution,
    stated::Stated,
};
use crate::{
    exchange::imports::{
        columns::Columns,
        faults::{Faults, OrReason},
        readings::plain_cells,
        table::Row,
    },
    stock::containers::Fingerprint,
};

impl Bottle {
    /// Of all that it is, however its code is spelled.
    pub fn says(&self) -> Fingerprint {
        let code = canonical_code(&self.code);
        fingerprint(&code, &self.chemical, self.amount, self.location.as_ref(), &self.content)
    }
}

impl Bottles {
    fn code(&self, row: &Row, columns: &Columns, faults: &mut Faults) -> Option<String> {
        faults.made_code(row, self.lab_id);
        if row.get("code").is_some() {
            return read_code(row, columns, faults);
        }
        let Some(code) = self.codes.as_ref().and_then(|codes| codes.of(row)) else {
            faults.add(
                "the code is empty: it tells a bottle from the others, and a second import from the first. --make-codes makes \
                 codes",
            );
            return None;
        };
        Some(code.to_owned())
    }

    /// Without the rows around it.
    pub fn read_alone(&self, row: &Row) -> OrReason<Bottle> {
        let mut faults = Faults::default();
        faults.of_the_form(row);
        faults.contradictions(row);
        faults.of_the_spreadsheet(row)?;
        let columns = &*self.columns.for_row(row);
        let code = self.code(row, columns, &mut faults);
        let chemical = read_chemical(row, columns.repair_cas, &mut faults);
        let (amount, location) = (read_amount(row, columns, &mut faults), read_location(row, columns, &mut faults));
        let content = read_content(row, columns, self.today, &mut faults);
        solution::check(row, &mut faults);
        let stated = Stated::read(row, columns);
        let cells = row.get("code").is_none().then(|| plain_cells(row, &self.columns));
        let bottle = match (code, chemical, amount) {
            (Some(code), Some(chemical), Some((amount, warning))) => {
                let fingerprint = fingerprint(&code, &chemical, amount, location.as_ref(), &content);
                let (line, doubt, repeated) = (row.line, faults.doubt(), None);
                Some(Bottle {
                    line,
                    code,
                    chemical,
                    stated,
                    amount,
                    location,
                    content,
                    fingerprint,
                    doubt,
                    cells,
                    warning,
                    repeated,
                })
            }
            _ => None,
        };
        faults.none(bottle)
    }
}
