//! A wire to the test's Postgres that breaks once, at a moment of the test's choice, or goes silent for a while.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

#[derive(Debug, Clone, Copy)]
pub enum Lost {
    /// Postgres never hears of it.
    Question,
    /// Postgres has done it, and nobody hears that.
    Answer,
}

pub struct PostgresWire {
    /// Through the wire.
    pub db: PgPool,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Questions from now to the one that is lost, it included; 0: none is.
    until_lost: AtomicUsize,
    loses_answers: AtomicBool,
    is_silent: AtomicBool,
}

impl PostgresWire {
    pub async fn to(db: &PgPool) -> Self {
        let options = (*db.connect_options()).clone();
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server.clone()).await.expect("a server");
                tokio::spawn(carry(client, server, shared.clone()));
            }
        });
        Self { db: PgPool::connect_lazy_with(options.host("127.0.0.1").port(port)), state }
    }

    /// Loses the n-th question from now on, or its answer, with the connection.
    pub fn lose(&self, nth: usize, what: Lost) {
        self.state.loses_answers.store(matches!(what, Lost::Answer), Ordering::SeqCst);
        self.state.until_lost.store(nth, Ordering::SeqCst);
    }

    /// While it is silent nothing is carried and nothing is closed. What went lost does not come back: a connection
    /// that was in use stays silent.
    pub fn set_silent(&self, is_silent: bool) {
        self.state.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// Whether it was lost; from now on nothing is.
    pub fn has_lost(&self) -> bool {
        self.state.until_lost.swap(0, Ordering::SeqCst) == 0
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, state: Arc<State>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut is_dead = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let length = read.unwrap_or(0);
                is_dead |= state.is_silent.load(Ordering::SeqCst);
                if is_dead && length > 0 {
                    continue;
                }
                let count = |left: usize| left.checked_sub(1);
                let was = state.until_lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count);
                let is_lost = was == Ok(1);
                if length == 0 || is_lost && !state.loses_answers.load(Ordering::SeqCst) {
                    return;
                }
                if server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
                if is_lost {
                    // What Postgres has to say after that is not carried.
                    let _ = server.read(&mut answered).await;
                    return;
                }
            },
            read = server.read(&mut answered) => {
                let length = read.unwrap_or(0);
                is_dead |= state.is_silent.load(Ordering::SeqCst);
                if is_dead && length > 0 {
                    continue;
                }
                if length == 0 || client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            },
        }
    }
}
