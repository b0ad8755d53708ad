// webrtc-direct v2 with one Yamux session inside the Noise channel on data channel 0: the WebRTC and Noise of raw-conn.mjs, the
// Yamux of js-libp2p.
import { defaultLogger } from '@libp2p/logger'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { concat } from './bytes.mjs'
import { Stream } from './libp2p-conn.mjs'
import { negotiate, openRaw } from './raw-conn.mjs'

const YAMUX = '/yamux/1.0.0'
const PLAIN_MAX = 65519

/** Exact reads over what comes in pieces. */
class Exact {
  constructor (next) {
    this.next = next
    this.have = new Uint8Array(0)
  }

  async readExactly (n) {
    while (this.have.length < n) {
      const piece = await this.next()
      if (piece == null) throw new Error('the stream ended early')
      this.have = concat(this.have, piece)
    }
    const out = this.have.slice(0, n)
    this.have = this.have.slice(n)
    return out
  }

  /** What was read too far, then what comes. */
  async read () {
    if (this.have.length === 0) return this.next()
    const out = this.have
    this.have = new Uint8Array(0)
    return out
  }
}

class MuxedStream extends Exact {
  constructor (inner) {
    super(() => inner.read())
    this.write = (bytes) => inner.write(bytes)
    this.closeWrite = () => inner.closeWrite()
    this.finish = () => inner.finish()
    this.gone = inner.gone
  }
}

export async function openYamux (addr, limitMs) {
  const conn = await openRaw(addr, limitMs)
  const { receive, send, theirs, ours } = conn.secured
  const inside = new Exact(async () => theirs.open(await receive()))
  const write = async (bytes) => {
    for (let at = 0; at < bytes.length; at += PLAIN_MAX) await send(ours.seal(bytes.subarray(at, at + PLAIN_MAX)))
  }
  inside.write = write
  await negotiate(inside, YAMUX)
  const [near, far] = multiaddrConnectionPair({ delay: 0 })
  const muxer = yamux()({ logger: defaultLogger() }).createStreamMuxer(near)
  far.addEventListener('message', (event) => write(event.data.subarray()).catch((err) => muxer.abort(err)))
  const pump = async () => {
    for (let piece; (piece = await inside.read()) != null;) far.send(piece)
  }
  pump().catch((err) => muxer.abort(err))
  conn.openStream = async (protocol) => {
    const stream = new MuxedStream(new Stream(await muxer.createStream()))
    await negotiate(stream, protocol)
    return stream
  }
  return conn
}
