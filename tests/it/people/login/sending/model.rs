//! Whatever happens to messages, what is counted is the sum of what stands in their own rows.

use axum::http::Method;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::*;
use crate::messages::{PUBLIC_URL, callbacks::post};

#[derive(Debug, Clone)]
enum Happens {
    Asks { who: usize, known: bool },
    Provider(Mood),
    Receipt { of: usize, status: &'static str, code: &'static str },
    Passes { seconds: i64 },
    TypesIn { nth: usize },
}

#[derive(Debug, Clone, Copy)]
enum Mood {
    Well,
    Down,
    Garbled,
    RefusesNumbers,
}

fn happens() -> impl Strategy<Value = Happens> {
    let moods = prop::sample::select(vec![Mood::Well, Mood::Well, Mood::Down, Mood::Garbled, Mood::RefusesNumbers]);
    let receipts = prop::sample::select(vec![("delivered", ""), ("undelivered", "30005"), ("undelivered", "30008")]);
    prop_oneof![
        6 => (0..12_usize, any::<bool>()).prop_map(|(who, known)| Happens::Asks { who, known }),
        2 => moods.prop_map(Happens::Provider),
        3 => (0..40_usize, receipts).prop_map(|(of, (status, code))| Happens::Receipt { of, status, code }),
        4 => prop::sample::select(vec![1, 5, 31, 700, 3600]).prop_map(|seconds| Happens::Passes { seconds }),
        2 => (0..40_usize).prop_map(|nth| Happens::TypesIn { nth }),
    ]
}

async fn happen(scene: &Scene, step: &Happens, asked: &mut Vec<(Value, usize)>) {
    let app = &scene.app;
    match step {
        Happens::Asks { who, known } => {
            let phone = format!("+49151{}{:05}", if *known { "123" } else { "999" }, 10_000 + who);
            let answer = ask(app, &phone).await;
            if answer.status == 202 {
                asked.push((answer.body["challenge_id"].clone(), scene.provider.asked().len()));
            }
        }
        Happens::Provider(mood) => match mood {
            Mood::Well => scene.provider.is_well(),
            Mood::Down => scene.is_down(),
            Mood::Garbled => scene.provider.has(Fault::Garbage),
            Mood::RefusesNumbers => {
                let errors = (twilio::CONTRACT.errors)();
                let refused = errors.into_iter().find(|(code, ..)| *code == "21211").expect("known").1;
                scene.provider.has(Fault::Answers(refused));
            }
        },
        Happens::Receipt { of, status, code } => {
            let all: Vec<uuid::Uuid> =
                sqlx::query_scalar("select id from message_attempts order by seq").fetch_all(&app.db).await.unwrap();
            let Some(id) = all.get(*of % all.len().max(1)) else { return };
            let url = format!("{PUBLIC_URL}/v1/webhooks/twilio?reference={id}");
            let fields: &[_] = if code.is_empty() { &[] } else { &[("ErrorCode", *code)] };
            post(app, Method::POST, &twilio::receipt(&url, status, fields)).await.expect(204);
        }
        Happens::Passes { seconds } => app.advance(TimeDelta::seconds(*seconds)),
        Happens::TypesIn { nth } => {
            if let Some((challenge, before)) = asked.get(*nth % asked.len().max(1))
                && let Some(message) = scene.provider.asked().get(*before)
            {
                let body = json!({ "challenge_id": challenge, "code": code_in(message) });
                app.nobody().post("/v1/auth/otp/verify", body).await;
            }
        }
    }
    app.drain().await;
}

/// The tallies of everything, and what the rows say.
async fn counted(app: &TestApp) -> [(i64, i64, String, String); 2] {
    let tallies =
        "select coalesce(sum(sent), 0), coalesce(sum(phones), 0), coalesce(sum(cost), 0)::numeric(14,6)::text,
        coalesce(sum(strangers_cost), 0)::numeric(14,6)::text from code_tallies where scope = '*'";
    let rows = "select count(*) filter (where counted > 0), count(*) filter (where counted = 2),
            coalesce(sum(m.reserve + coalesce(a.cost, 0)), 0)::numeric(14,6)::text,
            coalesce(sum(m.reserve + coalesce(a.cost, 0)) filter (where m.block is not null), 0)::numeric(14,6)::text
        from messages m
        left join (select message_id, sum(cost) as cost from message_attempts group by 1) a on a.message_id = m.id";
    let mut all = Vec::new();
    for sql in [tallies, rows] {
        all.push(sqlx::query_as(sql).fetch_one(&app.db).await.unwrap());
    }
    all.try_into().unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_counted_is_the_sum_of_the_rows_whatever_happens(db: PgPool) {
    let more = [
        ("SIGN_UP", "open"),
        ("SMS_PRICES", "*=0.10"),
        ("SMS_BUDGET_PER_DAY", "2.00"),
        ("MAX_OTP_ATTEMPTS_PER_HOUR", "100"),
        ("MAX_OTP_ATTEMPTS_PER_DAY", "100"),
        ("OTP_RESEND_SECONDS", "1"),
    ];
    let scene = Scene::new(db, &more).await;
    for who in 0..12 {
        scene.has_account(&format!("+49151123{:05}", 10_000 + who)).await;
    }
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let steps = prop::collection::vec(happens(), 400).new_tree(&mut runner).unwrap().current();
    let (mut asked, mut so_far) = (Vec::new(), Vec::new());
    for step in &steps {
        happen(&scene, step, &mut asked).await;
        so_far.push(format!("{step:?}"));
        let [tallies, rows] = counted(&scene.app).await;
        assert_eq!(tallies, rows, "after {}", so_far.join("\n"));
    }
    assert!(asked.len() > 40, "{}", asked.len());
    // A budget is exceeded by its reserve at the most.
    let of_days = "select coalesce(max(cost), 0)::float8 from (
        select sum(cost) as cost from code_tallies where scope = '*' group by date_trunc('day', hour, 'UTC')) d";
    let most: f64 = sqlx::query_scalar(of_days).fetch_one(&scene.app.db).await.unwrap();
    assert!(most <= 2.2001, "{most}");
}
