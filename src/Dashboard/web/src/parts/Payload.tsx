import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { at } from '../data/api'
import { whole } from '../data/format'
import { Copy, Icon } from './basics'
import { blocksOf, placesOf } from './text'

const most = 1_000

/** A long text: searched, copied, saved as it is stored. It stays quick with a megabyte. */
export const Payload = ({
  text,
  name,
  raw,
  beside,
}: {
  text: string
  /** What it is, for labels: `error`. */
  name: string
  /** The route of the API that has it as it is stored. */
  raw?: string
  /** More of what one can do. */
  beside?: ComponentChildren
}) => {
  const [searched, setSearched] = useState('')
  const [current, setCurrent] = useState(0)
  const pane = useRef<HTMLDivElement>(null)
  const places = useMemo(() => placesOf(text, searched, most), [text, searched])
  const blocks = useMemo(() => {
    let from = 0
    return blocksOf(text).map(block => ({ ...block, from: (from += block.text.length) - block.text.length }))
  }, [text])
  useEffect(() => setCurrent(0), [text, searched])
  useEffect(() => pane.current?.querySelector('[data-current]')?.scrollIntoView({ block: 'nearest' }), [current, places])
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && searched) setSearched('')
    else if (event.key === 'Enter' && places.length) setCurrent((current + (event.shiftKey ? places.length - 1 : 1)) % places.length)
    else return
    event.preventDefault()
  }
  return (
    <div class="payload-of">
      <div class="payload-tools">
        <input
          type="search"
          placeholder={`Search in ${name}`}
          aria-label={`Search in ${name}`}
          spellcheck={false}
          autocomplete="off"
          value={searched}
          onInput={e => setSearched(e.currentTarget.value)}
          onKeyDown={key}
        />
        <span class="small weak found" role="status">
          {searched &&
            (places.length === 0 ? 'not found' : `${current + 1} of ${whole(places.length)}${places.length === most ? '+' : ''}`)}
        </span>
        {beside}
        <span class="actions">
          <Copy text={text} what={name} label="Copy" />
          {raw && (
            <a class="button" href={at(raw)} download="">
              <Icon name="download" /> Raw
            </a>
          )}
        </span>
      </div>
      <div class="payload" ref={pane} tabIndex={0} role="region" aria-label={name}>
        {blocks.map((block, i) => (
          <pre key={i} class="block" style={{ containIntrinsicSize: `auto ${block.lines * 20}px` }}>
            <Marked text={block.text} from={block.from} places={places} current={places[current]} length={searched.length} />
          </pre>
        ))}
        {blocks.length === 0 && <span class="weak">It is empty.</span>}
      </div>
    </div>
  )
}

/** A block with what was found in it. */
const Marked = ({
  text,
  from,
  places,
  current,
  length,
}: {
  text: string
  from: number
  places: number[]
  current: number | undefined
  length: number
}) => {
  const here = places.filter(p => p >= from && p < from + text.length)
  if (here.length === 0) return <>{text}</>
  const parts: ComponentChildren[] = []
  let done = 0
  for (const place of here) {
    parts.push(
      text.slice(done, place - from),
      <mark key={place} data-current={place === current ? '' : undefined}>
        {text.slice(place - from, place - from + length)}
      </mark>,
    )
    done = place - from + length
  }
  parts.push(text.slice(done))
  return <>{parts}</>
}

// What turns the direction of text, or cannot be seen: as JSON writes it, it means the same and hides nothing.
const unseen = /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** A JSON value as people read it. */
export const pretty = (value: unknown): string =>
  (JSON.stringify(value, null, 2) ?? 'null').replace(unseen, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
