import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { zone } from '../../data/choices'
import { digits, duration, many, minute, shortWhen } from '../../data/format'
import { type Answer, useAnswer } from '../../data/query'
import type { StatisticsPointView, StatisticsView } from '../../data/types'
import { Empty, Failed, Loading, Panel } from '../../parts/basics'
import { Chart } from '../../parts/charts/Chart'
import { HeatMap } from '../../parts/charts/HeatMap'
import { delays, outcomes, percentiles, periods, type Range, ranges, slots, told } from './history'
import { Old } from './Old'

/** A chart in its panel, as high while it is awaited, has failed or is empty. */
const Charted = ({
  title,
  answer,
  isEmpty,
  empty = 'Nothing has ended in this time.',
  command,
  isToldAbove,
  children,
}: {
  title: string
  answer: Answer<unknown>
  isEmpty: boolean
  empty?: string
  command?: string
  /** Whether another panel tells what went wrong. */
  isToldAbove?: boolean
  children: ComponentChildren
}) => (
  <Panel title={title} beside={<Old answer={answer} />}>
    {answer.data !== undefined && !isEmpty ? (
      children
    ) : (
      <div class={`chart-room ${command ? 'stacked' : ''}`}>
        {answer.error && isToldAbove ? (
          <p class="weak">No answer either.</p>
        ) : answer.error ? (
          <Failed error={answer.error} at={answer.at} retry={answer.reload} />
        ) : answer.data === undefined ? (
          <Loading lines={6} />
        ) : (
          <Empty command={command}>{empty}</Empty>
        )}
      </div>
    )}
  </Panel>
)

const Delays = ({ points, words }: { points: StatisticsPointView[]; words: string }) => {
  const inUtc = zone.value
  const shown = useMemo(() => {
    const span = points.length > 1 ? Date.parse(points.at(-1)!.at) - Date.parse(points[0]!.at) : 0
    const marks = span > 8 * 3_600_000 ? /(00|03|06|09|12|15|18|21):00/ : span > 90 * 60_000 ? /:00/ : /:.0/
    return delays(points, at => marks.test(minute(at)))
  }, [points, inUtc])
  if (!shown) return null
  const range = (row: number) => `${duration(shown.bounds[row]!.from)} to ${duration(shown.bounds[row]!.until)}`
  const say = (row: number | null, column: number) => {
    const { at, wait, hasData } = points[column]!
    if (!hasData) return `${shortWhen(at)}: nothing is known`
    return row === null
      ? `${shortWhen(at)}: ${many(wait?.count ?? 0, 'start')}${wait?.count ? `, p99 ${duration(wait.p99)}` : ''}`
      : `${shortWhen(at)}, ${range(row)}: ${many(shown.cells[row]![column] ?? 0, 'start')} of ${wait?.count ?? 0}`
  }
  const table = () => ({
    head: ['from', 'starts', 'p50', 'p95', 'p99'],
    rows: points
      .map(({ at, wait }) => [
        shortWhen(at),
        `${wait?.count ?? '–'}`,
        ...(['p50', 'p95', 'p99'] as const).map(p => (wait?.count ? duration(wait[p]) : '–')),
      ])
      .reverse(),
  })
  return <HeatMap label={`Start delay, seconds, logarithmic, ${words}`} heat={shown} line={shown.line} say={say} table={table} />
}

/** Of durations, in seconds. */
const decades = [0.0001, 0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 86_400, 864_000]

/** How it was: what ended, how late it started, how long it took, and how many slots it used. */
export const History = ({ range }: { range: Range }) => {
  const { words, step, heatStep, every } = ranges[range]
  const one = step === heatStep
  const fine = useAnswer<StatisticsView>(one ? null : `statistics?since=${range}&step=${step}`, { every })
  const coarse = useAnswer<StatisticsView>(`statistics?since=${range}&step=${heatStep}&buckets=true`, { every })
  // Minutes are refused where a setting keeps them for less time than is shown.
  const answer = one || fine.error?.status === 400 ? coarse : fine
  const shown = useMemo(() => {
    const points = answer.data ? told(answer.data) : []
    return {
      ...periods(points),
      isEmpty: !points.some(p => p.ends?.all),
      isUnserved: !points.some(p => p.slots !== null),
      outcomes: outcomes(points),
      percentiles: percentiles(points),
      slots: slots(points),
    }
  }, [answer.data])
  const waits = useMemo(() => (coarse.data ? told(coarse.data) : []), [coarse.data])
  const { times, step: length, isEmpty } = shown
  const axis = { times, step: length }
  return (
    <>
      <Charted
        title={`Runs per second, by outcome, ${words}`}
        answer={answer}
        isEmpty={isEmpty}
        empty="Nothing has ended in this time. To see something here:"
        command="fleet run enqueue diag.echo"
      >
        <Chart stack label={`Runs per second by outcome, ${words}`} {...axis} layers={shown.outcomes} format={digits} />
      </Charted>
      <Charted
        title={`Start delay, s, log, ${words}`}
        answer={coarse}
        isToldAbove={answer.error?.message === coarse.error?.message}
        isEmpty={!waits.some(p => p.wait?.count)}
      >
        <Delays points={waits} words={words} />
      </Charted>
      <Charted title={`Duration of attempts, s, log, ${words}`} answer={answer} isToldAbove isEmpty={isEmpty}>
        <Chart
          log={decades}
          label={`Duration of attempts in seconds, logarithmic, ${words}`}
          {...axis}
          layers={shown.percentiles}
          format={duration}
        />
      </Charted>
      <Charted
        title={`Slots in use, ${words}`}
        answer={answer}
        isToldAbove
        isEmpty={shown.isUnserved}
        empty="No worker has told its slots in this time."
      >
        <Chart label={`Slots in use, ${words}`} {...axis} layers={shown.slots} format={digits} />
      </Charted>
    </>
  )
}
