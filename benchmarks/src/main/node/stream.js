'use strict'
// Streams: Node.js's own, and those of the npm module usocket, which passes descriptors. The messages stand one after
// the other in them, each of its size.
const EventEmitter = require('events')
const fs = require('fs')
const net = require('net')

const [role, style, , size, what, self, peer] = process.argv.slice(2)
const active = role === 'send' || role === 'ping'
const END = 'E'.charCodeAt(0)
const DATA = 'D'.charCodeAt(0)
const END_SIZE = 16
const WINDOW = 128
const BACKLOG = 511

const library = style === 'usocket'
  ? {
      serve: (onConnection) => {
        const server = new (require('usocket').UServer)()
        server.on('connection', onConnection)
        return server
      },
      connect: (path, done) => new (require('usocket').USocket)(path, done)
    }
  : { serve: (onConnection) => net.createServer(onConnection), connect: net.connect }

// Finds the messages in what comes. One in parts is put together only where it is small, as all that anybody looks
// at in a large one is its first byte.
function cutter (onMessage, fail) {
  let parts = []
  let left = 0
  let whole = 0
  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (left === 0) {
        if (chunk[at] !== DATA && chunk[at] !== END) fail(`a message begins with byte ${chunk[at]}: bytes were lost`)
        left = whole = chunk[at] === END ? END_SIZE : Number(size)
      }
      const part = chunk.subarray(at, at + left)
      at += part.length
      left -= part.length
      parts.push(part)
      if (left > 0) continue
      onMessage(parts.length > 1 && whole < 1024 ? Buffer.concat(parts) : parts[0], null, whole)
      parts = []
    }
  }
}

// A connection, once there is one.
class Line extends EventEmitter {
  constructor (onMessage, fail) {
    super()
    this.onData = cutter(onMessage, fail)
    this.fail = fail
    this.full = false
    if (!active) {
      this.server = library.serve((socket) => { this.socket = socket; this.emit('accepted') })
      this.server.on('error', fail)
      this.server.listen(self, BACKLOG, () => this.emit('listening'))
    }
  }

  use (socket) {
    this.socket = socket
    socket.on('error', this.fail)
    socket.on('end', () => this.fail('the stream has ended'))
    socket.on('drain', () => { this.full = false; this.emit('writable') })
    socket.on('data', this.onData)
    this.emit('connect')
  }

  connect () {
    if (active) {
      const socket = library.connect(peer, () => this.use(socket))
    } else if (this.socket) {
      this.use(this.socket)
    } else {
      this.once('accepted', () => this.use(this.socket))
    }
  }

  put (buffer) {
    if (this.full) return this.emit('congestion')
    this.socket.write(buffer)
    this.full = this.socket.writableNeedDrain
  }
}

// With a descriptor beside each message. The module loses those that it has no room for, so a sender that wants all
// of them to arrive hears from the receiver what that has, and sends no more than a window.
class LineWithFds extends Line {
  constructor (onMessage, fail) {
    super((message, sender, length) => {
      if (message[0] === DATA) this.took()
      onMessage(message, sender, length)
    }, fail)
    this.passed = fs.openSync('/dev/null')
    this.came = this.messages = this.flying = 0
    if (active) this.onData = (acknowledged) => this.heard(acknowledged.length)
  }

  use (socket) {
    socket.on('fds', (fds) => { this.came += fds.length; fds.forEach((fd) => fs.closeSync(fd)) })
    super.use(socket)
  }

  took () {
    if (++this.messages > this.came) this.fail('a message without its descriptor')
    if (this.messages % (WINDOW / 2) === 0) this.socket.write(Buffer.alloc(1))
  }

  heard (count) {
    this.flying -= count * WINDOW / 2
    if (this.flying < WINDOW) this.emit('writable')
  }

  put (buffer) {
    if (buffer[0] === END) return super.put(buffer)
    if (this.flying === WINDOW) return this.emit('congestion')
    this.flying++
    super.put({ data: buffer, fds: [this.passed] })
  }
}

exports.open = (name, onMessage, fail) => new (what === 'fds' ? LineWithFds : Line)(onMessage, fail)
exports.whenBound = (line, done) => active ? done() : line.once('listening', done)
exports.connect = (line) => line.connect()
exports.named = () => true
exports.put = (line, buffer) => line.put(buffer)
exports.accept = (fail, done) => {
  const server = library.serve((socket) => socket.destroy())
  server.on('error', fail)
  server.listen(self, BACKLOG, done)
}
