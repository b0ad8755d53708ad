use std::sync::Arc;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt, WriteHalf};
use futures::lock::Mutex;
use futures::StreamExt;
use libp2p::{PeerId, Stream};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::signal::unix::{SignalKind, signal};

use crate::host::{self, Event};
use crate::say;

type Writers = Arc<Mutex<Vec<WriteHalf<Stream>>>>;

async fn echo(mut stream: Stream) -> std::io::Result<()> {
    let mut buf = [0u8; 4000]; // see BLOCK in dialer.rs
    loop {
        let n = stream.read(&mut buf).await?;
        if n == 0 {
            return stream.close().await;
        }
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
        Event::Connected(peer, remote) => {
            say(json!({"event": "connected", "peer": peer.to_string(), "dir": "in", "remote": remote.to_string()}));
        }
        Event::Disconnected(peer) => say(json!({"event": "disconnected", "peer": peer.to_string()})),
        _ => {}
    }
}

pub async fn run(args: &[String]) {
    let listen = args.iter().position(|a| a == "--listen").and_then(|i| args.get(i + 1).cloned());
    let listen = listen.unwrap_or_else(|| "/ip4/127.0.0.1/udp/0/webrtc-direct".into());
    let echoing = args.iter().any(|a| a == "--echo");
    let mut host = host::start(&listen, Duration::from_secs(15)).expect("listen");
    let mut incoming = host.chat.accept(host::CHAT).expect("chat");
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
                    let done = if echoing { echo(stream).await } else { chat(peer, stream, writers).await };
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
