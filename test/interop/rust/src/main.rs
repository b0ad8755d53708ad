//! A rust-libp2p peer for test/interop.
//!
//!     peer dialer                                        control protocol on standard input (see ../README.md)
//!     peer server [--listen MULTIADDR] [--echo] --json   the command line and events of webrtc-direct-server

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
        Some("dialer") => dialer::run().await,
        Some("server") => server::run(&args[1..]).await,
        _ => {
            eprintln!("usage: peer dialer|server ...");
            std::process::exit(2);
        }
    }
}
