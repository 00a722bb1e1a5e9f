const quoted = (value: string) => (/^[^\s,"*]+$/.test(value) ? value : JSON.stringify(value))

/** A term of a query for one plain value: `tag:billing`, `tag:"two words"`. */
export const term = (field: string, value: string): string => `${field}:${quoted(value)}`

/** The address of the list of runs that match a query. */
export const runsOf = (query: string): string => `runs?q=${encodeURIComponent(query)}`
