//! Whose account a sign-in leads to, and who may come in that was never here before.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{PHONE, UID, count, exchange, with_google};
use crate::{
    people::login,
    support::{TestApp, google},
};

async fn sign_in(app: &TestApp, claims: &Value) -> Value {
    let mut claims = claims.clone();
    claims["jti"] = json!(Uuid::new_v4());
    exchange(app, &google::sign(&claims)).await.ok()["user"].clone()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_sign_in_by_phone_is_the_user_of_that_phone(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let by_code = login::log_in(&app, PHONE).await["user"].clone();
    let by_firebase = sign_in(&app, &google::phone_claims(app.now(), UID, PHONE)).await;
    assert_eq!(by_firebase, by_code);
    // In another spelling it is the same phone; and whom Firebase brought here, a code lets in as well.
    sign_in(&app, &google::phone_claims(app.now(), "korea", "+8201012345678")).await;
    let by_code = login::log_in(&app, "+821012345678").await["user"].clone();
    assert_eq!(sign_in(&app, &google::phone_claims(app.now(), "korea", "+821012345678")).await, by_code);
    assert_eq!((count(&app, "users").await, count(&app, "identities").await), (3, 0));
}

pub async fn only_a_phone_leads_to_a_phone(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let owner_of_phone = login::log_in(&app, PHONE).await["user"].clone();
    for provider in ["google.com", "password", "custom", "oidc.other-lab", "Phone", "phone ", ""] {
        let mut claims = google::claims(app.now(), provider, provider);
        claims["sub"] = json!(format!("uid of {provider}"));
        claims["phone_number"] = PHONE.into();
        let other = sign_in(&app, &claims).await;
        assert_ne!(other["id"], owner_of_phone["id"], "{provider}");
        assert_eq!(other["phone"], Value::Null, "{provider}");
    }
    // Nor does the project of another tenant, of which this one knows no key and no name.
    let mut foreign = google::phone_claims(app.now(), UID, PHONE);
    foreign["iss"] = "https://securetoken.google.com/mallory".into();
    foreign["aud"] = "mallory".into();
    exchange(&app, &google::sign(&foreign)).await.problem(401, "firebase-token-refused");
}

pub async fn by_name_never_by_address(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let one = google::claims(app.now(), "one", "google.com");
    // The same address, as `claims` gives it, verified.
    let two = google::claims(app.now(), "two", "google.com");
    assert_eq!(one["email"], two["email"]);
    let (first, second) = (sign_in(&app, &one).await, sign_in(&app, &two).await);
    assert_ne!(first["id"], second["id"]);
    // Another address, or another provider that Firebase has linked to the account, is the same person.
    let mut moved = google::claims(app.now(), "one", "password");
    moved["email"] = "elsewhere@example.org".into();
    assert_eq!(sign_in(&app, &moved).await["id"], first["id"]);
    let known: Vec<(String, String)> =
        sqlx::query_as("select issuer, subject from identities order by subject").fetch_all(&app.db).await.unwrap();
    let named = ["one", "two"].map(|subject| (google::ISSUER.to_owned(), subject.to_owned()));
    assert_eq!(known, named);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_first_sign_ins_of_one_account_at_once_make_one_user(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let claims = google::claims(app.now(), "somebody", "google.com");
    let (one, two) = tokio::join!(sign_in(&app, &claims), sign_in(&app, &claims));
    assert_eq!(one["id"], two["id"]);
    assert_eq!((count(&app, "users").await, count(&app, "identities").await), (2, 1));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn somebody_new_needs_an_invitation_as_with_codes(db: PgPool) {
    let (app, _google) = with_google(db, &[("SIGN_UP", "invite")]).await;
    let by_phone = google::phone_claims(app.now(), UID, PHONE);
    let by_account = google::claims(app.now(), "somebody", "google.com");
    for claims in [&by_phone, &by_account] {
        exchange(&app, &google::sign(claims)).await.problem(403, "invitation-required");
    }
    assert_eq!((count(&app, "users").await, count(&app, "identities").await), (1, 0), "nobody stays");

    let admin = app.client("admin").await;
    let invite = async |body| admin.post(&app.path("/invitations"), body).await.created();
    // The one who was refused may come with the same token and an invitation: it was not used up.
    let open = invite(json!({"role": "member"})).await;
    let body = json!({"id_token": google::sign(&by_account), "invitation": open["code"]});
    let pair = app.nobody().post("/v1/auth/firebase", body).await.ok();
    assert_eq!(pair["user"]["labs"][0]["role"], "member");
    // One for the phone needs no code, and admits that phone alone.
    let bound = invite(json!({"role": "viewer", "phone": PHONE})).await;
    let other = google::sign(&google::claims(app.now(), "other", "google.com"));
    let body = json!({"id_token": other, "invitation": bound["code"]});
    app.nobody().post("/v1/auth/firebase", body).await.problem(403, "invitation-required");
    assert_eq!(sign_in(&app, &by_phone).await["labs"][0]["role"], "viewer");
    // Whoever is here already comes in without any.
    sign_in(&app, &by_account).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn in_development_the_first_user_becomes_owner_also_by_firebase(db: PgPool) {
    let google = google::Google::start().await;
    let vars = google.vars();
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = TestApp::with_vars(db, &vars).await;
    let first = sign_in(&app, &google::claims(app.now(), "first", "google.com")).await;
    assert_eq!((&first["is_owner"], &first["labs"][0]["role"]), (&json!(true), &json!("admin")));
    let second = google::sign(&google::claims(app.now(), "second", "google.com"));
    exchange(&app, &second).await.problem(403, "invitation-required");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_bootstrap_phone_becomes_owner_by_firebase_too(db: PgPool) {
    let (app, _google) = with_google(db, &[("SIGN_UP", "invite"), ("BOOTSTRAP_OWNER_PHONE", PHONE)]).await;
    let by_account = google::sign(&google::claims(app.now(), "somebody", "google.com"));
    exchange(&app, &by_account).await.problem(403, "invitation-required");
    assert_eq!(sign_in(&app, &google::phone_claims(app.now(), UID, PHONE)).await["is_owner"], true);
}
