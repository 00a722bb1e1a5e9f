import { expect, test } from 'vitest'
import type { RunDetailView } from '../../data/types'
import { draw, stretches } from './timeline'

const at = (s: number) => new Date(s * 1000).toISOString()
const attempt = (number: number, from: number, until: number | null, outcome: string | null = 'failed') => ({
  number,
  startedAt: at(from),
  endedAt: until === null ? null : at(until),
  outcome,
})
const run = (of: object) =>
  ({ createdAt: at(0), dueAt: at(0), state: 'failed', attempt: 1, attempts: [], ...of }) as unknown as RunDetailView

test('waits and attempts follow each other', () => {
  const all = stretches(run({ attempts: [attempt(1, 10, 20), attempt(2, 25, 30)] }), 40_000)
  expect(all.map(s => [s.kind, s.name, (s.until - s.from) / 1000])).toEqual([
    ['waits', 'before the start', 10],
    ['works', 'attempt 1', 10],
    ['waits', 'before attempt 2', 5],
    ['works', 'attempt 2', 5],
  ])
})

test('an attempt that goes on grows until now', () => {
  const all = stretches(run({ state: 'running', startedAt: at(5), attempt: 1 }), 9_000)
  expect(all.at(-1)).toMatchObject({ kind: 'works', outcome: null, from: 5_000, until: 9_000 })
})

test('a run that succeeded without a row of its attempt has one', () => {
  const all = stretches(run({ state: 'succeeded', startedAt: at(1), finishedAt: at(3) }), 9_000)
  expect(all.map(s => s.kind)).toEqual(['waits', 'works'])
})

test('a clock that was set back makes no stretch shorter than nothing', () => {
  const all = stretches(run({ attempts: [attempt(1, 10, 8)] }), 40_000)
  expect(all.every(s => s.until >= s.from)).toBe(true)
})

test('a long wait is folded, and all parts make the whole', () => {
  const drawn = draw(stretches(run({ attempts: [attempt(1, 3600, 3610)] }), 4_000_000))
  expect(drawn[0]).toMatchObject({ kind: 'waits', isFolded: true })
  expect(drawn[0]!.width).toBeLessThan(drawn[1]!.width)
  expect(drawn.reduce((sum, s) => sum + s.width, 0)).toBeCloseTo(1)
})
