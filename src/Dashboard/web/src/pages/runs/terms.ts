/** The terms of a query, as docs/api.md lists them. */
export const terms = ['state:', 'job:', 'lane:', 'schedule:', 'tag:', 'error:', 'fingerprint:', 'args.', 'id:', 'key:', 'since:', 'until:']

const states = ['ready', 'scheduled', 'running', 'succeeded', 'failed', 'dead', 'canceled', 'pending']
const ages = ['15m', '1h', '6h', '1d', '7d']

/** Names that exist, by term. */
export type Names = Partial<Record<'job:' | 'lane:' | 'schedule:', string[]>>

/** The term in which the cursor of a text stands: where it begins, and what of it is typed. */
export const termAt = (text: string, cursor: number): { from: number; typed: string } => {
  let from = 0
  let isQuoted = false
  for (let i = 0; i < cursor; i++) {
    if (text[i] === '"' && text[i - 1] !== '\\') isQuoted = !isQuoted
    else if (text[i] === ' ' && !isQuoted) from = i + 1
  }
  return { from, typed: text.slice(from, cursor) }
}

const quoted = (name: string) => (/[\s,"*]/.test(name) ? JSON.stringify(name) : name)

/** What may stand there instead of what is typed, most fitting first. */
export const complete = (typed: string, names: Names): string[] => {
  const colon = typed.indexOf(':')
  if (colon < 0) return typed === '' ? terms : terms.filter(term => term.startsWith(typed) && term !== typed)
  const term = typed.slice(0, colon + 1)
  const comma = Math.max(colon, typed.lastIndexOf(','))
  const before = typed.slice(0, comma + 1)
  const value = typed.slice(comma + 1).toLowerCase()
  const known = term === 'state:' ? states : term === 'since:' || term === 'until:' ? ages : (names[term as keyof Names] ?? [])
  return known
    .filter(name => name.toLowerCase().includes(value) && name !== typed.slice(comma + 1))
    .sort((a, b) => Number(b.toLowerCase().startsWith(value)) - Number(a.toLowerCase().startsWith(value)))
    .slice(0, 12)
    .map(name => before + quoted(name))
}

/** The states that a query names with `state:`. */
export const statesOf = (query: string): string[] => /(?:^|\s)state:(\S+)/.exec(query)?.[1]?.split(',') ?? []

/** A query with another `state:`; none without states. */
export const withStates = (query: string, states: string[]): string => {
  const rest = query.replace(/(^|\s)state:\S+/g, '').trim()
  return states.length === 0 ? rest : `state:${states.join(',')} ${rest}`.trim()
}
