// The npm package bittorrent-tracker's server on addresses of our choice; its own command line ignores --udp-hostname.
// usage: node npm_tracker.mjs PORT COUNTS_PORT HOST   (an IPv4 or IPv6 literal; HTTP, UDP and the counts are all there)
// The counts come from the tracker's memory, not over its protocol:
// GET / on COUNTS_PORT gives {"<info hash>": [seeders, leechers, peers kept]}.
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'

const { default: Server } = await import(pathToFileURL(process.env.LAB_NPM + '/node_modules/bittorrent-tracker/server.js'))
const [port, countsPort, host] = process.argv.slice(2)
const listen = host.includes(':') ? { http: host, udp6: host } : { http: host, udp: host }
const tracker = new Server({ http: true, udp: true, ws: false, stats: false })
// Its own 'listening' waits for both families; the one that is not wanted goes away unbound.
const unwanted = host.includes(':') ? 'udp4' : 'udp6'
const wanted = [tracker.http, host.includes(':') ? tracker.udp6 : tracker.udp4]
tracker[unwanted].close()
tracker[unwanted] = null
tracker.on('error', error => { console.error('error', error.message); process.exit(1) })
tracker.on('warning', error => console.error('warning', error.message))
const counts = createServer((_, response) => {
  const all = {}
  for (const [hash, swarm] of Object.entries(tracker.torrents)) all[hash] = [swarm.complete, swarm.incomplete, swarm.peers.length]
  response.setHeader('connection', 'close')
  response.end(JSON.stringify(all))
})
const up = [...wanted, counts].map(each => new Promise(resolve => each.once('listening', resolve)))
counts.listen(+countsPort, host)
tracker.listen(+port, listen)
await Promise.all(up)
console.log('listening')
