import { expect, test, vi } from 'vitest'
import type { OperationView } from '../../data/types'
import { inWords, progress, skippedWhy, timeLeft } from './progress'

vi.mock('../../data/choices', () => ({ zone: { value: 'utc' } }))

const of = (o: Partial<OperationView>) =>
  ({
    kind: 'replay',
    state: 'running',
    matched: { value: 100, relation: 'eq' },
    done: 40,
    skipped: { changed: 5, gone: 5 },
    failed: 10,
    rate: 20,
    ...o,
  }) as OperationView

test('what was skipped or failed had its turn', () => {
  expect(progress(of({}))).toEqual({ skipped: 10, turned: 60, left: 40, part: 0.6, secondsLeft: 2 })
  expect(inWords(of({}))).toBe('40 of 100 replayed · 10 skipped · 10 failed')
  expect(skippedWhy(of({}))).toBe('5 runs did not match any more, 5 runs had been deleted')
})

test('nobody knows how much is left of a count that is capped, or of what has ended', () => {
  expect(timeLeft(of({ matched: { value: 100, relation: 'gte' } }))).toBeUndefined()
  expect(timeLeft(of({ state: 'canceled' }))).toBeUndefined()
  expect(inWords(of({ matched: { value: 100, relation: 'gte' } }))).toMatch(/^40 of 100\+ replayed/)
})

test('a completed operation is whole, also when it had nothing to do', () => {
  expect(progress(of({ state: 'completed', matched: { value: 0, relation: 'eq' }, done: 0 })).part).toBe(1)
  expect(progress(of({ matched: { value: 0, relation: 'eq' } })).part).toBe(0)
})

test('a kind of another version is told, too', () => {
  expect(inWords(of({ kind: 'archive', failed: 0, skipped: { changed: 0, gone: 0 } }))).toBe('40 of 100 done')
})
