//! Redis, where codes and limits are kept when there is one.

use super::Finding;
use crate::config::Config;

const PART: &str = "redis";

/// Not asynchronous yet: nobody is asked, as this version does not use it.
pub(super) fn look(config: &Config) -> impl Future<Output = Vec<Finding>> {
    let finding = if config.redis.is_none() {
        Finding::ok(PART, "not set up: codes and limits are kept in memory, and a restart forgets them")
    } else {
        Finding::warning(
            PART,
            "is set up, but this version does not use it",
            "expect limits to hold on one server only",
        )
    };
    std::future::ready(vec![finding])
}
