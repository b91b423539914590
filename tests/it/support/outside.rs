//! An outside party on the loopback, byte by byte, so that it can do what no decent server does: fall silent, hang up
//! in the middle, say less than it announced. It keeps what it was asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A request, as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: String,
    pub at: Instant,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as a form; a field that comes twice is an error of whoever asks.
    pub fn form(&self) -> HashMap<String, String> {
        let mut form = HashMap::new();
        for (name, value) in form_urlencoded::parse(self.body.as_bytes()) {
            assert_eq!(form.insert(name.clone().into_owned(), value.into_owned()), None, "{name} comes twice");
        }
        form
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
}

impl Reply {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, content_type: "application/json", body: body.to_string() }
    }

    pub fn xml(status: u16, body: impl Into<String>) -> Self {
        Self { status, content_type: "text/xml", body: body.into() }
    }

    pub fn html(status: u16) -> Self {
        let body = "<html><head><title>Bad Gateway</title></head></html>".to_owned();
        Self { status, content_type: "text/html", body }
    }
}

/// What goes wrong between us and any provider.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Takes the request and says nothing.
    Silent,
    /// Takes the request and hangs up.
    Reset,
    /// Announces more than it says.
    Truncated,
    /// Says yes, and then something that nobody understands.
    Garbage,
    /// Does not stop talking.
    Endless,
    /// Answers this, whatever was asked.
    Answers(Reply),
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

#[derive(Clone)]
pub struct Outside {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    answer: Box<Answer>,
    asked: Mutex<Vec<Asked>>,
    fault: Mutex<Option<Fault>>,
}

impl Outside {
    pub async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner { answer: Box::new(answer), asked: Mutex::default(), fault: Mutex::default() });
        let served = inner.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(served.clone(), stream));
            }
        });
        Self { url, inner }
    }

    pub fn has(&self, fault: Fault) {
        *self.inner.fault.lock().unwrap() = Some(fault);
    }

    pub fn is_well(&self) {
        *self.inner.fault.lock().unwrap() = None;
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    #[track_caller]
    pub fn last(&self) -> Asked {
        self.asked().pop().expect("nobody has asked")
    }
}

async fn converse(inner: Arc<Inner>, mut stream: TcpStream) {
    while let Some(asked) = hear(&mut stream).await {
        let fault = inner.fault.lock().unwrap().clone();
        inner.asked.lock().unwrap().push(asked.clone());
        let reply = match fault {
            None => (inner.answer)(&asked),
            Some(Fault::Answers(reply)) => reply,
            Some(Fault::Garbage) => Reply { status: 200, content_type: "application/json", body: "{\"a\": [}".into() },
            Some(Fault::Silent) => {
                tokio::time::sleep(Duration::from_mins(1)).await;
                return;
            }
            Some(Fault::Reset) => return,
            Some(Fault::Truncated) => {
                let head =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 400\r\n\r\n{\"id\": \"1";
                drop(stream.write_all(head.as_bytes()).await);
                return;
            }
            Some(Fault::Endless) => {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
                let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
                drop(stream.write_all(head.as_bytes()).await);
                // Bounded all the same.
                for _ in 0..1_000 {
                    if stream.write_all(chunk.as_bytes()).await.is_err() {
                        return;
                    }
                }
                return;
            }
        };
        let Reply { status, content_type, body } = reply;
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.write_all((head + &body).as_bytes()).await.is_err() {
            return;
        }
    }
}

/// None when the other side is gone, or is no HTTP client.
async fn hear(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut body = bytes.split_off(end + 4);
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    });
    let headers: HeaderMap = headers.collect();
    let length = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query, body) = (path.to_owned(), query.to_owned(), String::from_utf8(body).ok()?);
    Some(Asked { method, path, query, headers, body, at: Instant::now() })
}
