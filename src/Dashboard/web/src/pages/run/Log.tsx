import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ApiError, at, call, query } from '../../data/api'
import { zone } from '../../data/choices'
import { clock, exact, whole } from '../../data/format'
import type { LogLineView, LogLineViewPage } from '../../data/types'
import { Empty, Failed, Icon, Loading } from '../../parts/basics'

const size = 500
const most = 20_000
const pause = 1_000

/** The lines of a run's log. While the run executes, new ones are asked for once a second. */
export const useLog = (id: string, isLive: boolean, isAsked: boolean) => {
  const [lines, setLines] = useState<LogLineView[]>([])
  const [isRead, setRead] = useState(false)
  const [error, setError] = useState<ApiError>()
  const last = useRef<{ of: string; id: number } | undefined>(undefined)
  useEffect(() => {
    if (!isAsked) return
    const ended = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    if (last.current?.of !== id) {
      last.current = undefined
      setLines([])
      setRead(false)
    }
    let got = 0
    const read = async () => {
      let wait = isLive ? pause : undefined
      try {
        const page = document.hidden
          ? { items: [] }
          : await call<LogLineViewPage>(`runs/${id}/logs${query({ after: last.current?.id, limit: size })}`, { signal: ended.signal })
        if (ended.signal.aborted) return
        setError(undefined)
        if (!document.hidden) setRead(true)
        if (page.items.length > 0) {
          last.current = { of: id, id: page.items.at(-1)!.id }
          got += page.items.length
          // A log without end must not fill the browser: the oldest lines go first, and the download has all.
          setLines(before => [...before, ...page.items].slice(-most))
          if (page.items.length === size) wait = got < most ? 0 : wait
        }
      } catch (e) {
        if (ended.signal.aborted) return
        const refused = e instanceof ApiError ? e : new ApiError(0, { detail: String(e) })
        setError(refused)
        wait = refused.status === 0 || refused.status >= 500 || refused.status === 429 ? 5_000 : undefined
      }
      if (wait !== undefined) timer = setTimeout(read, wait)
      else if (document.hidden) document.addEventListener('visibilitychange', read, { once: true, signal: ended.signal })
    }
    read()
    return () => {
      ended.abort()
      clearTimeout(timer)
    }
  }, [id, isLive, isAsked])
  return { lines, isRead, error }
}

const levels: Record<string, string> = { warning: 'retry', error: 'bad', critical: 'bad' }

/** A block of lines; it is made again only when its lines are others. */
const Lines = ({ lines, attempts }: { lines: LogLineView[]; attempts: boolean }) =>
  useMemo(
    () => (
      <div class="log-block" style={{ containIntrinsicSize: `auto ${lines.length * 20}px` }}>
        {lines.map(line => (
          <div key={line.id} class="log-line">
            <time dateTime={line.at} title={exact(line.at)}>
              {clock(line.at)}
            </time>
            {attempts && <span class="weak"> {line.attempt}</span>}{' '}
            {line.level && line.level !== 'information' && <span class={levels[line.level] ?? 'weak'}>{line.level} </span>}
            <bdi>{line.message}</bdi>
          </div>
        ))}
      </div>
    ),
    [lines[0]!.id, lines.at(-1)!.id, lines.length, attempts, zone.value],
  )

/** Blocks that stay the same while lines come. */
const inBlocks = (lines: LogLineView[]): LogLineView[][] => {
  const blocks: LogLineView[][] = []
  for (let from = 0; from < lines.length; from += size) blocks.push(lines.slice(from, from + size))
  return blocks
}

/** The log of a run: follows it while it is written, until somebody scrolls back or pauses. */
export const Log = ({ id, log, isLive }: { id: string; log: ReturnType<typeof useLog>; isLive: boolean }) => {
  const { lines, isRead, error } = log
  const [isFollowing, setFollowing] = useState(true)
  const [searched, setSearched] = useState('')
  const pane = useRef<HTMLDivElement>(null)
  const found = useMemo(() => {
    const text = searched.toLowerCase()
    return text ? lines.filter(l => l.message?.toLowerCase().includes(text)) : lines
  }, [lines, searched])
  const attempts = lines.length > 0 && lines.some(l => l.attempt !== lines[0]!.attempt)

  const toEnd = () => {
    if (pane.current) pane.current.scrollTop = pane.current.scrollHeight
  }
  useEffect(() => {
    if (!isFollowing) return
    toEnd()
    // Blocks get their true height only when they are in view.
    const frame = requestAnimationFrame(toEnd)
    return () => cancelAnimationFrame(frame)
  }, [found, isFollowing, isLive])
  const top = useRef(0)
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = pane.current!
    // Who scrolls back reads; who returns to the end follows again.
    if (scrollHeight - scrollTop - clientHeight < 40) setFollowing(true)
    else if (scrollTop < top.current) setFollowing(false)
    top.current = scrollTop
  }
  if (error && lines.length === 0) return <Failed error={error} />
  if (!isRead) return <Loading lines={6} />
  if (lines.length === 0)
    return <Empty>{isLive ? 'The run has written nothing yet. Lines stand here as they come.' : 'The run has written no line.'}</Empty>
  return (
    <div class="payload-of">
      <div class="payload-tools">
        <input
          type="search"
          placeholder="Search in log"
          aria-label="Search in log"
          spellcheck={false}
          autocomplete="off"
          value={searched}
          onInput={e => setSearched(e.currentTarget.value)}
        />
        <span class="small weak found" role="status">
          {searched ? `${whole(found.length)} of ${whole(lines.length)} lines` : ''}
        </span>
        <span class="actions">
          {isLive && (
            <button type="button" aria-pressed={isFollowing} onClick={() => setFollowing(!isFollowing)}>
              <Icon name={isFollowing ? 'pause' : 'play'} /> {isFollowing ? 'Following' : 'Follow'}
            </button>
          )}
          <a class="button" href={at(`runs/${id}/log`)} download="">
            <Icon name="download" /> Raw
          </a>
        </span>
      </div>
      {lines.length === most && <p class="small mid">The last {whole(most)} lines; the raw log has all.</p>}
      <div class="payload log" ref={pane} tabIndex={0} role="log" aria-label="log" aria-live="off" onScroll={scrolled}>
        {inBlocks(found).map((block, i) => (
          <Lines key={i} lines={block} attempts={attempts} />
        ))}
        {isLive && !searched && (
          <p class="weak log-end">{isFollowing ? 'The run executes; the log follows.' : 'Paused. New lines stand below.'}</p>
        )}
        {!isLive && !searched && <p class="weak log-end">End of the log.</p>}
      </div>
      {error && <Failed error={error} />}
    </div>
  )
}
