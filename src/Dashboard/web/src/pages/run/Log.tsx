import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, at as address, call, query } from '../../data/api'
import { clock, exact, whole } from '../../data/format'
import type { LogLineView, LogLineViewPage } from '../../data/types'
import { Failed, Icon } from '../../parts/basics'

const chunk = 500
const mostChunks = 20
const pause = 1_000

/** The log of a run, from its first line on; follows it while the run goes on. */
export const Log = ({ id, isLive }: { id: string; isLive: boolean }) => {
  const [chunks, setChunks] = useState<LogLineView[][]>([])
  const [error, setError] = useState<ApiError>()
  const [isDone, setDone] = useState(false)
  const [follows, setFollows] = useState(true)
  const box = useRef<HTMLDivElement>(null)
  const live = useRef(isLive)
  live.current = isLive

  useEffect(() => {
    const ended = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let after: number | undefined
    let wasLive = true
    const read = async () => {
      // One more look after its end: the last lines come with it.
      const isLast = !wasLive
      wasLive = live.current
      try {
        const page = await call<LogLineViewPage>(`runs/${id}/logs${query({ after, limit: chunk })}`, { signal: ended.signal })
        setError(undefined)
        if (page.items.length > 0) {
          after = page.items.at(-1)!.id
          setChunks(before => {
            const last = before.at(-1)
            return last && last.length + page.items.length <= chunk
              ? [...before.slice(0, -1), [...last, ...page.items]]
              : [...before, page.items].slice(-mostChunks)
          })
        }
        if (page.items.length === chunk) timer = setTimeout(read)
        else if (!isLast) timer = setTimeout(read, pause)
        else setDone(true)
      } catch (e) {
        if (ended.signal.aborted) return
        setError(e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }))
        timer = setTimeout(read, pause * 5)
      }
    }
    setChunks([])
    setDone(false)
    read()
    return () => {
      ended.abort()
      clearTimeout(timer)
    }
  }, [id, isLive && isDone])

  useEffect(() => {
    if (follows && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [chunks, follows])

  const count = chunks.reduce((sum, c) => sum + c.length, 0)
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!
    setFollows(scrollHeight - scrollTop - clientHeight < 24)
  }
  return (
    <div class="panels">
      <div class="actions">
        <span class="small mid">
          {whole(count)} {count === 1 ? 'line' : 'lines'}
          {isLive ? (follows ? ' · following' : ' · not following') : ''}
        </span>
        {isLive && (
          <button type="button" aria-pressed={follows} onClick={() => setFollows(!follows)}>
            <Icon name={follows ? 'pause' : 'play'} /> {follows ? 'Pause' : 'Follow'}
          </button>
        )}
        <a class="button" href={address(`runs/${id}/log`)} download>
          <Icon name="download" /> Raw
        </a>
      </div>
      {error && <Failed error={error} />}
      <div class="payload end-of-log" role="log" tabIndex={0} aria-label="Log" ref={box} onScroll={scrolled}>
        {chunks.map((lines, i) => (
          <div key={lines[0]?.id ?? i} class="log-chunk">
            {lines.map(line => (
              <div key={line.id} class={`log-line ${line.level?.toLowerCase() ?? ''}`}>
                <time dateTime={line.at} title={exact(line.at)}>
                  {clock(line.at)}
                </time>{' '}
                <span class="weak">
                  {line.attempt} {line.level}
                </span>{' '}
                <span>{line.message}</span>
              </div>
            ))}
          </div>
        ))}
        {count === 0 && (isDone || !isLive) && <p class="weak">It has logged nothing.</p>}
      </div>
    </div>
  )
}
