//! A swarm with identify, ping and a chat protocol, run by a task of its own: of Demo 1 (webrtc-direct), or of Demo 2 (TCP with
//! Noise and Yamux, circuits, and the relay itself).

use std::time::Duration;

use futures::StreamExt;
use libp2p::core::{Transport as _, muxing::StreamMuxerBox, transport::Boxed};
use libp2p::identity::{Keypair, PublicKey};
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, identify, noise, ping, relay, yamux};
use libp2p_webrtc::tokio::{Certificate, Transport};
use tokio::sync::mpsc;

pub const CHAT: StreamProtocol = StreamProtocol::new("/webrtc-chat/1.0.0");
pub const P2P_CHAT: StreamProtocol = StreamProtocol::new("/webrtc-p2p-chat/1.0.0");

#[derive(NetworkBehaviour)]
pub struct Behaviour {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub chat: libp2p_stream::Behaviour,
    relay: Toggle<relay::Behaviour>,
    client: Toggle<relay::client::Behaviour>,
}

pub enum Order {
    Dial(Multiaddr),
    Listen(Multiaddr),
    Disconnect(PeerId),
}

#[derive(Debug)]
pub enum Event {
    Listening(Multiaddr),
    Connected(PeerId, Path),
    DialFailed(String),
    Disconnected(PeerId),
    Identified(PeerId, String, Vec<String>),
    Ping(PeerId, Result<Duration, String>),
    Reserved,
    ListenFailed(String),
}

#[derive(Debug, Clone)]
pub struct Path {
    pub remote: Multiaddr,
    pub relayed: bool,
    pub inbound: bool,
}

pub struct Host {
    pub id: PeerId,
    pub chat: libp2p_stream::Control,
    pub orders: mpsc::UnboundedSender<Order>,
    pub events: mpsc::UnboundedReceiver<Event>,
}

type Anyhow = Box<dyn std::error::Error + Send + Sync>;

fn behaviour(key: PublicKey, ping_every: Duration) -> Behaviour {
    Behaviour {
        identify: identify::Behaviour::new(identify::Config::new("/weft/interop".into(), key)),
        ping: ping::Behaviour::new(ping::Config::new().with_interval(ping_every)),
        chat: libp2p_stream::Behaviour::new(),
        relay: None.into(),
        client: None.into(),
    }
}

fn webrtc_direct(key: &Keypair) -> Result<Boxed<(PeerId, StreamMuxerBox)>, Anyhow> {
    let certificate = Certificate::generate(&mut rand::rng())?;
    Ok(Transport::new(key.clone(), certificate).map(|(peer, c), _| (peer, StreamMuxerBox::new(c))).boxed())
}

fn build(ping_every: Duration) -> Result<Swarm<Behaviour>, Anyhow> {
    let swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_other_transport(webrtc_direct)
        .map_err(|e| e.to_string())?
        .with_behaviour(|key| behaviour(key.public(), ping_every))
        .map_err(|e| e.to_string())?
        .with_swarm_config(|c| c.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build();
    Ok(swarm)
}

fn build_p2p(ping_every: Duration, serves_relay: bool) -> Result<Swarm<Behaviour>, Anyhow> {
    let swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(libp2p::tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)?
        .with_other_transport(webrtc_direct)
        .map_err(|e| e.to_string())?
        .with_relay_client(noise::Config::new, yamux::Config::default)?
        .with_behaviour(|key, client| Behaviour {
            client: Some(client).into(),
            relay: serves_relay.then(|| relay::Behaviour::new(key.public().to_peer_id(), relay::Config::default())).into(),
            ..behaviour(key.public(), ping_every)
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
            let remote = endpoint.get_remote_address().clone();
            Event::Connected(peer_id, Path { remote, relayed: endpoint.is_relayed(), inbound: endpoint.is_listener() })
        }
        SwarmEvent::OutgoingConnectionError { error, .. } => Event::DialFailed(error.to_string()),
        SwarmEvent::ConnectionClosed { peer_id, cause, .. } => {
            if let Some(cause) = cause {
                eprintln!("closed: {cause}");
            }
            Event::Disconnected(peer_id)
        }
        SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
            Event::Identified(peer_id, info.agent_version, info.protocols.iter().map(|p| p.to_string()).collect())
        }
        SwarmEvent::Behaviour(BehaviourEvent::Ping(p)) => Event::Ping(p.peer, p.result.map_err(|e| e.to_string())),
        SwarmEvent::Behaviour(BehaviourEvent::Client(relay::client::Event::ReservationReqAccepted { .. })) => Event::Reserved,
        SwarmEvent::ListenerClosed { reason: Err(why), .. } => Event::ListenFailed(why.to_string()),
        SwarmEvent::ListenerError { error, .. } => Event::ListenFailed(error.to_string()),
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
    Ok(run(swarm))
}

pub fn start_p2p(listen: &[String], ping_every: Duration, serves_relay: bool) -> Result<Host, Anyhow> {
    let mut swarm = build_p2p(ping_every, serves_relay)?;
    for addr in listen {
        swarm.listen_on(addr.parse()?)?;
    }
    Ok(run(swarm))
}

fn obey(swarm: &mut Swarm<Behaviour>, order: Order) -> Option<Event> {
    match order {
        Order::Dial(addr) => swarm.dial(addr).err().map(|e| Event::DialFailed(e.to_string())),
        Order::Listen(addr) => swarm.listen_on(addr).err().map(|e| Event::ListenFailed(e.to_string())),
        Order::Disconnect(peer) => {
            let _ = swarm.disconnect_peer_id(peer);
            None
        }
    }
}

fn run(mut swarm: Swarm<Behaviour>) -> Host {
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
            let event = tokio::select! {
                event = swarm.select_next_some() => translate(event),
                order = order_rx.recv() => match order {
                    Some(order) => obey(&mut swarm, order),
                    None => return,
                },
            };
            // A relay puts its external addresses into the reservations it grants, and clients of rust-libp2p want one there.
            if let Some(Event::Listening(addr)) = &event && !addr.iter().any(|p| p == libp2p::multiaddr::Protocol::P2pCircuit) {
                swarm.add_external_address(addr.clone());
            }
            if let Some(e) = event && event_tx.send(e).is_err() {
                return;
            }
        }
    });
    host
}
