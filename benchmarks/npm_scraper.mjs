// The npm client's scrape: what a user could install instead.
// usage: LAB_NPM=... node npm_scraper.mjs URL BATCH UNDER_WAY   with the hashes in hex on standard input, one a line.
// Prints a JSON object with `seconds` and `counts` (hash to seeders and leechers).
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const { default: Client } = await import(pathToFileURL(process.env.LAB_NPM + '/node_modules/bittorrent-tracker/client.js'))
const [announce, batch, underWay] = process.argv.slice(2)
const lines = readFileSync(0, 'utf8').trim().split('\n')
// In a batch it wants buffers over UDP and hex over HTTP.
const hashes = announce.startsWith('udp') ? lines.map(line => Buffer.from(line, 'hex')) : lines
const counts = {}
let failed = 0
let next = 0
// Over HTTP it names each result by the hex of the hash's hex.
const plain = hash => hash.length === 80 ? Buffer.from(hash, 'hex').toString() : hash
const ask = infoHash => new Promise(resolve => {
  Client.scrape({ announce, infoHash }, (error, results) => {
    if (error) failed++
    else for (const [hash, one] of Object.entries(results)) if (one && one.complete !== undefined) counts[plain(hash)] = [one.complete, one.incomplete]
    resolve()
  })
})
const work = async () => {
  while (next < hashes.length) {
    const from = next
    next += +batch
    await ask(hashes.slice(from, next))
  }
}
const started = performance.now()
await Promise.all(Array.from({ length: +underWay }, work))
const seconds = (performance.now() - started) / 1000
process.stdout.write(JSON.stringify({ seconds, counts, failed }), () => process.exit(0))
