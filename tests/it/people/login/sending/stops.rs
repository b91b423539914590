use axum::http::Method;

use super::*;

const BLOCK: &str = "+49151123";
const NEWCOMER: &str = "+4915112399999";

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_provider_that_was_down_stops_nobody(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    scene.is_down();
    for number in 0..105 {
        ask(&scene.app, &format!("+49151{:08}", 10_000_000 + number * 700_000)).await.expect(202);
    }
    scene.pump(BLOCK, 30).await;
    for _ in 0..5 {
        scene.app.advance(TimeDelta::seconds(16));
        scene.app.drain().await;
    }
    scene.is_mended();
    assert_eq!(scene.taken("+4915222222222").await, 1, "of the same country");
    assert_eq!(scene.taken(NEWCOMER).await, 1, "of the same block");
    let answer = ask(&scene.app, "+4915112388888").await.expect(202).body;
    assert_eq!(answer["known_people_only"], false);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_that_a_stranger_asks_for_members_stop_nothing(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "invite")]).await;
    let members: Vec<_> = (0..10).map(|n| format!("{BLOCK}{:05}", 10_000 + n)).collect();
    for member in &members {
        scene.has_account(member).await;
    }
    for _ in 0..4 {
        for member in &members {
            assert_eq!(scene.taken(member).await, 1);
        }
        scene.app.advance(TimeDelta::seconds(30));
    }
    let owner = scene.app.owner().await;
    assert_eq!(owner.get("/v1/admin/sending-stops").await.ok()["items"], json!([]));
    scene.invite(json!({"role": "member", "phone": NEWCOMER})).await;
    assert_eq!(scene.taken(NEWCOMER).await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_is_invited_has_an_account_or_is_logged_in_gets_a_code_where_strangers_get_none(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    scene.pump(BLOCK, 20).await;
    assert_eq!(scene.taken(NEWCOMER).await, 0, "a stranger");
    let said = scene.app.terminal();
    assert!(
        said.ends_with("is among numbers to which sending is stopped; `chemstock stops` shows and lifts it\n"),
        "{said}"
    );
    scene.invite(json!({"role": "member", "phone": "+4915112377777"})).await;
    assert_eq!(scene.taken("+4915112377777").await, 1, "invited by phone");
    let code = scene.invite(json!({"role": "member"})).await["code"].clone();
    let with = |phone: &str, code: &Value| json!({ "phone": phone, "invitation": code });
    assert_eq!(scene.taken_of(with("+4915112366666", &code)).await, 1, "brings an invitation");
    assert_eq!(scene.taken_of(with("+4915112355555", &json!("NONE-OF-OURS"))).await, 0, "brings none that is good");
    scene.has_account("+4915112344444").await;
    assert_eq!(scene.taken("+4915112344444").await, 1, "has an account");

    ask(&scene.app, "+12025550123").await.expect(202);
    scene.app.drain().await;
    scene.app.advance(TimeDelta::seconds(30));
    let asked = ask(&scene.app, "+12025550123").await.expect(202).body;
    scene.app.drain().await;
    let pair = log_in_with(&scene.app, &asked["challenge_id"], &code_in(&scene.provider.last())).await;
    let before = scene.provider.asked().len();
    let by = holder(&scene.app, &pair);
    let changing = by.post("/v1/me/phone", json!({"phone": "+4915112333333"})).await.expect(202).body;
    assert_eq!(changing["known_people_only"], false, "it is not so for who is logged in");
    scene.app.drain().await;
    assert_eq!(scene.provider.asked().len() - before, 1, "changes to such a number");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_sending_is_stopped_everybody_is_told_so_alike(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    scene.pump(BLOCK, 20).await;
    scene.has_account("+4915112344444").await;
    let invitation = scene.invite(json!({"role": "member"})).await["code"].clone();
    let mut answers = Vec::new();
    for body in [
        json!({"phone": NEWCOMER}),
        json!({"phone": "+4915112344444"}),
        json!({"phone": "+4915112366666", "invitation": invitation}),
    ] {
        let mut answer = scene.app.nobody().post(REQUEST, body).await.expect(202).body;
        answer["challenge_id"].take();
        assert_eq!(answer["known_people_only"], true);
        answers.push(answer);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(ask(&scene.app, "+4915234567890").await.expect(202).body["known_people_only"], false);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_person_who_asks_again_and_again_stops_nobody_else(db: PgPool) {
    let more = [("SIGN_UP", "open"), ("MAX_OTP_ATTEMPTS_PER_HOUR", "100"), ("MAX_OTP_ATTEMPTS_PER_DAY", "100")];
    let scene = Scene::new(db, &more).await;
    for number in 0..4 {
        for _ in 0..10 {
            assert_eq!(scene.taken(&format!("{BLOCK}0000{number}")).await, 1);
            scene.app.advance(TimeDelta::seconds(30));
        }
    }
    assert_eq!(scene.taken(NEWCOMER).await, 1, "40 codes to four phones");
    assert_eq!(scene.taken("+4915112388888").await, 0, "41 codes to five phones");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_that_come_back_let_a_stop_go(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    let mut last = Vec::new();
    for number in 0..20 {
        let asked = ask(&scene.app, &format!("{BLOCK}{:05}", 10_000 + number)).await.expect(202).body;
        scene.app.drain().await;
        last.push((asked["challenge_id"].clone(), code_in(&scene.provider.last())));
    }
    assert_eq!(scene.taken(NEWCOMER).await, 0);
    for (challenge, code) in &last[..2] {
        log_in_with(&scene.app, challenge, code).await;
    }
    scene.app.advance(TimeDelta::seconds(30));
    assert_eq!(scene.taken(NEWCOMER).await, 1, "two of twenty");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_a_receipt_says_has_failed_counts_no_more(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    scene.pump(BLOCK, 20).await;
    let attempts: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from message_attempts order by seq").fetch_all(&scene.app.db).await.unwrap();
    assert_eq!(scene.taken(NEWCOMER).await, 0);
    let url = format!("{}/v1/webhooks/twilio?reference={}", crate::messages::PUBLIC_URL, attempts[0]);
    let posted = twilio::receipt(&url, "undelivered", &[("ErrorCode", "30005")]);
    crate::messages::callbacks::post(&scene.app, Method::POST, &posted).await.expect(204);
    scene.app.advance(TimeDelta::seconds(30));
    assert_eq!(scene.taken(NEWCOMER).await, 1, "nineteen are left");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_sees_a_stop_and_lifts_it_and_it_begins_anew(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    let owner = scene.app.owner().await;
    scene.pump(BLOCK, 22).await;
    let stops = owner.get("/v1/admin/sending-stops").await.ok();
    let stop = &stops["items"][0];
    assert_eq!((&stop["prefix"], &stop["by"], &stop["set_by"]), (&json!(BLOCK), &json!("breaker"), &json!(null)));
    assert_eq!((&stop["sent"], &stop["phones"], &stop["verified"]), (&json!(20), &json!(20), &json!(0)));
    let until: chrono::DateTime<chrono::Utc> = stop["until"].as_str().unwrap().parse().unwrap();
    let lasts = until - scene.app.now();
    assert!(lasts > TimeDelta::hours(23) && lasts <= TimeDelta::hours(24), "{lasts}");

    let path = format!("/v1/admin/sending-stops/{}", BLOCK.replace('+', "%2B"));
    for nobody in [scene.app.client("admin").await, scene.app.stranger().await] {
        nobody.get("/v1/admin/sending-stops").await.problem(403, "forbidden");
        nobody.send(Method::DELETE, &path, &[], None).await.problem(403, "forbidden");
    }
    scene.app.advance(TimeDelta::seconds(1));
    owner.send(Method::DELETE, &path, &[], None).await.expect(204);
    owner.send(Method::DELETE, &path, &[], None).await.expect(204);
    assert_eq!(owner.get("/v1/admin/sending-stops").await.ok()["items"], json!([]));
    assert_eq!(events(&scene.app, BLOCK).await, ["done"]);
    assert_eq!(events(&scene.app, "+4915…").await, ["lifted"]);
    assert_eq!(scene.taken(NEWCOMER).await, 1);
    scene.app.advance(TimeDelta::minutes(1));
    scene.pump(BLOCK, 20).await;
    assert_eq!(scene.taken("+4915112388888").await, 0, "and if it goes on so, it stops again");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_stop_ends_by_itself_a_day_after_the_last_code(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    scene.pump(BLOCK, 20).await;
    scene.app.advance(TimeDelta::hours(23) - TimeDelta::minutes(1));
    assert_eq!(scene.taken(NEWCOMER).await, 0);
    scene.app.advance(TimeDelta::hours(1) + TimeDelta::minutes(1));
    assert_eq!(scene.taken(NEWCOMER).await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_stops_a_prefix_or_a_country_for_a_time_or_until_it_is_lifted(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    let (owner, app) = (scene.app.owner().await, &scene.app);
    let put = async |prefix: &str, body: Value| -> Answer {
        owner.send(Method::PUT, &format!("/v1/admin/sending-stops/{prefix}"), &[], Some(body)).await
    };
    let set = put("%2B4915", json!({})).await.ok();
    let expected = json!({"prefix": "+4915", "by": "owner", "set_by": owner.user_id, "since": app.now(), "until": null,
        "sent": 0, "phones": 0, "verified": 0});
    assert_eq!(set, expected);
    let until = app.now() + TimeDelta::hours(2);
    assert_eq!(put("fr", json!({ "until": until })).await.ok()["prefix"], "FR");
    let listed = owner.get("/v1/admin/sending-stops?limit=1").await.ok();
    let cursor = listed["next_cursor"].as_str().unwrap();
    let rest = owner.get(&format!("/v1/admin/sending-stops?limit=1&cursor={cursor}")).await.ok();
    assert_eq!((&listed["items"][0]["prefix"], &rest["items"][0]["prefix"]), (&json!("+4915"), &json!("FR")));

    for wrong in ["4915", "XX", "%2B", "hour%20budget", "%2B0123"] {
        put(wrong, json!({})).await.problem(422, "invalid");
    }
    let past = put("DE", json!({ "until": app.now() })).await.problem(422, "invalid");
    assert_eq!(past["errors"][0]["pointer"], "/until");

    let french = "+33612345678";
    assert_eq!((scene.taken(NEWCOMER).await, scene.taken(french).await), (0, 0));
    scene.has_account("+4915112344444").await;
    assert_eq!(scene.taken("+4915112344444").await, 1, "who is known");
    app.advance(TimeDelta::hours(2));
    assert_eq!((scene.taken(NEWCOMER).await, scene.taken(french).await), (0, 1), "the one has ended");
    let owner = app.owner().await;
    owner.send(Method::DELETE, "/v1/admin/sending-stops/%2B4915", &[], None).await.expect(204);
    app.advance(TimeDelta::minutes(1));
    assert_eq!(scene.taken(NEWCOMER).await, 1);
    assert_eq!(events(app, "+4915").await, ["set", "lifted"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_a_flood_that_is_asked_for_at_once_only_what_is_on_its_way_at_once_is_sent(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open")]).await;
    for number in 0..400 {
        ask(&scene.app, &format!("{BLOCK}{:05}", 10_000 + number)).await.expect(202);
    }
    scene.has_account("+4915112344444").await;
    ask(&scene.app, "+4915112344444").await.expect(202);
    let before = scene.provider.asked().len();
    scene.app.drain().await;
    let sent = scene.provider.asked().len() - before;
    assert!((20..300).contains(&sent), "{sent}");
    assert!(scene.provider.asked().iter().any(|asked| asked.form()["To"] == "+4915112344444"), "a member gets it");
}
