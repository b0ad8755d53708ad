// js-libp2p's packages behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here.
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromString, peerIdFromPublicKey, peerIdFromMultihash } from '@libp2p/peer-id'
import { RecordEnvelope, PeerRecord } from '@libp2p/peer-record'
import { getNetConfig } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { WebRTCDirect } from '@multiformats/multiaddr-matcher'
import * as lp from 'it-length-prefixed'
import { base58btc } from 'multiformats/bases/base58'
import { bases } from 'multiformats/basics'
import * as Digest from 'multiformats/hashes/digest'
import * as varint from 'uint8-varint'
import { hex, Refused, serve, toHex } from './serve.mjs'

// Not exported by the packages, but what they run.
const inside = path => import(new URL(`./node_modules/${path}`, import.meta.url))
const { HopMessage, StopMessage, ReservationVoucher } = await inside('@libp2p/circuit-relay-v2/dist/src/pb/index.js')
const { Identify } = await inside('@libp2p/identify/dist/src/pb/message.js')
const { pureJsCrypto: primitives } = await inside('@libp2p/noise/dist/src/crypto/js.js')
const { uint16BEEncode, uint16BEDecode } = await inside('@libp2p/noise/dist/src/encoder.js')
const { decodeHandshakePayload } = await inside('@libp2p/noise/dist/src/utils.js')
const { Message: Frame } = await inside('@libp2p/webrtc/dist/src/private-to-public/pb/message.js')
const { Message: Signal } = await inside('@libp2p/webrtc/dist/src/private-to-private/pb/message.js')
const { certhash, decodeCerthash, fingerprint2Ma } = await inside('@libp2p/webrtc/dist/src/private-to-public/utils/sdp.js')
const { generateNoisePrologue } = await inside('@libp2p/webrtc/dist/src/private-to-public/utils/generate-noise-prologue.js')
const { decodeHeader } = await inside('@libp2p/yamux/dist/src/decode.js')
const { encodeHeader } = await inside('@libp2p/yamux/dist/src/encode.js')

const names = m => m.getComponents().map(c => c.name)
const forms = id => ({ multihash: toHex(id.toMultihash().bytes), text: id.toString(), cid: id.toCID().toString() })
const FLAGS = { FIN: 0, STOP_SENDING: 1, RESET: 2, FIN_ACK: 3 }
const frame = m => ({ flag: m.flag == null ? null : FLAGS[m.flag] ?? m.flag, message: m.message == null ? null : toHex(m.message) })
const STATUS = { OK: 100, RESERVATION_REFUSED: 200, RESOURCE_LIMIT_EXCEEDED: 201, PERMISSION_DENIED: 202, CONNECTION_FAILED: 203, NO_RESERVATION: 204, MALFORMED_MESSAGE: 400, UNEXPECTED_MESSAGE: 401 }

// All frames of these chunks, by the decoder a stream of @libp2p/webrtc reads with.
async function frames (chunks) {
  const out = []
  for await (const f of lp.decode(chunks)) out.push(Frame.decode(f))
  return out
}

// The stream goes on: where the library asks for more, that is all there is.
async function framesSoFar (chunks) {
  const out = [], more = new Error('more')
  const source = async function * () { yield * chunks; throw more }
  try {
    for await (const f of lp.decode(source())) out.push(Frame.decode(f))
  } catch (e) {
    if (e !== more) throw e
  }
  return out
}

function hop (kind) {
  return given => {
    const m = kind.decode(hex(given.hex))
    const out = { type: m.type }
    if (m.status != null) out.status = STATUS[m.status]
    if (m.peer != null) out.peer = { id: peerIdFromMultihash(Digest.decode(m.peer.id)).toString(), addrs: m.peer.addrs.map(toHex) }
    if (m.limit != null) out.limit = { duration: m.limit.duration, data: m.limit.data?.toString() }
    return out
  }
}

const nameOf = status => Object.keys(STATUS).find(k => STATUS[k] === status)
const delimited = message => ({ hex: toHex(lp.encode.single(message)) })
const encodeHop = kind => g => delimited(kind.encode({ type: g.type, status: nameOf(g.status), peer: g.peer == null ? undefined : { id: peerIdFromString(g.peer.id).toMultihash().bytes, addrs: g.peer.addrs.map(hex) } }))

