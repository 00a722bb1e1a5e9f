import { expect, test } from 'vitest'
import type { AttemptView, RunDetailView } from '../../data/types'
import { axisOf, placeOf, triesOf } from './timeline'

const at = (second: number) => new Date(second * 1000).toISOString()
const attempt = (number: number, from: number, until: number) =>
  ({ number, outcome: 'failed', startedAt: at(from), endedAt: at(until), times: 1, error: 'no answer' }) as AttemptView
const run = (parts: Partial<RunDetailView>) =>
  ({
    state: 'pending',
    attempt: 0,
    createdAt: at(0),
    dueAt: at(0),
    startedAt: null,
    finishedAt: null,
    attempts: [],
    ...parts,
  }) as RunDetailView

test('a run that waits has no attempt and an axis up to now', () => {
  const waiting = run({})
  expect(triesOf(waiting, 5_000)).toEqual([])
  expect(axisOf(waiting, [], 5_000)).toEqual([{ from: 0, until: 5_000, share: 1, isFolded: false }])
})

test('the attempt that is under way comes last and grows', () => {
  const running = run({ state: 'running', attempt: 2, startedAt: at(20), attempts: [attempt(1, 0, 10)] })
  const tries = triesOf(running, 25_000)
  expect(tries.map(t => [t.number, t.outcome, t.until, t.isLive])).toEqual([
    [1, 'failed', 10_000, false],
    [2, 'running', 25_000, true],
  ])
})

test('an attempt that succeeded is added, one that failed is not told twice', () => {
  const succeeded = run({ state: 'succeeded', attempt: 2, startedAt: at(20), finishedAt: at(21), attempts: [attempt(1, 0, 10)] })
  expect(triesOf(succeeded, 0).map(t => t.outcome)).toEqual(['failed', 'succeeded'])
  const failed = run({ state: 'failed', attempt: 1, startedAt: at(0), finishedAt: at(10), attempts: [attempt(1, 0, 10)] })
  expect(triesOf(failed, 0).map(t => t.outcome)).toEqual(['failed'])
})

test('waiting that is longer than all the work is folded', () => {
  const late = run({ state: 'succeeded', attempt: 1, startedAt: at(3600), finishedAt: at(3610) })
  const tries = triesOf(late, 0)
  const axis = axisOf(late, tries, 0)
  expect(axis.map(s => s.isFolded)).toEqual([true, false])
  expect(axis[0]!.share).toBeCloseTo(1 / 3)
  expect(placeOf(axis, 3_600_000)).toBeCloseTo(1 / 3)
  expect(placeOf(axis, 3_605_000)).toBeCloseTo(2 / 3)
  expect(placeOf(axis, 9_999_000)).toBeCloseTo(1)
})

test('an end before the start, by clocks that differ, breaks nothing', () => {
  const odd = run({ state: 'canceled', createdAt: at(10), finishedAt: at(9) })
  expect(axisOf(odd, [], 0)).toEqual([])
  expect(placeOf([], 5)).toBe(0)
})
