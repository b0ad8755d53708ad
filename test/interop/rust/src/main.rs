//! A rust-libp2p peer for test/interop.
//!
//!     peer dialer                                        control protocol on standard input (see ../README.md)
//!     peer server [--listen MULTIADDR] [--echo] --json   the command line and events of webrtc-direct-server
//!     peer p2p [--direct]                                control protocol of Demo 2; --direct: relays are reached over webrtc-direct too
//!     peer relay [--listen MULTIADDR]... --json          the events of webrtc-p2p-relay

mod dialer;
mod host;
mod server;

use std::io::Write;

/// One JSON object, one line, flushed.
pub fn say(object: serde_json::Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{object}");
    let _ = out.flush();
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("dialer") => dialer::run(false, false).await,
        Some("p2p") => dialer::run(true, std::env::args().any(|a| a == "--direct")).await,
        Some("server") => server::run(&args[1..]).await,
        Some("relay") => server::relay(&args[1..]).await,
        _ => {
            eprintln!("usage: peer dialer|server|p2p|relay ...");
            std::process::exit(2);
        }
    }
}