// The library counts in 32 bits and makes the nonce of that; here it is made of all 64.
function nonce (counter) {
  const out = Buffer.alloc(12)
  out.writeBigUInt64LE(BigInt(counter), 4)
  if (BigInt(counter) === 2n ** 64n - 1n) throw new Refused('unsupported')
  return out
}

function direct (g) {
  const ma = multiaddr(g.text)
  if (!WebRTCDirect.exactMatch(ma)) throw new Error('not of this transport')
  const { host, port } = getNetConfig(ma)
  return { ip: host, port, ma }
}

function dial (g) {
  const { ip, port, ma } = direct(g)
  return { ip, port, sha256: toHex(decodeCerthash(certhash(ma)).digest), peer_id: ma.getComponents().findLast(c => c.name === 'p2p')?.value }
}

const parseBase = Object.values(bases).map(b => b.decoder).reduce((a, b) => a.or(b))

await serve({
  'varint.encode': g => ({ hex: toHex(varint.encode(Number(g.value))) }),
  'varint.decode': g => { const value = varint.decode(hex(g.hex)); return { value: value.toString(), consumed: varint.encodingLength(value) } },
  'multiaddr.parse': g => { const m = multiaddr(g.text); return { hex: toHex(m.bytes), text: m.toString(), protocols: names(m) } },
  'multiaddr.decode': g => { const m = multiaddr(hex(g.hex)); return { text: m.toString(), protocols: names(m) } },
  'multibase.decode': g => { const base = Object.values(bases).find(b => b.prefix === [...g.text][0]); return { hex: toHex(parseBase.decode(g.text)), base: base.name } },
  'multibase.encode': g => { const base = Object.values(bases).find(b => b.name === g.base); if (base == null) throw new Refused('unsupported'); return { text: base.encode(hex(g.hex)) } },
  'multihash.decode': g => { const d = Digest.decode(hex(g.hex)); return { code: d.code, size: d.size, digest: toHex(d.digest) } },
  'multihash.encode': g => ({ multihash: toHex(Digest.create(g.code, hex(g.digest)).bytes) }),
  'multihash.base58': g => { const b = base58btc.decode('z' + g.text); return { multihash: toHex(b), text: base58btc.encode(b).slice(1) } },
  'certhash.parse': g => { const d = decodeCerthash(g.text); if (d.code !== 0x12) throw new Refused('malformed'); return { sha256: toHex(d.digest) } },
  'certhash.format': g => ({ text: fingerprint2Ma(g.sha256.match(/../g).join(':')).toString().split('/')[2] }),
  'peer_id.parse': g => forms(peerIdFromString(g.text)),
  'peer_id.decode': g => forms(peerIdFromMultihash(Digest.decode(hex(g.multihash)))),
  'public_key.decode': g => { const key = publicKeyFromProtobuf(hex(g.protobuf)); return { key_type: key.type, ...forms(peerIdFromPublicKey(key)) } },
  'public_key.verify': async g => { if (!await publicKeyFromProtobuf(hex(g.public_key)).verify(hex(g.message), hex(g.signature))) throw new Refused('auth'); return {} },
  'webrtc_direct_multiaddr.dial': dial,
  'webrtc_direct_multiaddr.listen': g => { const { ip, port } = direct(g); return { ip, port } },
  'webrtc_framing.decode': async g => {
    const all = await frames([hex(g.hex)])
    if (all.length !== 1) throw new Error('not one frame')
    return frame(all[0])
  },
  'webrtc_framing.split': async g => ({ messages: (await framesSoFar(g.chunks.map(hex))).map(frame) }),
  'webrtc_framing.encode': g => {
    const name = Object.keys(FLAGS).find(k => FLAGS[k] === g.flag)
    return { hex: toHex(lp.encode.single(Frame.encode({ flag: name, message: g.message == null ? undefined : hex(g.message) }))) }
  },
  'signaling.decode': g => { const m = Signal.decode(hex(g.hex)); return { type: m.type == null ? null : { SDP_OFFER: 0, SDP_ANSWER: 1, ICE_CANDIDATE: 2 }[m.type] ?? m.type, data: m.data == null ? null : Buffer.from(m.data).toString('hex') } },
  'signaling.encode': g => delimited(Signal.encode({ type: Object.values(Signal.Type)[g.type], data: Buffer.from(g.data, 'hex').toString() })),
  'noise_primitives.hkdf': g => ({ outputs: primitives.getHKDF(hex(g.chaining_key), hex(g.input_key_material)).slice(0, g.outputs).map(toHex) }),
  'noise_primitives.seal': g => ({ ciphertext: toHex(primitives.chaCha20Poly1305Encrypt(hex(g.plaintext), nonce(g.nonce_counter), hex(g.ad), hex(g.key))) }),
  'noise_primitives.open': g => ({ plaintext: toHex(primitives.chaCha20Poly1305Decrypt(hex(g.ciphertext), nonce(g.nonce_counter), hex(g.ad), hex(g.key))) }),
  'noise_primitives.x25519': g => ({ shared: toHex(primitives.generateX25519SharedKey(hex(g.private), hex(g.public))) }),
  'noise_frame.encode': g => ({ frame: toHex(lp.encode.single(hex(g.message), { lengthEncoder: uint16BEEncode })) }),
  'noise_payload.verify': async g => {
    const p = await decodeHandshakePayload(hex(g.payload), hex(g.noise_static))
    const key = publicKeyFromProtobuf(p.identityKey)
    return { peer_id: peerIdFromPublicKey(key).toString(), key_type: key.type }
  },
  'noise_prologue.build': g => {
    const text = bytes => base58btc.encode(bytes)
    return { prologue: toHex(generateNoisePrologue(toHex(Digest.decode(hex(g.client_fingerprint)).digest), multiaddr(`/certhash/${text(hex(g.server_fingerprint))}`), 'client')) }
  },
  'relay_hop.decode': hop(HopMessage),
  'relay_stop.decode': hop(StopMessage),
  'relay_hop.encode': encodeHop(HopMessage),
  'relay_stop.encode': encodeHop(StopMessage),
  'relay_voucher.decode': g => {
    const v = ReservationVoucher.decode(hex(g.hex))
    const id = b => peerIdFromMultihash(Digest.decode(b)).toString()
    return { relay: id(v.relay), peer: id(v.peer), expiration: v.expiration.toString() }
  },
  'signed_envelope.open': async g => {
    const e = await RecordEnvelope.openAndCertify(hex(g.hex), g.domain)
    return { payload: toHex(e.payload), payload_type: toHex(e.payloadType), signature: toHex(e.signature), signer: peerIdFromPublicKey(e.publicKey).toString(), encoded: toHex(e.marshal()), public_key: toHex(publicKeyToProtobuf(e.publicKey)) }
  },
  'peer_record.decode': g => { const r = PeerRecord.createFromProtobuf(hex(g.hex)); return { peer_id: r.peerId.toString(), seq: r.seqNumber.toString(), addresses: r.multiaddrs.map(m => toHex(m.bytes)) } },
  'identify.decode': g => {
    const m = Identify.decode(hex(g.hex))
    return { protocol_version: m.protocolVersion ?? null, agent_version: m.agentVersion ?? null, public_key: toHex(m.publicKey), listen_addrs: m.listenAddrs.map(toHex), observed_addr: toHex(m.observedAddr), protocols: m.protocols, signed_peer_record: toHex(m.signedPeerRecord) }
  },
  'yamux_frame.decode': g => {
    if (g.hex.length !== 24) throw new Error('its decoder waits for twelve octets')
    const h = decodeHeader(hex(g.hex))
    return { version: 0, type: h.type, flags: h.flag, stream_id: h.streamID, length: h.length }
  },
  'yamux_frame.encode': g => ({ hex: toHex(encodeHeader({ type: g.type, flag: g.flags, streamID: g.stream_id, length: g.length })) })
}, ['public_key.decode', 'relay_hop.decode', 'relay_stop.decode', 'relay_voucher.decode', 'webrtc_framing.split']) // of these the library reads more than they give back
