//! What the system asks of a running server: to stop, to stop at once, to read its keys again.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::keys::reload_keys;
use crate::platform::app::App;

/// SIGTERM and Ctrl-C, heard from the moment that this is made.
pub(super) struct StopSignals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl StopSignals {
    pub fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! { _ = self.terminate.recv() => {}, _ = self.interrupt.recv() => {} }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    }

    /// The first signal lets what runs finish; the second ends it.
    pub async fn obey(mut self, stop: CancellationToken, now: CancellationToken) {
        self.next().await;
        tracing::info!("stopping; a second signal stops at once");
        stop.cancel();
        self.next().await;
        tracing::warn!("stopping at once");
        now.cancel();
    }
}

/// SIGHUP is how one asks a service to read its files again. Whoever has none is ended by it, as is usual.
#[cfg(unix)]
pub(super) async fn reload_keys_on_signal(app: App, mut asked: Signal) {
    while asked.recv().await.is_some() {
        if let Err(cause) = reload_keys(&app) {
            tracing::error!(cause = format!("{cause:#}"), "the signing keys stay as they were");
        }
    }
}

#[cfg(unix)]
pub(super) fn hangups() -> anyhow::Result<Signal> {
    Ok(signal(SignalKind::hangup())?)
}
