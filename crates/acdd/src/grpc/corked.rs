//! What a connection says while it is polled goes out in one write, at the end.
//!
//! HTTP/2 writes frame by frame. Where fifty streams of a connection each say something at once,
//! one write costs a fraction of fifty.

use bytes::{Buf as _, BytesMut};
use parking_lot::Mutex;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// With so much said it goes out at once, in bytes.
const SAID_MAX: usize = 256 * 1024;

/// A stream whose writes wait for `Uncorked`. All clones are the same.
#[derive(Debug)]
pub(crate) struct Corked<S>(Arc<Mutex<Bottle<S>>>);

#[derive(Debug)]
struct Bottle<S> {
    stream: S,
    said: BytesMut,
}

impl<S> Corked<S> {
    /// Nothing is said yet.
    pub(crate) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(Bottle { stream, said: BytesMut::new() })))
    }
}

impl<S> Clone for Corked<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: AsyncWrite + Unpin> Bottle<S> {
    /// Lets out all that has been said.
    fn poll_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.said.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.said))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.said.advance(written);
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.said.len() < SAID_MAX { Poll::Ready(Ok(())) } else { self.poll_out(context) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Corked<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Corked<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut bottle = self.0.lock();
        ready!(bottle.poll_room(context))?;
        bottle.said.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut bottle = self.0.lock();
        ready!(bottle.poll_room(context))?;
        slices.iter().for_each(|slice| bottle.said.extend_from_slice(slice));
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // It goes out as soon as the connection has been polled.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bottle = self.0.lock();
        ready!(bottle.poll_out(context))?;
        Pin::new(&mut bottle.stream).poll_shutdown(context)
    }
}

/// Polls what writes to a corked stream, and lets out what it has said.
pub(crate) struct Uncorked<S, Work> {
    stream: Corked<S>,
    work: Pin<Box<Work>>,
}

impl<S, Work: Future<Output = ()>> Uncorked<S, Work> {
    /// All that `work` says goes to `stream`.
    pub(crate) fn new(stream: Corked<S>, work: Work) -> Self {
        Self { stream, work: Box::pin(work) }
    }
}

impl<S: AsyncWrite + Unpin, Work: Future<Output = ()>> Future for Uncorked<S, Work> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let polled = self.work.as_mut().poll(context);
        // A failure shows when it is read or written next; what is not out yet wakes this task.
        let _out = self.stream.0.lock().poll_out(context);
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::{Duration, timeout};

    #[tokio::test]
    async fn what_is_said_goes_out_once_the_work_has_been_polled() {
        let (near, mut far) = duplex(64);
        let mut corked = Corked::new(near);
        let mut heard = [0; 6];
        corked.write_all(b"abc").await.expect("it is kept");
        corked.flush().await.expect("it is kept");
        let early = timeout(Duration::from_millis(50), far.read_exact(&mut heard)).await;
        assert!(early.is_err(), "nothing goes out by itself");
        let mut says = corked.clone();
        let work = async move { says.write_all(b"def").await.expect("it is kept") };
        Uncorked::new(corked, work).await;
        far.read_exact(&mut heard).await.expect("all of it");
        assert_eq!(&heard, b"abcdef");
    }

    #[tokio::test]
    async fn whoever_says_more_than_is_taken_waits() {
        let (near, mut far) = duplex(64);
        let corked = Corked::new(near);
        let mut says = corked.clone();
        let work = async move {
            for _ in 0..3 {
                says.write_all(&vec![7; SAID_MAX]).await.expect("it is taken in the end");
            }
            says.shutdown().await.expect("all is out");
        };
        let mut work = tokio::spawn(Uncorked::new(corked.clone(), work));
        assert!(timeout(Duration::from_millis(50), &mut work).await.is_err(), "nobody reads");
        assert!(corked.0.lock().said.len() <= 2 * SAID_MAX);
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).await.expect("it ends");
        assert_eq!(heard.len(), 3 * SAID_MAX);
        work.await.expect("it has ended");
    }
}
