import { zone } from './choices'
import type { CountView } from './types'

const thin = '\u202f'

/** A whole number with thin spaces: 12 400. */
export const whole = (n: number): string =>
  Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, thin)

/** Three significant digits. */
export const digits = (n: number): string => (Math.abs(n) >= 1000 ? whole(n) : Number(n.toPrecision(3)).toString())

const plus = (c: CountView) => (c.relation === 'gte' ? '+' : '')

/** A capped count: 10 000+. */
export const count = (c: CountView | undefined): string => (c === undefined ? '…' : whole(c.value) + plus(c))

/** A capped count in little space: 1.8k, 10k+. */
export const shortCount = (c: CountView | undefined): string =>
  c === undefined ? '…' : (c.value < 1000 ? `${c.value}` : `${Number((c.value / 1000).toPrecision(2))}k`) + plus(c)

export const percent = (part: number): string => `${digits(part * 100)}${thin}%`

/** `1 run`, `2 runs` */
export const many = (n: number, one: string, more = `${one}s`): string => `${whole(n)} ${n === 1 ? one : more}`

/** Seconds as people say them: 6.6 ms, 1.2 s, 2 m 50 s, 1 h 58 m, 3 d 4 h. */
export const duration = (seconds: number | null | undefined): string => {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return '–'
  if (seconds < 0) return `−${duration(-seconds)}`
  if (seconds === 0) return `0${thin}s`
  if (seconds < 0.0995) return `${Number((seconds * 1000).toPrecision(2))}${thin}ms`
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)}${thin}ms`
  if (seconds < 59.95) return `${Number(seconds.toPrecision(3))}${thin}s`
  const [big, bigName, small, smallName] =
    seconds < 3599.5
      ? ([60, 'm', 1, 's'] as const)
      : seconds < 86_370
        ? ([3600, 'h', 60, 'm'] as const)
        : ([86_400, 'd', 3600, 'h'] as const)
  const rounded = Math.round(seconds / small)
  const rest = rounded % (big / small)
  return `${Math.floor((rounded * small) / big)}${thin}${bigName}${rest ? ` ${rest}${thin}${smallName}` : ''}`
}

/** A duration of the API (`1.02:03:04.5`) in seconds. */
export const seconds = (text: string | null | undefined): number | undefined => {
  const m = /^(-)?(?:(\d+)\.)?(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text ?? '')
  if (!m) return undefined
  const s = Number(m[2] ?? 0) * 86_400 + Number(m[3]) * 3600 + Number(m[4]) * 60 + Number(m[5])
  return m[1] ? -s : s
}

/** An instant as the API has it, or in ms. */
type Instant = string | number

const two = (n: number) => n.toString().padStart(2, '0')
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** An instant whose UTC parts are those of the chosen zone. */
const inZone = (at: Instant): Date => {
  const date = new Date(at)
  return zone.value === 'utc' ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
}

/** 14:02:10 */
export const clock = (at: Instant): string => inZone(at).toISOString().slice(11, 19)

/** 14:02 */
export const minute = (at: Instant): string => clock(at).slice(0, 5)

/** 30 Nov, with the year if it is not this one. */
export const day = (at: Instant): string => {
  const d = inZone(at)
  const year = d.getUTCFullYear()
  return `${d.getUTCDate()} ${months[d.getUTCMonth()]}${year === inZone(Date.now()).getUTCFullYear() ? '' : ` ${year}`}`
}

/** 14:02:10 today, else 30 Nov 14:02. */
export const when = (at: Instant | null | undefined): string =>
  at === null || at === undefined ? '–' : day(at) === day(Date.now()) ? clock(at) : `${day(at)} ${minute(at)}`

/** 14:02 today, else 30 Nov 14:02. */
export const shortWhen = (at: Instant): string => when(at).replace(/^(\d\d:\d\d):\d\d$/, '$1')

/** All of an instant: 2026-11-30 14:02:10.123 UTC. */
export const exact = (at: Instant): string => {
  const offset = -new Date(at).getTimezoneOffset()
  const ahead = Math.abs(offset)
  const name = zone.value === 'utc' ? 'UTC' : `${offset < 0 ? '−' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`
  return `${inZone(at).toISOString().replace('T', ' ').replace('Z', '')} ${name}`
}
