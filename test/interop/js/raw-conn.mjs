// webrtc-direct v2 by hand, for a browser: an untouched offer, one answer made up from the multiaddr, Noise on channel 0,
// one data channel per stream with the libp2p framing. No libp2p package is used here.
import { base64url, concat, hex, pbBytes, pbDecode, pbInt, readVarint, text, timeout, utf8, varint } from './bytes.mjs'
import { framing, newIdentity, respond } from './noise.mjs'

const FIN = 0, STOP_SENDING = 1, RESET = 2, FIN_ACK = 3
const MAX_PAYLOAD = 16000
// go-libp2p reads the length through a 4,096-byte buffer and loses any data channel message longer than that, unless the
// length came as a message of its own. Frames longer than this are therefore sent as two messages, as go and js do.
const ONE_MESSAGE = 4096
const HIGH_WATER = 256 * 1024

function parse (addr) {
  const m = addr.match(/^\/ip([46])\/([^/]+)\/udp\/(\d+)\/webrtc-direct\/certhash\/u([^/]+)(?:\/p2p\/([^/]+))?$/)
  if (m == null) throw new Error(`not a webrtc-direct address: ${addr}`)
  const hash = base64url(m[4])
  if (hash.length !== 34 || hash[0] !== 0x12 || hash[1] !== 0x20) throw new Error('certhash is not sha2-256')
  return { family: m[1], host: m[2], port: m[3], hash, peer: m[5] }
}

function answer (to, ufrag) {
  const fingerprint = hex(to.hash.subarray(2)).match(/../g).join(':').toUpperCase()
  return ['v=0', `o=- 0 0 IN IP${to.family} ${to.host}`, 's=-', `c=IN IP${to.family} ${to.host}`, 't=0 0', 'a=ice-lite',
    `m=application ${to.port} UDP/DTLS/SCTP webrtc-datachannel`, 'a=mid:0', 'a=setup:passive', `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${ufrag}`, `a=fingerprint:SHA-256 ${fingerprint}`, 'a=sctp-port:5000', 'a=max-message-size:16384',
    `a=candidate:1 1 UDP 1 ${to.host} ${to.port} typ host`, 'a=end-of-candidates', ''].join('\r\n')
}

/** The framing of one data channel: frames out one per message, frames in from a byte stream. */
class Channel {
  constructor (dc) {
    this.dc = dc
    this.in = new Uint8Array(0)
    this.chunks = []
    this.waiting = []
    this.eof = false
    this.error = null
    this.alwaysWhole = false
    this.finAcked = false
    this.closed = false // the channel itself is closed, which a peer may do once both sides are through
    this.gone = new Promise((resolve) => { this.setGone = resolve })
    dc.binaryType = 'arraybuffer'
    dc.bufferedAmountLowThreshold = HIGH_WATER / 4
    dc.onmessage = (event) => {
      try {
        this.feed(new Uint8Array(event.data))
      } catch (err) {
        this.fail(err)
      }
    }
    dc.onclose = () => {
      this.closed = true
      this.setGone('channel closed')
      this.fail(this.eof ? null : new Error('the channel closed before FIN'))
    }
    dc.onbufferedamountlow = () => this.wake()
    dc.onopen = () => this.wake()
  }

