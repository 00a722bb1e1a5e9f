/** The step of color of expected slots beside those there are: 0 for none, 6 from five sixths of them on. */
export const slotStep = (slots: number, capacity: number): number =>
  slots <= 0 ? 0 : Math.min(6, 1 + Math.floor((slots / (capacity > 0 ? capacity : slots)) * 6))

const two = (n: number) => n.toString().padStart(2, '0')

/** The date of an instant: 2026-12-01. */
export const dateOf = (at: number, isUtc: boolean): string => {
  const d = new Date(at)
  return isUtc ? d.toISOString().slice(0, 10) : `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

const startOf = (date: string, hour: number, isUtc: boolean): number => {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number]
  return isUtc ? Date.UTC(year, month - 1, day, hour) : new Date(year, month - 1, day, hour).getTime()
}

/** An hour of a day, in ms. Where the clock jumps over it, it is empty; where the clock is set back, it has two hours. */
export const hourOf = (date: string, hour: number, isUtc: boolean): [from: number, until: number] => [
  startOf(date, hour, isUtc),
  startOf(date, hour + 1, isUtc),
]

/** So many days later, or earlier. */
export const daysLater = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

/** Whether a text of the address is a date. */
export const isDate = (text: string | undefined): text is string => /^\d{4}-\d\d-\d\d$/.test(text ?? '') && !Number.isNaN(Date.parse(text!))
