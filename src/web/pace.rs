//! A connection ends when its client takes too long to begin a request, or to finish its head. The body and the
//! answer have limits of their own.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From the first to the last byte of a head; also from the start of the connection to the end of the first head.
    pub head: Duration,
    /// From an answer to the next request. Longer than load balancers keep a connection (60 s), so that none of them
    /// sends a request into a connection that is just being closed.
    pub idle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { head: Duration::from_secs(10), idle: Duration::from_secs(75) }
    }
}

/// What the client is doing, judged by the bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// The first head is awaited, or a head is coming in; `seen` bytes of its end have been seen.
    Head { seen: usize },
    /// A request is being answered.
    Request,
    /// The last request has been answered, as far as the answer was written.
    Idle,
    /// Many requests at a time; Hyper's pings find clients that are gone.
    Http2,
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";
const HTTP2: &[u8] = b"PRI ";
const CONTINUE: &[u8] = b"HTTP/1.1 100";

pub struct Pacer {
    pace: Pace,
    step: Step,
    deadline: Instant,
    /// Set to the deadline or earlier: to move it with every request would cost more than to look again when it rings.
    alarm: Pin<Box<Sleep>>,
}

impl Pacer {
    pub fn new(pace: Pace) -> Self {
        let deadline = Instant::now() + pace.head;
        Self { pace, step: Step::Head { seen: 0 }, deadline, alarm: Box::pin(sleep_until(deadline)) }
    }

    pub fn has_read(&mut self, bytes: &[u8]) {
        let seen = match self.step {
            Step::Head { seen: 0 } if bytes.starts_with(HTTP2) => {
                self.step = Step::Http2;
                return;
            }
            Step::Head { seen } => seen,
            Step::Idle if !bytes.is_empty() => {
                self.deadline = Instant::now() + self.pace.head;
                0
            }
            _ => return,
        };
        self.step = step_after(seen, bytes);
    }

    /// Each write may be the last of an answer, so the pause is counted from it.
    pub fn has_written(&mut self, bytes: &[u8]) {
        if self.step != Step::Http2 && !bytes.starts_with(CONTINUE) {
            self.step = Step::Idle;
            self.deadline = Instant::now() + self.pace.idle;
        }
    }

    /// The end, where a read or a write waits for a client that has taken too long. One that does not read its answer
    /// is ended like one that sends nothing.
    pub fn or_end<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_pending() { self.poll_end(cx).map(Err) } else { result }
    }

    /// Ready when the client has taken too long.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if matches!(self.step, Step::Request | Step::Http2) {
            return Poll::Pending;
        }
        loop {
            if self.deadline < self.alarm.deadline() {
                self.alarm.as_mut().reset(self.deadline);
            }
            ready!(self.alarm.as_mut().poll(cx));
            if Instant::now() >= self.deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.alarm.as_mut().reset(self.deadline);
        }
    }
}

fn step_after(mut seen: usize, bytes: &[u8]) -> Step {
    // A request without a body, as most are: nothing needs to be looked at byte by byte.
    if bytes.ends_with(END_OF_HEAD) {
        return Step::Request;
    }
    for byte in bytes {
        seen = if *byte == END_OF_HEAD[seen] { seen + 1 } else { usize::from(*byte == END_OF_HEAD[0]) };
        if seen == END_OF_HEAD.len() {
            return Step::Request;
        }
    }
    Step::Head { seen }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;
    use crate::web::wire::Wire;

    const HEAD: Duration = Duration::from_millis(200);
    const IDLE: Duration = Duration::from_millis(600);
    const LONG: Duration = Duration::from_millis(1_500);

    fn connection() -> (DuplexStream, Wire<DuplexStream>) {
        let (client, server) = duplex(1024);
        (client, Wire::new(server, Pace { head: HEAD, idle: IDLE }))
    }

    /// How long the server waits for more; none for as long as it takes.
    async fn patience(server: &mut Wire<DuplexStream>) -> Option<Duration> {
        let began = Instant::now();
        let mut buf = [0; 256];
        loop {
            match tokio::time::timeout(LONG, server.read(&mut buf)).await {
                Err(_) => return None,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                    return Some(began.elapsed());
                }
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_is_waited_for_as_long_as_for_a_head() {
        let (_client, mut server) = connection();
        assert!((HEAD..IDLE).contains(&patience(&mut server).await.unwrap()));
    }

    #[tokio::test]
    async fn half_a_head_ends_in_time_however_it_drips() {
        let (mut client, mut server) = connection();
        tokio::spawn(async move {
            for byte in b"GET / HTTP/1.1\r\nx: 1\r\nx: 1\r\n" {
                client.write_all(&[*byte]).await.unwrap();
                tokio::time::sleep(HEAD / 10).await;
            }
        });
        assert!((HEAD..IDLE).contains(&patience(&mut server).await.unwrap()));
    }

    #[tokio::test]
    async fn a_request_in_hand_and_its_body_are_not_hurried() {
        let (mut client, mut server) = connection();
        client.write_all(b"POST / HTTP/1.1\r\nexpect: 100-continue\r\n\r\n").await.unwrap();
        let mut buf = [0; 256];
        assert_ne!(server.read(&mut buf).await.unwrap(), 0);
        server.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        client.write_all(b"the first of the body").await.unwrap();
        assert_eq!(patience(&mut server).await, None);
    }

    #[tokio::test]
    async fn after_an_answer_the_next_request_may_take_longer_to_begin_than_to_come() {
        let (mut client, mut server) = connection();
        let mut buf = [0; 256];
        for _ in 0..2 {
            client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            assert_ne!(server.read(&mut buf).await.unwrap(), 0);
            server.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        }
        assert!(patience(&mut server).await.unwrap() >= IDLE);
        server.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        client.write_all(b"GET").await.unwrap();
        assert!((HEAD..IDLE).contains(&patience(&mut server).await.unwrap()));
    }

    #[tokio::test]
    async fn who_takes_nothing_of_an_answer_is_left() {
        let (_client, mut server) = connection();
        let began = Instant::now();
        let error = server.write_all(&[b'x'; 5_000]).await.unwrap_err();
        assert!(error.kind() == io::ErrorKind::TimedOut && began.elapsed() >= IDLE);
    }

    #[tokio::test]
    async fn an_http2_connection_is_left_to_its_pings() {
        let (mut client, mut server) = connection();
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        assert_eq!(patience(&mut server).await, None);
    }
}
