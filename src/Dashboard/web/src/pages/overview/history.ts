import { duration, minute } from '../../data/format'
import type { StatisticsPointView, StatisticsSeriesView, StatisticsView } from '../../data/types'
import type { HeatLine } from '../../parts/charts/HeatMap'
import type { Layer } from '../../parts/charts/layers'

/** How far back the page shows, and in which steps. */
export const ranges = {
  '1h': { words: '1 h', step: 'minute', heatStep: 'minute', jobStep: 'quarter', every: 60 },
  '6h': { words: '6 h', step: 'minute', heatStep: 'quarter', jobStep: 'quarter', every: 60 },
  '24h': { words: '24 h', step: 'quarter', heatStep: 'quarter', jobStep: 'hour', every: 300 },
} as const
export type Range = keyof typeof ranges

/** The points that tell something: the newest is left out until it covers a minute and its ends are written. */
export const told = (view: StatisticsView): StatisticsPointView[] => {
  const points = view.series[0]?.points ?? []
  const newest = points.at(-1)
  return newest && !newest.complete && (view.step === 'minute' || newest.seconds < 60) ? points.slice(0, -1) : points
}

const starts = (points: StatisticsPointView[]) => points.map(p => Date.parse(p.at))

/** The periods of points: when each begins, and how long they are, in ms. */
export const periods = (points: StatisticsPointView[]): { times: number[]; step: number } => {
  const times = starts(points)
  return { times, step: times.length > 1 ? times[1]! - times[0]! : 60_000 }
}

/** Ends per second by outcome; what failed is at the bottom. */
export const outcomes = (points: StatisticsPointView[]): Layer[] => {
  const rate = (count: (ends: NonNullable<StatisticsPointView['ends']>) => number) =>
    points.map(p => (p.ends && p.seconds > 0 ? count(p.ends) / p.seconds : null))
  return [
    { name: 'failed', values: rate(e => e.failed), color: '--chart-bad', fill: 'hatch' },
    { name: 'canceled', values: rate(e => e.canceled + e.skipped + e.revoked), color: '--chart-off', fill: 'cross' },
    { name: 'retried', values: rate(e => e.retried + e.rescued), color: '--chart-retry', fill: 'dots' },
    { name: 'succeeded', values: rate(e => e.succeeded), color: '--chart-good', fill: 'solid', edge: '--chart-good-edge' },
  ]
}

/** The percentiles of how long attempts took. */
export const percentiles = (points: StatisticsPointView[]): Layer[] => {
  const of = (name: 'p50' | 'p95' | 'p99') => points.map(p => (p.duration?.count ? p.duration[name] : null))
  return [
    { name: 'p50', values: of('p50'), color: '--chart-p50' },
    { name: 'p95', values: of('p95'), color: '--chart-p95', dash: [6, 3] },
    { name: 'p99', values: of('p99'), color: '--chart-p99', dash: [2, 3] },
  ]
}

/** Slots in use, and slots there are. */
export const slots = (points: StatisticsPointView[]): Layer[] => [
  { name: 'busy', values: points.map(p => p.slotsBusy), color: '--chart-p50' },
  { name: 'slots', values: points.map(p => p.slots), color: '--text-3', dash: [6, 3] },
]

const smallest = 0.00025
const mostRows = 14

/** Start delays as a heat map: rows are doublings of the delay, or several of them where there would be too many. */
export interface Delays {
  cells: (number | null)[][]
  /** Of each row, from top to bottom: its delays in seconds. */
  bounds: { from: number; until: number }[]
  rowLabels: string[]
  columnLabels: string[]
  line: HeatLine
}

/** How many doublings of the smallest delay; −1 for what is below it. */
const doubling = (seconds: number) => (seconds < smallest ? -1 : Math.floor(Math.log2(seconds / smallest) + 1e-9))

/** Start delays of all points; undefined when nothing started. */
export const delays = (points: StatisticsPointView[], every: (at: number) => boolean): Delays | undefined => {
  const found = points.flatMap(p => (p.wait?.buckets ?? []).map(b => doubling(b.from)))
  if (found.length === 0) return undefined
  const low = Math.min(...found)
  const doublings = Math.max(...found) - low + 1
  const perRow = Math.ceil(doublings / mostRows)
  const rows = Math.ceil(doublings / perRow)
  const edge = (row: number) => (low + row * perRow < 0 ? 0 : smallest * 2 ** (low + row * perRow))
  const cells = Array.from({ length: rows }, () => points.map(p => (p.hasData ? 0 : null)))
  points.forEach((point, column) => {
    for (const bucket of point.wait?.buckets ?? [])
      cells[rows - 1 - Math.floor((doubling(bucket.from) - low) / perRow)]![column]! += bucket.count
  })
  const rowOf = (seconds: number) =>
    Math.max(0, Math.min(rows, rows - (Math.log2(Math.max(seconds, smallest / 2) / smallest) - low) / perRow))
  const bounds = Array.from({ length: rows }, (_, i) => ({ from: edge(rows - 1 - i), until: edge(rows - i) }))
  return {
    cells,
    bounds,
    rowLabels: bounds.map((b, i) => (rows > 7 && (rows - 1 - i) % 2 ? '' : duration(b.from))),
    columnLabels: starts(points).map(at => (every(at) ? minute(at) : '')),
    line: {
      name: 'p99',
      color: '--chart-p99',
      dash: [2, 3],
      at: points.map(p => (p.wait?.count ? rowOf(p.wait.p99) : null)),
    },
  }
}

/** A job of which attempts failed. */
export interface FailingJob {
  job: string
  failed: number
  retried: number
  /** Of the runs that ended well or failed for good. */
  ended: number
  share: number
  /** The share in each period; null where none ended. */
  trend: (number | null)[]
}

const shareOf = (ends: StatisticsPointView['ends']) =>
  ends && ends.succeeded + ends.failed > 0 ? ends.failed / (ends.succeeded + ends.failed) : null

/** The jobs with failures: those of which most runs failed come first, then those with most retries. */
export const failing = (series: StatisticsSeriesView[]): FailingJob[] =>
  series
    .flatMap(({ key, total: { ends }, points }) =>
      key === '(other)' || !ends || ends.failed + ends.retried === 0
        ? []
        : [
            {
              job: key,
              failed: ends.failed,
              retried: ends.retried,
              ended: ends.succeeded + ends.failed,
              share: shareOf(ends) ?? 0,
              trend: points.map(p => shareOf(p.ends)),
            },
          ],
    )
    .sort((a, b) => b.share - a.share || b.failed - a.failed || b.retried - a.retried || a.job.localeCompare(b.job))

/** The page of what a finding is about: its link is a path of the API. */
export const pageOf = (link: string): { to: string; name: string } | undefined => {
  const [, place, rest] = /^([a-z-]+)(.*)$/.exec(link) ?? []
  const one = rest?.startsWith('/')
  switch (place) {
    case 'lanes':
      return one ? { to: `lanes?lane=${rest!.slice(1)}`, name: 'Lanes' } : { to: link, name: 'Lanes' }
    case 'workers':
      return { to: link, name: 'Workers' }
    case 'schedules':
      return { to: link, name: one ? 'Schedule' : 'Schedules' }
    case 'jobs':
      return { to: link, name: one ? 'Job' : 'Jobs' }
    case 'runs':
      return { to: link, name: one ? 'Run' : 'Runs' }
    case 'dead-letters':
      return { to: link, name: 'Dead letters' }
    case 'operations':
      return { to: link, name: one ? 'Operation' : 'Operations' }
  }
  return undefined
}
