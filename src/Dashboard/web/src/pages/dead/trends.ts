import { useEffect, useState } from 'preact/hooks'
import { call } from '../../data/api'
import { whole } from '../../data/format'
import type { DeadGroupDetailView } from '../../data/types'

/** The trends of groups by fingerprint, read one after another: each is a search of its own. */
export const useTrends = (fingerprints: string[]): Record<string, number[]> => {
  const [trends, setTrends] = useState<Record<string, number[]>>({})
  const wanted = fingerprints.join(' ')
  useEffect(() => {
    const ended = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const read = async () => {
      for (const of of wanted.split(' ')) {
        if (of === '' || document.hidden) continue
        try {
          const { trend } = await call<DeadGroupDetailView>(`dead-letters/groups/${encodeURIComponent(of)}`, { signal: ended.signal })
          setTrends(known => ({ ...known, [of]: trend }))
        } catch {
          // The page does not need it; what matters is read elsewhere.
        }
        if (ended.signal.aborted) return
      }
      timer = setTimeout(read, 60_000)
    }
    read()
    return () => {
      ended.abort()
      clearTimeout(timer)
    }
  }, [wanted])
  return trends
}

/** What a trend shows, in words. */
export const inWords = (trend: number[]): string => {
  const total = trend.reduce((sum, n) => sum + n, 0)
  if (total === 0) return 'none in 24 h'
  const most = Math.max(...trend)
  const ago = trend.length - 1 - trend.lastIndexOf(most)
  return ago === 0
    ? `${whole(total)} in 24 h, most in the last hour (${whole(most)})`
    : `${whole(total)} in 24 h, most ${ago} h ago (${whole(most)}), ${whole(trend.at(-1)!)} in the last hour`
}

/** Which hour a bar is, and what it shows. */
export const hour = (trend: number[]) => (i: number) => {
  const ago = trend.length - 1 - i
  return `${ago === 0 ? 'last hour' : `${ago} h ago`}: ${whole(trend[i]!)}`
}
