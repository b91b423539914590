//! What must be there before an operation can succeed, beyond a furnished lab.

use chemstock::{auth, base::ids};
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Operation,
    world::{Things, World, said},
};
use crate::{
    people::login,
    stock::containers::chemical,
    support::{Client, google},
};

/// Of the lab that was made last.
const OVERRIDES: &str = "insert into chemical_overrides (lab_id, chemical_id, name, version, updated_at, updated_by)
    select l.id, c.id, 'diketone', 1, now(), (select id from users limit 1) from chemicals c,
        (select id from labs order by id desc limit 1) l where c.name = 'benzil'
    on conflict on constraint chemical_overrides_pkey do update set name = excluded.name, version = 1";

/// Of the lab that was made last.
const COMING: &str = "insert into lab_policies (lab_id, name, seq, value, effective_from, set_by, set_at)
    select (select id from labs order by id desc limit 1), 'registration', 1, '\"manager\"', '2035-01-01', id, now()
    from users limit 1 on conflict do nothing";

/// With its two downloads.
const IMPORT: &str = r#"with person (id) as (
        select id from users order by id = $3 desc limit 1
    ), import as (
        insert into imports (lab_id, id, name, list, size, sha256, columns, sample, missing, warnings, options, created_by,
            created_at, used_at, job_id, outcome)
        select $1, $2, 'list.csv', 'list.csv', 21, '', '[]', '[]', '[]', '[]', '{}', id, $4, $4, $2,
            '{"report": {"read": 2, "added": 1, "unchanged": 0, "failed": 1, "locations": [], "warnings": [],
                "has_corrections": true, "has_codes": true}}'
        from person
    ), codes as (
        insert into import_files (lab_id, user_id, list, name, at, content, used_at)
        select $1, id, 'list.csv', 'list.csv.codes.csv', 0, 'code', $4 from person on conflict do nothing
    )
    insert into import_contents (lab_id, import_id, kind, content)
    select $1, $2, kind, 'code,chemical,amount' from unnest('{list,corrections}'::text[]) kind"#;

impl World {
    /// What an operation needs beyond a furnished lab.
    pub async fn prepare(&self, operation: &Operation, by: &Client) -> Things {
        match &*operation.id {
            "verify_code" | "get_challenge" => {
                let (challenge, code) = login::challenge(&self.app, &self.known_phone().await).await;
                Things::from([("challenge_id", challenge), ("code", json!(code))])
            }
            "refresh_tokens" => {
                let (challenge, code) = login::challenge(&self.app, &self.known_phone().await).await;
                let pair = login::verify(&self.app, &challenge, &code).await.ok();
                Things::from([("refresh_token", pair["refresh_token"].clone())])
            }
            "exchange_id_token" => {
                let mut claims = google::phone_claims(self.app.now(), "somebody", &self.known_phone().await);
                claims["jti"] = json!(Uuid::now_v7());
                Things::from([("id_token", json!(google::sign(&claims)))])
            }
            "accept_invitation" => Things::from([("code", self.elsewhere["invitation_code"].clone())]),
            "end_session" if !by.user_id.is_nil() => Things::from([("id", json!(self.second_session(by).await))]),
            "end_session" => Things::from([("id", json!(Uuid::now_v7()))]),
            "appoint_admin" => Things::from([("user_id", json!(self.app.stranger().await.user_id))]),
            "get_chemical_overrides" | "delete_chemical_overrides" => self.execute(OVERRIDES).await,
            // The last owner cannot.
            "delete_me" => self.with_an_owner().await,
            // Whoever is not an admin may only leave.
            "delete_member" => Things::from([("user_id", json!(by.user_id))]),
            "look_up_chemical" => {
                self.execute("delete from chemicals where cas is not null").await;
                chemical(&self.app, "ethanol", Some("64-17-5"), None).await;
                Things::new()
            }
            "confirm_phone_change" if !by.user_id.is_nil() => {
                let (challenge, code) = login::phone_change::code_for(&self.app, by, &self.unknown_phone().await).await;
                Things::from([("challenge_id", challenge), ("code", json!(code))])
            }
            "request_email_change" if !by.user_id.is_nil() => {
                self.give_phone(by).await;
                Things::new()
            }
            "confirm_email_change" if !by.user_id.is_nil() => {
                self.give_phone(by).await;
                let (challenge, code) = login::email_change::code_for(&self.app, by, login::MAILBOX).await;
                Things::from([("challenge_id", challenge), ("code", json!(code))])
            }
            "request_code" | "request_phone_change" => self.a_second_later(),
            "withdraw_policy" => self.execute(COMING).await,
            _ if operation.path.contains("{import_id}") => self.import(by).await,
            id if id.ends_with("_job") => self.job(by, id).await,
            // The examples' names are free again.
            "create_chemical" => self.execute("delete from chemicals where cas is not null").await,
            "create_lab" | "update_lab" => self.execute("update labs set name = 'Lab ' || id").await,
            _ => Things::new(),
        }
    }

