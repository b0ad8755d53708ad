// What js-libp2p does in a conversation, behind the protocol of vectors/SHIM.md: negotiation, Yamux sessions, WebRTC streams, reservations, candidates. The
// other end of every stream is this program, which passes octets on and looks at the library's own state; nothing is checked here.
import { setImmediate as turn } from 'node:timers/promises'
import { TypedEventEmitter } from '@libp2p/interface'
import { defaultLogger } from '@libp2p/logger'
import * as mss from '@libp2p/multistream-select'
import { peerIdFromString } from '@libp2p/peer-id'
import { AbstractStream } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import * as lp from 'it-length-prefixed'
import { hex, Refused, serve, toHex } from './serve.mjs'

// Not exported by the packages, but what they run.
const inside = path => import(new URL(`./node_modules/${path}`, import.meta.url))
const { ReservationStore } = await inside('@libp2p/circuit-relay-v2/dist/src/transport/reservation-store.js')
const { readCandidatesUntilConnected } = await inside('@libp2p/webrtc/dist/src/private-to-private/util.js')
const { Message: Signal } = await inside('@libp2p/webrtc/dist/src/private-to-private/pb/message.js')
const { Message: Frame } = await inside('@libp2p/webrtc/dist/src/private-to-public/pb/message.js')
const { wrapCrypto } = await inside('@libp2p/noise/dist/src/crypto.js')
const { pureJsCrypto } = await inside('@libp2p/noise/dist/src/crypto/js.js')
const { CipherState } = await inside('@libp2p/noise/dist/src/protocol.js')
const { toMessageStream } = await inside('@libp2p/noise/dist/src/utils.js')
const { createStream } = await inside('@libp2p/webrtc/dist/src/stream.js')

const logger = defaultLogger()
const log = logger.forComponent('shim')

// All that the library has put off until later happens, but for its timers.
async function settle () { for (let i = 0; i < 20; i++) await turn() }

// The library's stream, with this program for a transport: `sent` is what it wrote, onData and onRemoteCloseWrite are what comes.
class Pipe extends AbstractStream {
  sent = []
  constructor (direction) { super({ id: 'shim', log, direction }) }
  sendData (data) { this.sent.push(data.subarray().slice()); return { sentBytes: data.byteLength, canSendMore: true } }
  sendReset () { }
  async sendCloseWrite () { }
  async sendCloseRead () { }
  sendPause () { }
  sendResume () { }
  written () { return Buffer.concat(this.sent).toString('hex') }
}

// ---- multistream-select ----

async function negotiate (g) {
  const pipe = new Pipe(g.role === 'dialer' ? 'outbound' : 'inbound')
  const result = (g.role === 'dialer' ? mss.select : mss.handle)(pipe, g.protocols).then(selected => ({ selected }), error => ({ error }))
  for (const chunk of g.input) {
    await settle()
    pipe.onData(hex(chunk))
  }
  await settle()
  if (g.end) pipe.onRemoteCloseWrite()
  const { selected, error } = await Promise.race([result, settle().then(() => ({ error: new Error('it waits for more') }))])
  if (selected == null) throw error
  return { output: pipe.written(), selected, left: toHex(pipe.readBuffer) || null }
}

// ---- Yamux ----

// Paused: nothing is consumed, so that no window grows.
function watch (stream, seen) {
  const s = { stream, id: stream.streamId, half: false, reset: false }
  stream.addEventListener('remoteCloseWrite', () => { s.half = true })
  stream.addEventListener('close', evt => { s.reset = evt.error != null })
  stream.pause()
  seen.push(s)
}

const frameOf = f => Buffer.concat([hex(f.header), Buffer.alloc(f.count, hex(f.fill)[0])])

async function session (g) {
  const pipe = new Pipe(g.receiver === 'client' ? 'outbound' : 'inbound'); const seen = []
  const muxer = yamux({ enableKeepAlive: false })().createStreamMuxer(pipe)
  muxer.addEventListener('stream', evt => watch(evt.detail, seen))
  for (const f of g.frames) {
    for (let i = 0; i < (f.times ?? 1) && pipe.status === 'open'; i++) pipe.onData(typeof f === 'string' ? hex(f) : frameOf(f))
    await settle()
  }
  if (g.end) muxer.onTransportClosed()
  if (pipe.status === 'aborted') throw new Refused('state')
  return {
    streams: seen.map(s => ({ id: s.id, data: toHex(s.stream.readBuffer), length: s.stream.readBuffer.byteLength, half_closed_by_peer: s.half, reset: s.reset })),
    reply: pipe.written(), goaway: muxer.remoteGoAway ?? null
  }
}

// ---- a stream of WebRTC ----

class Channel extends EventTarget {
  id = 1
  readyState = 'open'
  bufferedAmount = 0
  sent = []
  send (data) { this.sent.push(Buffer.from(data)) }
  close () { this.readyState = 'closed' }
}

