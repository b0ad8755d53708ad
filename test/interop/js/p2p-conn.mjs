// Demo 2 from the other side: circuit relay and /webrtc by the libp2p package; runs in browsers and in Node.
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { noise } from '@libp2p/noise'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { yamux } from '@libp2p/yamux'
import { timeout } from './bytes.mjs'
import { dial, makeNode, MANY, Stream, wrap } from './libp2p-conn.mjs'

export const P2P_CHAT = '/webrtc-p2p-chat/1.0.0'
const NO_ICE_SERVERS = { rtcConfiguration: { iceServers: [] } }

/** A host that knows every way of Demo 2; `transports` are those that only Node has. */
export function makeP2pNode ({ transports = [], listen = [], services = {} } = {}) {
  return makeNode({
    addresses: { listen },
    transports: [webRTC(NO_ICE_SERVERS), webRTCDirect(NO_ICE_SERVERS), circuitRelayTransport(), ...transports],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: MANY, maxOutboundStreams: MANY })],
    services
  })
}

async function echo (served, raw) {
  const stream = new Stream(raw)
  served.streams++
  for (let chunk; (chunk = await stream.read()) != null;) {
    served.bytes += chunk.length
    await stream.write(chunk)
  }
  await stream.closeWrite()
}

export async function serveEcho (node, served) {
  await node.handle(P2P_CHAT, (raw) => echo(served, raw).catch((err) => console.error(`echo: ${err.message}`)),
    { maxInboundStreams: MANY, maxOutboundStreams: MANY, runOnLimitedConnection: true })
}

const path = (connection) => ({ remote: connection.remoteAddr.toString(), limited: connection.limits != null })

/** The address under which this node can be found through `relay`, as soon as there is one. */
async function reserved (node, relay, ms) {
  const found = () => node.getMultiaddrs().map(String).find((a) => a.startsWith(relay) && a.includes('/webrtc/p2p/'))
  const waiting = new Promise((resolve) => node.addEventListener('self:peer:update', () => found() && resolve()))
  if (!found()) await timeout(waiting, ms, 'a reservation')
  return found()
}

/** The commands of Demo 2 (see ../README.md): one node, made when the first of them needs it. */
export function makeP2p (transports = []) {
  const served = { streams: 0, bytes: 0 }
  let node
  let current
  const begin = async (listen) => {
    node = await makeP2pNode({ transports, listen })
    await serveEcho(node, served)
  }
  const inbound = () => node.getConnections().find((c) => c.direction === 'inbound' && c.limits == null)
  return {
    async open (addr, limitMs) {
      if (node == null) await begin([])
      const { connection, ms } = await dial(node, addr, limitMs)
      current = connection
      // The circuit stays beside the direct connection: both are left.
      return Object.assign(wrap(node, connection, ms), { chat: P2P_CHAT, close: () => node.hangUp(connection.remotePeer) })
    },
    commands: {
      async reserve ({ addr, seconds = 15 }) {
        await begin([`${addr}/p2p-circuit`, '/webrtc'])
        return { addr: await reserved(node, addr, seconds * 1000) }
      },
      path: async () => path(current),
      async inbound ({ seconds = 15 }) {
        const waiting = new Promise((resolve) => node.addEventListener('connection:open', () => inbound() && resolve()))
        if (!inbound()) await timeout(waiting, seconds * 1000, 'a direct connection')
        return { peer: inbound().remotePeer.toString(), ...path(inbound()) }
      },
      served: async () => served
    }
  }
}
