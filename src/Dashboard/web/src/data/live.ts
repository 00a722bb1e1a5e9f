import { computed, signal } from '@preact/signals'
import { at } from './api'
import { openStream, type StreamState, type Told } from './stream'
import type { Asked } from './stream.worker'
import workerUrl from './stream.worker?worker&url'
import type { ChangesView, LiveFiguresView, RunChangeView } from './types'

/** The newest figures; undefined before the first. */
export const figures = signal<LiveFiguresView>()

/** How the stream is. */
export const stream = signal<StreamState>({ state: 'connecting', since: Date.now() })

/** When something was last heard, by this machine's clock. */
export const heardAt = signal(Date.now())

// How far the server's clock is ahead of this machine's, as far as the newest figures tell.
let ahead = 0

/** The time of the server, in ms: how long something has lasted is told by it. */
export const serverNow = (): number => Date.now() + ahead

/** Whether the page shows what is going on now. */
export const isLive = computed(() => stream.value.state === 'live' && !figures.value?.problem)

const changes = new Set<(changes: ChangesView | undefined) => void>()

/** Hears what to read again: undefined means everything. */
export const onChanges = (hear: (changes: ChangesView | undefined) => void): (() => void) => {
  changes.add(hear)
  return () => changes.delete(hear)
}

type Hear = (told: Told) => void

/** Streams of the page's own, where the browser has no shared workers. */
const connectAlone = () => {
  const own = new Map<string, ReturnType<typeof openStream>>()
  return {
    open: (url: string, hear: Hear): void => {
      own.set(url, openStream(url, hear))
    },
    close: (url: string) => {
      own.get(url)?.close()
      own.delete(url)
    },
    again: (url: string): void => own.get(url)?.again(),
  }
}

/** The streams of the shared worker. */
const connectShared = () => {
  const listeners = new Map<string, Hear>()
  const policy = window.trustedTypes?.createPolicy('fleet', { createScriptURL: url => url })
  const url = new URL(workerUrl, document.baseURI).href
  const worker = new SharedWorker(policy?.createScriptURL(url) ?? url, { type: 'module', name: `fleet ${at('')}` })
  const ask = (asked: Asked) => worker.port.postMessage(asked)
  worker.port.onmessage = ({ data }: MessageEvent<{ url: string; told: Told }>) => listeners.get(data.url)?.(data.told)
  setInterval(() => ask({ ask: 'alive' }), 20_000)
  addEventListener('pagehide', () => ask({ ask: 'leave' }))
  addEventListener('pageshow', event => {
    if (event.persisted) for (const open of listeners.keys()) ask({ ask: 'open', url: open })
  })
  return {
    open: (of: string, hear: Hear) => {
      listeners.set(of, hear)
      ask({ ask: 'open', url: of })
    },
    close: (of: string) => {
      listeners.delete(of)
      ask({ ask: 'close', url: of })
    },
    again: (of: string) => ask({ ask: 'again', url: of }),
  }
}

const everything = new URL(at('events'), location.href).href
let connection: ReturnType<typeof connectAlone> | undefined
const connected = () => (connection ??= 'SharedWorker' in globalThis ? connectShared() : connectAlone())
let isStarted = false

const hearAll: Hear = told => {
  if (told.event === 'state') {
    stream.value = told.data
    return
  }
  heardAt.value = Date.now()
  if (told.event === 'figures') {
    const next = told.data as LiveFiguresView
    ahead = Date.parse(next.at) - Date.now()
    figures.value = next
  } else for (const hear of changes) hear(told.event === 'changes' ? (told.data as ChangesView) : undefined)
}

/** Begins to listen; connects again after a sign-in. */
export const startLive = (): void => {
  if (isStarted) connected().again(everything)
  else connected().open(everything, hearAll)
  isStarted = true
}

/** Follows one run until the caller is done with it. */
export const followRun = (id: string, hear: (run: RunChangeView) => void): (() => void) => {
  const url = new URL(at(`events?run=${encodeURIComponent(id)}`), location.href).href
  connected().open(url, told => {
    if (told.event === 'run') hear(told.data as RunChangeView)
  })
  return () => connected().close(url)
}
