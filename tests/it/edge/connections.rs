//! Clients that say nothing, or half of something, or too much.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body, routing::post};
use chemstock::web::{
    connections::{Limits, serve},
    pace::Pace,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

const HEAD: Duration = Duration::from_millis(300);
const IDLE: Duration = Duration::from_millis(900);
const LONG: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    now: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

async fn server(drain: Duration) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop, now) = (listener.local_addr().unwrap(), CancellationToken::new(), CancellationToken::new());
    let echo = async |body: Body| body;
    let slow = async || tokio::time::sleep(Duration::from_millis(600)).await;
    let hang = async || std::future::pending::<()>().await;
    let routes = Router::new().route("/", post(echo).get("here")).route("/slow", post(slow)).route("/hang", post(hang));
    let limits = Limits { pace: Pace { head: HEAD, idle: IDLE }, drain, most: 1_000 };
    let ended = tokio::spawn(serve(listener, routes, limits, stop.clone(), now.clone()));
    Server { address, stop, now, ended }
}

impl Server {
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }
}

/// What comes until the server hangs up, and when that was.
async fn until_closed(mut stream: TcpStream) -> (String, Duration) {
    let (began, mut said) = (Instant::now(), Vec::new());
    // A reset is an end, too.
    let _ = timeout(LONG, stream.read_to_end(&mut said)).await.expect("the connection stays open");
    (String::from_utf8_lossy(&said).into_owned(), began.elapsed())
}

#[tokio::test]
async fn three_hundred_half_heads_end_soon_and_keep_nobody_out() {
    let server = server(LONG).await;
    let mut half = Vec::new();
    for _ in 0..300 {
        half.push(server.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await);
    }
    let honest = server.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(until_closed(honest).await.0.starts_with("HTTP/1.1 200"));
    for stream in half {
        let (_, took) = until_closed(stream).await;
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

#[tokio::test]
async fn silence_ends_and_a_pause_between_requests_may_be_longer() {
    let server = server(LONG).await;
    let silent = server.send("").await;
    let mut kept = server.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    until_closed(silent).await;
    // By now a head would have had to come; after an answer there is more time.
    kept.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let (said, took) = until_closed(kept).await;
    assert_eq!(said.matches("HTTP/1.1 200").count(), 2, "{said}");
    assert!(took >= IDLE, "{took:?}");
}

#[tokio::test]
async fn a_body_may_take_longer_than_a_head() {
    let server = server(LONG).await;
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\n";
    let mut slow = server.send(head).await;
    for byte in b"body" {
        tokio::time::sleep(HEAD / 2).await;
        slow.write_all(&[*byte]).await.unwrap();
    }
    assert!(until_closed(slow).await.0.ends_with("body"));
}

#[tokio::test]
async fn a_stop_lets_what_runs_finish_and_is_not_held_up_by_who_says_nothing() {
    let server = server(LONG).await;
    let running = server.send("POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").await;
    let half = server.send("GET / HTTP/1.1\r\nHo").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.cancel();
    let answered = tokio::spawn(until_closed(running));
    timeout(LONG, server.ended).await.expect("it ends").unwrap();
    assert!(answered.await.unwrap().0.starts_with("HTTP/1.1 200"));
    until_closed(half).await;
}

#[tokio::test]
async fn a_request_that_does_not_finish_ends_with_the_drain_or_at_once_when_told_twice() {
    for told_twice in [false, true] {
        let server = server(if told_twice { LONG } else { Duration::from_millis(500) }).await;
        let _hanging = server.send("POST /hang HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.stop.cancel();
        if told_twice {
            server.now.cancel();
        }
        timeout(Duration::from_secs(5), server.ended).await.expect("it ends").unwrap();
    }
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_answered_with_a_problem() {
    let server = server(LONG).await;
    let long = "x".repeat(70_000);
    let many = "X-More: 1\r\n".repeat(200);
    for (request, status, slug) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"), 414, "uri-too-long"),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"), 431, "headers-too-large"),
        ("GET / HTTP/1.1\r\nHost localhost\r\n\r\n".to_owned(), 400, "malformed"),
    ] {
        let (said, _) = until_closed(server.send(&request).await).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said}");
        assert!(said.contains("content-type: application/problem+json\r\n"), "{said}");
        let problem: serde_json::Value = serde_json::from_str(said.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!((&problem["type"], &problem["status"]), (&format!("/problems/{slug}").into(), &status.into()));
    }
}
