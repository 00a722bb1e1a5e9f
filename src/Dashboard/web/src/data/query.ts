import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, call } from './api'
import { onChanges } from './live'
import type { ChangesView } from './types'

/** What was asked of the server, as a page shows it. */
export interface Answer<T> {
  /** The newest answer; it stays while the next is awaited or has failed. */
  data?: T
  error?: ApiError
  /** When `data` came, by this machine's clock. */
  at?: number
  isLoading: boolean
  reload(): void
}

/** How an answer is kept fresh. */
export interface Freshness {
  /** Whether these changes make it stale; without it, no change does. */
  when?: (changes: ChangesView) => boolean
  /** Read again after this many seconds. */
  every?: number
}

/** Between two reads that changes ask for. */
const calm = 1_000
const retry = 5_000

/** Reads a route of the API and keeps it fresh while the page is visible; null reads nothing. */
export const useAnswer = <T>(route: string | null, { when, every }: Freshness = {}): Answer<T> => {
  const [state, setState] = useState<Partial<Answer<T>> & { route: string | null }>({ route, isLoading: route !== null })
  const makesStale = useRef(when)
  makesStale.current = when
  const reload = useRef<() => void>(() => {})

  useEffect(() => {
    if (route === null) {
      setState({ route })
      return
    }
    const ended = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let isReading = false
    let isStale = false
    let readAt = 0

    const read = async () => {
      clearTimeout(timer)
      if (isReading || document.hidden) {
        isStale = true
        return
      }
      isReading = true
      isStale = false
      readAt = Date.now()
      let wait = every && every * 1000
      try {
        const data = await call<T>(route, { signal: ended.signal })
        setState({ route, data, at: Date.now() })
      } catch (e) {
        if (ended.signal.aborted) return
        const error = e instanceof ApiError ? e : new ApiError(0, { detail: String(e) })
        setState(before => ({ ...(before.route === route ? before : {}), route, error, isLoading: false }))
        // What is not there, or not allowed, stays so until something changes.
        wait = error.status === 0 || error.status >= 500 || error.status === 429 ? retry : undefined
      } finally {
        isReading = false
      }
      if (isStale) soon()
      else if (wait) timer = setTimeout(read, wait)
    }
    const soon = () => {
      clearTimeout(timer)
      timer = setTimeout(read, Math.max(0, readAt + calm - Date.now()))
    }
    const shown = () => {
      if (!document.hidden && isStale) soon()
    }

    reload.current = read
    setState(before => (before.route === route ? { ...before, isLoading: true } : { route, isLoading: true }))
    read()
    const stop = onChanges(changes => {
      if (changes === undefined || makesStale.current?.(changes)) soon()
    })
    document.addEventListener('visibilitychange', shown)
    return () => {
      ended.abort()
      clearTimeout(timer)
      stop()
      document.removeEventListener('visibilitychange', shown)
    }
  }, [route, every])

  const mine: Partial<Answer<T>> = state.route === route ? state : { isLoading: route !== null }
  return { data: mine.data, error: mine.error, at: mine.at, isLoading: mine.isLoading ?? false, reload: () => reload.current() }
}
