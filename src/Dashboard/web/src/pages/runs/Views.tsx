import { useState } from 'preact/hooks'
import { call } from '../../data/api'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { PutViewBody, SavedViewViewPage } from '../../data/types'
import { Icon, Menu } from '../../parts/basics'
import { Act, Field } from '../../parts/dialog'
import { tell } from '../../parts/told'

/** Queries under a name: to open, to save, to delete. */
export const Views = ({ query, search }: { query: string; search: (query: string) => void }) => {
  const views = useAnswer<SavedViewViewPage>('views')
  const [isSaving, setSaving] = useState(false)
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(false)
  const save = async () => {
    const body: PutViewBody = { query, shared: isShared }
    await call(`views/${encodeURIComponent(name)}`, { method: 'PUT', body })
    tell(`The view “${name}” is saved.`)
    views.reload()
  }
  const remove = async (of: string) => {
    await call(`views/${encodeURIComponent(of)}`, { method: 'DELETE' })
    tell(`The view “${of}” is deleted.`)
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
            <button type="button" class="plain" onClick={() => search(view.query)} title={view.query}>
              <bdi>{view.name}</bdi>
            </button>
            <button type="button" class="plain square" aria-label={`Delete the view ${view.name}`} onClick={() => remove(view.name)}>
              <Icon name="x" />
            </button>
          </span>
        ))}
        {views.data?.items.length === 0 && <p class="small mid">No view is saved yet.</p>}
        {may('view') && (
          <button type="button" class="plain" disabled={!query} onClick={() => setSaving(true)}>
            Save this query…
          </button>
        )}
      </Menu>
      {isSaving && (
        <Act title="Save the query as a view" verb="Save" run={save} disabled={!name.trim()} close={() => setSaving(false)}>
          <p>
            <code>{query}</code>
          </p>
          <Field label="Name">
            <input required maxLength={100} value={name} onInput={e => setName(e.currentTarget.value)} />
          </Field>
          <label>
            <input type="checkbox" checked={isShared} onChange={e => setShared(e.currentTarget.checked)} /> for everybody
          </label>
        </Act>
      )}
    </>
  )
}
