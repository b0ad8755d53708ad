//! A swarm that knows webrtc-direct, identify, ping and the chat protocol, run by a task of its own.

use std::time::Duration;

use futures::StreamExt;
use libp2p::core::{Transport as _, muxing::StreamMuxerBox};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, identify, ping};
use libp2p_webrtc::tokio::{Certificate, Transport};
use tokio::sync::mpsc;

pub const CHAT: StreamProtocol = StreamProtocol::new("/webrtc-chat/1.0.0");

#[derive(NetworkBehaviour)]
pub struct Behaviour {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub chat: libp2p_stream::Behaviour,
}

pub enum Order {
    Dial(Multiaddr),
    Disconnect(PeerId),
}

#[derive(Debug)]
pub enum Event {
    Listening(Multiaddr),
    Connected(PeerId, Multiaddr),
    DialFailed(String),
    Disconnected(PeerId),
    Identified(String, Vec<String>),
    Ping(Result<Duration, String>),
}

pub struct Host {
    pub id: PeerId,
    pub chat: libp2p_stream::Control,
    pub orders: mpsc::UnboundedSender<Order>,
    pub events: mpsc::UnboundedReceiver<Event>,
}

type Anyhow = Box<dyn std::error::Error + Send + Sync>;

fn build(ping_every: Duration) -> Result<Swarm<Behaviour>, Anyhow> {
    let swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_other_transport(|key| {
            let certificate = Certificate::generate(&mut rand::rng())?;
            Ok::<_, Anyhow>(Transport::new(key.clone(), certificate).map(|(peer, c), _| (peer, StreamMuxerBox::new(c))))
        })
        .map_err(|e| e.to_string())?
        .with_behaviour(|key| Behaviour {
            identify: identify::Behaviour::new(identify::Config::new("/weft/interop".into(), key.public())),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(ping_every)),
            chat: libp2p_stream::Behaviour::new(),
        })
        .map_err(|e| e.to_string())?
        .with_swarm_config(|c| c.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build();
    Ok(swarm)
}

fn translate(event: SwarmEvent<BehaviourEvent>) -> Option<Event> {
    Some(match event {
        SwarmEvent::NewListenAddr { address, .. } => Event::Listening(address),
        SwarmEvent::ConnectionEstablished { peer_id, endpoint, .. } => {
            Event::Connected(peer_id, endpoint.get_remote_address().clone())
        }
        SwarmEvent::OutgoingConnectionError { error, .. } => Event::DialFailed(error.to_string()),
        SwarmEvent::ConnectionClosed { peer_id, cause, .. } => {
            if let Some(cause) = cause {
                eprintln!("closed: {cause}");
            }
            Event::Disconnected(peer_id)
        }
        SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { info, .. })) => {
            Event::Identified(info.agent_version, info.protocols.iter().map(|p| p.to_string()).collect())
        }
        SwarmEvent::Behaviour(BehaviourEvent::Ping(p)) => Event::Ping(p.result.map_err(|e| e.to_string())),
        SwarmEvent::IncomingConnectionError { error, .. } => {
            eprintln!("incoming: {error}");
            return None;
        }
        _ => return None,
    })
}

/// Listens at once: a rust dialer needs a listener, from whose socket it dials.
pub fn start(listen: &str, ping_every: Duration) -> Result<Host, Anyhow> {
    let mut swarm = build(ping_every)?;
    swarm.listen_on(listen.parse()?)?;
    let (order_tx, mut order_rx) = mpsc::unbounded_channel();
    let (event_tx, event_rx) = mpsc::unbounded_channel();
    let host = Host {
        id: *swarm.local_peer_id(),
        chat: swarm.behaviour().chat.new_control(),
        orders: order_tx,
        events: event_rx,
    };
    tokio::spawn(async move {
        loop {
            tokio::select! {
                event = swarm.select_next_some() => if let Some(e) = translate(event) && event_tx.send(e).is_err() { return },
                order = order_rx.recv() => match order {
                    Some(Order::Dial(addr)) => if let Err(e) = swarm.dial(addr) {
                        let _ = event_tx.send(Event::DialFailed(e.to_string()));
                    },
                    Some(Order::Disconnect(peer)) => { let _ = swarm.disconnect_peer_id(peer); }
                    None => return,
                },
            }
        }
    });
    Ok(host)
}
