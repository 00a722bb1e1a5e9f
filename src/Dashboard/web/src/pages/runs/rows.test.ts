import { expect, test } from 'vitest'
import type { RunView } from '../../data/types'
import { append, renew, showFresh, update } from './rows'

const run = (id: string, state = 'pending') => ({ id, state }) as RunView
const ids = (runs: RunView[]) => runs.map(r => r.id).join('')

test('the first answer is shown as it is', () => {
  expect(ids(renew(undefined, [run('c'), run('b')]).shown)).toBe('cb')
})

test('new runs wait above the rows, and the rows say what is new of them', () => {
  const rows = renew({ shown: [run('c'), run('b')], fresh: [] }, [run('e'), run('d'), run('c', 'running')])
  expect(ids(rows.shown)).toBe('cb')
  expect(rows.shown[0]!.state).toBe('running')
  expect(ids(rows.fresh)).toBe('ed')
  expect(ids(showFresh(rows).shown)).toBe('edcb')
})

test('a run that is older and matches only now is not taken for new', () => {
  expect(renew({ shown: [run('c')], fresh: [] }, [run('c'), run('b')]).fresh).toEqual([])
})

test('more rows stand below, each once', () => {
  expect(ids(append({ shown: [run('c'), run('b')], fresh: [] }, [run('b'), run('a')]).shown)).toBe('cba')
})

test('rows change by id and stay where they are', () => {
  const rows = update({ shown: [run('c'), run('b')], fresh: [] }, [run('b', 'failed')])
  expect(rows.shown.map(r => r.id + r.state)).toEqual(['cpending', 'bfailed'])
})
