/** A number that a double cannot hold, kept as it is written. Browsers know it since 2024. */
interface RawJson {
  rawJSON: string
}

const json = JSON as typeof JSON & {
  rawJSON?: (text: string) => RawJson
  isRawJSON?: (value: unknown) => value is RawJson
}

/** A number as it was written, or undefined if the value is anything else. */
export const rawNumber = (value: unknown): string | undefined => (json.isRawJSON?.(value) ? value.rawJSON : undefined)

/** Reads JSON whose numbers stay as they are written: an id of 19 digits is the same after an edit. */
export const parseExact = (text: string): unknown =>
  JSON.parse(text, ((_: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && json.rawJSON && context?.source !== undefined && String(value) !== context.source
      ? json.rawJSON(context.source)
      : value) as (key: string, value: unknown) => unknown)
