'use strict'
// Node's own UDP as a peer, called as: node udp.js FUNCTION ARGUMENT..., with what UdpPeer.kt says.
const dgram = require('node:dgram')

function open (host) {
  return dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4')
}

// What Node calls an interface: over IPv4 one of its addresses, over IPv6 any address with its scope.
function through (host, on) {
  return host.includes(':') ? `::%${on}` : on
}

const programs = {
  // Sends a question and prints the answer.
  ask (host, port, text) {
    const socket = open(host)
    socket.once('message', (message) => socket.close(() => process.stdout.write(message)))
    socket.send(text, Number(port), host)
  },

  // Sends a question back in capitals.
  answer (host, port) {
    const socket = open(host)
    socket.once('message', (message, from) => {
      socket.send(message.toString().toUpperCase(), from.port, from.address, () => socket.close())
    })
    socket.bind(Number(port), host)
  },

  // Prints one message, of a group if one is named.
  hear (host, port, group, on) {
    const socket = open(host)
    socket.once('message', (message) => socket.close(() => process.stdout.write(message)))
    socket.bind(Number(port), host, () => {
      if (group) socket.addMembership(group, through(group, on))
    })
  },

  // Sends a message to a group through an interface, or to everybody.
  tell (to, port, text, on) {
    const socket = open(to)
    socket.bind(0, () => {
      if (on) socket.setMulticastInterface(through(to, on))
      else socket.setBroadcast(true)
      socket.send(text, Number(port), to, () => socket.close())
    })
  }
}

programs[process.argv[2]](...process.argv.slice(3))
