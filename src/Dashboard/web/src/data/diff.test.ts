import { expect, test } from 'vitest'
import { differences, hasSecret } from './diff'
import { parseExact } from './exact'

test('what is the same has no differences', () => {
  expect(differences({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([])
})

test('members and items are named by their path', () => {
  expect(differences({ shop: 42, lines: [{ n: 1 }, 2], gone: true }, { shop: 43, lines: [{ n: 5 }, 2, 3], came: null })).toEqual([
    { path: 'shop', before: 42, after: 43 },
    { path: 'lines[0].n', before: 1, after: 5 },
    { path: 'lines[2]', before: undefined, after: 3 },
    { path: 'gone', before: true, after: undefined },
    { path: 'came', before: undefined, after: null },
  ])
})

test('a value of another kind is one difference', () => {
  expect(differences({ a: { b: 1 } }, { a: [1] })).toEqual([{ path: 'a', before: { b: 1 }, after: [1] }])
  expect(differences(null, {})).toEqual([{ path: '', before: null, after: {} }])
  expect(differences({ a: 1 }, { a: '1' })).toHaveLength(1)
})

test('names that are no words are quoted', () => {
  expect(differences({ 'a.b': 1, __proto__x: 1 }, { 'a.b': 2, __proto__x: 1 })).toEqual([{ path: '["a.b"]', before: 1, after: 2 }])
  expect(differences(JSON.parse('{}'), JSON.parse('{"__proto__":1}'))).toEqual([{ path: '__proto__', before: undefined, after: 1 }])
})

test.runIf('rawJSON' in JSON)('numbers that a double cannot hold stay as they are written', () => {
  const id = '{"id":9007199254740993,"amount":1.10,"n":5}'
  expect(JSON.stringify(parseExact(id))).toBe(id)
  expect(differences(parseExact(id), parseExact(id.replace('993', '992')))).toHaveLength(1)
})

test('a hidden secret is found wherever it is', () => {
  expect(hasSecret({ a: [{ password: '***' }] })).toBe(true)
  expect(hasSecret({ a: ['**', null] })).toBe(false)
})