  wake () {
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  changed () { return new Promise((resolve) => this.waiting.push(resolve)) }

  fail (err) {
    this.error ??= err
    this.eof = true
    this.wake()
  }

  feed (bytes) {
    this.in = concat(this.in, bytes)
    for (;;) {
      const head = readVarint(this.in)
      if (head == null || this.in.length < head[0] + head[1]) return
      if (head[0] > 16384) throw new Error(`a frame of ${head[0]} bytes`)
      this.frame(pbDecode(this.in.subarray(head[1], head[0] + head[1])))
      this.in = this.in.slice(head[0] + head[1])
    }
  }

  frame (fields) {
    for (const data of fields.get(2) ?? []) if (data.length > 0 && !this.eof) this.chunks.push(data.slice())
    const flag = fields.get(1)?.[0]
    if (flag === FIN) {
      this.eof = true
      this.send(pbInt(1, FIN_ACK))
    } else if (flag === FIN_ACK) this.finAcked = true
    else if (flag === RESET) this.fail(new Error('the stream was reset'))
    else if (flag === STOP_SENDING) this.stopped = true
    this.wake()
  }

  send (message) {
    if (this.dc.readyState !== 'open') return
    const whole = concat(varint(message.length), message)
    if (whole.length <= ONE_MESSAGE || this.alwaysWhole) return this.dc.send(whole)
    this.dc.send(varint(message.length))
    this.dc.send(message)
  }

  async write (bytes) {
    for (let at = 0; at < bytes.length; at += MAX_PAYLOAD) {
      while (this.dc.readyState === 'connecting' || this.dc.bufferedAmount > HIGH_WATER) await this.changed()
      if (this.error != null) throw this.error
      this.send(pbBytes(2, bytes.subarray(at, at + MAX_PAYLOAD)))
    }
  }

  /** The next bytes, or null at the end. */
  async read () {
    while (this.chunks.length === 0) {
      if (this.error != null) throw this.error
      if (this.eof) return null
      await this.changed()
    }
    return this.chunks.shift()
  }

  async readExactly (n) {
    let have = new Uint8Array(0)
    while (have.length < n) {
      const chunk = await this.read()
      if (chunk == null) throw new Error('the stream ended early')
      have = concat(have, chunk)
    }
    if (have.length > n) this.chunks.unshift(have.slice(n))
    return have.slice(0, n)
  }

  async closeWrite () {
    while (this.dc.readyState === 'connecting') await this.changed()
    this.send(pbInt(1, FIN))
  }

  /** After FIN both ways: wait for FIN_ACK, then give the id back. */
  async finish () {
    while (!this.finAcked && !this.closed && this.error == null) await timeout(this.changed(), 10000, 'FIN_ACK')
    if (this.error != null) throw this.error
    this.dc.close()
  }
}

export async function negotiate (channel, protocol) {
  const token = (s) => concat(varint(s.length + 1), utf8.encode(s + '\n'))
  const line = async () => {
    let head = await channel.readExactly(1)
    while (head[head.length - 1] > 127) head = concat(head, await channel.readExactly(1))
    return text(await channel.readExactly(readVarint(head)[0])).trimEnd()
  }
  await channel.write(concat(token('/multistream/1.0.0'), token(protocol)))
  for (const expected of ['/multistream/1.0.0', protocol]) {
    const got = await line()
    if (got !== expected) throw new Error(`multistream: wanted ${expected}, got ${got}`)
  }
}

async function answerIncoming (channel) {
  const token = (s) => concat(varint(s.length + 1), utf8.encode(s + '\n'))
  // The page serves nothing: every offer is answered with `na`, so that the other side's identify does not hang.
  await channel.write(token('/multistream/1.0.0'))
  let pending = new Uint8Array(0)
  for (let first = true; ;) {
    const chunk = await channel.read()
    if (chunk == null) break
    pending = concat(pending, chunk)
    for (let head; (head = readVarint(pending)) != null && pending.length >= head[0] + head[1];) {
      pending = pending.slice(head[0] + head[1])
      if (!first) await channel.write(token('na'))
      first = false
    }
  }
  await channel.closeWrite()
}

const fingerprintOf = (sdp) => Uint8Array.from(sdp.match(/a=fingerprint:sha-256 ([0-9A-Fa-f:]+)/)[1].split(':'), (h) => parseInt(h, 16))
const multihash = (digest) => concat(Uint8Array.of(0x12, 0x20), digest)

export async function openRaw (addr, limitMs) {
  const to = parse(addr)
  const pc = new RTCPeerConnection({ iceServers: [] })
  const conn = { closed: new Promise((resolve) => { pc.onconnectionstatechange = () => resolveClosed(resolve) }) }
  const began = performance.now()
  function resolveClosed (resolve) {
    // 'disconnected' is what a page sees first when the other side goes away without a word.
    if (['disconnected', 'failed', 'closed'].includes(pc.connectionState)) resolve(pc.connectionState)
  }
  try {
    const zero = new Channel(pc.createDataChannel('', { negotiated: true, id: 0 }))
    pc.ondatachannel = (event) => answerIncoming(new Channel(event.channel)).catch(() => {})
    await pc.setLocalDescription(await pc.createOffer())
    const local = pc.localDescription.sdp
    const pwd = local.match(/a=ice-pwd:(\S+)/)[1]
    await pc.setRemoteDescription({ type: 'answer', sdp: answer(to, `libp2p+webrtc+v2/${pwd}`) })
    const prologue = concat(utf8.encode('libp2p-webrtc-noise:'), multihash(fingerprintOf(local)), to.hash)
    const frames = framing({ read: (n) => zero.readExactly(n), write: (b) => zero.write(b) })
    const noise = respond({ ...frames, prologue, identity: newIdentity() })
    const { peer, ...directions } = await timeout(noise, limitMs, `connecting (${pc.iceConnectionState}/${pc.connectionState})`)
    Object.assign(conn, { peer, secured: { ...frames, ...directions } }) // what may run inside Noise on channel 0
    if (to.peer != null && conn.peer !== to.peer) throw new Error(`peer id is ${conn.peer}, not ${to.peer}`)
  } catch (err) {
    pc.close()
    throw err
  }
  conn.ms = performance.now() - began
  conn.openStream = async (protocol) => {
    const channel = new Channel(pc.createDataChannel(''))
    await negotiate(channel, protocol)
    return channel
  }
  conn.identify = async () => {
    const stream = await conn.openStream('/ipfs/id/1.0.0')
    let all = new Uint8Array(0)
    for (let chunk; (chunk = await stream.read()) != null;) all = concat(all, chunk)
    await stream.closeWrite()
    await stream.finish()
    const fields = pbDecode(all.subarray(readVarint(all)[1]))
    return { agent: text(fields.get(6)?.[0] ?? new Uint8Array(0)), protocols: (fields.get(3) ?? []).map(text) }
  }
  conn.ping = async (n) => {
    const stream = await conn.openStream('/ipfs/ping/1.0.0')
    const rtts = []
    for (let i = 0; i < n; i++) {
      const sent = crypto.getRandomValues(new Uint8Array(32))
      const began = performance.now()
      await stream.write(sent)
      if (hex(await stream.readExactly(32)) !== hex(sent)) throw new Error('ping: other bytes came back')
      rtts.push(performance.now() - began)
    }
    await stream.closeWrite()
    while (await stream.read() != null);
    await stream.finish()
    return rtts
  }
  conn.close = async () => pc.close()
  return conn
}
