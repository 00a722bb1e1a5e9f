import type { RunView } from '../../data/types'

/** The rows of a list, as they stand on the page. They never move under the pointer: a newer answer changes what a row says, and what is
 * new waits above them until somebody asks for it. */
export interface Rows {
  shown: RunView[]
  /** New runs that match, the newest first. */
  fresh: RunView[]
}

/** The rows after a newer answer of the first page. */
export const renew = (rows: Rows | undefined, answer: RunView[]): Rows => {
  if (!rows) return { shown: answer, fresh: [] }
  const newest = new Map(answer.map(run => [run.id, run]))
  const known = new Set(rows.shown.map(run => run.id))
  const first = rows.shown[0]?.id
  return {
    shown: rows.shown.map(run => newest.get(run.id) ?? run),
    // Ids grow with time: what is older than the first row has only begun to match, and has no place here.
    fresh: answer.filter(run => !known.has(run.id) && (first === undefined || run.id > first)),
  }
}

/** What was new stands at the top. */
export const showFresh = (rows: Rows): Rows => ({ shown: [...rows.fresh, ...rows.shown], fresh: [] })

/** The rows with more below. */
export const append = (rows: Rows, more: RunView[]): Rows => {
  const known = new Set(rows.shown.map(run => run.id))
  return { ...rows, shown: [...rows.shown, ...more.filter(run => !known.has(run.id))] }
}

/** Newer states of rows, by id. */
export const update = (rows: Rows, runs: RunView[]): Rows => {
  const newest = new Map(runs.map(run => [run.id, run]))
  return { ...rows, shown: rows.shown.map(run => newest.get(run.id) ?? run) }
}
