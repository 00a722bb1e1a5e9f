import { expect, test } from 'vitest'
import { zone } from '../../data/choices'
import { parseExact } from '../../data/exact'
import type { ScheduleView } from '../../data/types'
import { bodyOf, formOf, rebased } from './form'

zone.value = 'utc'

const stored = {
  job: 'report.daily',
  args: { shop: 42 },
  cron: '0 3 * * *',
  every: null,
  at: null,
  anchor: null,
  zone: 'Europe/Berlin',
  lane: 'slow',
  maxAttempts: 3,
  tags: ['a', 'b'],
  maxOccurrences: null,
  startsAt: '2026-12-01T04:35:34.983664+00:00',
  endsAt: null,
  exclude: ['12-25', '2026-12-24..2027-01-02'],
  jitter: null,
  misfire: 'skip',
  misfireDeadline: null,
  overlap: 'queue',
  labels: { team: 'reports', formula: 'a=b' },
} as unknown as ScheduleView

test('a form that nobody touched says what is stored', () => {
  const { misfire, overlap, labels, startsAt, args, tags, exclude, cron, zone, maxAttempts } = bodyOf(formOf(stored), stored)
  expect({ misfire, overlap, labels, startsAt, args, tags, exclude, cron, zone, maxAttempts }).toEqual({
    misfire: 'skip',
    overlap: 'queue',
    labels: stored.labels,
    startsAt: stored.startsAt,
    args: stored.args,
    tags: stored.tags,
    exclude: stored.exclude,
    cron: stored.cron,
    zone: stored.zone,
    maxAttempts: 3,
  })
})

test('an instant that was typed has an offset', () =>
  expect(bodyOf({ ...formOf(stored), endsAt: '2026-12-24T06:00' }, stored).endsAt).toBe('2026-12-24T06:00:00.000Z'))

test('only the chosen trigger is sent', () => {
  const body = bodyOf({ ...formOf(stored), trigger: 'every', every: '15s' }, stored)
  expect([body.cron, body.every, body.at]).toEqual([null, '15s', null])
})

test.runIf('rawJSON' in JSON)('an id of 19 digits stays as it is', () => {
  const s = { ...stored, args: parseExact('{"id":1234567890123456789}') } as ScheduleView
  expect(JSON.stringify(bodyOf(formOf(s), s).args)).toBe('{"id":1234567890123456789}')
})

test('args that are no JSON throw', () => expect(() => bodyOf({ ...formOf(), args: '{' })).toThrow())

test('what was typed stays over what somebody else stored, and their other fields are taken', () => {
  const before = formOf(stored)
  const typed = { ...before, cron: '0 4 * * *' }
  const theirs = { ...before, cron: '0 5 * * *', lane: 'fast' }
  expect(rebased(typed, before, theirs)).toEqual({ ...before, cron: '0 4 * * *', lane: 'fast' })
})
