//! Who may do what is as the document says, for every operation: as nobody, as a stranger, and in each role.

use serde_json::Value;
use sqlx::PgPool;

use super::{Operation, ROLES, Scope, world::World};
use crate::support::{Answer, Client};

async fn send(world: &World, operation: &Operation, by: &Client) -> Answer {
    let request = world.request(operation, by).await;
    request.send(by).await
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nobody_gets_in_without_a_token_where_one_is_needed(db: PgPool) {
    let world = World::new(db).await;
    let nobody = world.app.nobody();
    for operation in world.api.operations.iter().filter(|operation| operation.scope() != Scope::Open) {
        let answer = send(&world, operation, &nobody).await;
        assert_eq!(answer.status, 401, "{}: {}", operation.id, answer.text);
        assert_eq!(answer.headers["www-authenticate"], r#"Bearer realm="chemstock""#, "{}", operation.id);
        answer.problem(401, "no-token");
        let answer = send(&world, operation, &nobody.with_token("eyJhbGciOiJub25lIn0.e30.")).await;
        assert_eq!(answer.status, 401, "{}: {}", operation.id, answer.text);
        let challenge = answer.headers["www-authenticate"].to_str().expect("ASCII");
        assert!(challenge.starts_with("Bearer ") && challenge.ends_with(r#"error="invalid_token""#), "{challenge}");
        answer.problem(401, "bad-token");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_open_operation_asks_for_no_token(db: PgPool) {
    let world = World::new(db).await;
    let nobody = world.app.nobody();
    for operation in world.api.operations.iter().filter(|operation| operation.scope() == Scope::Open) {
        let answer = send(&world, operation, &nobody).await;
        assert!(answer.status.is_success(), "{}: {}", operation.id, answer.text);
        // Nor does it mind one, also a dead one: it may be what an app sends with everything.
        let answer = send(&world, operation, &nobody.with_token("dead")).await;
        assert!(answer.status.is_success(), "{}: {}", operation.id, answer.text);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lab_is_not_there_for_those_who_do_not_belong_to_it(db: PgPool) {
    let world = World::new(db).await;
    let (stranger, owner) = (world.app.stranger().await, world.app.owner().await);
    for operation in world.api.operations.iter().filter(|operation| operation.in_lab()) {
        for by in [&stranger, &owner] {
            let answer = send(&world, operation, by).await;
            // An owner of the installation lists all labs, and so gets each of them.
            if operation.id == "get_lab" && by.user_id == owner.user_id {
                assert_eq!((answer.status.as_u16(), &answer.body["role"]), (200, &Value::Null), "{}", answer.text);
                continue;
            }
            assert_eq!(answer.status, 404, "{}: {}", operation.id, answer.text);
            answer.problem(404, "not-found");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_thing_of_another_lab_is_not_there(db: PgPool) {
    let world = World::new(db).await;
    let admin = world.app.client("admin").await;
    for operation in world.api.operations.iter().filter(|operation| operation.in_lab()) {
        for variable in operation.parameters("path") {
            let name = variable["name"].as_str().expect("a name");
            // The catalogue is everybody's.
            if name == "chemical_id" {
                continue;
            }
            let Some(theirs) = world.elsewhere.get(name).and_then(Value::as_str) else { continue };
            let mut request = world.request(operation, &admin).await;
            let parts = operation.path.split('/').zip(request.path.split('/'));
            let parts = parts.map(|(part, sent)| if part == format!("{{{name}}}") { theirs } else { sent });
            request.path = parts.collect::<Vec<_>>().join("/");
            let answer = request.send(&admin).await;
            assert_eq!(answer.status, 404, "{} with another lab's {name}: {}", operation.id, answer.text);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lower_role_than_the_documents_is_refused(db: PgPool) {
    let world = World::new(db).await;
    let stranger = world.app.stranger().await;
    let mut roles = Vec::new();
    for role in ROLES {
        roles.push((role, world.app.client(role).await));
    }
    for operation in &world.api.operations {
        let enough = match operation.scope() {
            Scope::Open | Scope::SignedIn => continue,
            Scope::Role(role) => ROLES.iter().position(|it| *it == role).expect("a role"),
            Scope::Cataloguer | Scope::Owner => ROLES.len(),
        };
        for (role, by) in &roles[..enough] {
            let answer = send(&world, operation, by).await;
            assert_eq!(answer.status, 403, "{} as {role}: {}", operation.id, answer.text);
            answer.problem(403, "forbidden");
        }
        if !operation.in_lab() {
            send(&world, operation, &stranger).await.problem(403, "forbidden");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_documents_role_and_those_above_may(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    for operation in &operations {
        let least = match operation.scope() {
            Scope::Open | Scope::Owner | Scope::Cataloguer => continue,
            Scope::SignedIn => 0,
            Scope::Role(role) => ROLES.iter().position(|it| *it == role).expect("a role"),
        };
        for role in &ROLES[least..] {
            world.renew().await;
            let by = world.app.client(role).await;
            let answer = send(&world, operation, &by).await;
            assert!(answer.status.is_success(), "{} as {role}: {}", operation.id, answer.text);
        }
    }
}

/// What members do unless the lab's policy `registration` is `manager`; their descriptions say so.
const BY_REGISTRATION: [&str; 2] = ["create_container", "update_container"];

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_managers_register_members_may_everything_but_that(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    for operation in operations.iter().filter(|it| it.scope() == Scope::Role("member")) {
        let is_registering = BY_REGISTRATION.contains(&&*operation.id);
        let description = operation.spec["description"].as_str().expect("a description");
        assert_eq!(description.contains("policy `registration`"), is_registering, "{}", operation.id);
        for (role, may) in [("member", !is_registering), ("manager", true)] {
            world.renew().await;
            let by = world.app.client(role).await;
            sqlx::query(
                "insert into lab_policies (lab_id, name, seq, value, effective_from, set_by, set_at)
                values ($1, 'registration', 1, '\"manager\"', $2, $3, $2)",
            )
            .bind(world.app.lab)
            .bind(world.app.now())
            .bind(by.user_id)
            .execute(&world.app.db)
            .await
            .expect("a policy");
            let request = world.request(operation, &by).await;
            chemstock::auth::forget_all(&world.app.app);
            let answer = request.send(&by).await;
            assert_eq!(answer.status.is_success(), may, "{} as {role}: {}", operation.id, answer.text);
            if !may {
                answer.problem(403, "forbidden");
            }
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_of_the_installation_may_what_needs_no_lab(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    for operation in operations.iter().filter(|it| !it.in_lab() && it.scope() != Scope::Open) {
        world.renew().await;
        let owner = world.app.owner().await;
        let answer = send(&world, operation, &owner).await;
        assert!(answer.status.is_success(), "{}: {}", operation.id, answer.text);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_cataloguer_needs_no_role_in_any_lab(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let of_cataloguers: Vec<_> = operations.iter().filter(|it| it.scope() == Scope::Cataloguer).collect();
    let ids: Vec<_> = of_cataloguers.iter().map(|it| &*it.id).collect();
    assert_eq!(ids, ["create_chemical", "delete_chemical", "update_chemical"]);
    for operation in of_cataloguers {
        world.renew().await;
        let by = world.app.cataloguer().await;
        let answer = send(&world, operation, &by).await;
        assert!(answer.status.is_success(), "{}: {}", operation.id, answer.text);
    }
}