const FLAGS = ['FIN', 'STOP_SENDING', 'RESET', 'FIN_ACK']
const octetsOf = s => s.hex != null ? hex(s.hex) : wire(s)

// A frame of these fields, written here: the library would not write a flag it does not know.
function wire (s) {
  const varint = n => { const out = []; for (; n > 127; n = Math.floor(n / 128)) out.push(n % 128 + 128); return Buffer.from([...out, n]) }
  const message = Buffer.from(s.message ?? '', 'hex')
  const body = Buffer.concat([...(s.flag == null ? [] : [Buffer.from([8]), varint(s.flag)]), ...(s.message == null ? [] : [Buffer.from([18]), varint(message.length), message])])
  return Buffer.concat([varint(body.length), body])
}

function act (stream, channel, s) {
  if (s.do === 'close_write') stream.close().catch(() => { })
  if (s.do === 'close_read') stream.closeRead().catch(() => { })
  if (s.do === 'reset') stream.abort(new Error('reset'))
  if (s.do === 'write') stream.send(hex(s.data))
  if (s.do === 'channel_reset') { channel.readyState = 'closed'; channel.onclose() }
}

async function run (g) {
  const channel = new Channel(); const read = []
  const stream = createStream({ channel, direction: 'inbound', log })
  stream.addEventListener('message', evt => read.push(toHex(evt.data)))
  for (const s of g.steps) {
    if (s.do != null) act(stream, channel, s)
    else if (channel.readyState === 'open') channel.onmessage({ data: Uint8Array.from(octetsOf(s)).buffer })
    await settle()
  }
  const flags = []
  for await (const m of lp.decode(channel.sent)) flags.push(Frame.decode(m).flag)
  return {
    readable: stream.readStatus === 'readable' && stream.remoteWriteStatus === 'writable', writable: stream.writeStatus === 'writable' && stream.remoteReadStatus === 'readable',
    reset: stream.status === 'reset' || stream.status === 'aborted', finished: stream.status === 'closed', sent_flags: flags.filter(f => f != null).map(f => FLAGS.indexOf(f)), read
  }
}

// ---- Noise, once the handshake is done ----

async function decrypt (g) {
  const pipe = new Pipe('inbound'); const cipher = new CipherState(wrapCrypto(pureJsCrypto), hex(g.key)); const got = []
  const stream = toMessageStream(pipe, { decrypt: (octets, dst) => cipher.decryptWithAd(new Uint8Array(), octets, dst) })
  stream.addEventListener('message', evt => got.push(toHex(evt.data)))
  for (const chunk of g.chunks) pipe.onData(hex(chunk))
  await settle()
  if (g.end) pipe.onRemoteCloseWrite()
  await settle()
  if (stream.status === 'aborted') throw new Refused('auth')
  return { data: got.join('') }
}

// ---- what a peer is asked and answers in one message ----

// Its clock says `unix_now`; the stream that it opens to the relay answers with these octets, and ends.
async function reserve (g) {
  const clock = Date.now; const relay = peerIdFromString(g.relay)
  const answer = () => { const pipe = new Pipe('outbound'); pipe.sendData = data => { setImmediate(() => { pipe.onData(hex(g.hex)); pipe.onRemoteCloseWrite() }); return { sentBytes: data.byteLength, canSendMore: true } }; return pipe }
  const connection = { id: '1', remotePeer: relay, remoteAddr: multiaddr('/ip4/192.0.2.1/tcp/4001'), newStream: async () => answer() }
  const store = new ReservationStore({ logger, peerId: peerIdFromString(g.self), connectionManager: { openConnection: async () => connection }, peerStore: { merge: async () => { } }, events: new TypedEventEmitter() })
  try {
    Date.now = () => g.unix_now * 1000
    const { details } = await store.addRelay(relay, 'configured')
    return { expire: Number(details.reservation.expire) }
  } finally {
    Date.now = clock
    store.stop()
  }
}

async function candidate (g) {
  const seen = []; const messages = [{ type: Signal.Type.ICE_CANDIDATE, data: g.json }]
  const pc = { connectionState: 'connecting', addIceCandidate: async () => { } }
  await readCandidatesUntilConnected(pc, { read: async () => messages.shift() }, { log, direction: 'initiator', onProgress: evt => seen.push(evt) })
  if (seen.length === 0) throw new Error('it was logged and passed over')
  const end = seen[0].type === 'webrtc:end-of-ice-candidates' || !seen[0].detail
  return { candidate: end ? '' : seen[0].detail, end }
}

await serve({
  'multistream.negotiate': negotiate, 'yamux_session.receive': session, 'webrtc_stream.run': run, 'relay_voucher.reserve': reserve, 'signaling.candidate': candidate, 'noise_frame.receive': decrypt
})
