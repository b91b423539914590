//! In whose name bottles are imported.

use chemstock::{
    base::phone::Phone,
    exchange::imports::{ContainerOptions, load_containers},
};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab},
    counts,
};
use crate::support::{Client, TestApp};

async fn give_phone(app: &TestApp, client: &Client, phone: &Phone) {
    let given = sqlx::query("update users set phone = $2 where id = $1").bind(client.user_id).bind(phone.as_str());
    given.execute(&app.db).await.expect("a phone");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn only_a_member_of_the_lab_whose_account_is_not_disabled_has_bottles_imported(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let (member, stranger) = (app.client("member").await, app.stranger().await);
    let (former, disabled) = (app.client("manager").await, app.client("admin").await);
    let phone = |last: u32| Phone::parse(&format!("+1202555010{last}"), None).expect("a phone");
    for (n, client) in (0..).zip([&member, &stranger, &former, &disabled]) {
        give_phone(&app, client, &phone(n)).await;
    }
    for (statement, client) in [
        ("update memberships set left_at = $2 where user_id = $1", &former),
        ("update users set disabled_at = $2 where id = $1", &disabled),
    ] {
        sqlx::query(statement).bind(client.user_id).bind(app.now()).execute(&app.db).await.expect("a change");
    }
    let file = folder.file("b.csv", "code,cas,amount\nB-1,64-17-5,1 L\n");
    let load =
        async |n: u32| load_containers(&app.app, &file, app.lab, &ContainerOptions::default(), Some(&phone(n))).await;
    for (n, why) in [
        (1, "the person whom --for names is no member of the lab"),
        (2, "the person whom --for names is no member of the lab"),
        (3, "the account of the person whom --for names is disabled"),
    ] {
        let refused = load(n).await.expect_err("it is refused").to_string();
        assert!(refused.starts_with(why) && !refused.contains("202555"), "{refused}");
    }
    assert_eq!(containers(&app, &manager).await.len(), 0);
    assert_eq!(counts(&load(0).await.expect("an import")), [1, 1, 0, 0, 0]);
}
