import type { ProblemView } from './types'

/** Where the page is served: ends with a slash. The API lies below it. */
export const base = new URL('.', document.baseURI).pathname

/** The address of an API route: `runs/…`. */
export const at = (route: string): string => `${base}api/v1/${route}`

/** What the server refused, or why it could not be asked. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<ProblemView>,
  ) {
    super(problem.detail || problem.title || (status === 0 ? 'The server does not answer.' : `The server answered ${status}.`))
  }

  /** Nobody is signed in, or not any more. */
  get isSignedOut(): boolean {
    return this.status === 401
  }

  /** What the server says of one field of the request. */
  of(field: string): string | undefined {
    return this.problem.errors?.find(e => e.field === field || e.pointer === `/${field}`)?.detail
  }
}

const signedOut = new Set<() => void>()

/** Calls back when an answer says that nobody is signed in any more. */
export const onSignedOut = (listener: () => void): void => void signedOut.add(listener)

/** What a request may have. */
export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  signal?: AbortSignal
  headers?: Record<string, string>
}

/** Asks the API. An answer without content is undefined. */
export const call = async <T>(route: string, ask: Ask = {}): Promise<T> => {
  const { method = ask.body === undefined ? 'GET' : 'POST', body, signal, headers } = ask
  let answer: Response
  try {
    answer = await fetch(at(route), {
      method,
      signal,
      headers: method === 'GET' ? headers : { 'Content-Type': 'application/json', ...headers },
      // A deletion says all in its address; the server refuses a body there.
      body: method === 'GET' || (method === 'DELETE' && body === undefined) ? undefined : JSON.stringify(body ?? {}),
    })
  } catch (e) {
    if (signal?.aborted) throw e
    throw new ApiError(0, {})
  }
  const content = await answer.text()
  if (answer.ok) return (content === '' ? undefined : parse(content)) as T
  const error = new ApiError(answer.status, parse(content) ?? {})
  if (error.isSignedOut && route !== 'sessions') for (const listener of signedOut) listener()
  throw error
}

/** Asks for text as it is: a log, an error. */
export const text = async (route: string, signal?: AbortSignal): Promise<string> => {
  const answer = await fetch(at(route), { signal })
  const content = await answer.text()
  if (!answer.ok) throw new ApiError(answer.status, parse(content) ?? {})
  return content
}

/** The query string of what is set, with `?`; empty when nothing is. */
export const query = (values: Record<string, string | number | boolean | null | undefined>): string => {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`
}

const parse = (content: string) => {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
