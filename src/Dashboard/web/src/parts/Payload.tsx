import { useMemo, useState } from 'preact/hooks'
import { at as address } from '../data/api'
import { whole } from '../data/format'
import { Copy, Icon } from './basics'

/** So much is drawn at once; the rest when somebody asks. */
const drawn = 100_000
const mostMarks = 500

/** A text with what was searched in it marked; a bounded number of times. */
const Marked = ({ text, search }: { text: string; search: string }) => {
  if (search === '') return <>{text}</>
  const low = text.toLowerCase()
  const needle = search.toLowerCase()
  const parts = []
  let from = 0
  for (let at = low.indexOf(needle); at >= 0 && parts.length < mostMarks; at = low.indexOf(needle, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + needle.length)}</mark>)
    from = at + needle.length
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  )
}

/** A long text in full: args, output, an error. It can be searched, copied, and had as it is stored. */
export const Payload = ({ text, name, raw, beside }: { text: string; name: string; raw?: string; beside?: preact.ComponentChildren }) => {
  const [search, setSearch] = useState('')
  const [isWhole, setWhole] = useState(false)
  const found = useMemo(() => (search === '' ? 0 : text.toLowerCase().split(search.toLowerCase()).length - 1), [text, search])
  const shown = isWhole || text.length <= drawn ? text : text.slice(0, drawn)
  return (
    <div class="panels">
      <div class="actions">
        <input
          type="search"
          aria-label={`Search in ${name}`}
          placeholder={`Search in ${name}`}
          value={search}
          onInput={e => setSearch(e.currentTarget.value)}
        />
        {search && (
          <span class="small mid" role="status">
            {whole(found)} found
          </span>
        )}
        {beside}
        <Copy text={text} what={name} label="Copy" />
        {raw && (
          <a class="button" href={address(raw)} download>
            <Icon name="download" /> Raw
          </a>
        )}
      </div>
      <pre class="payload" tabIndex={0} aria-label={name}>
        <Marked text={shown} search={search} />
      </pre>
      {shown.length < text.length && (
        <p>
          <button type="button" onClick={() => setWhole(true)}>
            Show all {whole(text.length)} characters
          </button>
        </p>
      )}
    </div>
  )
}

/** A JSON value as people read it. */
export const pretty = (value: unknown): string => JSON.stringify(value, null, 2) ?? 'null'
