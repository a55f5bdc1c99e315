'use strict'
// Programs of the npm module unix-dgram, called as: node unix-dgram.js FUNCTION ARGUMENT...
const fs = require('fs')
const unix = require('unix-dgram')

function open (onMessage) {
  const socket = unix.createSocket('unix_dgram', onMessage)
  socket.on('error', (error) => {
    console.error(`${error.syscall}: ${error.code}`)
    process.exit(1)
  })
  return socket
}

const programs = {
  // Sends messages one after the other, and compares the answers with them.
  client (path, server) {
    const messages = [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(60000, 0xfe)]
    const send = () => socket.send(messages[0], 0, messages[0].length, server)
    const socket = open((answer) => {
      console.log(`${answer.equals(messages.shift()) ? 'same' : 'other'} ${answer.length}`)
      if (messages.length > 0) send()
      else socket.close()
    })
    socket.bind(path)
    send()
  },

  // Prints messages and sends them back in capitals.
  server (path, count) {
    const socket = open((message, { path: sender }) => {
      console.log(message.toString())
      const answer = Buffer.from(message.toString().toUpperCase())
      if (sender) socket.send(answer, 0, answer.length, sender)
      if (--count === 0) socket.close()
    })
    socket.bind(path)
  },

  // Sends numbers as fast as it may, and tells of congestion.
  flood (path, count) {
    let next = 0
    let full = false
    const pump = () => {
      full = false
      while (next < count && !full) {
        socket.send(Buffer.from(`${next}`))
        if (!full) next++
      }
      if (next < count) return
      console.log(`sent ${next}`)
      socket.close()
    }
    const socket = open(() => {})
    socket.on('congestion', () => {
      full = true
      console.log('congestion')
    })
    socket.on('writable', () => {
      console.log('writable')
      pump()
    })
    socket.on('connect', pump)
    socket.connect(path)
  },

  // Binds, reads nothing before the file at the gate is there, and then prints all up to an end.
  busy (path, gate) {
    const socket = open((message) => {
      if (message.toString() === 'end') socket.close()
      else console.log(message.toString())
    })
    socket.bind(path)
    const clock = new Int32Array(new SharedArrayBuffer(4))
    while (!fs.existsSync(gate)) Atomics.wait(clock, 0, 0, 10)
  }
}

const [name, ...args] = process.argv.slice(2)
programs[name](...args)
