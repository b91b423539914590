//! A connection as Hyper reads and writes it. It ends when its client takes too long ([`Pacer`]), and where Hyper itself
//! answers a head that it cannot read, a problem goes out instead ([`Explainer`]).

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    pace::{Pace, Pacer},
    unreadable::Explainer,
};

pub struct Wire<S> {
    stream: S,
    pacer: Pacer,
    explainer: Explainer,
}

impl<S> Wire<S> {
    pub fn new(stream: S, pace: Pace) -> Self {
        Self { stream, pacer: Pacer::new(pace), explainer: Explainer::default() }
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    /// `first` is what is written, or the first piece of it.
    fn poll_written(
        &mut self,
        cx: &mut Context<'_>,
        first: &[u8],
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let written = match self.explainer.poll_instead(cx, &mut self.stream, first) {
            Some(written) => written,
            None => write(Pin::new(&mut self.stream), cx),
        };
        if let Poll::Ready(Ok(_)) = written {
            self.pacer.has_written(first);
        }
        self.pacer.or_end(cx, written)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = read {
            self.pacer.has_read(&buf.filled()[before..]);
        }
        self.pacer.or_end(cx, read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_written(cx, buf, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.first().map_or(&[][..], |first| first);
        self.poll_written(cx, first, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
