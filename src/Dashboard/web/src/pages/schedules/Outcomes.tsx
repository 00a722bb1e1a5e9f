import { useRef, useState } from 'preact/hooks'
import { duration, exact, many, seconds } from '../../data/format'
import type { OccurrenceView } from '../../data/types'
import { shape, tone } from '../../data/words'
import { href } from '../../parts/basics'

/** What became of a fire time, in words. */
export const inWords = (o: OccurrenceView): string =>
  [
    `${exact(o.fireTime)}: ${o.outcome}`,
    o.count > 1 && o.first && `${many(o.count, 'fire time')} since ${exact(o.first)}`,
    o.lateBy && (seconds(o.lateBy) ?? 0) >= 1 && `started ${duration(seconds(o.lateBy))} late`,
    o.duration && `took ${duration(seconds(o.duration))}`,
  ]
    .filter(Boolean)
    .join(', ')

/** The last outcomes as shapes, the oldest first. The strip is one stop of the Tab key; arrows move in it. */
export const Outcomes = ({ of, id }: { of: OccurrenceView[]; id: string }) => {
  const strip = useRef<HTMLUListElement>(null)
  const [at, setAt] = useState<string>()
  if (of.length === 0) return <span class="weak">none yet</span>
  const items = of.toReversed()
  const key = (o: OccurrenceView) => o.run ?? o.fireTime
  const found = items.findIndex(o => key(o) === at)
  const stop = found < 0 ? items.length - 1 : found
  const move = (event: KeyboardEvent) => {
    const to = { ArrowLeft: stop - 1, ArrowRight: stop + 1, Home: 0, End: items.length - 1 }[event.key]
    if (to === undefined || !items[to]) return
    event.preventDefault()
    setAt(key(items[to]))
    strip.current!.querySelectorAll('a')[to]?.focus()
  }
  return (
    <ul class="outcomes" ref={strip} onKeyDown={move} aria-label={`Last ${many(items.length, 'outcome')} of ${id}`}>
      {items.map((o, i) => {
        const words = inWords(o)
        const page = o.run && o.outcome !== 'deleted' ? `runs/${o.run}` : missedPath(id, o)
        return (
          <li key={key(o)}>
            <a
              class={`outcome ${tone(o.outcome)}`}
              href={href(page)}
              title={words}
              aria-label={words}
              tabIndex={i === stop ? 0 : -1}
              onFocus={() => setAt(key(o))}
            >
              {shape(o.outcome)}
            </a>
          </li>
        )
      })}
    </ul>
  )
}

/** Where it is explained what became of a fire time. */
export const missedPath = (id: string, o: { fireTime: string }): string =>
  `schedules/${encodeURIComponent(id)}?at=${encodeURIComponent(new Date(o.fireTime).toISOString())}`
