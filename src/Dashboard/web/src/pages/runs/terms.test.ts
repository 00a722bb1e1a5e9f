import { expect, test } from 'vitest'
import { complete, statesOf, termAt, withStates } from './terms'

test.each([
  ['', 0, ''],
  ['state:failed jo', 15, 'jo'],
  ['state:failed jo', 9, 'state:fai'],
  ['error:"no answer" ta', 13, 'error:"no ans'],
  ['error:"no answer" ta', 20, 'ta'],
])('%j at %i stands in %j', (text, cursor, typed) => {
  expect(termAt(text, cursor).typed).toBe(typed)
})

test('terms, states and names are completed', () => {
  expect(complete('st', {})).toEqual(['state:'])
  expect(complete('state:fa', {})).toEqual(['state:failed'])
  expect(complete('state:failed,ru', {})).toEqual(['state:failed,running'])
  expect(complete('job:imp', { 'job:': ['x.import', 'import.orders', 'mail'] })).toEqual(['job:import.orders', 'job:x.import'])
  expect(complete('job:two', { 'job:': ['two words'] })).toEqual(['job:"two words"'])
})

test('a state is put into a query and taken out', () => {
  expect(statesOf('job:a state:failed,dead')).toEqual(['failed', 'dead'])
  expect(withStates('job:a state:failed since:1h', ['running'])).toBe('state:running job:a since:1h')
  expect(withStates('state:failed', [])).toBe('')
})
