//! Accepts connections and ends each in time: a client that sends nothing, or half a request, keeps its place for
//! seconds only. (Hyper's own limit for a head also counts the pause between two requests, which load balancers want
//! longer.)

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::{pace::Pace, wire::Wire};

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub pace: Pace,
    /// How long running requests may still take after a stop.
    pub drain: Duration,
    /// Connections at a time; the next ones wait to be accepted.
    pub most: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pace: Pace::default(), drain: Duration::from_secs(25), most: 10_000 }
    }
}

/// After a failed accept, as the system has no file or memory left: to try again at once would only spin.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Serves until `stop`, then lets running requests finish; `now` ends them, too.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    stop: CancellationToken,
    now: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.most));
    let connections = TaskTracker::new();
    let server = Arc::new(server());
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! { next = next => next, () = stop.cancelled() => break };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(cause) => {
                tracing::warn!(%cause, "no connection can be accepted");
                sleep(PAUSE_AFTER_ERROR).await;
                continue;
            }
        };
        let (server, routes, stop, now) = (server.clone(), routes.clone(), stop.clone(), now.clone());
        connections.spawn(async move {
            connection(&server, stream, peer, routes, limits.pace, stop, now).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "requests that did not finish in time were ended");
        now.cancel();
        connections.wait().await;
    }
}

fn server() -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(200);
    server
}

async fn connection(
    server: &Builder<TokioExecutor>,
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    pace: Pace,
    stop: CancellationToken,
    now: CancellationToken,
) {
    drop(stream.set_nodelay(true));
    let service = routes.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let io = TokioIo::new(Wire::new(stream, pace));
    let connection = server.serve_connection(io, TowerToHyperService::new(service));
    tokio::pin!(connection);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            // An error here is the client's: it hung up, or sent something that is not HTTP.
            _ = connection.as_mut() => return,
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = now.cancelled() => return,
        }
    }
}
