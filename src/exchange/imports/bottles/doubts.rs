//! Why a row whose code was made may be a bottle that is there, or no bottle at all.

use super::making::Making;

/// Of a row whose list has brought bottles, and whose file of codes is missing.
pub fn of_lost_codes(name: &str) -> String {
    format!(
        "a list of this name has brought bottles, and {name} is not beside this one: the row may be one that was changed, whose \
         bottle is there. If it is the same list, put {name} beside it. If it is another list, give it another name"
    )
}

/// Of a row of a list; `name` is that of its file of codes.
pub fn of_list(making: &Making, name: &str, is_there: bool) -> Option<String> {
    if is_there {
        return making.is_first.then(|| {
            format!(
                "a list of this name has brought a bottle of this row, and {name} is not beside this one. If it is the same \
                 list, the bottle is there: put {name} beside it. If it is another list, give it another name"
            )
        });
    }
    (making.gone > 0).then(|| {
        format!(
            "the list has changed since its codes were made: this row is new, and {} of the rows in {name} are not in \
             it any more. If the row is one of those, its bottle is there already; if it is another bottle, give it a \
             code, or take the rows that are gone out of {name}",
            making.gone
        )
    })
}

/// Of a row of a file of corrections, with the list itself where it is beside that.
pub fn of_corrections(
    making: &Making,
    of_list: Option<&Making>,
    name: &str,
    code: &str,
    is_there: bool,
) -> Option<String> {
    let list = making.list();
    if !making.may_say && !making.is_first && !is_there {
        return Some(format!(
            "this file does not say which code each row has, as an earlier version wrote it, and {list} has brought bottles \
             since: its bottle may be there already. Import {list} again and correct the row in the file that is written \
             then, or give the row a code"
        ));
    }
    let is_in_list = of_list.is_some_and(|list| list.gone == 0 && list.has(code));
    if making.in_doubt.contains(code) && !is_there && !is_in_list {
        return Some(format!(
            "the list had changed when the row was refused: its bottle may be there already; if it is another bottle, give it \
             a code, or take the rows that are gone from {list} out of {name}"
        ));
    }
    let is_gone = of_list.is_some_and(|list| !list.has(code));
    (is_gone && !is_there && making.is_said(code)).then(|| {
        format!(
            "the row is not in {list} any more as it was refused. If it was mended there, {list} brings its bottle; if it is \
             another bottle, give it a code"
        )
    })
}
