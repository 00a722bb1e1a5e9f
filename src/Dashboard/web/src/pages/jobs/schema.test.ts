import { expect, test } from 'vitest'
import { copies, membersOf, toJson } from './schema'

const members = membersOf({
  properties: {
    day: { type: 'string', format: 'date' },
    shop: { type: ['integer', 'null'], minimum: 1, maximum: 9999 },
    big: { type: 'integer', minimum: -9223372036854776000, maximum: 9223372036854776000 },
    kind: { enum: ['a', 'b'] },
    token: { type: 'string', writeOnly: true, maxLength: 40 },
    lines: { type: 'array' },
  },
  required: ['day'],
})!

test('members tell their type, whether they must be there, and what is allowed', () => {
  expect(members.map(m => [m.name, m.type, m.isRequired, m.allowed])).toEqual([
    ['day', 'string', true, 'date'],
    ['shop', 'integer', false, '1–9999'],
    ['big', 'integer', false, ''],
    ['kind', 'string', false, ''],
    ['token', 'string', false, 'at most 40 characters'],
    ['lines', 'array', false, ''],
  ])
  expect(members[3]!.choices).toEqual(['a', 'b'])
  expect(members[4]!.isSecret).toBe(true)
})

test('what is typed becomes what the schema asks for, and nonsense stays for the server to refuse', () => {
  expect(toJson(members[1]!, '42')).toBe(42)
  expect(toJson(members[1]!, 'x')).toBe('x')
  expect(toJson(members[1]!, '')).toBeUndefined()
  expect(toJson(members[0]!, '42')).toBe('42')
})

test('a quote does not end the argument of a shell', () => {
  expect(copies('a', 'default', { t: "it's" }, 'http://x/').curl).toContain(`it'\\''s`)
})
