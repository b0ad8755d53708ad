// Noise_XX_25519_ChaChaPoly_SHA256 as the dialer of webrtc-direct runs it: the responder, because the listener speaks first.
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { base58, concat, pbBytes, pbDecode, pbInt, sha256, utf8 } from './bytes.mjs'

const SIGN_PREFIX = utf8.encode('noise-libp2p-static-key:')

class Symmetric {
  constructor (prologue) {
    this.h = utf8.encode('Noise_XX_25519_ChaChaPoly_SHA256') // exactly 32 bytes: h is the name itself
    this.ck = this.h
    this.key = null
    this.nonce = 0
    this.mixHash(prologue)
  }

  mixHash (data) { this.h = sha256(concat(this.h, data)) }

  mixKey (secret) {
    const temp = hmac(sha256, this.ck, secret)
    this.ck = hmac(sha256, temp, Uint8Array.of(1))
    this.key = hmac(sha256, temp, concat(this.ck, Uint8Array.of(2)))
    this.nonce = 0
  }

  cipher () {
    const nonce = new Uint8Array(12)
    new DataView(nonce.buffer).setUint32(4, this.nonce++, true)
    return chacha20poly1305(this.key, nonce, this.h)
  }

  encrypt (plain) {
    const out = this.cipher().encrypt(plain)
    this.mixHash(out)
    return out
  }

  decrypt (data) {
    const out = this.cipher().decrypt(data)
    this.mixHash(data)
    return out
  }

  /** Noise section 5.2, Split(): the key of the initiator's direction, and of the responder's. */
  split () {
    const temp = hmac(sha256, this.ck, new Uint8Array(0))
    const first = hmac(sha256, temp, Uint8Array.of(1))
    return [new Direction(first), new Direction(hmac(sha256, temp, concat(first, Uint8Array.of(2))))]
  }
}

/** One direction after the handshake. */
class Direction {
  constructor (key) {
    this.key = key
    this.count = 0
  }

  cipher () {
    const nonce = new Uint8Array(12)
    new DataView(nonce.buffer).setUint32(4, this.count++, true)
    return chacha20poly1305(this.key, nonce)
  }

  seal (plain) { return this.cipher().encrypt(plain) }

  open (data) { return this.cipher().decrypt(data) }
}

function payload (identity, staticPublic) {
  const key = concat(pbInt(1, 1), pbBytes(2, identity.publicKey)) // PublicKey {Ed25519, data}
  const signature = ed25519.sign(concat(SIGN_PREFIX, staticPublic), identity.secretKey)
  return concat(pbBytes(1, key), pbBytes(2, signature))
}

/** The base58 peer id that signed the static key, or an exception. */
function verify (bytes, staticPublic) {
  const fields = pbDecode(bytes)
  const key = fields.get(1)[0]
  const inner = pbDecode(key)
  if (inner.get(1)[0] !== 1) throw new Error(`noise: key type ${inner.get(1)[0]}, this page knows only Ed25519`)
  if (!ed25519.verify(fields.get(2)[0], concat(SIGN_PREFIX, staticPublic), inner.get(2)[0])) {
    throw new Error('noise: the signature over the static key is wrong')
  }
  return base58(concat(Uint8Array.of(0, key.length), key))
}

export function newIdentity () {
  const secretKey = ed25519.utils.randomSecretKey()
  return { secretKey, publicKey: ed25519.getPublicKey(secretKey) }
}

/** Noise messages behind their length of two bytes: read(n) gives the next n bytes, write(bytes) sends bytes. */
export function framing ({ read, write }) {
  const receive = async () => {
    const n = await read(2)
    return read(n[0] * 256 + n[1])
  }
  const send = (data) => write(concat(Uint8Array.of(data.length >> 8, data.length & 255), data))
  return { receive, send }
}

/** Resolves to the listener's peer id, and to the two directions of what follows. */
export async function respond ({ receive: frame, send, prologue, identity }) {
  const state = new Symmetric(prologue)
  const e = x25519.utils.randomSecretKey()
  const s = x25519.utils.randomSecretKey()
  const ePublic = x25519.getPublicKey(e)
  const sPublic = x25519.getPublicKey(s)

  const first = await frame() // -> e
  if (first.length !== 32) throw new Error(`noise: message 1 has ${first.length} bytes, not 32`)
  state.mixHash(first)
  state.mixHash(new Uint8Array(0))

  state.mixHash(ePublic) // <- e, ee, s, es
  state.mixKey(x25519.getSharedSecret(e, first))
  const sealedStatic = state.encrypt(sPublic)
  state.mixKey(x25519.getSharedSecret(s, first))
  await send(concat(ePublic, sealedStatic, state.encrypt(payload(identity, sPublic))))

  const third = await frame() // -> s, se
  const remoteStatic = state.decrypt(third.subarray(0, 48))
  state.mixKey(x25519.getSharedSecret(e, remoteStatic))
  const peer = verify(state.decrypt(third.subarray(48)), remoteStatic)
  const [theirs, ours] = state.split()
  return { peer, theirs, ours }
}
