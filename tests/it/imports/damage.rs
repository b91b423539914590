//! What a list says that the catalogue contradicts.

use sqlx::PgPool;

use super::{Folder, corrections, counts};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn a_density_that_neither_temperature_nor_rounding_explains_is_a_contradiction(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let known = "name,cas,density\nEthanol,64-17-5,0.7893\nGlycerol,56-81-5,1.26\nWater,7732-18-5,1\n";
    super::load(&app, &folder.file("known.csv", known)).await;
    let before = super::dump(&app).await;
    for (row, told) in [
        // Before 0.8: what came in once is known again by its value.
        ("Ethanol,64-17-5,0.80", Some("the density is 0.8 g/mL here and 0.7893 g/mL there")),
        ("Ethanol,64-17-5,0.789", None),
        ("Ethanol,64-17-5,0.79", None),
        ("Ethanol,64-17-5,0.8", None),
        ("Ethanol,64-17-5,0.785", None),
        ("Water,7732-18-5,0.9982", None),
        ("Ethanol,64-17-5,0.82", Some("0.82 g/mL here and 0.7893")),
        ("Glycerol,56-81-5,1.2", Some("1.2 g/mL here and 1.26")),
        ("Glycerol,56-81-5,1.23", Some("1.23 g/mL here and 1.26")),
        ("Water,7732-18-5,1.26", Some("1.26 g/mL here and 1 g/mL there")),
        ("Glycerol,56-81-5,1", Some("1 g/mL here and 1.26 g/mL there")),
    ] {
        let report = super::load(&app, &folder.file("c.csv", format!("name,cas,density\n{row}\n"))).await;
        match told {
            None => assert_eq!(counts(&report), [1, 0, 0, 1, 0], "{row}"),
            Some(told) => {
                assert_eq!(counts(&report), [1, 0, 0, 0, 1], "{row}");
                assert!(corrections(&report)[0].1.contains(told), "{row}: {:?}", corrections(&report));
            }
        }
    }
    assert_eq!(super::dump(&app).await, before);
}
