/** The stream of all tabs of a browser. A browser opens six connections to a host over plain HTTP: were each tab to hold one, the
 * seventh would not load. */
import { openStream, type Told } from './stream'

const scope = self as unknown as { onconnect: (event: MessageEvent) => void }

/** What a page asks: to hear a stream, to hear it no more, to connect it at once; to be taken for alive; that it leaves. */
export type Asked = { ask: 'open' | 'close' | 'again'; url: string } | { ask: 'alive' } | { ask: 'leave' }

interface Shared {
  stream: ReturnType<typeof openStream>
  ports: Set<MessagePort>
  /** The newest of each kind, for who comes later. */
  newest: Map<string, Told>
}

const streams = new Map<string, Shared>()
const seen = new Map<MessagePort, number>()

const leave = (port: MessagePort, url: string) => {
  const shared = streams.get(url)
  if (!shared) return
  shared.ports.delete(port)
  if (shared.ports.size > 0) return
  shared.stream.close()
  streams.delete(url)
}

const leaveAll = (port: MessagePort) => {
  for (const url of [...streams.keys()]) leave(port, url)
  seen.delete(port)
}

const share = (url: string): Shared => {
  const ports = new Set<MessagePort>()
  const newest = new Map<string, Told>()
  const stream = openStream(url, told => {
    if (told.event !== 'changes' && told.event !== 'resync') newest.set(told.event, told)
    for (const port of ports) port.postMessage({ url, told })
  })
  const shared = { stream, ports, newest }
  streams.set(url, shared)
  return shared
}

scope.onconnect = event => {
  const port = event.ports[0]!
  seen.set(port, Date.now())
  port.onmessage = ({ data }: MessageEvent<Asked>) => {
    seen.set(port, Date.now())
    if (data.ask === 'open') {
      const shared = streams.get(data.url) ?? share(data.url)
      shared.ports.add(port)
      for (const told of shared.newest.values()) port.postMessage({ url: data.url, told })
    } else if (data.ask === 'close') leave(port, data.url)
    else if (data.ask === 'again') streams.get(data.url)?.stream.again()
    else if (data.ask === 'leave') leaveAll(port)
  }
  port.start()
}

// A tab that crashed says nothing. Those that live say so every 20 s, and once a minute while they are hidden.
setInterval(() => {
  for (const [port, at] of [...seen]) if (Date.now() - at > 150_000) leaveAll(port)
}, 30_000)
