//! Small files after public bug reports, each with what is right: what has one meaning goes in, what has two is refused
//! with the reason, and nothing changes its meaning in silence. (tests/data/cases; the catalogue is `catalogue.csv`.)

mod bottles;
mod substances;

use std::{collections::BTreeMap, path::PathBuf};

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{ContainerOptions, Options, Report, load_chemicals, load_containers},
};
use serde_json::Value;
use sqlx::PgPool;

use super::{Folder, counts};
use crate::support::{Client, TestApp};

/// Copied, as an import writes beside its file.
fn case(folder: &Folder, name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(name);
    folder.file(name, std::fs::read(path).expect("a case"))
}

struct Lab {
    app: TestApp,
    folder: Folder,
    member: Client,
}

impl Lab {
    async fn new(db: PgPool) -> Self {
        let (app, folder) = (TestApp::new(db).await, Folder::new());
        let member = app.client("member").await;
        let lab = Self { app, folder, member };
        let report = lab.chemicals("catalogue.csv", &Options::default(), Names::default()).await;
        assert_eq!(counts(&report), [7, 7, 0, 0, 0], "{:?}", report.corrections);
        lab
    }

    async fn chemicals(&self, name: &str, options: &Options, names: Names) -> Report {
        load_chemicals(&self.app.app, &case(&self.folder, name), options, names).await.expect("an import")
    }

    async fn refused(&self, name: &str) -> String {
        let file = case(&self.folder, name);
        let refusal = load_containers(&self.app.app, &file, self.app.lab, &ContainerOptions::default(), None).await;
        format!("{:#}", refusal.expect_err("it is refused"))
    }

    async fn import(&self, name: &str, options: &ContainerOptions) -> Report {
        let file = case(&self.folder, name);
        load_containers(&self.app.app, &file, self.app.lab, options, None).await.expect("an import")
    }

    async fn bottles(&self) -> BTreeMap<String, Value> {
        let all = self.member.get(&self.app.path("/containers?limit=200")).await.ok();
        let items = all["items"].as_array().expect("items").clone();
        items.into_iter().map(|it| (it["code"].as_str().expect("a code").to_owned(), it)).collect()
    }

    /// Code, amount and unit of each bottle.
    async fn amounts(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let amount = |it: &Value| format!("{} {}", text(&it["amount"]["value"]), text(&it["amount"]["unit"]));
        self.bottles().await.iter().map(|(code, it)| (code.clone(), amount(it))).collect()
    }

    async fn chemical(&self, cas: &str) -> Value {
        self.member.get(&format!("/v1/chemicals/lookup?cas={cas}")).await.ok()
    }

    async fn places(&self) -> Vec<Value> {
        let all = self.member.get(&self.app.path("/locations?limit=200")).await.ok();
        all["items"].as_array().expect("items").clone()
    }
}

fn none() -> ContainerOptions {
    ContainerOptions::default()
}

fn create() -> ContainerOptions {
    ContainerOptions { create_locations: true, ..none() }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(code, amount)| ((*code).to_owned(), (*amount).to_owned())).collect()
}
