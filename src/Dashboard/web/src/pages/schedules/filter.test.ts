import { expect, test } from 'vitest'
import type { ScheduleView } from '../../data/types'
import { matching } from './filter'

const of = (id: string, more: Partial<ScheduleView> = {}) =>
  ({ id, job: 'report', words: 'every day', tags: [], labels: {}, warnings: [], status: 'running', ...more }) as unknown as ScheduleView

const all = [
  of('nightly', { zone: 'Europe/Berlin', labels: { team: 'reports' } }),
  of('hourly', { status: 'paused', job: 'import.orders' }),
  of('minutely', { tags: ['fast'], words: 'every minute' }),
]

const found = (filter: string) => matching(all, filter).map(s => s.id)

test.each([
  ['', ['nightly', 'hourly', 'minutely']],
  ['zone:europe/berlin', ['nightly']],
  ['zone:UTC', ['hourly', 'minutely']],
  ['paused:false', ['nightly', 'minutely']],
  ['-status:paused every', ['nightly', 'minutely']],
  ['job:import.*', ['hourly']],
  ['job:*ep*rt', ['nightly', 'minutely']],
  ['job:*or*rt', []],
  ['id:n*nightly', []],
  ['label:team=reports', ['nightly']],
  ['tag:fast', ['minutely']],
  ['MINUTE', ['minutely']],
  ['nonsense:1', []],
])('%s', (filter, ids) => expect(found(filter)).toEqual(ids))
