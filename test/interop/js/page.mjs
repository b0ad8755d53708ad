// Entry of the bundle that the browser loads.
import { makeDialer } from './dialer.mjs'
import { openLibp2p } from './libp2p-conn.mjs'
import { makeP2p } from './p2p-conn.mjs'
import { openRaw } from './raw-conn.mjs'
import { openYamux } from './yamux-conn.mjs'

const p2p = makeP2p()
const run = makeDialer({ 1: openLibp2p, 2: openRaw, yamux: openYamux, p2p: p2p.open }, p2p.commands)

/** setLocalDescription with a changed ufrag, which v1 depends on: the answer tells whether this browser still lets it. */
async function munge () {
  const pc = new RTCPeerConnection()
  pc.createDataChannel('', { negotiated: true, id: 0 })
  const offer = await pc.createOffer()
  const ufrag = 'libp2p+webrtc+v1/0123456789abcdef0123456789abcdef'
  const sdp = offer.sdp.replace(/a=ice-ufrag:.*/g, `a=ice-ufrag:${ufrag}`).replace(/a=ice-pwd:.*/g, `a=ice-pwd:${ufrag}`)
  try {
    await pc.setLocalDescription({ type: 'offer', sdp: sdp.replace(/\r?\r\n/g, '\r\n') })
    return { munging: 'accepted' }
  } catch (err) {
    return { munging: `refused: ${err.name}` }
  } finally {
    pc.close()
  }
}

window.weft = async (command) => {
  try {
    return { ok: true, ...await (command.do === 'munge' ? munge() : run(command)) }
  } catch (err) {
    return { ok: false, error: `${err.name}: ${err.message}` + (err.errors ? ` [${err.errors.map((e) => e.message).join('; ')}]` : '') }
  }
}
