//! A substance never becomes another: a name goes by what it means, not by what a search would find.

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{ContainerOptions, Options, load_chemicals, load_containers},
};
use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, load},
    corrections, counts,
};
use crate::support::TestApp;

const CATALOGUE: &str = "name,cas,synonyms\n(-)-Limonene,5989-54-8,L-limonene\n2-Hydroxyacetophenone,582-24-1,\n\
    β-Pinene,127-91-3,nopinene\n4-Aminoantipyrine,83-07-8,\nIron(2+) sulfate,7720-78-7,\nCarbon monoxide,630-08-0,CO\n";

async fn lab(db: PgPool) -> (TestApp, Folder) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let report = super::load(&app, &folder.file("chemicals.csv", CATALOGUE)).await;
    assert_eq!(counts(&report), [6, 6, 0, 0, 0], "{:?}", report.corrections);
    (app, folder)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_goes_into_no_substance_whose_name_differs_by_a_sign_a_prime_or_a_charge(db: PgPool) {
    let (app, folder) = lab(db).await;
    let file = folder.file(
        "bottles.csv",
        "code,chemical,cas,amount,unit\nB-1,(+)-Limonene,,1,L\nB-2,\"(+)-Limonene\",5989-54-8,1,L\n\
        B-3,2'-Hydroxyacetophenone,,1,g\nB-4,Limonene,,1,L\nB-5,D-Limonene,,1,L\nB-6,Iron(3+) sulfate,7720-78-7,1,g\n\
        B-7,Co,,1,g\nB-8,a-Pinene,,1,g\nB-9,b-Pinene,,1,g\n",
    );
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [9, 0, 0, 0, 9]);
    let reasons = corrections(&report);
    for (at, parts) in [
        (0, ["`(+)-Limonene` is not in the catalogue", "import chemicals first"]),
        (1, ["5989-54-8 is (-)-Limonene", "`(+)-Limonene` is none of its names"]),
        (2, ["`2'-Hydroxyacetophenone` is not in the catalogue", "import chemicals first"]),
        (5, ["7720-78-7 is Iron(2+) sulfate", "`Iron(3+) sulfate`"]),
        (6, ["`Co` is not in the catalogue", "import chemicals first"]),
    ] {
        assert!(parts.iter().all(|part| reasons[at].1.contains(part)), "{}", reasons[at].1);
    }
    // No other substance is offered; a name that only hyphens or spaces tell apart is.
    let by_name = reasons.iter().filter(|(line, _)| ![3, 7].contains(line));
    assert!(by_name.clone().all(|(_, why)| !why.contains("write that name")) && by_name.count() == 7, "{reasons:?}");
    let file = folder.file("near.csv", "code,chemical,amount\nB-1,2 hydroxyacetophenone,1 g\nB-2,(-) limonene,1 L\n");
    for ((_, reason), part) in corrections(&load(&app, &file).await).iter().zip(["(582-24-1)", "(5989-54-8)"]) {
        assert!(reason.contains(part) && reason.contains("with other hyphens or spaces: write that name"), "{reason}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_name_of_one_isomer_is_found_beside_that_of_the_other(db: PgPool) {
    let (app, folder) = lab(db).await;
    let other = folder.file("other.csv", "name,cas\n(+)-Limonene,5989-27-5\n2'-Hydroxyacetophenone,118-93-4\n");
    assert_eq!(counts(&super::load(&app, &other).await), [2, 2, 0, 0, 0]);
    let file = folder.file(
        "bottles.csv",
        "code,chemical,amount,unit\nB-1,(+)-limonene,1,L\nB-2,(-)-LIMONENE,1,L\nB-3,(−)-Limonene,1,L\n\
        B-4,2′-hydroxyacetophenone,1,g\nB-5,2-hydroxyacetophenone,1,g\n",
    );
    assert_eq!(counts(&load(&app, &file).await), [5, 5, 0, 0, 0]);
    let numbers: Vec<_> =
        containers(&app, &app.client("member").await).await.iter().map(|it| it["chemical"]["cas"].clone()).collect();
    assert_eq!(numbers, ["5989-27-5", "5989-54-8", "5989-54-8", "118-93-4", "582-24-1"].map(|cas| json!(cas)));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_way_of_writing_a_name_keeps_no_bottle_out(db: PgPool) {
    let (app, folder) = lab(db).await;
    let file = folder.file(
        "bottles.csv",
        "code,chemical,cas,amount,unit\nB-1,beta-pinene,,1,L\nB-2,.beta.-Pinene,127-91-3,1,L\nB-3,Β\u{2011}PINENE,,1,L\n\
        B-4,2\u{2010}hydroxyacetophenone,582-24-1,1,g\nB-5,carbon\u{a0}monoxide,,1,L\nB-6,582-24-1,,1,g\n",
    );
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [6, 6, 0, 0, 0], "{:?}", report.corrections);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_number_decides_only_when_a_person_says_so_and_the_other_name_stays_readable(db: PgPool) {
    let (app, folder) = lab(db).await;
    let file = folder.file(
        "bottles.csv",
        "code,chemical,cas,amount\nB-1,(+)-Limonene,5989-54-8,1 L\nB-2,(+)-Limonene,5989-54-8,1 L\n\
        B-3,nopinene,5989-54-8,1 L\nB-4,(-)-limonene,5989-54-8,1 L\nB-5,(+)-Limonene,5989-54-8,1 parsec\n",
    );
    let decided = ContainerOptions { number_decides: true, ..ContainerOptions::default() };
    let dry = ContainerOptions { common: Options { dry_run: true, ..Options::default() }, ..decided.clone() };
    for options in [&dry, &decided] {
        let report = load_containers(&app.app, &file, app.lab, options, None).await.expect("an import");
        assert_eq!(counts(&report), [5, 4, 0, 0, 1]);
        let expected = [
            "lines 2, 3: 5989-54-8 is (-)-Limonene in the catalogue, and `(+)-Limonene` is none of its names: the number \
             decided, and the name stands in the note",
            "line 4: 5989-54-8 is (-)-Limonene in the catalogue, and `nopinene` is none of its names; `nopinene` is \
             β-Pinene (127-91-3): the number decided, and the name stands in the note",
        ];
        assert_eq!(report.warnings, expected);
    }
    let all = containers(&app, &app.client("member").await).await;
    assert_eq!((&all[0]["chemical"]["cas"], &all[0]["note"]), (&json!("5989-54-8"), &json!("label: (+)-Limonene")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_new_number_takes_no_name_and_no_number_of_another_entry_unless_a_person_says_so(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let known = "name,cas,ec,inchikey,synonyms\nAcetonitrile,75-05-8,200-835-2,,ACN\n\
        Ethanol,64-17-5,,LFQSCWFLJHTTHZ-UHFFFAOYSA-N,EtOH\nα-Pinene,80-56-8,,,\n";
    assert_eq!(counts(&super::load(&app, &folder.file("known.csv", known)).await), [3, 3, 0, 0, 0]);
    let before = super::dump(&app).await;
    let file = folder.file(
        "new.csv",
        "name,cas,ec,inchikey,synonyms\n\
        acetonitrile,67-56-1,,,\n\
        acn,108-88-3,,,\n\
        foo,71-43-2,200-835-2,,\n\
        bar,,200-835-2,,\n\
        wood spirit,67-64-1,,LFQSCWFLJHTTHZ-UHFFFAOYSA-N,\n\
        benzol,110-54-3,,,Acetonitrile;64-17-5\n\
        alpha pinene,7785-70-8,,,\n\
        α pinene,,,,\n",
    );
    let report = super::load(&app, &file).await;
    assert_eq!(counts(&report), [8, 0, 0, 0, 8]);
    for ((line, reason), parts) in corrections(&report).iter().zip([
        ["`acetonitrile` is a name of `Acetonitrile` (75-05-8)", "the CAS number 67-56-1 is in no entry"],
        ["`acn` is a name of `Acetonitrile` (75-05-8)", "108-88-3"],
        ["the EC number 200-835-2 is that of `Acetonitrile` (75-05-8)", "71-43-2"],
        ["the EC number 200-835-2 is that of `Acetonitrile` (75-05-8)", "--number-decides"],
        ["the InChIKey LFQSCWFLJHTTHZ-UHFFFAOYSA-N is that of `Ethanol` (64-17-5)", "67-64-1"],
        ["the synonym `64-17-5` is the CAS number of `Ethanol`", "110-54-3"],
        ["`alpha pinene` differs from `α-Pinene`", "(80-56-8), only by hyphens and spaces"],
        ["`α pinene` differs from `α-Pinene`", "(80-56-8), only by hyphens and spaces"],
    ]) {
        assert!(parts.iter().all(|part| reason.contains(part)), "{line}: {reason}");
    }
    assert_eq!(super::dump(&app).await, before);
    let new_names = Names { may_be_new: true, ..Names::default() };
    let report = load_chemicals(&app.app, &file, &Options::default(), new_names).await.expect("an import");
    assert_eq!(counts(&report), [8, 0, 0, 0, 8], "a new name is another matter");
    let decided = Names { may_be_shared: true, ..Names::default() };
    let report = load_chemicals(&app.app, &file, &Options::default(), decided).await.expect("an import");
    assert_eq!(counts(&report), [8, 6, 0, 1, 1], "a number is no name whatever was decided");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_without_a_number_is_the_entry_that_has_its_name_and_no_other(db: PgPool) {
    let (app, folder) = lab(db).await;
    let file = folder.file(
        "names.csv",
        "name,formula\nL-Limonene,C10H16\nbeta-pinene,C10H16\n(+)-Limonene,\n2'-Hydroxyacetophenone,\nNOPINENE,\n",
    );
    let report = super::load(&app, &file).await;
    assert_eq!(counts(&report), [5, 2, 2, 1, 0], "{:?}", report.corrections);
    for (cas, name) in [("5989-54-8", "(-)-Limonene"), ("127-91-3", "β-Pinene")] {
        let entry = super::chemical(&app, cas).await;
        assert_eq!((&entry["name"], &entry["formula"]), (&json!(name), &json!("C10H16")));
    }
    assert_eq!(counts(&super::load(&app, &file).await), [5, 0, 0, 5, 0]);
}
