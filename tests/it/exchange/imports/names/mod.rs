//! What is a name and whose it is. What is no name gives a substance none, and a name with two meanings is refused.

mod completing;
mod forms;
mod formulas;
mod letter_case;
mod listed;
mod no_names;
mod twice;
mod two_meanings;

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{ContainerOptions, Options, Report, load_chemicals, load_containers},
};

use super::{Folder, corrections, counts};
use crate::support::TestApp;

const NEW_NAMES: Names = Names { may_be_new: true, may_be_shared: false, revive: false };
const DECIDED: Names = Names { may_be_new: true, may_be_shared: true, revive: false };

async fn chemicals(app: &TestApp, folder: &Folder, rows: &str, names: Names) -> Report {
    let file = folder.file("chemicals.csv", rows);
    load_chemicals(&app.app, &file, &Options::default(), names).await.expect("an import")
}

/// All of these go in as new ones.
async fn known(app: &TestApp, folder: &Folder, rows: &str) {
    let report = chemicals(app, folder, rows, Names::default()).await;
    assert_eq!(report.added, report.read, "{:?}", report.corrections.as_ref().map(|_| corrections(&report)));
}

/// Bottles of `chemical,cas`, one a line: why each is refused, or nothing.
async fn bottles(app: &TestApp, folder: &Folder, rows: &[&str]) -> Vec<Option<String>> {
    bottles_with(app, folder, rows, &ContainerOptions::default()).await
}

async fn bottles_with(
    app: &TestApp,
    folder: &Folder,
    rows: &[&str],
    options: &ContainerOptions,
) -> Vec<Option<String>> {
    let lines = rows.iter().enumerate().map(|(n, row)| format!("B-{n},{row},1 g\n"));
    let file = folder.file("bottles.csv", format!("code,chemical,cas,amount\n{}", lines.collect::<String>()));
    let options = ContainerOptions { common: Options { dry_run: true, ..Options::default() }, ..options.clone() };
    let report = load_containers(&app.app, &file, app.lab, &options, None).await.expect("an import");
    let refused = if report.failed == 0 { Vec::new() } else { corrections(&report) };
    let reason = |line: usize| refused.iter().find(|(at, _)| *at == line as u64).map(|(_, reason)| reason.clone());
    (0..rows.len()).map(|n| reason(n + 2)).collect()
}

/// The reasons of rows, all of which are refused.
fn reasons(report: &Report) -> Vec<String> {
    assert_eq!(report.failed, report.read, "{:?}", counts(report));
    corrections(report).into_iter().map(|(_, reason)| reason).collect()
}

/// A line of PubChem's list.
fn listed(cas: &str, formula: &str, key: &str, names: &str) -> String {
    format!("1\t{cas}\t{formula}\t\t\t\t{key}\t{}\n", names.replace('|', "\t"))
}
