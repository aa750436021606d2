//! Loopback sockets whose connection can be cut from inside, as a failing network would.
//!
//! Never binds anything but 127.0.0.1. Begin with [`Ports`].
use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// One listening loopback port.
#[derive(Debug)]
pub(crate) struct Ports(TcpListener);

impl Ports {
    /// Port 0 takes any free one.
    pub(crate) async fn bind(port: u16) -> Result<Self> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map(Self)
    }
}

impl Listener for Ports {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        (Wire { stream, cut: Cut::default() }, peer)
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Cuts one connection. Cloning gives another handle on the same connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut(Arc<CutState>);

#[derive(Debug, Default)]
struct CutState {
    done: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl Cut {
    /// Ends the connection; nothing more is read from it or written to it.
    pub(crate) fn now(&self) {
        self.0.done.store(true, Ordering::SeqCst);
        if let Some(waker) = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }

    fn check(&self) -> Result<()> {
        if self.0.done.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::ConnectionAborted, "cut by an ordered fault"));
        }
        Ok(())
    }
}

impl Connected<IncomingStream<'_, Ports>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Ports>) -> Self {
        stream.io().cut.clone()
    }
}

/// A connection that can be cut.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    cut: Cut,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        *self.cut.0.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
