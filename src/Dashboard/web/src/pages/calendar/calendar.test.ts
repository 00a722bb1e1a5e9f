import { expect, test, vi } from 'vitest'
import { daysLater, hourOf, isDate, slotStep } from './calendar'

vi.stubEnv('TZ', 'Europe/Berlin')

test.each([
  [0, 64, 0],
  [0.2, 64, 1],
  [32, 64, 4],
  [64, 64, 6],
  [141, 64, 6],
  [3, 0, 6],
])('%d of %d slots is step %d', (slots, capacity, step) => expect(slotStep(slots, capacity)).toBe(step))

const minutes = (date: string, hour: number) => {
  const [from, until] = hourOf(date, hour, false)
  return (until - from) / 60_000
}

test('an hour that the clock jumps over is empty, and one that it repeats has two', () => {
  expect(minutes('2027-03-28', 1)).toBe(60)
  expect(minutes('2027-03-28', 2)).toBe(0)
  expect(minutes('2026-10-25', 2)).toBe(120)
  expect(minutes('2026-12-01', 23)).toBe(60)
})

test('days go over the end of a year', () => expect(daysLater('2026-12-29', 7)).toBe('2027-01-05'))

test.each([
  ['2026-12-01', true],
  ['2026-13-01', false],
  ['soon', false],
  [undefined, false],
])('%s is a date: %s', (text, is) => expect(isDate(text)).toBe(is))
