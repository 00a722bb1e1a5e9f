/** One event stream for all who listen: the same in a shared worker, where it serves every tab of the browser, and in a page. */

/** What a stream tells its listeners. */
export type Told = { event: 'figures' | 'changes' | 'run' | 'resync'; data: unknown } | { event: 'state'; data: StreamState }

/** Since when a stream is as it is. `refused` means that nobody is signed in, or too many streams are open. */
export interface StreamState {
  state: 'connecting' | 'live' | 'away' | 'refused'
  since: number
}

/** A stream is dead when it has been silent this long: the server pings every 15 s. */
const silence = 40_000
const pause = 2_000

/** Listens at `url` until it is closed, and connects again by itself. */
export const openStream = (url: string, tell: (told: Told) => void): { close(): void; again(): void } => {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let heard = Date.now()
  let last: StreamState = { state: 'connecting', since: Date.now() }
  let wasLive = false

  const say = (state: StreamState['state']) => {
    if (state !== last.state) last = { state, since: Date.now() }
    tell({ event: 'state', data: last })
  }

  const connect = () => {
    clearTimeout(timer)
    source?.close()
    source = new EventSource(url)
    heard = Date.now()
    source.onopen = () => {
      heard = Date.now()
      say('live')
      // What happened while it was away is not known.
      if (wasLive) tell({ event: 'resync', data: {} })
      wasLive = true
    }
    for (const event of ['figures', 'changes', 'run', 'resync'] as const)
      source.addEventListener(event, message => {
        heard = Date.now()
        tell({ event, data: JSON.parse((message as MessageEvent<string>).data) })
      })
    source.addEventListener('ping', () => {
      heard = Date.now()
    })
    source.onerror = () => {
      // An EventSource gives up for good when the server refuses it.
      const refused = source?.readyState === EventSource.CLOSED
      say(refused ? 'refused' : 'away')
      if (refused) timer = setTimeout(connect, pause * 2)
    }
  }

  connect()
  const watch = setInterval(() => {
    if (Date.now() - heard > silence) {
      say('away')
      connect()
    }
  }, pause)
  return {
    close: () => {
      clearTimeout(timer)
      clearInterval(watch)
      source?.close()
    },
    again: connect,
  }
}
