// js-libp2p on Node as the other side.
//   node node.mjs dialer                                        control protocol on standard input
//   node node.mjs server [--listen MULTIADDR] [--echo] --json   the command line and events of webrtc-direct-server
//   node node.mjs relay --listen MULTIADDR... --json            the events of webrtc-p2p-relay
import { createInterface } from 'node:readline'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { tcp } from '@libp2p/tcp'
import { say, serve } from './control.mjs'
import { makeDialer } from './dialer.mjs'
import { makeNode, openLibp2p, Stream } from './libp2p-conn.mjs'
import { makeP2p, makeP2pNode, serveEcho } from './p2p-conn.mjs'
import { text, utf8 } from './bytes.mjs'

const CHAT = '/webrtc-chat/1.0.0'
const MANY = 100000
const [role, ...args] = process.argv.slice(2)
const option = (name, fallback) => args.includes(name) ? args[args.indexOf(name) + 1] : fallback
const log = (err) => console.error(`${err.name}: ${err.message}`)

async function echo (stream) {
  for (let chunk; (chunk = await stream.read()) != null;) await stream.write(chunk)
  await stream.closeWrite()
}

async function chat (stream, peer, open) {
  open.add(stream)
  for (let chunk; (chunk = await stream.read()) != null;) say({ event: 'message', peer, text: text(chunk) })
  open.delete(stream)
  await stream.closeWrite()
}

function announce (node) {
  node.addEventListener('connection:open', ({ detail: c }) => say({
    event: 'connected', peer: c.remotePeer.toString(), dir: c.direction === 'inbound' ? 'in' : 'out', remote: c.remoteAddr.toString()
  }))
  node.addEventListener('connection:close', ({ detail: c }) => say({ event: 'disconnected', peer: c.remotePeer.toString() }))
  for (const addr of node.getMultiaddrs()) say({ event: 'listening', addr: addr.toString() })
  const stop = async () => {
    await node.stop()
    process.exit(0)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

async function server () {
  const node = await makeNode({ addresses: { listen: [option('--listen', '/ip4/127.0.0.1/udp/0/webrtc-direct')] } })
  const open = new Set()
  await node.handle(CHAT, (raw, connection) => {
    const stream = new Stream(raw)
    const done = args.includes('--echo') ? echo(stream) : chat(stream, connection.remotePeer.toString(), open)
    done.catch(log)
  }, { maxInboundStreams: MANY })
  announce(node)
  for await (const line of createInterface({ input: process.stdin })) {
    for (const stream of open) await stream.write(utf8.encode(line)).catch(log)
  }
  setInterval(() => {}, 1e9)
}

async function relay () {
  const listen = args.flatMap((a, i) => a === '--listen' ? [args[i + 1]] : [])
  const node = await makeP2pNode({ transports: [tcp()], listen, services: { circuitRelay: circuitRelayServer() } })
  await serveEcho(node, { streams: 0, bytes: 0 })
  announce(node)
}

process.on('unhandledRejection', log)
if (role === 'server') {
  await server()
} else if (role === 'relay') {
  await relay()
} else {
  const p2p = makeP2p([tcp()])
  say({ ok: true, ready: true, version: process.version, pid: process.pid })
  await serve(makeDialer({ 1: openLibp2p, p2p: p2p.open }, p2p.commands))
  process.exit(0)
}
