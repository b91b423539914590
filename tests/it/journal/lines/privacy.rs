//! No value of a person stands in any line.

use serde_json::json;
use sqlx::PgPool;

use super::everything;
use crate::{
    contract::world::World,
    people::login::{self, OTHER_PHONE, PHONE},
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_name_phone_mailbox_or_address_stands_in_the_journal(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    for operation in operations.iter().filter(|it| it.method != "GET") {
        world.renew().await;
        let by = world.caller(operation).await;
        world.request(operation, &by).await.send(&by).await;
    }
    let admin = world.app.client("admin").await;
    for phone in [PHONE, OTHER_PHONE] {
        let invitation = json!({"role": "viewer", "phone": phone});
        admin.post(&world.app.path("/invitations"), invitation).await.created();
    }
    let pair = login::log_in(&world.app, PHONE).await;
    let holder = login::holder(&world.app, &pair);
    holder.patch("/v1/me", "*", json!({"name": "Marie Curie"})).await.ok();
    holder.delete("/v1/me", "*").await.expect(204);
    let stop = "/v1/admin/sending-stops/%2B12025550145";
    world.app.owner().await.send(axum::http::Method::PUT, stop, &[], Some(json!({}))).await.ok();
    let contact = json!({"contact": "Marie Curie, m.curie@example.org"});
    admin.patch(&world.app.path(""), "*", contact).await.ok();
    world.app.drain().await;

    let all = everything(&world.app).await;
    for kind in
        ["user.created", "user.deleted", "user.changed", "user.phone_changed", "user.email_changed", "lab.changed"]
    {
        assert!(all.contains(kind), "{kind} was not walked");
    }
    for personal in
        ["12025550", "12025551", "13035551", "Marie", "Curie", "Rosalind", "example.org", "Somebody", "127.0.0"]
    {
        let found = all.lines().find(|line| line.contains(personal));
        assert_eq!(found, None, "{personal}");
    }
}
