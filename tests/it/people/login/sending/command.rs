use super::*;
use crate::support::{
    folder::Folder,
    instance::{command, database_url},
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_command_line_sets_lists_and_lifts_a_stop(db: PgPool) {
    let scene = Scene::new(db.clone(), &[("SIGN_UP", "open")]).await;
    let url = database_url(&db);
    let run = async |arguments: &[&str]| {
        let folder = Folder::new();
        let mut command = command(&folder, &[("DATABASE_URL", &url)]);
        command.arg("stops").args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.success(), said)
    };
    assert!(run(&[]).await.1.contains("codes are sent everywhere"));
    assert!(run(&["set", "+49151123", "--hours", "100"]).await.0);
    let (_, listed) = run(&["list"]).await;
    assert!(listed.starts_with("+49151123   by an owner, since "), "{listed}");
    scene.app.advance(chemstock::base::clock::Clock::real().now() - scene.app.now());
    assert_eq!(scene.taken("+4915112399999").await, 0);
    assert!(run(&["lift", "+49151123"]).await.1.contains("codes are sent there again"));
    assert!(run(&["lift", "+49151123"]).await.1.contains("nothing is stopped there"));
    let (done, said) = run(&["set", "49151"]).await;
    assert!(!done && said.contains("is no prefix"), "{said}");
    scene.app.advance(TimeDelta::minutes(1));
    assert_eq!(scene.taken("+4915112399999").await, 1);
}
