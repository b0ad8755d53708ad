// Byte helpers and the little protobuf the wire needs; runs in browsers and in Node.
import { sha256 } from '@noble/hashes/sha2.js'

export const utf8 = new TextEncoder()
export const text = (bytes) => new TextDecoder().decode(bytes)
export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
export { sha256 }

export function concat (...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    out.set(p, at)
    at += p.length
  }
  return out
}

export function equal (a, b) {
  return a.length === b.length && a.every((x, i) => x === b[i])
}

export function varint (n) {
  const out = []
  for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) | 128)
  out.push(n)
  return Uint8Array.from(out)
}

/** [value, bytes used], or null while incomplete. */
export function readVarint (b, at = 0) {
  let value = 0
  for (let i = 0; i < 8 && at + i < b.length; i++) {
    value += (b[at + i] & 127) * 2 ** (7 * i)
    if (b[at + i] < 128) return [value, i + 1]
  }
  if (b.length - at >= 8) throw new Error('varint too long')
  return null
}

export const pbBytes = (field, bytes) => concat(varint(field * 8 + 2), varint(bytes.length), bytes)
export const pbInt = (field, n) => concat(varint(field * 8), varint(n))

/** Map of field number to the list of its values (number or Uint8Array). */
export function pbDecode (b) {
  const fields = new Map()
  for (let at = 0; at < b.length;) {
    const [tag, tagLen] = readVarint(b, at)
    const [n, nLen] = readVarint(b, at + tagLen)
    at += tagLen + nLen
    let value = n
    if (tag % 8 === 2) {
      if (at + n > b.length) throw new Error('protobuf: length lies')
      value = b.subarray(at, at + n)
      at += n
    } else if (tag % 8 !== 0) throw new Error(`protobuf: wire type ${tag % 8}`)
    const field = Math.floor(tag / 8)
    fields.set(field, [...(fields.get(field) ?? []), value])
  }
  return fields
}

/** Bytes that differ from place to place, so that a swapped or repeated chunk changes the hash. */
export function pattern (length, seed = 1) {
  const out = new Uint8Array(length)
  let x = (seed * 2654435761) >>> 0 || 1
  for (let i = 0; i < length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    out[i] = x & 255
  }
  return out
}

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

export function base58 (bytes) {
  let n = bytes.reduce((acc, b) => acc * 256n + BigInt(b), 0n)
  let out = ''
  for (; n > 0n; n /= 58n) out = ALPHABET[Number(n % 58n)] + out
  for (const b of bytes) {
    if (b !== 0) break
    out = '1' + out
  }
  return out
}

export function base64url (s) {
  const plain = s.replace(/-/g, '+').replace(/_/g, '/')
  return Uint8Array.from(atob(plain), (c) => c.charCodeAt(0))
}

export function timeout (promise, ms, what) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
