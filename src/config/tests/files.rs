//! `.env` files, and what development keeps in files.

use std::fs;

use super::super::dotenv;
use super::*;

#[test]
fn a_line_of_an_env_file_that_does_not_parse_is_named_by_its_number() {
    let text = "PORT=1\n# comment\nthis is secret\nHOST='::1'\nDATA_DIR=a b\nDEBUG='true\n";
    let (values, problems) = dotenv::parse(text);
    assert_eq!((values["PORT"].as_str(), values["HOST"].as_str()), ("1", "::1"));
    let named: Vec<&str> = problems.iter().map(|problem| problem.variable.as_str()).collect();
    assert_eq!(named, [".env line 3", ".env line 5", ".env line 6"]);
    assert!(!ConfigErrors(problems).to_string().contains("secret"));
}

#[test]
fn the_environment_wins_over_the_file_also_when_empty() {
    let file = HashMap::from([("PORT".to_owned(), "1".to_owned()), ("DEBUG".to_owned(), "true".to_owned())]);
    let environment = |name: &str| match name {
        "PORT" => Ok("2".to_owned()),
        "DEBUG" => Ok(String::new()),
        _ => Err(std::env::VarError::NotPresent),
    };
    let (config, _) = dotenv::layered(environment, &file, Vec::new()).unwrap();
    assert_eq!((config.port, config.debug), (2, false));
}

#[test]
fn a_misspelt_name_in_the_file_stops_the_start_together_with_the_other_problems() {
    let file = HashMap::from([("TRUSTED_PROXYS".to_owned(), "10.0.0.0/8".to_owned())]);
    let environment =
        |name: &str| if name == "PORT" { Ok("x".to_owned()) } else { Err(std::env::VarError::NotPresent) };
    let errors = dotenv::layered(environment, &file, Vec::new()).unwrap_err().to_string();
    assert!(errors.contains("did you mean TRUSTED_PROXIES?") && errors.contains("PORT"), "{errors}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_told_with_the_other_problems() {
    use std::os::unix::ffi::OsStringExt;
    let environment = |name: &str| match name {
        "PORT" => Err(std::env::VarError::NotUnicode(std::ffi::OsString::from_vec(vec![0xff]))),
        "DEBUG" => Ok("maybe".to_owned()),
        _ => Err(std::env::VarError::NotPresent),
    };
    let errors = dotenv::layered(environment, &HashMap::new(), Vec::new()).unwrap_err();
    let named: Vec<&str> = errors.0.iter().map(|problem| problem.variable.as_str()).collect();
    assert_eq!(named, ["PORT", "DEBUG"]);
}

#[test]
fn a_development_secret_is_made_once_and_only_its_owner_may_read_it() {
    let folder = tempfile_folder("dev-secret");
    let path = folder.join("deep/secret.key");
    assert_eq!(load_or_create(&path, || "first".to_owned()).unwrap(), "first");
    assert_eq!(load_or_create(&path, || panic!("made twice")).unwrap(), "first");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing left aside");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn of_many_that_make_a_development_secret_at_once_all_get_the_same() {
    let folder = tempfile_folder("dev-secret-race");
    let path = folder.join("secret.key");
    let texts: Vec<String> = std::thread::scope(|scope| {
        let make = |n: usize| load_or_create(&path, || format!("from {n}")).unwrap();
        let threads: Vec<_> = (0..16).map(|n| scope.spawn(move || make(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    fs::remove_dir_all(folder).unwrap();
}

fn tempfile_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chemstock-{name}-{}", uuid::Uuid::new_v4()));
    fs::create_dir_all(&folder).unwrap();
    folder
}
