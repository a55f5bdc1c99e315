'use strict'
// The contestants of Node.js: its own dgram and net, and the npm modules unix-dgram and usocket. Their words are those
// of the others.
const readline = require('readline')

const DATA = 'D'.charCodeAt(0)
const [role, , mode, size, , self, peer, sockets] = process.argv.slice(2)
const say = (line) => process.stdout.write(`${line}\n`)
const fail = (what) => { say(`failed ${what}`); process.exit(1) }
const family = require(mode === 'stream' ? './stream' : self.startsWith('/') ? './unix' : './udp')
const put = family.put

const open = (name, onMessage) => family.open(name, onMessage, fail)

function dataOf (size) {
  const data = Buffer.alloc(size, 'x')
  data[0] = DATA
  return data
}

function endOf (count) {
  const end = Buffer.alloc(16)
  end[0] = 'E'.charCodeAt(0)
  end.writeBigInt64BE(BigInt(count), 1)
  return end
}

const active = role === 'send' || role === 'ping'
const connects = mode === 'mutual' || mode === 'stream' || (mode === 'connected' && active)
const target = mode === 'unconnected' ? peer : undefined

const roles = {
  receive () {
    let count = 0
    let bytes = 0
    return open(self, (message, sender, length = message.length) => {
      if (!family.named(sender)) fail('a message without a sender')
      if (message[0] === DATA) {
        count++
        bytes += length
        return
      }
      say(`got count=${count} sent=${message.readBigInt64BE(1)} bytes=${bytes}`)
      count = bytes = 0
    })
  },

  send () {
    const socket = open(self, () => {})
    const data = dataOf(Number(size))
    let full = false
    let pump = () => {}
    socket.on('congestion', () => { full = true })
    socket.on('writable', () => { full = false; pump() })
    this.go = (millis) => {
      const started = process.hrtime.bigint()
      const until = started + BigInt(millis) * 1000000n
      let count = 0
      let end
      pump = () => {
        while (!end) {
          if (process.hrtime.bigint() >= until) {
            end = endOf(count)
            break
          }
          for (let i = 0; i < 64; i++) {
            put(socket, data, target)
            if (full) return
            count++
          }
        }
        put(socket, end, target)
        if (full) return
        pump = () => {}
        say(`done count=${count} nanos=${process.hrtime.bigint() - started}`)
      }
      pump()
    }
    return socket
  },

  echo () {
    const socket = open(self, (message, sender) => put(socket, message, connects ? undefined : family.named(sender)))
    return socket
  },

  ping () {
    const data = dataOf(Number(size))
    const trips = new Uint32Array(1 << 20)
    let count, started, before, until
    const socket = open(self, (message) => {
      if (message[0] !== DATA) fail('an answer that is none')
      const after = process.hrtime.bigint()
      trips[count++] = Number(after - before)
      before = after
      if (after < until && count < trips.length) return put(socket, data, target)
      const sorted = trips.subarray(0, count).sort()
      const at = (percent) => sorted[Math.min(count - 1, Math.floor(count * percent / 100))]
      say(`done count=${count} nanos=${before - started} p50=${at(50)} p99=${at(99)}`)
    })
    this.go = (millis) => {
      count = 0
      started = before = process.hrtime.bigint()
      until = started + BigInt(millis) * 1000000n
      put(socket, data, target)
    }
    return socket
  },

  'serve-many' () {
    for (let i = 0; i < Number(sockets); i++) {
      const socket = open(`${self}.${i}`, (message, sender) => put(socket, message, family.named(sender)))
    }
  },

  accept () {
    family.accept(fail, () => say('bound'))
  },

  start () {
    const socket = open(self, () => {
      say('done count=1 nanos=0')
      process.exit(0)
    })
    put(socket, dataOf(16), self)
    return socket
  }
}

const socket = roles[role]()
if (role !== 'start' && role !== 'accept') family.whenBound(socket, () => say('bound'))
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  if (line.startsWith('go ')) return roles.go(Number(line.slice(3)))
  if (role === 'serve-many' || role === 'accept') return say('ready')
  if (!connects) return say('ready')
  socket.once('connect', () => say('ready'))
  family.connect(socket, peer)
})
