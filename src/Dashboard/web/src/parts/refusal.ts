import { useState } from 'preact/hooks'
import { ApiError } from '../data/api'

/** What the server refused of a form, for the words at its fields. */
export const useRefusal = () => {
  const [error, setError] = useState<ApiError>()
  return {
    /** The words of a field, or of a member or item of it. */
    of: (field: string): string | undefined =>
      error?.of(field) ?? error?.problem.errors?.find(e => e.field.startsWith(`${field}.`) || e.field.startsWith(`${field}[`))?.detail,
    /** Wraps what a dialog does: remembers what was refused, and refuses it on. */
    heard: (run: () => Promise<unknown>) => async () => {
      setError(undefined)
      try {
        return await run()
      } catch (e) {
        if (e instanceof ApiError) setError(e)
        throw e
      }
    },
  }
}
