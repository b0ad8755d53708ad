// Starts a headless browser, loads the bundled page from loopback and hands it the commands of the control protocol.
//   node browser.mjs chromium|firefox PATH [field trials]
import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import puppeteer from 'puppeteer-core'
import { say, serve } from './control.mjs'

const [kind, executablePath, trials] = process.argv.slice(2)

const CHROMIUM_ARGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage']
// Both are needed before Firefox sends anything to a loopback address.
const FIREFOX_PREFS = { 'media.peerconnection.ice.loopback': true, 'permissions.default.microphone': 1 }

async function bundle () {
  const out = await build({
    entryPoints: ['page.mjs'], absWorkingDir: import.meta.dirname, bundle: true, format: 'iife', platform: 'browser',
    target: 'es2022', write: false, define: { global: 'globalThis' }, logLevel: 'error'
  })
  return out.outputFiles[0].text
}

function page (script) {
  const html = '<!doctype html><meta charset="utf-8"><title>weft</title><script src="/page.js"></script>'
  const server = createServer((req, res) => {
    const js = req.url === '/page.js'
    res.writeHead(req.url === '/' || js ? 200 : 404, { 'content-type': js ? 'text/javascript' : 'text/html' })
    res.end(req.url === '/' ? html : js ? script : '')
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

const profile = mkdtempSync(join(tmpdir(), 'weft-interop-'))
const launch = kind === 'firefox'
  ? { browser: 'firefox', extraPrefsFirefox: FIREFOX_PREFS, userDataDir: profile }
  : { args: [...CHROMIUM_ARGS, `--user-data-dir=${profile}`, ...(trials ? [`--force-fieldtrials=${trials}`] : [])] }

const [script, browser] = await Promise.all([
  bundle(),
  puppeteer.launch({ headless: true, executablePath, protocolTimeout: 900000, ...launch })
])
const server = await page(script)
try {
  const tab = await browser.newPage()
  tab.on('pageerror', (err) => console.error('page:', err.message))
  tab.on('console', (m) => process.env.VERBOSE && console.error('console:', m.text()))
  await tab.goto(`http://127.0.0.1:${server.address().port}/`)
  say({ ok: true, ready: true, version: await browser.version(), pid: browser.process().pid })
  await serve((command) => tab.evaluate((c) => window.weft(c), command))
} finally {
  server.close()
  await browser.close().catch(() => {})
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
}
process.exit(0)
