import { expect, test } from 'vitest'
import type { AttemptBarView } from '../../data/types'
import { packed, stripWords, sumOf } from './strips'

const bar = (run: string, second: number, seconds: number): AttemptBarView => ({
  run,
  job: 'a',
  lane: 'default',
  attempt: 1,
  outcome: 'succeeded',
  startedAt: new Date(second * 1000).toISOString(),
  seconds,
})

const sample = (second: number, busy: number) => ({ at: new Date(second * 1000).toISOString(), seconds: 10, busy, slots: 4, ended: 1 })

test('samples of the same ten seconds are added over the lanes', () => {
  const sums = sumOf([
    { lane: 'a', samples: [sample(10, 1), sample(20, 2)] },
    { lane: 'b', samples: [sample(21, 3)] },
  ])
  expect(sums.map(s => [s.busy, s.slots])).toEqual([
    [1, 4],
    [5, 8],
  ])
})

test('attempts that overlap get rows of their own', () => {
  const { rows, leftOut } = packed([bar('c', 5, 5), bar('a', 0, 5), bar('b', 1, 10)], 2)
  expect(rows.map(r => r.map(b => b.run))).toEqual([['a', 'c'], ['b']])
  expect(leftOut).toBe(0)
})

test('attempts that find no row are counted', () => {
  expect(packed([bar('a', 0, 5), bar('b', 1, 5), bar('c', 2, 5)], 2).leftOut).toBe(1)
})

test('a strip is told in words', () => {
  expect(stripWords([sample(0, 1), sample(10, 3)])).toBe('Busy slots in the last 10 min: 2 on average, at most 3, 3 of 4 at the end.')
  expect(stripWords([])).toBe('No figures of the last 10 min.')
})
