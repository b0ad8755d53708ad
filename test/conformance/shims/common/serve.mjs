// The protocol of vectors/SHIM.md for a shim in JavaScript: a table of operations, each a function of `in` that gives `out` or throws.
import { createInterface } from 'node:readline'

// What a library says with false, or by leaving something out.
export class Refused extends Error { constructor (kind = 'malformed') { super(kind); this.kind = kind } }

export const hex = text => Uint8Array.from(Buffer.from(text, 'hex'))
export const toHex = bytes => bytes == null ? null : Buffer.from(bytes.subarray()).toString('hex')

async function answer (q, ops, partial) {
  if (ops[q.op] == null) return { id: q.id, status: 'unsupported' }
  try {
    return { id: q.id, status: 'ok', out: await ops[q.op](q.in), partial: partial.has(q.op) }
  } catch (e) {
    if (e.kind === 'unsupported') return { id: q.id, status: 'unsupported' }
    return { id: q.id, status: 'error', error: e.kind ?? (e.name === 'InvalidSignatureError' ? 'auth' : 'malformed') }
  }
}

// `partial`: operations of a library that reads more than they give back.
export async function serve (ops, partial = []) {
  const some = new Set(partial)
  for await (const line of createInterface({ input: process.stdin })) process.stdout.write(JSON.stringify(await answer(JSON.parse(line), ops, some)) + '\n')
}
