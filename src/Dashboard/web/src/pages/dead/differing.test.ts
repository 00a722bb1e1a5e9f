import { expect, test, vi } from 'vitest'
import { differing, nothingDiffers } from './differing'

vi.mock('../../data/choices', () => ({ zone: { value: 'utc' } }))

const of = { job: 'import', failedRuns: 212, succeededRuns: 200, enough: true, differences: [] }
const shop = { path: 'shop', value: 42, missing: false, failed: 212, succeeded: 0 }

test('what all failed runs have and no other is named alone', () => {
  expect(differing(shop, of)).toBe('Only shop=42 fails (212 of 212); others succeed (200).')
})

test('a member that is missing is named so', () => {
  expect(differing({ ...shop, missing: true, value: undefined }, of)).toMatch(/^Only no shop fails/)
})

test('a difference that is not clean says both shares', () => {
  expect(differing({ ...shop, failed: 100 }, of)).toMatch(/^shop=42 always fails \(100 of 212/)
  expect(differing({ ...shop, succeeded: 3 }, of)).toBe('All that failed have shop=42 (212 of 212); of 200 runs that succeeded, 3 have it.')
  expect(differing({ ...shop, failed: 100, succeeded: 3 }, of)).toBe('100 of 212 that failed have shop=42, and 3 of 200 that succeeded.')
})

test('too few runs are no comparison', () => {
  expect(nothingDiffers({ ...of, failedRuns: 1, enough: false })).toMatch(/^Too few runs to compare: 1 dead letter and 200 runs/)
  expect(nothingDiffers(of)).toMatch(/^The args do not tell them apart/)
})
