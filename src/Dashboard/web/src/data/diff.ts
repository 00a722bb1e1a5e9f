import { rawNumber } from './exact'
import type { ArgsChangeView } from './types'

/** One place where two JSON values differ; undefined is what is not there. */
export type Difference = ArgsChangeView

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && rawNumber(value) === undefined

const isPlain = /^[A-Za-z_$][\w$-]*$/

const member = (path: string, name: string) => (isPlain.test(name) ? (path ? `${path}.${name}` : name) : `${path}[${JSON.stringify(name)}]`)

/** A value as JSON in one line. */
export const inLine = (value: unknown): string => JSON.stringify(value) ?? '–'

/** Where two JSON values differ, in the order of the first: members by name, items by place. */
export const differences = (before: unknown, after: unknown, path = ''): Difference[] => {
  if (isObject(before) && isObject(after)) {
    const names = [...Object.keys(before), ...Object.keys(after).filter(name => !Object.hasOwn(before, name))]
    return names.flatMap(name => differences(own(before, name), own(after, name), member(path, name)))
  }
  if (Array.isArray(before) && Array.isArray(after))
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => i).flatMap(i =>
      differences(before[i], after[i], `${path}[${i}]`),
    )
  return inLine(before) === inLine(after) ? [] : [{ path, before, after }]
}

// `__proto__` is a name like any other.
const own = (of: Record<string, unknown>, name: string) => (Object.hasOwn(of, name) ? of[name] : undefined)

/** Whether a value has a secret that the server does not show. */
export const hasSecret = (value: unknown): boolean =>
  value === '***' || (typeof value === 'object' && value !== null && Object.values(value).some(hasSecret))
