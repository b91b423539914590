//! Redis, where codes and limits are kept when there is one: does it answer, take writes, and keep what it is given?

use std::time::{Duration, Instant};

use super::Finding;
use crate::{
    clients::redis::{POLICY_UNKNOWN, Redis},
    config::Config,
};

const PART: &str = "redis";
/// A login asks it five times, and more often from an address of IPv6, of which several networks are counted.
const SLOW: Duration = Duration::from_millis(20);

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let Some(settings) = &config.redis else {
        return vec![Finding::ok(PART, "not set up: codes and limits are kept in memory, and a restart forgets them")];
    };
    let redis = Redis::new(settings, config.authorities.as_ref());
    // Reaches it, logs in, asks each primary for its eviction policy, and writes a key that goes by itself.
    let findings = redis.check().await;
    let mut told: Vec<Finding> = findings
        .into_iter()
        // Managed services keep their policy to themselves; whatever else is found stops logins.
        .map(|it| {
            let tell = if it.remedy == POLICY_UNKNOWN { Finding::warning } else { Finding::problem };
            tell(PART, it.what, it.remedy)
        })
        .collect();
    let start = Instant::now();
    if redis.ready().await.is_ok() {
        let found = format!("answers in {:.1} ms, and all of a cluster's slots are served", ms(start.elapsed()));
        told.push(if start.elapsed() > SLOW {
            Finding::warning(PART, found, "put the server near its Redis")
        } else {
            Finding::ok(PART, found)
        });
    }
    told
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
