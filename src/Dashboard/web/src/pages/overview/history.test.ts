import { describe, expect, test } from 'vitest'
import type { BucketView, StatisticsPointView, StatisticsView } from '../../data/types'
import { stepOf } from '../../parts/charts/heat'
import { delays, failing, outcomes, pageOf, told } from './history'

const none = { all: 0, succeeded: 0, retried: 0, failed: 0, canceled: 0, skipped: 0, revoked: 0, rescued: 0, released: 0 }
const point = (more: Partial<StatisticsPointView> = {}): StatisticsPointView => ({
  at: '2026-11-30T14:00:00Z',
  seconds: 60,
  complete: true,
  hasData: true,
  ends: none,
  perSecond: 0,
  slotsUsed: 0,
  slotsBusy: 0,
  slots: 8,
  wait: null,
  duration: null,
  ...more,
})
const waits = (p99: number, ...buckets: BucketView[]) => ({
  wait: { count: buckets.reduce((s, b) => s + b.count, 0), mean: 0, p50: 0, p95: 0, p99, buckets },
})
const view = (step: string, ...points: StatisticsPointView[]): StatisticsView => ({
  from: '',
  until: '',
  step,
  countedFrom: null,
  series: [{ key: '', total: point(), points }],
})

describe('told', () => {
  test('leaves out a minute whose ends are not written yet', () =>
    expect(told(view('minute', point(), point({ complete: false })))).toHaveLength(1))
  test('keeps a quarter that has begun', () =>
    expect(told(view('quarter', point(), point({ complete: false, seconds: 90 })))).toHaveLength(2))
  test('leaves out a quarter that has hardly begun', () =>
    expect(told(view('quarter', point(), point({ complete: false, seconds: 5 })))).toHaveLength(1))
  test('has nothing where there is no series', () => expect(told({ ...view('minute'), series: [] })).toEqual([]))
})

test('a period of which nothing is known is a gap, not a zero', () => {
  const [failed] = outcomes([point({ hasData: false, ends: null }), point(), point({ ends: { ...none, failed: 30 } })])
  expect(failed!.values).toEqual([null, 0, 0.5])
})

describe('delays', () => {
  const always = () => true
  test('are undefined where nothing started', () => expect(delays([point()], always)).toBeUndefined())

  test('have a row for each doubling, the longest at the top', () => {
    const heat = delays(
      [
        point(waits(0.0015, { from: 0.00025, until: 0.00028125, count: 2 }, { from: 0.001, until: 0.001125, count: 3 })),
        point({ hasData: false }),
      ],
      always,
    )!
    expect(heat.bounds).toEqual([
      { from: 0.001, until: 0.002 },
      { from: 0.0005, until: 0.001 },
      { from: 0.00025, until: 0.0005 },
    ])
    expect(heat.cells).toEqual([
      [3, null],
      [0, null],
      [2, null],
    ])
    expect(heat.line.at[0]).toBeCloseTo(0.415, 2)
    expect(heat.line.at[1]).toBeNull()
  })

  test('count all in fewer rows where they span from nothing to days', () => {
    const heat = delays([point(waits(1, { from: 0, until: 0.00025, count: 1 }, { from: 86_400, until: null, count: 1 }))], always)!
    expect(heat.cells.length).toBeLessThanOrEqual(14)
    expect(heat.cells.flat().reduce((a, b) => a! + b!, 0)).toBe(2)
    expect(heat.bounds.at(-1)!.from).toBe(0)
  })
})

test('failing jobs come by the share of their runs, and those that only retry come last', () => {
  const job = (key: string, ends: Partial<typeof none>) => ({ key, total: point({ ends: { ...none, ...ends } }), points: [point()] })
  const jobs = failing([
    job('retries', { retried: 9, succeeded: 3 }),
    job('half', { failed: 3, succeeded: 3 }),
    job('well', { succeeded: 5 }),
    job('(other)', { failed: 7 }),
    job('all', { failed: 2 }),
  ])
  expect(jobs.map(j => [j.job, j.share])).toEqual([
    ['all', 1],
    ['half', 0.5],
    ['retries', 0],
  ])
  expect(jobs[0]!.trend).toEqual([null])
})

test.each([
  ['lanes', 'lanes'],
  ['lanes/mail', 'lanes?lane=mail'],
  ['runs?q=state%3Afailed', 'runs?q=state%3Afailed'],
  ['schedules/a%2Fb', 'schedules/a%2Fb'],
  ['dead-letters', 'dead-letters'],
])('the page of %s', (link, to) => expect(pageOf(link)!.to).toBe(to))

test('a link that this page does not know is no link', () => {
  expect(pageOf('javascript:alert(1)')).toBeUndefined()
  expect(pageOf('//elsewhere')).toBeUndefined()
})

test('the color of a number: none for zero, the darkest for the highest', () => {
  expect([0, 1, 10, 100].map(v => stepOf(v, 100))).toEqual([0, 1, 3, 6])
  expect(stepOf(1, 1)).toBe(6)
})
