// The commands of the control protocol (see ../README.md), carried out over a connection of either kind.
import { hex, pattern, sha256, text, timeout, utf8 } from './bytes.mjs'

export const CHAT = '/webrtc-chat/1.0.0'
const BLOCK = 16000

async function writeAll (stream, bytes) {
  for (let at = 0; at < bytes.length; at += BLOCK) await stream.write(bytes.subarray(at, at + BLOCK))
}

/** Reads `limit` bytes, or to the end when there is no limit. */
async function readAll (stream, limit = Infinity) {
  const hash = sha256.create()
  let bytes = 0
  while (bytes < limit) {
    const chunk = await stream.read()
    if (chunk == null) break
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hex(hash.digest()) }
}

async function echo (conn, { bytes, fin, whole = false }) {
  const stream = await conn.openStream(conn.chat ?? CHAT)
  stream.alwaysWhole = whole // raw-conn.mjs only: even a 16 KiB frame goes out as one message
  const sent = pattern(bytes)
  const began = performance.now()
  let got
  if (fin === 'first') {
    // All of it and FIN leave before the page waits for the answers to end.
    const reading = readAll(stream)
    await writeAll(stream, sent)
    await stream.closeWrite()
    got = await reading
  } else {
    const reading = readAll(stream, bytes)
    await writeAll(stream, sent)
    got = await reading
    await stream.closeWrite()
    const rest = await readAll(stream)
    if (rest.bytes !== 0) throw new Error(`${rest.bytes} bytes more than were sent`)
  }
  const ms = performance.now() - began
  await stream.finish()
  const want = hex(sha256(sent))
  if (got.bytes !== bytes) throw new Error(`${got.bytes} of ${bytes} bytes came back`)
  if (got.sha256 !== want) throw new Error(`SHA-256 ${got.sha256}, sent ${want}`)
  return { bytes, sha256: got.sha256, ms }
}

async function oneStream (conn, i, bytes) {
  const stream = await conn.openStream(conn.chat ?? CHAT)
  const sent = pattern(bytes, i + 1)
  const reading = readAll(stream)
  await stream.write(sent)
  await stream.closeWrite()
  const got = await reading
  if (got.sha256 !== hex(sha256(sent))) throw new Error(`stream ${i}: ${got.bytes} of ${bytes} bytes, or others, came back`)
  await stream.finish()
}

async function streams (conn, { n, parallel, bytes = 64 }) {
  let next = 0
  const began = performance.now()
  const worker = async () => {
    while (next < n) {
      const i = next++
      await timeout(oneStream(conn, i, bytes), 30000, `stream ${i}`).catch((err) => { throw new Error(`stream ${i}: ${err.message}`) })
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return { n, ms: performance.now() - began }
}

async function send (state, { text: line }) {
  state.chat ??= await state.conn.openStream(state.conn.chat ?? CHAT)
  await state.chat.write(utf8.encode(line))
  return {}
}

async function recv (state, { bytes }) {
  let got = ''
  while (utf8.encode(got).length < bytes) {
    const chunk = await state.chat.read()
    if (chunk == null) throw new Error(`the chat ended after ${JSON.stringify(got)}`)
    got += text(chunk)
  }
  return { text: got }
}

/** What a program sees first: its chat stream end, or the connection. */
async function closed (state, { seconds }) {
  const began = performance.now()
  const why = await timeout(Promise.race([state.conn.closed, ...(state.chat ? [state.chat.gone] : [])]), seconds * 1000, 'closing')
  return { why, ms: performance.now() - began }
}

/** open: version -> function(addr, ms); more: further commands. Returns command -> promise of the answer. */
export function makeDialer (open, more = {}) {
  const state = { conn: null, chat: null }
  const commands = {
    async open ({ addr, version, p2p, seconds = 15 }) {
      const kind = p2p ? 'p2p' : version
      if (open[kind] == null) throw new Error(`this peer does not dial version ${kind}`)
      await state.conn?.close().catch(() => {}) // or libp2p would go on with a connection that a failed case left
      state.conn = await open[kind](addr, seconds * 1000)
      state.chat = null
      return { peer: state.conn.peer, ms: state.conn.ms }
    },
    identify: () => state.conn.identify(),
    ping: async ({ n }) => ({ rtt_ms: await state.conn.ping(n) }),
    echo: (args) => echo(state.conn, args),
    streams: (args) => streams(state.conn, args),
    send: (args) => send(state, args),
    recv: (args) => recv(state, args),
    closed: (args) => closed(state, args),
    close: async () => {
      await state.conn.close()
      return {}
    },
    ...more
  }
  return async (command) => {
    const run = commands[command.do]
    if (run == null) throw new Error(`no such command: ${command.do}`)
    return run(command)
  }
}

