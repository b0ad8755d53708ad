// The control protocol: JSON lines in, one JSON line out for each, in order.
import { createInterface } from 'node:readline'

export const say = (object) => process.stdout.write(JSON.stringify(object) + '\n')

export async function serve (run) {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const command = JSON.parse(line)
    if (command.do === 'quit') return say({ ok: true })
    try {
      say({ ok: true, ...await run(command) })
    } catch (err) {
      const inner = err.errors ? ` [${err.errors.map((e) => e.message).join('; ')}]` : ''
      say({ ok: false, error: `${err.name}: ${err.message}${inner}` })
    }
  }
}
