use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt, WriteHalf};
use futures::lock::Mutex;
use futures::StreamExt;
use libp2p::{PeerId, Stream, StreamProtocol};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::signal::unix::{SignalKind, signal};

use crate::host::{self, Event, Host};
use crate::say;

type Writers = Arc<Mutex<Vec<WriteHalf<Stream>>>>;

/// What the echo handler of this process sent back.
#[derive(Clone, Default)]
pub struct Served {
    streams: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Served {
    pub fn shown(&self) -> Value {
        json!({"streams": self.streams.load(Relaxed), "bytes": self.bytes.load(Relaxed)})
    }
}

pub async fn echo(mut stream: Stream, served: Served) -> std::io::Result<()> {
    served.streams.fetch_add(1, Relaxed);
    let mut buf = [0u8; 4000]; // see BLOCK in dialer.rs
    loop {
        let n = stream.read(&mut buf).await?;
        if n == 0 {
            return stream.close().await;
        }
        served.bytes.fetch_add(n as u64, Relaxed);
        stream.write_all(&buf[..n]).await?;
        stream.flush().await?;
    }
}

async fn chat(peer: PeerId, stream: Stream, writers: Writers) -> std::io::Result<()> {
    let (mut reader, writer) = stream.split();
    writers.lock().await.push(writer);
    let mut buf = [0u8; 8192];
    loop {
        let n = reader.read(&mut buf).await?;
        if n == 0 {
            return Ok(());
        }
        say(json!({"event": "message", "peer": peer.to_string(), "text": String::from_utf8_lossy(&buf[..n])}));
    }
}

fn announce(event: Event, id: PeerId) {
    match event {
        Event::Listening(addr) => {
            let suffix = format!("/p2p/{id}");
            let addr = addr.to_string();
            let whole = if addr.ends_with(&suffix) { addr } else { addr + &suffix };
            say(json!({"event": "listening", "addr": whole}));
        }
        Event::Connected(peer, path) => {
            say(json!({"event": "connected", "peer": peer.to_string(), "dir": "in", "remote": path.remote.to_string()}));
        }
        Event::Disconnected(peer) => say(json!({"event": "disconnected", "peer": peer.to_string()})),
        _ => {}
    }
}

fn option(args: &[String], name: &str) -> Vec<String> {
    args.windows(2).filter(|w| w[0] == name).map(|w| w[1].clone()).collect()
}

/// The webrtc-direct server of Demo 1.
pub async fn run(args: &[String]) {
    let listen = option(args, "--listen").pop().unwrap_or_else(|| "/ip4/127.0.0.1/udp/0/webrtc-direct".into());
    let host = host::start(&listen, Duration::from_secs(15)).expect("listen");
    serve(host, host::CHAT, args.iter().any(|a| a == "--echo")).await;
}

/// A circuit relay, and an echo server of the chat protocol besides.
pub async fn relay(args: &[String]) {
    let host = host::start_p2p(&option(args, "--listen"), Duration::from_secs(15), true).expect("listen");
    serve(host, host::P2P_CHAT, true).await;
}

async fn serve(mut host: Host, protocol: StreamProtocol, echoing: bool) {
    let mut incoming = host.chat.accept(protocol).expect("chat");
    let writers: Writers = Arc::default();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut typing = true;
    let mut interrupt = signal(SignalKind::interrupt()).unwrap();
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    loop {
        tokio::select! {
            Some(event) = host.events.recv() => announce(event, host.id),
            Some((peer, stream)) = incoming.next() => {
                let writers = writers.clone();
                tokio::spawn(async move {
                    let done = if echoing { echo(stream, Served::default()).await } else { chat(peer, stream, writers).await };
                    if let Err(e) = done {
                        eprintln!("stream: {e}");
                    }
                });
            }
            line = lines.next_line(), if typing => match line {
                Ok(Some(line)) => for w in writers.lock().await.iter_mut() {
                    let _ = w.write_all(line.as_bytes()).await;
                    let _ = w.flush().await;
                },
                _ => typing = false,
            },
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    std::process::exit(0);
}
