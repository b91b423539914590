//! The header `Host`, on a real socket (RFC 9112 section 3.2).

use std::net::SocketAddr;

use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::TestApp;

async fn answer(address: SocketAddr, hosts: &str, version: &str) -> String {
    let mut socket = TcpStream::connect(address).await.expect("a socket");
    let request = format!("GET /health/live HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("a socket");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("a socket");
    answer
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_request_without_a_host_or_with_two_is_malformed(db: PgPool) {
    let app = TestApp::new(db).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, app.router.clone()).into_future());
    for hosts in ["", "Host: a.example\r\nHost: b.example\r\n", "Host: a.example\r\nHost: a.example\r\n"] {
        let answer = answer(address, hosts, "1.1").await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{hosts:?}: {answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("/problems/malformed"), "{answer}");
        assert!(answer.contains("\"instance\":\""), "{answer}");
    }
    assert!(answer(address, "Host: a.example\r\n", "1.1").await.starts_with("HTTP/1.1 200 "));
    assert!(answer(address, "", "1.0").await.starts_with("HTTP/1.0 200 "));
}
