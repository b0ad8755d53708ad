use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;

use crate::host::{self, CHAT, Event, Host, Order, P2P_CHAT, Path};
use crate::server::{Served, echo};
use crate::say;

type Answer = Result<Value, String>;

/// rust-libp2p packs what is written between two flushes into one data channel message, go-libp2p loses messages over 4,096
/// bytes and rust itself those over 8,192; so write little and flush.
const BLOCK: usize = 4000;

/// Every await of the dialer ends by then at the latest.
const LIMIT: Duration = Duration::from_secs(110);

struct Dialer {
    host: Host,
    protocol: StreamProtocol,
    peer: Option<PeerId>,
    path: Option<Path>,
    came: Option<(PeerId, Path)>,
    chat: Option<Stream>,
    identified: Option<(PeerId, String, Vec<String>)>,
    served: Served,
}

fn last_peer(addr: &Multiaddr) -> Option<PeerId> {
    match addr.iter().last() {
        Some(Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}

fn shown(peer: PeerId, path: &Path) -> Value {
    json!({"peer": peer.to_string(), "remote": path.remote.to_string(), "limited": path.relayed})
}

fn text(e: impl std::fmt::Display) -> String {
    e.to_string()
}

fn number(c: &Value, key: &str, fallback: u64) -> u64 {
    c[key].as_f64().map_or(fallback, |f| f as u64)
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_micros() as f64 / 1000.0
}

/// Bytes that differ from place to place, so that a swapped or repeated chunk is noticed.
fn pattern(n: usize, seed: u32) -> Vec<u8> {
    let mut x = seed.wrapping_mul(2654435761) | 1;
    (0..n)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            x as u8
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn compare(got: &[u8], sent: &[u8]) -> Result<(), String> {
    if got.len() != sent.len() {
        return Err(format!("{} of {} bytes came back", got.len(), sent.len()));
    }
    if got != sent { Err("other bytes came back than were sent".into()) } else { Ok(()) }
}

impl Dialer {
    fn new(host: Host, protocol: StreamProtocol) -> Self {
        Dialer { host, protocol, peer: None, path: None, came: None, chat: None, identified: None, served: Served::default() }
    }

    /// The next event that `pick` wants; what identify says is kept on the way.
    async fn event<T>(&mut self, seconds: u64, mut pick: impl FnMut(&Event) -> Option<T>) -> Result<T, String> {
        let wait = async {
            while let Some(event) = self.host.events.recv().await {
                match &event {
                    Event::Identified(peer, agent, protocols) => {
                        self.identified = Some((*peer, agent.clone(), protocols.clone()));
                    }
                    Event::Connected(peer, path) if path.inbound => self.came = Some((*peer, path.clone())),
                    _ => {}
                }
                if let Some(found) = pick(&event) {
                    return Ok(found);
                }
            }
            Err("the swarm is gone".to_string())
        };
        timeout(Duration::from_secs(seconds), wait).await.map_err(|_| format!("nothing within {seconds} s"))?
    }

    async fn open(&mut self, c: &Value) -> Answer {
        self.close().await?;
        let addr: Multiaddr = c["addr"].as_str().ok_or("no addr")?.parse().map_err(text)?;
        let wanted = last_peer(&addr);
        let began = Instant::now();
        self.identified = None;
        self.host.orders.send(Order::Dial(addr)).map_err(text)?;
        let outcome = self.event(number(c, "seconds", 15), |e| match e {
            // The relay in front of the one that is dialled connects first.
            Event::Connected(peer, path) if wanted.is_none_or(|w| w == *peer) => Some(Ok((*peer, path.clone()))),
            Event::DialFailed(why) => Some(Err(why.clone())),
            _ => None,
        });
        let (peer, path) = outcome.await??;
        self.peer = Some(peer);
        self.path = Some(path);
        Ok(json!({"peer": peer.to_string(), "ms": millis(began)}))
    }

    async fn identify(&mut self) -> Answer {
        let wanted = self.peer.ok_or("not connected")?;
        if self.identified.as_ref().is_none_or(|i| i.0 != wanted) {
            self.event(5, |e| matches!(e, Event::Identified(peer, ..) if *peer == wanted).then_some(())).await?;
        }
        let (_, agent, protocols) = self.identified.clone().unwrap();
        Ok(json!({"agent": agent, "protocols": protocols}))
    }

    async fn ping(&mut self, n: u64) -> Answer {
        let mut rtts = vec![];
        let wanted = self.peer.ok_or("not connected")?;
        while (rtts.len() as u64) < n {
            let rtt = self.event(10, |e| match e {
                Event::Ping(peer, r) if *peer == wanted => Some(r.clone()),
                Event::Disconnected(peer) if *peer == wanted => Some(Err("disconnected".into())),
                _ => None,
            });
            rtts.push(rtt.await??.as_micros() as f64 / 1000.0);
        }
        Ok(json!({"rtt_ms": rtts}))
    }

    async fn stream(&mut self) -> Result<Stream, String> {
        let peer = self.peer.ok_or("not connected")?;
        self.host.chat.open_stream(peer, self.protocol.clone()).await.map_err(text)
    }

    async fn echo(&mut self, c: &Value) -> Answer {
        let size = number(c, "bytes", 0) as usize;
        let first = c["fin"] == "first";
        let sent = pattern(size, 1);
        let (mut reader, mut writer) = self.stream().await?.split();
        let began = Instant::now();
        let copy = sent.clone();
        let writing = async move {
            for block in copy.chunks(BLOCK) {
                writer.write_all(block).await.map_err(|e| format!("write: {e}"))?;
                writer.flush().await.map_err(|e| format!("flush: {e}"))?;
            }
            if first {
                writer.close().await.map_err(|e| format!("FIN: {e}"))?;
            }
            Ok::<_, String>(writer)
        };
        let reading = async {
            let mut got = vec![];
            if first {
                reader.read_to_end(&mut got).await.map_err(|e| format!("read: {e}"))?;
            } else {
                got.resize(size, 0);
                reader.read_exact(&mut got).await.map_err(|e| format!("read: {e}"))?;
            }
            Ok::<_, String>(got)
        };
        let (mut writer, got) = futures::try_join!(writing, reading)?;
        if !first {
            writer.close().await.map_err(|e| format!("FIN: {e}"))?;
            let mut rest = vec![];
            reader.read_to_end(&mut rest).await.map_err(|e| format!("after FIN: {e}"))?;
            compare(&rest, &[])?;
        }
        compare(&got, &sent)?;
        Ok(json!({"bytes": got.len(), "sha256": hex(&Sha256::digest(&got)), "ms": millis(began)}))
    }

    async fn streams(&mut self, c: &Value) -> Answer {
        let (n, parallel) = (number(c, "n", 1), number(c, "parallel", 1));
        let size = number(c, "bytes", 64) as usize;
        let began = Instant::now();
        let mut at = 0;
        while at < n {
            let mut running = vec![];
            for i in at..n.min(at + parallel) {
                let stream = self.stream().await.map_err(|e| format!("stream {i}: {e}"))?;
                running.push(one_stream(stream, i, size));
            }
            at += parallel;
            futures::future::try_join_all(running).await?;
        }
        Ok(json!({"n": n, "ms": millis(began)}))
    }

    async fn send(&mut self, line: &str) -> Answer {
        if self.chat.is_none() {
            self.chat = Some(self.stream().await?);
        }
        let chat = self.chat.as_mut().unwrap();
        chat.write_all(line.as_bytes()).await.map_err(text)?;
        chat.flush().await.map_err(text)?;
        Ok(json!({}))
    }

    async fn recv(&mut self, n: u64) -> Answer {
        let mut got = vec![0; n as usize];
        self.chat.as_mut().ok_or("no chat")?.read_exact(&mut got).await.map_err(text)?;
        Ok(json!({"text": String::from_utf8_lossy(&got)}))
    }

    async fn closed(&mut self, seconds: u64) -> Answer {
        let began = Instant::now();
        self.event(seconds, |e| matches!(e, Event::Disconnected(_)).then_some(())).await?;
        self.peer = None;
        Ok(json!({"why": "closed", "ms": millis(began)}))
    }

    async fn close(&mut self) -> Answer {
        self.chat = None;
        if let Some(peer) = self.peer.take() {
            self.host.orders.send(Order::Disconnect(peer)).map_err(text)?;
            self.event(10, |e| matches!(e, Event::Disconnected(_)).then_some(())).await?;
        }
        Ok(json!({}))
    }

    /// Listens through a relay: rust-libp2p reserves, and announces the circuit address when it has the reservation.
    async fn reserve(&mut self, c: &Value) -> Answer {
        let relay: Multiaddr = c["addr"].as_str().ok_or("no addr")?.parse().map_err(text)?;
        let circuit = relay.with(Protocol::P2pCircuit);
        self.host.orders.send(Order::Listen(circuit.clone())).map_err(text)?;
        let accepted = self.event(15, |e| match e {
            Event::Reserved => Some(Ok(())),
            Event::ListenFailed(why) | Event::DialFailed(why) => Some(Err(why.clone())),
            _ => None,
        });
        accepted.await??;
        Ok(json!({"addr": circuit.with(Protocol::P2p(self.host.id)).to_string()}))
    }

    fn serve(&mut self) {
        let mut incoming = self.host.chat.accept(self.protocol.clone()).expect("chat");
        let served = self.served.clone();
        tokio::spawn(async move {
            while let Some((_, stream)) = incoming.next().await {
                tokio::spawn(echo(stream, served.clone()));
            }
        });
    }

    async fn inbound(&mut self, seconds: u64) -> Answer {
        let relayed = |p: &Path| p.inbound && p.relayed;
        if self.came.as_ref().is_none_or(|(_, path)| !relayed(path)) {
            self.event(seconds, |e| matches!(e, Event::Connected(_, path) if relayed(path)).then_some(())).await?;
        }
        let (peer, path) = self.came.as_ref().ok_or("nobody came")?;
        Ok(shown(*peer, path))
    }

    fn path(&self) -> Answer {
        match (self.peer, &self.path) {
            (Some(peer), Some(path)) => Ok(shown(peer, path)),
            _ => Err("not connected".into()),
        }
    }

    async fn run(&mut self, c: &Value) -> Answer {
        match c["do"].as_str().unwrap_or("") {
            "open" => self.open(c).await,
            "identify" => self.identify().await,
            "ping" => self.ping(number(c, "n", 1)).await,
            "echo" => self.echo(c).await,
            "streams" => self.streams(c).await,
            "send" => self.send(c["text"].as_str().unwrap_or("")).await,
            "recv" => self.recv(number(c, "bytes", 1)).await,
            "closed" => self.closed(number(c, "seconds", 10)).await,
            "close" => self.close().await,
            "reserve" => self.reserve(c).await,
            "inbound" => self.inbound(number(c, "seconds", 15)).await,
            "path" => self.path(),
            "served" => Ok(self.served.shown()),
            other => Err(format!("no such command: {other}")),
        }
    }
}

async fn one_stream(mut stream: Stream, i: u64, size: usize) -> Result<(), String> {
    let sent = pattern(size, i as u32 + 1);
    stream.write_all(&sent).await.map_err(|e| format!("stream {i}: write: {e}"))?;
    stream.close().await.map_err(|e| format!("stream {i}: FIN: {e}"))?;
    let mut got = vec![];
    stream.read_to_end(&mut got).await.map_err(|e| format!("stream {i}: read: {e}"))?;
    compare(&got, &sent).map_err(|e| format!("stream {i}: {e}"))
}

/// The control protocol of Demo 1 (webrtc-direct) or of Demo 2 (TCP and circuits).
pub async fn run(p2p: bool, direct: bool) {
    let ping_every = Duration::from_millis(200);
    let listen = if direct { vec!["/ip4/127.0.0.1/udp/0/webrtc-direct".to_string()] } else { vec![] };
    let mut dialer = if p2p {
        Dialer::new(host::start_p2p(&listen, ping_every, false).expect("start"), P2P_CHAT)
    } else {
        Dialer::new(host::start("/ip4/127.0.0.1/udp/0/webrtc-direct", ping_every).expect("listen"), CHAT)
    };
    if p2p {
        dialer.serve();
    }
    if direct || !p2p {
        let _ = dialer.event(10, |e| matches!(e, Event::Listening(_)).then_some(())).await;
    }
    say(json!({"ok": true, "ready": true, "version": "rust-libp2p", "pid": std::process::id()}));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let command: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
        if command["do"] == "quit" {
            say(json!({"ok": true}));
            break;
        }
        let outcome = timeout(LIMIT, dialer.run(&command)).await.unwrap_or_else(|_| Err("took too long".into()));
        match outcome {
            Ok(mut answer) => {
                answer["ok"] = json!(true);
                say(answer);
            }
            Err(why) => say(json!({"ok": false, "error": why})),
        }
    }
    std::process::exit(0);
}
