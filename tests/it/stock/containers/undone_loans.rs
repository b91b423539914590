//! Undo of what has to do with loans: who has the bottle again, and who may bring that about.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    bottle, events_of, path_of,
    undo::{newest, plain, undo},
    withdraw,
};
use super::{bottle_of, chemical};
use crate::{
    stock::locations::{keys::shut, place},
    support::{Client, TestApp},
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_loan_that_a_quarantine_or_a_loss_ended_comes_back_with_its_holder(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, borrower) = (app.client("manager").await, app.client("member").await);
    for end in ["quarantine", "lose", "check_in"] {
        let made = bottle(&app, &manager, "100", "mL").await;
        let path = events_of(&app, &made);
        let lent = borrower.post(&path, plain("check_out")).await.created();
        let ended = manager.post(&path, plain(end)).await.created();
        assert_eq!(ended["container"]["holder_id"], Value::Null);
        let back = manager.post(&path, undo(&ended)).await.created();
        assert_eq!(
            (&back["container"]["state"], &back["container"]["holder_id"]),
            (&json!("on_loan"), &json!(borrower.user_id)),
            "{end}"
        );
        borrower.post(&path, withdraw("1", "mL")).await.created();
        let home = borrower.post(&path, undo(&lent)).await.created();
        assert_eq!((&home["container"]["state"], &home["container"]["holder_id"]), (&json!("opened"), &Value::Null));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_check_out_of_an_earlier_loan_is_not_undone_in_a_later_one(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, one, other) = (app.client("manager").await, app.client("member").await, app.client("member").await);
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    let first = one.post(&path, plain("check_out")).await.created();
    one.post(&path, plain("check_in")).await.created();
    let second = other.post(&path, plain("check_out")).await.created();
    let refused = one.post(&path, undo(&first)).await.problem(409, "not-reversible");
    assert_eq!(refused["blocked_by"], second["event"]["id"]);
    assert_eq!(one.get(&path_of(&app, &made)).await.ok()["holder_id"], json!(other.user_id));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_loan_is_ended_by_undo_only_by_who_may_end_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (lender, holder, third) = (app.client("member").await, app.client("member").await, app.client("member").await);
    for (who, may) in [(&lender, true), (&holder, true), (&manager, true), (&third, false)] {
        let made = bottle(&app, &manager, "100", "mL").await;
        let path = events_of(&app, &made);
        let lent = lender.post(&path, json!({"type": "check_out", "holder_id": holder.user_id})).await.created();
        assert_eq!(newest(who, &path).await["undoable"], may);
        let answer = who.post(&path, undo(&lent)).await;
        if may {
            assert_eq!(answer.created()["container"]["holder_id"], Value::Null);
        } else {
            answer.problem(403, "forbidden");
        }
    }
}

/// Takes from somebody what it takes to bring a bottle back.
async fn take_away(app: &TestApp, how: &str, from: &Client) {
    let member = app.path(&format!("/members/{}", from.user_id));
    match how {
        "left" => app.client("admin").await.delete(&member, "*").await.expect(204),
        "viewer" => app.client("admin").await.patch(&member, "*", json!({"role": "viewer"})).await.expect(200),
        _ => {
            let account = format!("/v1/admin/users/{}", from.user_id);
            app.owner().await.patch(&account, "*", json!({"disabled": true})).await.expect(200)
        }
    };
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_undo_lends_to_somebody_who_could_not_bring_it_back(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for how in ["left", "viewer", "disabled"] {
        let holder = app.client("member").await;
        let made = bottle(&app, &manager, "100", "mL").await;
        let path = events_of(&app, &made);
        holder.post(&path, json!({"type": "check_out"})).await.created();
        let back = holder.post(&path, json!({"type": "check_in"})).await.created();
        assert_eq!(newest(&manager, &path).await["undoable"], true);
        take_away(&app, how, &holder).await;
        assert_eq!(newest(&manager, &path).await["undoable"], false, "{how}");
        let refused = manager.post(&path, undo(&back)).await.problem(409, "not-reversible");
        assert!(refused["detail"].as_str().unwrap().contains("no active member of the lab"), "{refused}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_undo_lends_to_somebody_who_has_no_key_to_the_hidden_place_any_more(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, holder) = (app.client("admin").await, app.client("member").await);
    let acetone = chemical(&app, "acetone", None, None).await;
    let room = place(&app, &admin, "room", "R", None).await;
    let shelf = place(&app, &admin, "shelf", "S", Some(&room)).await;
    for (keys, may) in [
        (json!({"users": [holder.user_id], "roles": []}), true),
        (json!({"users": [], "roles": ["viewer"]}), true),
        (json!({"users": [], "roles": ["member"]}), true),
        (json!({"users": [], "roles": ["manager"]}), false),
        (json!({"users": [admin.user_id], "roles": ["admin"]}), false),
    ] {
        admin
            .patch(&app.path(&format!("/locations/{}", room["id"].as_str().unwrap())), "*", json!({"access": "open"}))
            .await
            .ok();
        let made = bottle_of(&app, &admin, acetone, "1", "L", json!({"location_id": shelf["id"]})).await;
        let path = events_of(&app, &made);
        holder.post(&path, plain("check_out")).await.created();
        let back = holder.post(&path, plain("check_in")).await.created();
        shut(&app, &room, "hidden", keys.clone()).await;
        assert_eq!(newest(&admin, &path).await["undoable"], may, "{keys}");
        let answer = admin.post(&path, undo(&back)).await;
        if may {
            assert_eq!(answer.created()["container"]["holder_id"], json!(holder.user_id), "{keys}");
        } else {
            let refused = answer.problem(409, "not-reversible");
            assert!(refused["detail"].as_str().unwrap().contains("has no key to its hidden place"), "{refused}");
        }
        // What the loan is refused for holds for the lending itself.
        let next = bottle_of(&app, &admin, acetone, "1", "L", json!({"location_id": shelf["id"]})).await;
        let lend = json!({"type": "check_out", "holder_id": holder.user_id});
        assert_eq!(admin.post(&events_of(&app, &next), lend).await.status.as_u16(), if may { 201 } else { 422 });
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_is_lent_to_nobody_who_could_not_bring_it_back(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    for how in ["left", "viewer", "disabled"] {
        let holder = app.client("member").await;
        let lend = json!({"type": "check_out", "holder_id": holder.user_id});
        manager.post(&path, lend.clone()).await.created();
        manager.post(&path, plain("check_in")).await.created();
        take_away(&app, how, &holder).await;
        let refused = manager.post(&path, lend).await.problem(422, "holder-refused");
        assert_eq!(refused["errors"][0]["pointer"], "/holder_id", "{how}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_member_undoes_no_use_of_their_own_while_somebody_else_has_the_bottle(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, one, holder) = (app.client("manager").await, app.client("member").await, app.client("member").await);
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    let used = one.post(&path, withdraw("1", "mL")).await.created();
    let undoable = async |by: &Client| {
        let events = by.get(&path).await.ok();
        events["items"].as_array().unwrap().iter().find(|it| it["id"] == used["event"]["id"]).unwrap()["undoable"]
            .clone()
    };
    let lent = one.post(&path, json!({"type": "check_out", "holder_id": holder.user_id})).await.created();
    assert_eq!((undoable(&one).await, undoable(&manager).await), (json!(false), json!(true)));
    one.post(&path, undo(&used)).await.problem(403, "forbidden");
    // To whom it went was their own mistake to make.
    one.post(&path, undo(&lent)).await.created();
    assert_eq!(undoable(&one).await, json!(true));
    one.post(&path, undo(&used)).await.created();
}
