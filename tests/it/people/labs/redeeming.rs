//! What `login` asks of invitations.

use chemstock::{
    base::{
        error::{Error, Reason},
        phone::Phone,
    },
    people::labs,
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::invitations::{invite, with_phone};
use crate::support::TestApp;

fn phone(number: &str) -> Phone {
    Phone::parse(number, None).expect("a phone")
}

fn id_of(invitation: &Value) -> Uuid {
    invitation["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_login_finds_the_invitation_of_its_code_or_else_of_its_phone(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, now) = (app.client("admin").await, app.now());
    let (invited, other) = (phone("+12025550123"), phone("+12025550124"));
    let open = invite(&app, &admin, json!({"role": "member"})).await;
    let bound = invite(&app, &admin, json!({"role": "member", "phone": "+12025550123"})).await;
    let (open_code, bound_code) = (open["code"].as_str(), bound["code"].as_str());

    let mut db = app.db.acquire().await.unwrap();
    let mut found = async |code, phone, at| labs::find_invitation(&mut db, code, phone, at).await.unwrap();
    assert_eq!(found(open_code, &other, now).await, Some(id_of(&open)));
    assert_eq!(found(open_code, &invited, now).await, Some(id_of(&open)));
    assert_eq!(found(bound_code, &invited, now).await, Some(id_of(&bound)));
    assert_eq!(found(None, &invited, now).await, Some(id_of(&bound)));
    assert_eq!(found(Some("wrong"), &invited, now).await, Some(id_of(&bound)));
    assert_eq!(found(bound_code, &other, now).await, None);
    assert_eq!(found(None, &other, now).await, None);
    assert_eq!(found(open_code, &invited, now + TimeDelta::hours(168)).await, None);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn redeeming_makes_a_member_and_changes_nothing_for_one(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, viewer, guest) = (app.client("admin").await, app.client("viewer").await, app.stranger().await);
    let made = invite(&app, &admin, json!({"role": "member", "max_uses": 3})).await;
    let id = id_of(&made);
    let redeemed = async |user: Uuid| {
        let mut tx = app.db.begin().await.unwrap();
        let redeemed = labs::redeem(&mut tx, id, user, app.now()).await;
        tx.commit().await.unwrap();
        redeemed
    };
    redeemed(guest.user_id).await.unwrap();
    for user in [&admin, &viewer, &guest] {
        let refused = redeemed(user.user_id).await.unwrap_err();
        assert!(matches!(refused, Error::Rejected(why) if why.reason == Reason::InvitationRefused));
    }
    for (user, role) in [(&admin, "admin"), (&viewer, "viewer"), (&guest, "member")] {
        let member = admin.get(&app.path(&format!("/members/{}", user.user_id))).await.ok();
        assert_eq!(member["role"], role);
    }
    let path = app.path(&format!("/invitations/{id}"));
    assert_eq!(admin.get(&path).await.ok()["uses"], 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn redeeming_at_once_never_exceeds_the_uses_nor_admits_another_phone(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let made = invite(&app, &admin, json!({"role": "member", "max_uses": 3})).await;
    let mut racing = JoinSet::new();
    for _ in 0..10 {
        let (db, user, now, id) = (app.db.clone(), app.stranger().await.user_id, app.now(), id_of(&made));
        racing.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let redeemed = labs::redeem(&mut tx, id, user, now).await.is_ok();
            tx.commit().await.unwrap();
            redeemed
        });
    }
    assert_eq!(racing.join_all().await.into_iter().filter(|redeemed| *redeemed).count(), 3);

    let bound = invite(&app, &admin, json!({"role": "member", "phone": "+12025550123"})).await;
    let other = with_phone(&app, "+12025550124").await;
    let mut tx = app.db.begin().await.unwrap();
    labs::redeem(&mut tx, id_of(&bound), other.user_id, app.now()).await.unwrap_err();
}
