import { expect, test } from 'vitest'
import { columnsOf, parameterOf, withColumn } from './columns'

test('without a choice, the usual columns are shown and the address says nothing', () => {
  expect(columnsOf(undefined)).toEqual(['lane', 'id', 'attempt', 'startedAt', 'finishedAt', 'errorType'])
  expect(parameterOf(columnsOf(undefined))).toBeUndefined()
  expect(parameterOf(null)).toBeUndefined()
})

test('a choice goes into the address and comes back, in the order of the page', () => {
  const chosen = withColumn(['errorType', 'lane'], 'tags')
  expect(parameterOf(chosen)).toBe('lane,errorType,tags')
  expect(columnsOf('tags,lane,errorType')).toEqual(['lane', 'errorType', 'tags'])
  expect(withColumn(chosen, 'tags')).toEqual(['errorType', 'lane'])
})

test('no column at all is a choice, and what is not known is left out', () => {
  expect(parameterOf([])).toBe('none')
  expect(columnsOf('none')).toEqual([])
  expect(columnsOf('lane,color')).toEqual(['lane'])
  expect(parameterOf(['state', 'lane'])).toBe('lane')
})
