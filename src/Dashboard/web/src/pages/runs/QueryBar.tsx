import { useEffect, useRef, useState } from 'preact/hooks'
import type { ApiError } from '../../data/api'
import { useAnswer } from '../../data/query'
import type { JobViewPage, LaneViewPage, ScheduleViewPage } from '../../data/types'
import { Copy, Icon } from '../../parts/basics'
import { complete, type Names, termAt } from './terms'

/** The names that exist; read once somebody types. */
const useNames = (isAsked: boolean): Names => {
  const jobs = useAnswer<JobViewPage>(isAsked ? 'jobs' : null)
  const lanes = useAnswer<LaneViewPage>(isAsked ? 'lanes' : null)
  const schedules = useAnswer<ScheduleViewPage>(isAsked ? 'schedules' : null)
  return {
    'job:': jobs.data?.items.map(j => j.name),
    'lane:': lanes.data?.items.map(l => l.name),
    'schedule:': schedules.data?.items.map(s => s.id),
  }
}

/** The query of the list, with completion of terms and of names that exist; what is wrong with it stands below. */
export const QueryBar = ({ query, error, search }: { query: string; error?: ApiError; search: (query: string) => void }) => {
  const [typed, setTyped] = useState(query)
  const [cursor, setCursor] = useState(query.length)
  const [isOpen, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const [wasUsed, setUsed] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const names = useNames(wasUsed)
  useEffect(() => setTyped(query), [query])

  const term = termAt(typed, cursor)
  const offered = isOpen ? complete(term.typed, names) : []
  const chosen = at < offered.length ? at : -1

  const take = (text: string) => {
    const end = text.endsWith(':') || text.endsWith('.') ? '' : ' '
    const next = typed.slice(0, term.from) + text + end + typed.slice(cursor).trimStart()
    const place = term.from + text.length + end.length
    setTyped(next)
    setCursor(place)
    setAt(-1)
    field.current!.focus()
    requestAnimationFrame(() => field.current?.setSelectionRange(place, place))
  }
  const key = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' && offered.length) setAt(Math.min(chosen + 1, offered.length - 1))
    else if (event.key === 'ArrowUp' && offered.length) setAt(Math.max(chosen - 1, -1))
    else if ((event.key === 'Enter' || event.key === 'Tab') && chosen >= 0) take(offered[chosen]!)
    else if (event.key === 'Enter') {
      setOpen(false)
      search(typed.trim())
    } else if (event.key === 'Escape' && isOpen) setOpen(false)
    else return
    event.preventDefault()
  }
  const moved = (event: Event) => setCursor((event.currentTarget as HTMLInputElement).selectionStart ?? typed.length)
  const detail = error && (error.status === 400 || error.status === 422) ? error.message : undefined
  return (
    <div class="query" onFocusOut={e => !e.currentTarget.contains(e.relatedTarget as Node) && setOpen(false)}>
      <div class="query-line">
        <Icon name="search" />
        <input
          ref={field}
          data-search
          type="text"
          role="combobox"
          aria-label="Search runs"
          aria-expanded={offered.length > 0}
          aria-controls="query-offered"
          aria-autocomplete="list"
          aria-activedescendant={chosen >= 0 ? `query-${chosen}` : undefined}
          aria-invalid={detail ? true : undefined}
          aria-describedby={detail ? 'query-wrong' : undefined}
          placeholder="state:failed job:import.* since:1h args.shop=42"
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={e => {
            setTyped(e.currentTarget.value)
            setCursor(e.currentTarget.selectionStart ?? 0)
            setOpen(true)
            setUsed(true)
            setAt(-1)
          }}
          onFocus={() => setUsed(true)}
          onKeyUp={moved}
          onClick={e => {
            moved(e)
            setOpen(true)
          }}
          onKeyDown={key}
        />
        {query && (
          <button type="button" class="plain" onClick={() => search('')}>
            <Icon name="x" /> clear
          </button>
        )}
        <Copy text={`fleet run list '${query.replaceAll("'", `'\\''`)}'`} what="command" label="fleet …" />
      </div>
      <ul id="query-offered" role="listbox" aria-label="Offered" hidden={offered.length === 0}>
        {offered.map((text, i) => (
          <li
            key={text}
            id={`query-${i}`}
            role="option"
            aria-selected={i === chosen}
            onMouseDown={e => {
              e.preventDefault()
              take(text)
            }}
          >
            <code>{text}</code>
          </li>
        ))}
      </ul>
      {detail && (
        <p class="wrong" id="query-wrong" role="alert">
          {detail}
        </p>
      )}
    </div>
  )
}
