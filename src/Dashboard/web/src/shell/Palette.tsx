import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { call } from '../data/api'
import { theme, zone } from '../data/choices'
import type { JobViewPage, LaneViewPage, SavedViewViewPage, ScheduleViewPage } from '../data/types'
import { href, Icon } from '../parts/basics'
import { places } from './places'

/** Whether the palette is open. */
export const palette = signal(false)

interface Entry {
  name: string
  kind: string
  go: () => void
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const shown = 20

/** Everything that can be reached by name: pages, runs by id or query, jobs, schedules, lanes, views, choices. */
export const Palette = () => {
  const { route } = useLocation()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const [named, setNamed] = useState<Entry[]>([])
  const dialog = useRef<HTMLDialogElement>(null)
  const go = (path: string) => () => route(href(path))
  const runs = (query: string) => go(`runs?q=${encodeURIComponent(query)}`)

  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    dialog.current!.showModal()
    const ended = new AbortController()
    const read = async <T,>(path: string, entries: (page: T) => Entry[]) => {
      try {
        const page = await call<T>(path, { signal: ended.signal })
        setNamed(known => [...known, ...entries(page)])
      } catch {
        // What cannot be read is not offered.
      }
    }
    read<JobViewPage>('jobs', p => p.items.map(j => ({ name: j.name, kind: 'job', go: go(`jobs/${encodeURIComponent(j.name)}`) })))
    read<ScheduleViewPage>('schedules', p =>
      p.items.map(s => ({ name: s.id, kind: 'schedule', go: go(`schedules/${encodeURIComponent(s.id)}`) })),
    )
    read<LaneViewPage>('lanes', p => p.items.map(l => ({ name: l.name, kind: 'lane', go: runs(`lane:${l.name}`) })))
    read<SavedViewViewPage>('views', p => p.items.map(v => ({ name: v.name, kind: 'view', go: runs(v.query) })))
    return () => {
      ended.abort()
      if (before?.isConnected) before.focus()
    }
  }, [])

  const typedText = typed.trim()
  const fixed: Entry[] = [
    ...places.flatMap(p => (p && (p.isShown?.() ?? true) ? [{ name: p.name, kind: 'page', go: go(p.path) }] : [])),
    { name: 'Calendar', kind: 'page', go: go('calendar') },
    { name: 'Enqueue a run', kind: 'action', go: go('jobs') },
    ...(['auto', 'light', 'dark'] as const).map(t => ({ name: `Theme: ${t}`, kind: 'choice', go: () => void (theme.value = t) })),
    ...(['local', 'utc'] as const).map(z => ({ name: `Times: ${z}`, kind: 'choice', go: () => void (zone.value = z) })),
  ]
  const isQuery = /[:=]/.test(typedText)
  const entries: Entry[] = [
    ...(uuid.test(typedText) ? [{ name: typedText, kind: 'run', go: go(`runs/${typedText.toLowerCase()}`) }] : []),
    ...(isQuery ? [{ name: typedText, kind: 'search runs', go: runs(typedText) }] : []),
    ...[...fixed, ...named].filter(e => `${e.name} ${e.kind}`.toLowerCase().includes(typedText.toLowerCase())).slice(0, shown),
    ...(typedText && !isQuery ? [{ name: typedText, kind: 'search errors of runs', go: runs(`error:${JSON.stringify(typedText)}`) }] : []),
  ]
  const chosen = Math.min(at, entries.length - 1)
  const close = () => {
    palette.value = false
  }
  const take = (entry: Entry | undefined) => {
    if (!entry) return
    close()
    entry.go()
  }
  const key = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, entries.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
    else if (event.key === 'Enter') take(entries[chosen])
    else return
    event.preventDefault()
  }
  useEffect(() => dialog.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }), [chosen])
  return (
    <dialog ref={dialog} aria-label="Search and commands" onClose={close} onClick={e => e.target === dialog.current && close()}>
      <div class="palette">
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={entries.length ? `palette-${chosen}` : undefined}
          aria-label="Search pages, runs, jobs, schedules"
          placeholder="A page, a name, a run's id, or a query: state:failed job:report.*"
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={e => {
            setTyped(e.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={key}
        />
        <ul id="palette-list" role="listbox" aria-label="Found">
          {entries.map((entry, i) => (
            <li
              id={`palette-${i}`}
              key={`${entry.kind} ${entry.name}`}
              role="option"
              aria-selected={i === chosen}
              onClick={() => take(entry)}
            >
              <bdi>{entry.name}</bdi>
              <span>{entry.kind}</span>
            </li>
          ))}
        </ul>
        {entries.length === 0 && <p class="empty">Nothing has this name.</p>}
      </div>
    </dialog>
  )
}

/** The button that opens it. */
export const PaletteButton = () => (
  <button type="button" class="search-open" aria-label="Search runs, jobs, schedules … Ctrl K" onClick={() => void (palette.value = true)}>
    <Icon name="search" />
    <span>Search runs, jobs, schedules …</span>
    <span class="key">Ctrl K</span>
  </button>
)