    /// Brings the container to where an event of this type can happen.
    pub async fn before_event(&self, by: &Client, event: Option<&Value>) -> Things {
        let earlier = match event.and_then(|event| event["type"].as_str()) {
            Some("open") => return Things::new(),
            Some("check_in") => Some("check_out"),
            Some("release") => Some("quarantine"),
            Some("find") => Some("lose"),
            Some("dispose") => Some("discard"),
            _ => None,
        };
        let ledger = self.app.path(&format!("/containers/{}/events", said(&self.here["container_id"])));
        // One that the container did not begin with can be undone.
        let withdrawn = json!({"type": "withdraw", "amount": {"value": "1", "unit": "mL"}});
        let posted = self.app.client("member").await.post(&ledger, withdrawn).await.created();
        if let Some(earlier) = earlier {
            by.post(&ledger, json!({"type": earlier, "reason": "for the next one"})).await;
        }
        Things::from([("event_id", posted["event"]["id"].clone())])
    }

    /// One that somebody has asked for, in the state that the operation is for.
    async fn job(&self, by: &Client, operation: &str) -> Things {
        let id = ids::new(self.app.now());
        let state = match operation {
            "cancel_job" => "queued",
            "retry_job" => "failed",
            _ => "done",
        };
        sqlx::query(
            "insert into jobs (id, kind, payload, state, run_at, attempts, max_attempts, created_by, created_at)
            values ($1, 'example', '{}', $2, $3, 0, 10, nullif($4, $5), $3)",
        )
        .bind(id)
        .bind(state)
        .bind(self.app.now())
        .bind(by.user_id)
        .bind(Uuid::nil())
        .execute(&self.app.db)
        .await
        .expect("a job");
        Things::from([("job_id", json!(id))])
    }

    /// One that they have uploaded, whose last run refused a row and made a code.
    async fn import(&self, by: &Client) -> Things {
        let id = ids::new(self.app.now());
        sqlx::query(IMPORT)
            .bind(self.app.lab)
            .bind(id)
            .bind(by.user_id)
            .bind(self.app.now())
            .execute(&self.app.db)
            .await
            .expect("an import");
        Things::from([("import_id", json!(id))])
    }

    fn a_second_later(&self) -> Things {
        self.app.advance(TimeDelta::seconds(1));
        Things::new()
    }

    async fn with_an_owner(&self) -> Things {
        self.app.owner().await;
        Things::new()
    }

    async fn execute(&self, sql: &'static str) -> Things {
        sqlx::query(sql).execute(&self.app.db).await.expect(sql);
        Things::new()
    }

    async fn known_phone(&self) -> String {
        let (known,): (i64,) = sqlx::query_as("select count(*) from users where phone is not null")
            .fetch_one(&self.app.db)
            .await
            .expect("a count");
        let phone = format!("+1202555{:04}", 1000 + known);
        let somebody = self.app.stranger().await.user_id;
        let given = sqlx::query("update users set phone = $2 where id = $1").bind(somebody).bind(&phone);
        given.execute(&self.app.db).await.expect("a phone");
        phone
    }

    /// One that nobody has had; and time passes, for the next code to it.
    async fn give_phone(&self, to: &Client) {
        self.app.advance(TimeDelta::seconds(1));
        let given = sqlx::query("update users set phone = coalesce(phone, $2) where id = $1").bind(to.user_id);
        given.bind(self.unknown_phone().await).execute(&self.app.db).await.expect("a phone");
        auth::forget(&self.app.app, to.user_id);
    }

    /// Of a block of its own, where as many codes come back as are sent.
    async fn unknown_phone(&self) -> String {
        let (changed,): (i64,) = sqlx::query_as("select count(*) from users where phone like '+1303555%'")
            .fetch_one(&self.app.db)
            .await
            .expect("a count");
        format!("+1303555{:04}", 1000 + changed)
    }

    async fn second_session(&self, of: &Client) -> Uuid {
        let (id, now) = (ids::new(self.app.now()), self.app.now());
        sqlx::query(
            "insert into sessions (id, user_id, amr, auth_time, created_at, last_used_at, expires_at)
            values ($1, $2, '{sms}', $3, $3, $3, $4)",
        )
        .bind(id)
        .bind(of.user_id)
        .bind(now)
        .bind(now + TimeDelta::days(30))
        .execute(&self.app.db)
        .await
        .expect("a session");
        id
    }
}
