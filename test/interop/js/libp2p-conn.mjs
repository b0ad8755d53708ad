// The same little interface as raw-conn.mjs over the libp2p package; runs in browsers and in Node.
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { webRTCDirect } from '@libp2p/webrtc'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

export const MANY = 100000

export function makeNode ({ services = {}, ...extra } = {}) {
  return createLibp2p({
    transports: [webRTCDirect({ rtcConfiguration: { iceServers: [] } })],
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: { inboundConnectionThreshold: MANY, maxIncomingPendingConnections: MANY, maxConnections: MANY },
    services: { identify: identify({ maxInboundStreams: MANY, maxOutboundStreams: MANY }), ping: ping({ maxInboundStreams: MANY, maxOutboundStreams: MANY }), ...services },
    connectionMonitor: { enabled: false }, // its own pings would end a slow connection and crowd those of the row
    ...extra
  })
}

/** read() and write() over a libp2p stream whose data arrives by events. */
export class Stream {
  constructor (stream) {
    this.stream = stream
    this.source = stream[Symbol.asyncIterator]()
    this.gone = new Promise((resolve) => stream.addEventListener('close', () => resolve('stream closed'), { once: true }))
  }

  async write (bytes) {
    if (!this.stream.send(bytes)) await this.drained()
  }

  drained () {
    return new Promise((resolve, reject) => {
      this.stream.addEventListener('drain', resolve, { once: true })
      this.stream.addEventListener('close', () => reject(new Error('the stream closed while writing')), { once: true })
    })
  }

  async read () {
    const { done, value } = await this.source.next()
    return done ? null : value.subarray()
  }

  async closeWrite () { await this.stream.close() }

  async finish () {}
}

/** What the commands of dialer.mjs need of a connection. */
export function wrap (node, connection, ms) {
  const conn = { peer: connection.remotePeer.toString(), ms }
  conn.closed = new Promise((resolve) => connection.addEventListener('close', () => resolve('closed'), { once: true }))
  conn.openStream = async (protocol) =>
    new Stream(await connection.newStream(protocol, { maxOutboundStreams: MANY, runOnLimitedConnection: true }))
  conn.identify = async () => {
    const answer = await node.services.identify.identify(connection)
    return { agent: answer.agentVersion, protocols: answer.protocols }
  }
  conn.ping = async (n) => {
    const rtts = []
    for (let i = 0; i < n; i++) rtts.push(await node.services.ping.ping(connection.remotePeer))
    return rtts
  }
  conn.close = () => connection.close()
  return conn
}

export async function dial (node, addr, limitMs) {
  const began = performance.now()
  const connection = await node.dial(multiaddr(addr), { signal: AbortSignal.timeout(limitMs) })
  return { connection, ms: performance.now() - began }
}

let shared

export async function openLibp2p (addr, limitMs) {
  shared ??= await makeNode()
  const { connection, ms } = await dial(shared, addr, limitMs)
  return wrap(shared, connection, ms)
}
