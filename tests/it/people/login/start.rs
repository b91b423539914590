//! What is asked of a Redis before it may count anything.

use chemstock::{
    clients::redis::{Finding, Redis},
    config::RedisConfig,
};

use crate::support::redis::{Kind, RedisServer, two_nodes};

fn single(url: &str) -> Redis {
    Redis::new(&RedisConfig::Single { url: url.into() }, None)
}

#[track_caller]
fn one(findings: &[Finding]) -> &Finding {
    let [finding] = findings else { panic!("{findings:?}") };
    finding
}

#[tokio::test]
async fn a_redis_that_keeps_everything_and_a_cluster_of_them_are_found_in_order() {
    for kind in [Kind::Single, Kind::Cluster] {
        assert_eq!(kind.client().check().await, []);
        kind.client().ready().await.unwrap();
    }
}

pub async fn evicting_policies() {
    let server = RedisServer::start(&[]).await;
    for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-random", "volatile-ttl"] {
        server.command::<()>(&["CONFIG", "SET", "maxmemory-policy", policy]).await;
        let findings = single(&server.url()).check().await;
        let finding = one(&findings);
        assert!(finding.fatal && finding.what.contains(policy), "{finding}");
        assert!(finding.remedy.contains("maxmemory-policy noeviction"), "{finding}");
    }
}

pub async fn one_evicting_node() {
    let [one_node, other] = two_nodes().await;
    other.command::<()>(&["CONFIG", "SET", "maxmemory-policy", "volatile-lru"]).await;
    let cluster = Redis::new(&RedisConfig::Cluster { nodes: vec![one_node.url().into()] }, None);
    let findings = cluster.check().await;
    let finding = one(&findings);
    assert!(finding.fatal && finding.what.contains(&other.port.to_string()), "{finding}");
    assert!(cluster.ready().await.is_err());
    other.command::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    cluster.ready().await.unwrap();
}

#[tokio::test]
async fn where_config_is_forbidden_info_tells_the_policy_and_else_there_is_a_warning() {
    let server = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"]).await;
    server.command::<()>(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-config"]).await;
    let redis = single(&server.url().replace("//", "//app:secret@"));
    assert!(one(&redis.check().await).fatal);
    server.command::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    assert_eq!(redis.check().await, []);
    server.command::<()>(&["ACL", "SETUSER", "app", "-info"]).await;
    let findings = redis.check().await;
    assert!(!one(&findings).fatal && findings[0].what.contains("does not tell"), "{findings:?}");
}

#[tokio::test]
async fn a_user_that_may_not_write_and_a_replica_are_named() {
    let server = RedisServer::start(&[]).await;
    server.command::<()>(&["ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@all", "-@write"]).await;
    let findings = single(&server.url().replace("//", "//reader:secret@")).check().await;
    assert!(one(&findings).what.contains("NOPERM"), "{findings:?}");
    let primary = RedisServer::start(&[]).await;
    server.command::<()>(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]).await;
    let findings = single(&server.url()).check().await;
    assert!(one(&findings).what.contains("READONLY"), "{findings:?}");
}

#[tokio::test]
async fn a_redis_that_is_away_or_wants_another_password_is_a_warning_without_the_password() {
    let mut server = RedisServer::start(&[]).await;
    server.command::<()>(&["CONFIG", "SET", "requirepass", "right-hunter2"]).await;
    let wrong = single(&server.url().replace("//", "//:wrong-hunter2@")).check().await;
    server.down();
    let away = single(&server.url().replace("//", "//:right-hunter2@")).check().await;
    for finding in [one(&wrong), one(&away)] {
        assert!(!finding.fatal, "it may be put right while we run: {finding}");
        assert!(!finding.to_string().contains("hunter2"), "{finding}");
    }
    assert!(one(&wrong).what.contains("authentication"), "{wrong:?}");
    assert!(one(&away).what.contains("refused"), "{away:?}");
}

#[tokio::test]
async fn an_address_that_cannot_be_one_is_fatal() {
    let findings = single("redis://127.0.0.1:6379/not-a-number").check().await;
    assert!(one(&findings).fatal, "{findings:?}");
}
