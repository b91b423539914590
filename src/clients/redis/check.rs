//! What must be right with a Redis before it may count anything: asked at the start, and wherever somebody looks for
//! what is wrong.

use std::{collections::HashMap, fmt};

use redis::{
    Cmd, RedisResult, Value,
    cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo},
    from_redis_value,
};

use super::{Link, Redis, describe, unavailable};
use crate::base::error::{Error, Result};

/// Something that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// It will not heal by itself, and it is unsafe to go on.
    pub fatal: bool,
    pub what: String,
    pub remedy: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.remedy)
    }
}

const ADDRESS: &str = "look at REDIS_HOST, REDIS_URL or REDIS_CLUSTER_NODES, and at REDIS_PASSWORD; until it answers no \
    code is sent or accepted";
const NO_EVICTION: &str = "set `maxmemory-policy noeviction` (redis-cli CONFIG SET maxmemory-policy noeviction, or the \
    parameter group of a managed service): any other may drop the counters that limit guesses and messages";
/// Alone, it is no reason to worry.
pub const POLICY_UNKNOWN: &str = "see that it is `noeviction`: any other may drop the counters that limit guesses and \
    messages";
const WRITABLE: &str = "connect to a primary, give its user the rights `~otp:* ~rl:* +@all -@dangerous +info +cluster`, \
    and see that it has memory left";

impl Redis {
    /// Nothing is wrong when there is nothing in it.
    pub async fn check(&self) -> Vec<Finding> {
        if let Err(error) = &self.0.target {
            let what = format!("the address of Redis cannot be used ({error})");
            return vec![Finding { fatal: true, what, remedy: ADDRESS }];
        }
        if let Err(error) = self.within(self.ping()).await {
            let what = error.to_string();
            return vec![Finding { fatal: false, what, remedy: ADDRESS }];
        }
        let mut findings = match self.within(self.policies()).await {
            Ok(policies) => policies.iter().filter_map(judge).collect(),
            Err(error) => vec![Finding { fatal: false, what: error.to_string(), remedy: ADDRESS }],
        };
        let mut write = redis::cmd("SET");
        write.arg("otp:{check}").arg(1).arg("PX").arg(1000);
        if let Err(error) = self.within(self.call::<()>(&write)).await {
            let what = format!("Redis cannot be written ({error})");
            findings.push(Finding { fatal: false, what, remedy: WRITABLE });
        }
        findings
    }

    /// Of each server that takes writes, its eviction policy, where it may be known.
    async fn policies(&self) -> Result<Vec<(String, Option<String>)>> {
        const POLICY: &str = "maxmemory-policy";
        let asked = self.on_primaries(redis::cmd("CONFIG").arg("GET").arg(POLICY)).await?;
        let mut policies: Vec<(String, Option<String>)> = Vec::with_capacity(asked.len());
        for (server, answer) in asked {
            let policy = answer.and_then(|answer| Ok(from_redis_value::<HashMap<String, String>>(answer)?));
            policies.push((server, policy.ok().and_then(|mut policy| policy.remove(POLICY))));
        }
        if policies.iter().any(|(_, policy)| policy.is_none()) {
            // Managed services forbid CONFIG, but most let one look.
            for (server, answer) in self.on_primaries(redis::cmd("INFO").arg("memory")).await? {
                let info = answer.and_then(|answer| Ok(from_redis_value::<String>(answer)?)).unwrap_or_default();
                let policy = info.lines().find_map(|line| line.trim().strip_prefix("maxmemory_policy:"));
                if let Some((_, unknown)) =
                    policies.iter_mut().find(|(known, policy)| *known == server && policy.is_none())
                {
                    *unknown = policy.map(str::to_owned);
                }
            }
        }
        Ok(policies)
    }

    async fn on_primaries(&self, command: &Cmd) -> Result<Vec<(String, RedisResult<Value>)>> {
        let away = |error| unavailable(describe(&error));
        match self.link().map_err(away)? {
            Link::Single(mut link) => {
                // What it says no to is an answer, too.
                let answer = command.query_async::<Value>(&mut link).await;
                Ok(vec![("Redis".to_owned(), answer)])
            }
            Link::Cluster(mut link) => {
                let everywhere = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                let answers = link.route_command(command.clone(), everywhere).await.map_err(away)?;
                let Value::Map(answers) = answers else {
                    return Err(Error::Internal(anyhow::anyhow!("a Cluster answered with something else than a map")));
                };
                let named = answers.into_iter().map(|(server, answer)| {
                    let server = from_redis_value::<String>(server).unwrap_or_default();
                    (format!("the Redis node {server}"), answer.extract_error())
                });
                Ok(named.collect())
            }
        }
    }
}

fn judge((server, policy): &(String, Option<String>)) -> Option<Finding> {
    let (fatal, what, remedy) = match policy.as_deref() {
        Some("noeviction") => return None,
        Some(policy) => (true, format!("{server} has the eviction policy {policy}"), NO_EVICTION),
        None => (false, format!("{server} does not tell its eviction policy"), POLICY_UNKNOWN),
    };
    Some(Finding { fatal, what, remedy })
}
