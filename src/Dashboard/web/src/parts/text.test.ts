import { expect, test } from 'vitest'
import { blocksOf, errorText, ownFrames, placesOf } from './text'

test('blocks hold all of a text, in order', () => {
  const text = Array.from({ length: 1_001 }, (_, i) => `line ${i}`).join('\n')
  const blocks = blocksOf(text)
  expect(blocks.map(b => b.lines)).toEqual([200, 200, 200, 200, 200, 1])
  expect(blocks.map(b => b.text).join('')).toBe(text)
  expect(blocksOf('')).toEqual([])
  expect(blocksOf('\n').map(b => b.text)).toEqual(['\n'])
})

test('a line of a megabyte is cut, and no character is broken', () => {
  const text = `a${'😀'.repeat(300_000)}\nend`
  const blocks = blocksOf(text)
  expect(blocks.every(b => b.text.length <= 20_000 && !/[\uD800-\uDBFF]$/.test(b.text))).toBe(true)
  expect(blocks.map(b => b.text).join('')).toBe(text)
})

test('what is searched is no pattern', () => {
  expect(placesOf('a.b A.B axb', 'a.b', 10)).toEqual([0, 4])
  expect(placesOf('aaaa', 'a', 2)).toEqual([0, 1])
  expect(placesOf('İ a', 'a', 9)).toEqual([2])
  expect(placesOf('abc', '', 9)).toEqual([])
})

test('frames of libraries are counted, own ones stay', () => {
  const stack = [
    'Shop.NoAnswer: shop 42',
    '   at Shop.Fetch.Run() in Fetch.cs:line 3',
    '   at System.Threading.Tasks.Task.Run()',
    '   at Fleet.Core.Jobs.JobDefinition.CallAsync()',
    '   at Fleet.Samples.Own.Run()',
    '   at System.X.Y()',
  ]
  expect(ownFrames(stack.join('\n')).split('\n')).toEqual([
    stack[0],
    stack[1],
    '   … 2 frames of libraries',
    stack[4],
    '   … 1 frame of libraries',
  ])
})

test('an error is its type, its message and its stack, as far as they are known', () => {
  expect(errorText({ errorType: 'T', error: 'm', stack: '   at x' })).toBe('T: m\n   at x')
  expect(errorText({ errorType: null, error: 'm', stack: null })).toBe('m')
  expect(errorText({ errorType: null, error: null, stack: null })).toBe('')
})
