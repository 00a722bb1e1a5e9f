import { useState } from 'preact/hooks'
import { ApiError, call } from '../../data/api'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { PutViewBody, SavedViewView, SavedViewViewPage } from '../../data/types'
import { Icon, Menu } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { tell } from '../../parts/told'
import type { Column } from './columns'

/** Queries under a name, with their columns: to open, to save, to delete. */
export const Views = ({
  query,
  shown,
  open,
}: {
  query: string
  /** The columns that are shown now. */
  shown: Column[]
  open: (view: SavedViewView) => void
}) => {
  const views = useAnswer<SavedViewViewPage>('views')
  const [isSaving, setSaving] = useState(false)
  const [gone, setGone] = useState<SavedViewView>()
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(false)
  const [error, setError] = useState<ApiError>()
  const before = views.data?.items.find(view => view.name === name.trim())
  const save = async () => {
    const body: PutViewBody = { query, columns: ['state', 'job', ...shown], shared: isShared }
    try {
      await call(`views/${encodeURIComponent(name.trim())}`, {
        method: 'PUT',
        body,
        headers: before && { 'If-Match': `"${before.version}"` },
      })
    } catch (e) {
      if (e instanceof ApiError) setError(e)
      views.reload()
      throw e
    }
    tell(`The view “${name.trim()}” is saved.`)
    views.reload()
  }
  const remove = async (view: SavedViewView) => {
    await call(`views/${encodeURIComponent(view.name)}`, { method: 'DELETE', headers: { 'If-Match': `"${view.version}"` } })
    tell(`The view “${view.name}” is deleted.`)
    views.reload()
  }
  return (
    <>
      <Menu
        label={
          <>
            Views <Icon name="chevron-down" />
          </>
        }
      >
        {views.data?.items.map(view => (
          <span class="view" key={view.name}>
            <button type="button" class="plain" onClick={() => open(view)} title={view.query}>
              <bdi>{view.name}</bdi>
              {view.shared && <span class="weak small">shared{view.owner && ` by ${view.owner.name}`}</span>}
            </button>
            <button type="button" class="plain square" aria-label={`Delete the view ${view.name}`} onClick={() => setGone(view)}>
              <Icon name="x" />
            </button>
          </span>
        ))}
        {views.data?.items.length === 0 && <p class="small mid">No view is saved yet.</p>}
        {views.error && <p class="small wrong">{views.error.message}</p>}
        {may('view') && (
          <button type="button" class="plain" disabled={!query} onClick={() => setSaving(true)}>
            {query ? 'Save this query…' : 'Search something to save it'}
          </button>
        )}
      </Menu>
      {isSaving && (
        <Act
          title="Save the query as a view"
          verb={before ? 'Replace' : 'Save'}
          run={save}
          disabled={!name.trim()}
          close={() => setSaving(false)}
        >
          <p>
            <code>
              <bdi>{query}</bdi>
            </code>
          </p>
          <Field
            label="Name: lower-case letters, digits, . _ -"
            wrong={error?.of('name') ?? (before ? 'There is a view of this name; it is replaced.' : undefined)}
          >
            <input autofocus required maxLength={100} value={name} onInput={e => setName(e.currentTarget.value)} />
          </Field>
          <label>
            <input type="checkbox" checked={isShared} onChange={e => setShared(e.currentTarget.checked)} /> for everybody
          </label>
        </Act>
      )}
      {gone && (
        <Act title="Delete the view" verb="Delete" danger run={() => remove(gone)} close={() => setGone(undefined)}>
          <p>
            <bdi>{gone.name}</bdi>: <code>{gone.query}</code>
            {gone.shared && '. It goes for everybody.'}
          </p>
        </Act>
      )}
    </>
  )
}
