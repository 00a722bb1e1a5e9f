/** What a row can show, by the member of a run that the API has for it; a saved view names the same. */
export const columns = {
  lane: 'lane',
  id: 'run',
  attempt: 'attempt',
  startedAt: 'at',
  finishedAt: 'took',
  errorType: 'says',
  createdAt: 'created',
  scheduleId: 'schedule',
  tags: 'tags',
  enqueuedBy: 'by',
} as const

export type Column = keyof typeof columns

const all = Object.keys(columns) as Column[]
const usual: Column[] = ['lane', 'id', 'attempt', 'startedAt', 'finishedAt', 'errorType']

/** The columns that an address names, in the order of the page; without any, the usual ones. What is not known is left out. */
export const columnsOf = (parameter: string | undefined): Column[] => {
  const named = parameter?.split(',')
  return named === undefined ? usual : all.filter(column => named.includes(column))
}

/** How an address names columns; the usual ones need no name. */
export const parameterOf = (chosen: readonly string[] | null): string | undefined => {
  const known = all.filter(column => chosen?.includes(column))
  return chosen === null || known.join() === usual.join() ? undefined : known.join() || 'none'
}

/** The columns with one more, or one less. */
export const withColumn = (chosen: Column[], column: Column): Column[] =>
  chosen.includes(column) ? chosen.filter(c => c !== column) : [...chosen, column]
