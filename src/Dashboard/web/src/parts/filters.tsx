import { useLocation } from 'preact-iso'
import { query } from '../data/api'

/** The filters of a page: the query of its address, where every change makes a new one. */
export const useFilters = () => {
  const { path, query: set, route } = useLocation()
  return {
    set,
    /** The address with other filters; a filter that is empty is left out. */
    with: (changes: Record<string, string | undefined>): string => path + query({ ...set, ...changes }),
    change: (changes: Record<string, string | undefined>): void => route(path + query({ ...set, cursor: undefined, ...changes }), true),
  }
}

/** A filter that one types: it holds when one leaves it or presses Enter. */
export const TypedFilter = ({
  label,
  value,
  list,
  hint,
  search,
  set,
}: {
  label: string
  value: string | undefined
  list?: string
  hint?: string
  /** Whether `/` leads here. */
  search?: boolean
  set: (value: string) => void
}) => (
  <label class="filter">
    <span class="micro mid">{label}</span>
    <input
      key={value}
      type="search"
      list={list}
      placeholder={hint}
      defaultValue={value ?? ''}
      data-search={search ? '' : undefined}
      spellcheck={false}
      autocomplete="off"
      onChange={e => set(e.currentTarget.value.trim())}
      onKeyDown={e => {
        if (e.key === 'Enter') set(e.currentTarget.value.trim())
      }}
    />
  </label>
)
