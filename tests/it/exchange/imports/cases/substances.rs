//! Cases of substance lists.

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{Options, load_chemicals},
};
use serde_json::json;
use sqlx::PgPool;

use super::{
    super::{corrections, counts},
    Lab, case,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c002_numbers_without_hyphens_go_in_when_that_is_asked_for(db: PgPool) {
    let lab = Lab::new(db).await;
    let file = case(&lab.folder, "C002-cas-without-hyphens.csv");
    let told =
        load_chemicals(&lab.app.app, &file, &Options::default(), Names::default()).await.unwrap_err().to_string();
    assert!(told.contains("no column `name`; the header has `cas_rn`, `parameter`"), "{told}");
    let mapped = Options { mapping: vec!["name=parameter".parse().unwrap()], ..Options::default() };
    let report = load_chemicals(&lab.app.app, &file, &mapped, Names::default()).await.unwrap();
    assert_eq!(counts(&report), [5, 0, 0, 0, 5]);
    assert!(corrections(&report)[0].1.contains("did you mean 66-25-1?"));
    let repairing = Options { repair_cas: true, ..mapped };
    let report = load_chemicals(&lab.app.app, &file, &repairing, Names::default()).await.unwrap();
    assert_eq!(counts(&report), [5, 4, 0, 0, 1]);
    for (cas, name) in [("66-25-1", "Hexanal"), ("75-18-3", "Dimethyl sulfide"), ("334-48-5", "n-Decanoic acid")] {
        assert_eq!(lab.chemical(cas).await["name"], name);
    }
    assert!(corrections(&report)[0].1.contains("1000406046"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c031_c032_formulas_are_read_with_their_mass_or_refused(db: PgPool) {
    let lab = Lab::new(db).await;
    let report = lab.chemicals("C031-hydrates-with-x.csv", &Options::default(), Names::default()).await;
    assert_eq!(counts(&report), [3, 3, 0, 0, 0], "{:?}", report.corrections);
    let report = lab.chemicals("C032-fractions.csv", &Options::default(), Names::default()).await;
    assert_eq!(counts(&report), [5, 2, 0, 0, 3]);
    assert!(corrections(&report).iter().all(|(_, reason)| reason.contains("may be a fraction")));
    let all = lab.member.get("/v1/chemicals?limit=200").await.ok();
    for (name, formula, mass) in [
        ("cobalt chloride hexahydrate", "Cl2Co.6H2O", "237.92"),
        ("nickel sulfate hexahydrate", "NiO4S.6H2O", "262.84"),
        ("copper sulfate pentahydrate", "CuO4S.5H2O", "249.68"),
        ("magnesium sulfate heptahydrate", "MgO4S.7H2O", "246.47"),
        ("hemihydrate doubled", "Ca2O8S2.H2O", "290.28"),
    ] {
        let one = all["items"].as_array().unwrap().iter().find(|it| it["name"] == name).expect(name);
        let own: f64 = one["molar_mass"].as_str().unwrap().parse().unwrap();
        assert_eq!((one["formula"].as_str(), format!("{own:.2}").as_str()), (Some(formula), mass), "{name}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c073_c074_a_substance_takes_nothing_of_another(db: PgPool) {
    let lab = Lab::new(db).await;
    let before = [lab.chemical("67-64-1").await, lab.chemical("64-17-5").await, lab.chemical("67-56-1").await];
    let report = lab.chemicals("C073-name-of-another.csv", &Options::default(), Names::default()).await;
    assert_eq!(counts(&report), [3, 0, 0, 0, 3]);
    let reasons = corrections(&report);
    assert!(reasons[0].1.contains("`toluene` is the name of another entry, `toluene` (108-88-3)"), "{reasons:?}");
    assert!(reasons[1].1.contains("`Fehling solution A` is none of the names of `ethanol`"), "{reasons:?}");
    let report = lab.chemicals("C074-contradictions.csv", &Options::default(), Names::default()).await;
    assert_eq!(counts(&report), [2, 0, 0, 0, 2]);
    let reasons = corrections(&report);
    assert!(reasons[0].1.contains("C2H6O") && reasons[0].1.contains("C3H6O"), "{reasons:?}");
    assert!(reasons[0].1.contains("0.9") && reasons[0].1.contains("0.7845"), "{reasons:?}");
    assert!(reasons[1].1.contains("CH4O.H2O"), "{reasons:?}");
    let after = [lab.chemical("67-64-1").await, lab.chemical("64-17-5").await, lab.chemical("67-56-1").await];
    assert_eq!(after, before);
    // Whoever has looked at the names may let new ones in; the name of another entry is refused all the same.
    let report = lab
        .chemicals("C073-name-of-another.csv", &Options::default(), Names { may_be_new: true, ..Names::default() })
        .await;
    assert_eq!(counts(&report), [3, 0, 2, 0, 1]);
    assert_eq!(lab.chemical("71-43-2").await["synonyms"], json!(["benzol"]));
}
