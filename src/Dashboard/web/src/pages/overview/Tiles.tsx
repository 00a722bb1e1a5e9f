import { effect, signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { count, duration, many, percent, whole } from '../../data/format'
import { figures } from '../../data/live'
import { useAnswer } from '../../data/query'
import type { StatisticsView } from '../../data/types'
import { Link } from '../../parts/basics'
import { Spark } from '../../parts/charts/Spark'
import { told } from './history'

const sampleMs = 5_000
const samplesKept = 60

/** How many runs were ready, as this page has seen it: the server keeps no history of it. */
const readySeen = signal<{ slot: number; ready: number }[]>([])
effect(() => {
  const now = figures.value
  if (!now || now.problem) return
  const slot = Math.floor(Date.parse(now.at) / sampleMs)
  const seen = readySeen.peek()
  if (seen.at(-1)?.slot !== slot) readySeen.value = [...seen.slice(1 - samplesKept), { slot, ready: now.ready.value }]
})

const readyTrend = () => {
  const last = readySeen.value.at(-1)?.slot ?? 0
  const bySlot = new Map(readySeen.value.map(s => [s.slot, s.ready]))
  return Array.from({ length: samplesKept }, (_, i) => bySlot.get(last - samplesKept + 1 + i) ?? null)
}

const Tile = ({
  to,
  value,
  name,
  caption,
  children,
}: {
  to: string
  value: ComponentChildren
  name: string
  caption: ComponentChildren
  children: ComponentChildren
}) => (
  <li>
    <Link to={to}>
      <span class="value">{value}</span>
      <span class="what">{name}</span>
      {children}
      <span class="caption">{caption}</span>
    </Link>
  </li>
)

const runs = (query: string) => `runs?q=${encodeURIComponent(query)}`

/** What is going on now; each figure leads to what it counts. */
export const Tiles = () => {
  const now = figures.value!
  const { data: hour, error: noHour } = useAnswer<StatisticsView>('statistics?since=1h&step=minute', { every: 60 })
  const { data: day, error: noDay } = useAnswer<StatisticsView>('statistics?since=24h&step=hour', { every: 300 })
  const minutes = hour ? told(hour) : []
  const ends = hour?.series[0]?.total.ends
  const ended = ends ? ends.failed + ends.succeeded : 0
  const failedToday = day?.series[0]?.total.ends?.failed ?? 0
  const oldest = now.oldestReadyAt ? Math.max(0, (Date.parse(now.at) - Date.parse(now.oldestReadyAt)) / 1000) : undefined
  return (
    <ul class="panel tiles" aria-label="Now">
      <Tile to={runs('state:ready')} value={count(now.ready)} name="ready" caption="5 min">
        <Spark values={readyTrend()} tone="waiting" label="Runs that were ready, in the last 5 minutes as far as this page has seen them" />
      </Tile>
      <Tile to="workers" value={count(now.running)} name={`of ${many(now.slots, 'slot')} busy`} caption="1 h">
        <Spark
          values={minutes.map(p => p.slotsBusy)}
          top={Math.max(0, ...minutes.map(p => p.slots ?? 0))}
          label="Part of the slots that was in use, in the last hour"
        />
      </Tile>
      <Tile
        to={runs('state:failed since:1h')}
        value={!hour ? (noHour ? '–' : '…') : ended ? percent(ends!.failed / ended) : '–'}
        name="failed, 1 h"
        caption={
          !hour ? (noHour ? 'no answer' : '…') : !ended ? 'no run has ended' : `${whole(ends?.failed ?? 0)} of ${many(ended, 'run')}`
        }
      >
        <Spark values={minutes.map(p => p.ends?.failed ?? null)} tone="bad" label="Runs that failed for good, by minute of the last hour" />
      </Tile>
      <Tile
        to="dead-letters"
        value={count(now.failed)}
        name="dead"
        caption={!day ? (noDay ? 'no answer' : '…') : `${whole(failedToday)} failed in 24 h`}
      >
        <Spark
          values={day?.series[0]?.points.map(p => p.ends?.failed ?? null) ?? []}
          tone="bad"
          label="Runs that failed for good, by hour of the last 24 hours"
        />
      </Tile>
      <Tile
        to={runs('state:ready')}
        value={oldest === undefined ? '–' : duration(oldest < 1 ? oldest : Math.round(oldest))}
        name="oldest ready"
        caption="start delay p99, 1 h"
      >
        <Spark
          values={minutes.map(p => (p.wait?.count ? p.wait.p99 : p.hasData ? 0 : null))}
          tone="waiting"
          label="99th percentile of the start delay, by minute of the last hour"
        />
      </Tile>
    </ul>
  )
}
