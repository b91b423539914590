//! What the commands say of settings, and to whom.

use std::{
    fs,
    process::{Command, Stdio},
};

use chemstock::base::tokens::KeyRing;
use sqlx::PgPool;

use crate::support::{
    folder::Folder,
    instance::{command, database_url},
    schema::emptied,
};

fn output(mut command: Command) -> (bool, String) {
    let output = command.output().expect("the binary");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), said)
}

fn chemstock(folder: &Folder, arguments: &[&str], vars: &[(&str, &str)]) -> Command {
    let mut command = command(folder, vars);
    command.args(arguments);
    command
}

#[tokio::test]
async fn a_command_whose_reader_has_heard_enough_ends_quietly() {
    let folder = Folder::new();
    for arguments in ["openapi", "doctor", "keys new"] {
        let binary = env!("CARGO_BIN_EXE_chemstock");
        let mut shell = Command::new("bash");
        shell.current_dir(&folder.0).env_clear().env("PATH", "/usr/bin:/bin").env("DATA_DIR", folder.0.join("data"));
        shell.args(["-c", &format!("{binary} {arguments} | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}")]);
        let (_, said) = output(shell);
        assert!(!said.contains("panicked") && !said.contains("error"), "{arguments}: {said}");
    }
}

#[tokio::test]
async fn a_key_may_be_given_as_text_and_is_never_printed() {
    let folder = Folder::new();
    let (first, second) = (KeyRing::generate_pem(), KeyRing::generate_pem());
    let one_line = format!("{first}{second}").replace('\n', "\\n");
    for text in [format!("{first}{second}"), one_line] {
        let (worked, said) = output(chemstock(&folder, &["keys", "list"], &[("JWT_PRIVATE_KEYS", &text)]));
        assert!(worked && said.lines().count() == 2, "{said}");
    }
    // The text without its frame, as it is pasted by mistake.
    let inner = first.lines().nth(1).unwrap();
    for arguments in [&["keys", "list"][..], &["doctor"], &["serve"]] {
        let (worked, said) = output(chemstock(&folder, arguments, &[("JWT_PRIVATE_KEYS", inner)]));
        assert!(!worked && !said.contains(inner) && said.contains("JWT_PRIVATE_KEYS"), "{arguments:?}: {said}");
    }
    let broken = first.replace("-----END", "-----ENDE");
    let (worked, said) = output(chemstock(&folder, &["doctor"], &[("JWT_PRIVATE_KEYS", &broken)]));
    assert!(!worked && !said.contains(inner), "{said}");
}

#[tokio::test]
async fn a_misspelt_name_in_env_stops_every_command_and_says_what_was_meant() {
    let folder = Folder::new();
    fs::write(folder.0.join(".env"), "TRUSTED_PROXYS=10.0.0.0/8\nOTP_TLL_SECONDS=300\n").unwrap();
    for arguments in [&["serve"][..], &["doctor"], &["migrate"]] {
        let (worked, said) = output(chemstock(&folder, arguments, &[]));
        assert!(!worked, "{arguments:?}");
        for meant in ["did you mean TRUSTED_PROXIES?", "did you mean OTP_TTL_SECONDS?"] {
            assert!(said.contains(meant), "{arguments:?}: {said}");
        }
    }
}

#[tokio::test]
async fn a_near_miss_in_the_environment_is_told_by_the_doctor_and_at_the_start() {
    let folder = Folder::new();
    let vars = [("DATABSE_URL", "postgres://nowhere"), ("TRUSTED_PROXEIS", "none")];
    let (_, said) = output(chemstock(&folder, &["doctor"], &vars));
    assert!(said.contains("DATABSE_URL is not read; did you mean DATABASE_URL?"), "{said}");
    let (_, said) = output(chemstock(&folder, &["keys", "list"], &vars));
    assert!(said.contains("warning: the environment variable DATABSE_URL is not read; did you mean"), "{said}");
    // A port that is taken ends the start before it brings a database up.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut start = chemstock(&folder, &["serve"], &vars);
    let (_, said) = output({
        start.env("PORT", port);
        start
    });
    assert!(said.contains("TRUSTED_PROXEIS is not read"), "{said}");
}

#[tokio::test]
async fn a_log_that_goes_to_a_file_has_no_colours() {
    let folder = Folder::new();
    let mut start = chemstock(&folder, &["serve"], &[("DATABSE_URL", "x")]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    start.env("PORT", taken.local_addr().unwrap().port().to_string()).stdin(Stdio::null());
    let (_, said) = output(start);
    assert!(said.contains("WARN") && !said.contains('\u{1b}'), "{said:?}");
}

/// Each migration looks at the limits that it runs under: none but the one for locks.
const LOOKS_AT_LIMITS: &str = "
    create function look() returns event_trigger language plpgsql as $$ begin
        if current_setting('statement_timeout') <> '0' or current_setting('lock_timeout') <> '5s' then
            raise exception 'limited to % and %', current_setting('statement_timeout'), current_setting('lock_timeout');
        end if;
    end $$;
    create event trigger look on ddl_command_end execute function look();";

#[sqlx::test(migrations = false)]
async fn a_migration_may_take_longer_than_a_request(db: PgPool) {
    emptied(&db).await;
    sqlx::raw_sql(LOOKS_AT_LIMITS).execute(&db).await.unwrap();
    let folder = Folder::new();
    let (worked, said) = output(chemstock(&folder, &["migrate"], &[("DATABASE_URL", &database_url(&db))]));
    assert!(worked, "{said}");
    sqlx::query("select from containers").execute(&db).await.unwrap();
}
