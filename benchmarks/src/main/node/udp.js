'use strict'
// UDP of Node.js itself. It queues without end: a sender here waits for what it has queued.
const dgram = require('dgram')

const MOST = 64
const split = (name) => [Number(name.slice(name.indexOf(':') + 1)), name.slice(0, name.indexOf(':'))]
let pending = 0

exports.open = (name, onMessage, onError) => {
  const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 }, onMessage)
  socket.on('error', onError)
  socket.bind(...split(name))
  return socket
}

exports.whenBound = (socket, done) => socket.once('listening', done)
exports.connect = (socket, name) => socket.connect(...split(name))
exports.named = ({ address }) => address
exports.put = (socket, buffer) => {
  if (pending === MOST) return socket.emit('congestion')
  pending++
  socket.send(buffer, (error) => {
    if (error) socket.emit('error', error)
    if (--pending === 0) socket.emit('writable')
  })
}
