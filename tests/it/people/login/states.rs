//! What the state of a challenge gives away (row 23): nothing. Accounts and strangers, whatever the provider does, look
//! alike at every moment.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::ask;
use crate::{
    messages::{delivery, through},
    support::{
        TestApp,
        outside::{Fault, Outside, Reply},
        providers::{twilio, whatsapp},
    },
};

const OF_EACH: usize = 16;
const STEP: TimeDelta = TimeDelta::milliseconds(100);
const STEPS: usize = 45;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Takes every message at once.
    Fast,
    /// Takes none.
    Failing,
    /// Nobody has got around to send anything.
    Slow,
}

async fn account(app: &TestApp, phone: &str, is_disabled: bool) {
    sqlx::query("insert into users (id, phone, disabled_at, created_at, updated_at) values ($1, $2, $3, $4, $4)")
        .bind(uuid::Uuid::now_v7())
        .bind(phone)
        .bind(is_disabled.then(|| app.now()))
        .bind(app.now())
        .execute(&app.db)
        .await
        .unwrap();
}

/// The body without the id, which is nobody's but the challenge's.
fn without_id(mut body: Value) -> Value {
    body.as_object_mut().unwrap().remove("challenge_id");
    body
}

/// At which step each of these challenges is called sent. At every step all look the same but for that.
async fn watch(app: &TestApp, provider: &Outside, mood: Mood, challenges: &[Value]) -> Vec<usize> {
    let mut sent_at = vec![None; challenges.len()];
    for step in 0..STEPS {
        if mood != Mood::Slow && step % 10 == 0 {
            app.drain().await;
        }
        let mut bodies = Vec::new();
        for (challenge, sent_at) in challenges.iter().zip(&mut sent_at) {
            let mut body = delivery(app, challenge).await;
            match body["state"].take().as_str() {
                Some("queued") => assert_eq!(*sent_at, None, "what is sent stays so"),
                Some("sent") => *sent_at = sent_at.or(Some(step)),
                other => panic!("{other:?}"),
            }
            bodies.push(without_id(body));
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
        app.advance(STEP);
    }
    assert!(provider.asked().is_empty() || mood != Mood::Slow);
    sent_at.into_iter().map(|step| step.expect("sent by now")).collect()
}

/// The largest distance of two distributions (Kolmogorov and Smirnov), as a part of what chance exceeds once in a
/// million.
fn distance(some: &[usize], others: &[usize]) -> f64 {
    let below = |all: &[usize], step: usize| {
        f64::from(u32::try_from(all.iter().filter(|at| **at <= step).count()).unwrap()) / count(all)
    };
    let largest = (0..STEPS).map(|step| (below(some, step) - below(others, step)).abs()).fold(0.0, f64::max);
    let chance =
        (-(0.5e-6_f64).ln() / 2.0).sqrt() * ((count(some) + count(others)) / (count(some) * count(others))).sqrt();
    largest / chance
}

fn count(all: &[usize]) -> f64 {
    f64::from(u32::try_from(all.len()).unwrap())
}

pub async fn accounts_and_strangers_are_alike(db: PgPool) {
    let (first, meta) = (twilio::CONTRACT.start().await, whatsapp::CONTRACT.start().await);
    let providers = [(twilio::CONTRACT, &first), (whatsapp::CONTRACT, &meta)];
    let app = through(db, &providers, &[("SIGN_UP", "invite")]).await;
    let mut phones = (0..100).map(|nth| format!("+120255501{nth:02}"));
    let (mut of_accounts, mut of_strangers) = (Vec::new(), Vec::new());
    for mood in [Mood::Slow, Mood::Failing, Mood::Fast] {
        if mood == Mood::Failing {
            first.has(Fault::Answers(Reply::html(503)));
            meta.has(Fault::Answers(Reply::html(503)));
        } else {
            first.is_well();
            meta.is_well();
        }
        let before = app.now();
        let mut challenges = Vec::new();
        for nth in 0..2 * OF_EACH {
            let phone = phones.next().unwrap();
            if nth < OF_EACH {
                account(&app, &phone, nth % 8 == 0).await;
            }
            challenges.push(ask(&app, &phone).await.expect(202).body["challenge_id"].clone());
        }
        let mut sent_at = watch(&app, &first, mood, &challenges).await;
        assert!(sent_at.iter().all(|step| (10..=40).contains(step)), "{sent_at:?}");
        let strangers = sent_at.split_off(OF_EACH);
        of_accounts.extend(sent_at);
        of_strangers.extend(strangers);
        // From `resend_at` on all are offered the same.
        app.advance(before + TimeDelta::seconds(30) - app.now());
        for challenge in &challenges {
            assert_eq!(delivery(&app, challenge).await["other_channels"], json!(["whatsapp"]));
        }
        app.drain().await;
    }
    assert!(first.asked().len() > OF_EACH, "those with an account were sent to");
    let distance = distance(&of_accounts, &of_strangers);
    assert!(distance < 1.0, "{distance}: {of_accounts:?} {of_strangers:?}");
}
