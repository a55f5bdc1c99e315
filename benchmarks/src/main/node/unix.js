'use strict'
// Unix datagrams of the npm module unix-dgram.
const unix = require('unix-dgram')

exports.open = (path, onMessage, onError) => {
  const socket = unix.createSocket('unix_dgram', onMessage)
  socket.on('error', onError)
  socket.bind(path)
  return socket
}

exports.whenBound = (socket, done) => done()
exports.connect = (socket, path) => socket.connect(path)
exports.named = ({ path }) => path
exports.put = (socket, buffer, path) =>
  path ? socket.send(buffer, 0, buffer.length, path) : socket.send(buffer)
