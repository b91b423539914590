//! Names that are nearly ours. A variable with a misspelt name would be a setting that does nothing.

use std::collections::{BTreeSet, HashMap};

use super::vars::Problem;

/// What `deploy/compose.yaml` reads from the same file.
const OF_COMPOSE: [&str; 2] = ["BIND", "POSTGRES_PASSWORD"];

/// A `.env` is ours alone, so every name in it must be one that we read.
pub(super) fn unknown_in_file(file: &HashMap<String, String>, known: &BTreeSet<&str>) -> Vec<Problem> {
    let is_unknown = |name: &&String| {
        let name = name.as_str();
        !known.contains(name) && !OF_COMPOSE.contains(&name) && !name.starts_with("COMPOSE_")
    };
    let mut names: Vec<&String> = file.keys().filter(is_unknown).collect();
    names.sort_unstable();
    names.into_iter().map(|name| unknown(name, known)).collect()
}

fn unknown(name: &str, known: &BTreeSet<&str>) -> Problem {
    let remedy = match nearest(name, known) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "remove it; what other programs read belongs into the real environment".to_owned(),
    };
    Problem { variable: name.to_owned(), wrong: "in .env is no variable of Chemstock".to_owned(), remedy }
}

/// The environment has everybody's variables: only what is nearly one of ours is worth a word.
pub(super) fn near_misses(names: impl Iterator<Item = String>, known: &BTreeSet<&str>) -> Vec<String> {
    let mut warnings: Vec<String> = names
        .filter(|name| !known.contains(name.as_str()))
        .filter_map(|name| {
            let meant = nearest(&name, known)?;
            Some(format!("the environment variable {name} is not read; did you mean {meant}?"))
        })
        .collect();
    warnings.sort_unstable();
    warnings
}

fn nearest<'a>(name: &str, known: &BTreeSet<&'a str>) -> Option<&'a str> {
    let most = match name.len() {
        0..6 => return None,
        6..9 => 1,
        _ => 2,
    };
    let shouted = name.to_ascii_uppercase();
    let distances = known.iter().map(|known| (strsim::osa_distance(&shouted, known), *known));
    let (distance, found) = distances.min()?;
    (distance <= most).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeSet<&'static str> {
        BTreeSet::from(["DATABASE_URL", "OTP_TTL_SECONDS", "PORT", "REDIS_HOST", "REDIS_PORT", "TRUSTED_PROXIES"])
    }

    #[test]
    fn a_name_in_the_file_that_is_not_ours_is_refused_with_the_one_that_was_meant() {
        let names = ["PORT", "TRUSTED_PROXYS", "OTP_TLL_SECONDS", "redis_host", "SSL_CERT_FILE", "POSTGRES_PASSWORD"];
        let file = names.map(|name| (name.to_owned(), "x".to_owned())).into();
        let told = unknown_in_file(&file, &known()).into_iter().map(|it| format!("{}: {}", it.variable, it.remedy));
        let expected = [
            "OTP_TLL_SECONDS: did you mean OTP_TTL_SECONDS?",
            "SSL_CERT_FILE: remove it; what other programs read belongs into the real environment",
            "TRUSTED_PROXYS: did you mean TRUSTED_PROXIES?",
            "redis_host: did you mean REDIS_HOST?",
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn of_the_environment_only_near_misses_are_told() {
        let names = ["DATABSE_URL", "HOME", "POST", "REDIS_PORT", "REDIS_PORT_6379_TCP_ADDR", "AWS_PROFILE"];
        let told = near_misses(names.map(str::to_owned).into_iter(), &known());
        assert_eq!(told, ["the environment variable DATABSE_URL is not read; did you mean DATABASE_URL?"]);
    }
}
