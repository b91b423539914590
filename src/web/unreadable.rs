//! A request whose head cannot be read comes to no route: Hyper itself answers it, with a status and nothing else. Here
//! such an answer gets the problem and the request id that every other failure has.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::AsyncWrite;

use super::{
    X_REQUEST_ID,
    catalogue::{Kind, general},
    problem::Problem,
};
use crate::base::{clock::Clock, ids::RequestId};

/// What Hyper makes of a head that it cannot read.
const KINDS: [Kind; 3] = [general::MALFORMED, general::URI_TOO_LONG, general::HEADERS_TOO_LARGE];

#[derive(Default)]
pub struct Explainer {
    /// The answer that goes out in the place of Hyper's, and how much of it has gone.
    instead: Option<(Vec<u8>, usize)>,
}

impl Explainer {
    /// Ready when another answer has gone out instead of this one; none where this one stays as it is.
    pub fn poll_instead<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        answer: &[u8],
    ) -> Option<Poll<io::Result<usize>>> {
        if self.instead.is_none() {
            self.instead = explained(answer).map(|text| (text, 0));
        }
        let (text, gone) = self.instead.as_mut()?;
        while *gone < text.len() {
            match Pin::new(&mut *stream).poll_write(cx, &text[*gone..]) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(written)) => *gone += written,
                other => return Some(other),
            }
        }
        self.instead = None;
        Some(Poll::Ready(Ok(answer.len())))
    }
}

/// Every answer of ours has a request id, so one without it is Hyper's.
fn explained(answer: &[u8]) -> Option<Vec<u8>> {
    if !answer.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let head = std::str::from_utf8(answer).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let first = lines.next()?;
    let kind = KINDS.into_iter().find(|kind| first.split(' ').nth(1) == Some(kind.status.as_str()))?;
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
    let value = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|it| it.1.trim());
    if value("content-length") != Some("0") || value(X_REQUEST_ID.as_str()).is_some() {
        return None;
    }
    let id = RequestId::new(Clock::real().now()).to_string();
    let mut problem = Problem::new(kind).detail(kind.help);
    problem.instance = Some(id.clone());
    let body = serde_json::to_string(&problem).ok()?;
    let date = value("date").map(|date| format!("date: {date}\r\n")).unwrap_or_default();
    let length = body.len();
    Some(
        format!(
            "{first}\r\ncontent-type: application/problem+json\r\ncontent-length: {length}\r\n\
             {X_REQUEST_ID}: {id}\r\nconnection: close\r\n{date}\r\n{body}"
        )
        .into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use crate::web::{pace::Pace, wire::Wire};

    async fn written(answer: &str) -> String {
        let (mut client, server) = duplex(64);
        let mut server = Wire::new(server, Pace::default());
        let answer = answer.to_owned();
        let writing = tokio::spawn(async move { server.write_all(answer.as_bytes()).await.unwrap() });
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        writing.await.unwrap();
        said
    }

    #[tokio::test]
    async fn an_answer_of_hypers_own_is_explained_and_any_other_stays() {
        for (status, slug) in [
            ("431 Request Header Fields Too Large", "headers-too-large"),
            ("414 URI Too Long", "uri-too-long"),
            ("400 Bad Request", "malformed"),
        ] {
            let bare = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\ndate: Sat, 28 Nov 2026 12:00:00 GMT\r\n\r\n");
            let said = written(&bare).await;
            let (head, body) = said.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")) && head.contains("date: Sat"), "{head}");
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
            let problem: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(problem["type"], format!("/problems/{slug}"));
            assert!(head.contains(&format!("x-request-id: {}", problem["instance"].as_str().unwrap())), "{head}");
        }
        for other in [
            "HTTP/1.1 431 Request Header Fields Too Large\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "{}",
        ] {
            assert_eq!(written(other).await, other);
        }
    }
}
