//! Who gets a code where sending is stopped or a budget is spent, and who does not; what stops it, and who lifts it.

mod budgets;
mod command;
mod model;
mod stops;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{ask, holder, log_in};
use crate::{
    messages::{code_in, log_in_with, through},
    support::{
        Answer, TestApp,
        outside::{Fault, Outside, Reply},
        providers::twilio,
    },
};

const REQUEST: &str = "/v1/auth/otp/request";

/// An installation with one provider.
struct Scene {
    app: TestApp,
    provider: Outside,
}

impl Scene {
    async fn new(db: PgPool, more: &[(&str, &str)]) -> Self {
        let provider = twilio::CONTRACT.start().await;
        let app = through(db, &[(twilio::CONTRACT, &provider)], more).await;
        Self { app, provider }
    }

    fn is_down(&self) {
        self.provider.has(Fault::Answers(Reply::html(500)));
    }

    /// And the pause in which it was left alone is over.
    fn is_mended(&self) {
        self.provider.is_well();
        self.app.advance(TimeDelta::minutes(11));
    }

    /// How many messages the provider took after this was asked.
    async fn taken_of(&self, body: Value) -> usize {
        let before = self.provider.asked().len();
        self.app.nobody().post(REQUEST, body).await.expect(202);
        self.app.drain().await;
        self.provider.asked().len() - before
    }

    async fn taken(&self, phone: &str) -> usize {
        self.taken_of(json!({ "phone": phone })).await
    }

    /// So many strangers of this block are sent codes that none of them types in.
    async fn pump(&self, block: &str, codes: u32) {
        for number in 0..codes {
            ask(&self.app, &format!("{block}{:05}", 10_000 + number)).await.expect(202);
            self.app.drain().await;
        }
    }

    async fn has_account(&self, phone: &str) {
        let made = sqlx::query("insert into users (id, phone, created_at, updated_at) values ($1, $2, $3, $3)");
        made.bind(uuid::Uuid::now_v7()).bind(phone).bind(self.app.now()).execute(&self.app.db).await.unwrap();
    }

    async fn invite(&self, body: Value) -> Value {
        let admin = self.app.client("admin").await;
        admin.post(&self.app.path("/invitations"), body).await.created()
    }
}

async fn events(app: &TestApp, detail: &str) -> Vec<String> {
    let told = "select outcome from login_events where kind = 'sending_stopped' and detail = $1 order by id";
    sqlx::query_scalar(told).bind(detail).fetch_all(&app.db).await.unwrap()
}
