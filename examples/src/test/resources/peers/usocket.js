'use strict'
// Programs of the npm module usocket, called as: node usocket.js FUNCTION ARGUMENT...
const fs = require('fs')
const { USocket, UServer } = require('usocket')

function print (fds) {
  for (const fd of fds) console.log(`descriptor of: ${fs.readFileSync(fd)}`)
}

// Tells what comes until the end of the stream, which this side ends then too.
function tell (socket, onFds, onEnd = () => {}) {
  let bytes = 0
  let text = ''
  socket.on('error', (error) => {
    console.error(error.message)
    process.exit(1)
  })
  socket.on('fds', onFds)
  socket.on('data', (data) => {
    bytes += data.length
    if (bytes < 100) text += data
  })
  socket.on('end', () => {
    console.log(`end after ${bytes} bytes${bytes < 100 ? ': ' + text : ''}`)
    socket.end()
    onEnd()
  })
}

const programs = {
  // Writes bytes, then bytes with two descriptors, then bytes; and tells of the answer.
  client (path, first, second) {
    const socket = new USocket(path, () => {
      tell(socket, print)
      socket.write(Buffer.from('first'))
      socket.write({ data: Buffer.from('second!'), fds: [fs.openSync(first), fs.openSync(second)] })
      socket.write(Buffer.from('last'))
    })
  },

  // Serves one connection: tells of what comes, and sends back each descriptor with a byte for it.
  server (path) {
    const server = new UServer()
    server.on('connection', (socket) => {
      const back = (fds) => socket.write({ data: Buffer.alloc(fds.length, 'b'), fds })
      tell(socket, back, () => server.close())
    })
    server.listen(path, 16, () => console.log('listening'))
  }
}

const [name, ...args] = process.argv.slice(2)
programs[name](...args)
