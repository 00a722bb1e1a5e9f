import { icons } from 'virtual:icons'
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, base } from '../data/api'
import * as format from '../data/format'
import { serverNow } from '../data/live'
import type { Answer } from '../data/query'
import type { ActorView } from '../data/types'
import { shape, tone } from '../data/words'

/** An icon; what it means is said in words beside it, or as the label of its button. */
export const Icon = ({ name }: { name: string }) => (
  <svg
    class="icon"
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    {icons[name]?.map(([Shape, attributes], i) => {
      const Tag = Shape as 'path'
      return <Tag key={i} {...attributes} />
    })}
  </svg>
)

/** The address of a page of this dashboard: `runs/…`. */
export const href = (path: string): string => base + path

/** A link to a page of this dashboard. */
export const Link = ({
  to,
  children,
  ...rest
}: {
  to: string
  children: ComponentChildren
  class?: string
  title?: string
  'aria-current'?: 'page'
}) => (
  <a {...rest} href={href(to)}>
    {children}
  </a>
)

/** A state, or another word of the server: word, shape and colour. */
export const Chip = ({ word, text }: { word: string; text?: string }) => (
  <span class={`chip ${tone(word)}`}>
    <span aria-hidden="true">{shape(word)}</span>
    <span>{text ?? word}</span>
  </span>
)

const second = signal(0)
setInterval(() => {
  if (!document.hidden) second.value++
}, 1000)

/** The time of the server, in ms; renders the caller again each second. */
export const useNow = (): number => {
  second.value
  return serverNow()
}

/** An instant, with all of it for who hovers. */
export const Time = ({ at }: { at: string | null | undefined }) =>
  at ? (
    <time dateTime={at} title={format.exact(at)} class="nowrap">
      {format.when(at)}
    </time>
  ) : (
    <>–</>
  )

/** How long ago, or in how long: `in 2 m 50 s`, `3 s ago`. */
export const Ago = ({ at }: { at: string | null | undefined }) => {
  const now = useNow()
  if (!at) return <>–</>
  const s = (Date.parse(at) - now) / 1000
  const text = Math.abs(s) < 1 ? 'now' : s > 0 ? `in ${format.duration(Math.ceil(s))}` : `${format.duration(Math.floor(-s))} ago`
  return (
    <time dateTime={at} title={format.exact(at)} class="nowrap">
      {text}
    </time>
  )
}

/** How long something has lasted. */
export const Since = ({ at }: { at: string }) => (
  <span class="nowrap">{format.duration(Math.max(0, Math.floor((useNow() - Date.parse(at)) / 1000)))}</span>
)

/** How long something took, or has taken so far. */
export const Took = ({ from, until }: { from: string | null | undefined; until: string | null | undefined }) =>
  !from ? (
    <>–</>
  ) : until ? (
    <span class="nowrap">{format.duration((Date.parse(until) - Date.parse(from)) / 1000)}</span>
  ) : (
    <Since at={from} />
  )

/** Who did something. */
export const Actor = ({ by }: { by: ActorView | null | undefined }) => (by ? <bdi title={by.kind}>{by.name}</bdi> : <>–</>)

/** Copies a text. */
export const Copy = ({ text, what, label }: { text: string | (() => Promise<string>); what: string; label?: string }) => {
  const [said, say] = useState('')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : await text())
      say('Copied')
    } catch {
      say('The browser does not let this page copy')
    }
    setTimeout(() => say(''), 2000)
  }
  return (
    <button
      type="button"
      class={label ? '' : 'linklike'}
      aria-label={label ? undefined : `Copy ${what}`}
      title={said || `Copy ${what}`}
      onClick={copy}
    >
      <Icon name={said === 'Copied' ? 'check' : 'copy'} />
      {label}
      <span class="unseen" role="status">
        {said}
      </span>
    </button>
  )
}

/** An id that can be copied; short where there is little space. */
export const Id = ({ id, to, short }: { id: string; to?: string; short?: boolean }) => {
  const shown = <code title={id}>{short && id.length > 13 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id}</code>
  return (
    <span>
      {to === undefined ? shown : <Link to={to}>{shown}</Link>} <Copy text={id} what="id" />
    </span>
  )
}

/** A part of a page with a head. With `flush`, its content touches its edges: a table. */
export const Panel = ({
  title,
  beside,
  children,
  class: c = '',
  flush,
}: {
  title?: ComponentChildren
  beside?: ComponentChildren
  children: ComponentChildren
  class?: string
  flush?: boolean
}) => (
  <section class={`panel ${c}`}>
    {title !== undefined && (
      <header>
        <h2>{title}</h2>
        {beside}
      </header>
    )}
    {flush ? children : <div class="inside">{children}</div>}
  </section>
)

/** The head of a page: its title, facts beside it, and at the right what one can do. */
export const PageHead = ({
  title,
  beside,
  children,
}: {
  title: ComponentChildren
  beside?: ComponentChildren
  children?: ComponentChildren
}) => (
  <div class="page-head">
    <h1 tabIndex={-1}>
      <bdi>{title}</bdi>
    </h1>
    {beside}
    {children && <div class="actions">{children}</div>}
  </div>
)

/** Nothing is there: the next step, and the command that does it. */
export const Empty = ({ children, command }: { children: ComponentChildren; command?: string }) => (
  <div class="empty">
    <p>{children}</p>
    {command && (
      <p>
        <code>{command}</code> <Copy text={command} what="command" />
      </p>
    )}
  </div>
)

/** What went wrong, what is still true, and what one can do. */
export const Failed = ({ error, at, retry }: { error: ApiError; at?: number; retry?: () => void }) => (
  <div class="failed" role="alert">
    <p>
      <strong>{error.message}</strong>
    </p>
    {error.problem.errors?.slice(1).map(e => (
      <p key={e.pointer + e.code}>{e.detail}</p>
    ))}
    {at !== undefined && <p>What is shown is of {format.clock(at)}.</p>}
    {error.status === 403 && (
      <p>
        An admin can give you a key of another role: <code>fleet key create --role operator</code>
      </p>
    )}
    {retry && (error.status === 0 || error.status >= 500) && (
      <p class="actions">
        <button type="button" onClick={retry}>
          Try again
        </button>
        <span class="weak">The page tries again by itself every 5 s.</span>
      </p>
    )}
  </div>
)

/** Grey lines, but only when it takes long enough to notice. */
export const Loading = ({ lines = 4 }: { lines?: number }) => {
  const [step, setStep] = useState(0)
  useEffect(() => {
    const timers = [setTimeout(() => setStep(1), 150), setTimeout(() => setStep(2), 400)]
    return () => timers.forEach(clearTimeout)
  }, [])
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {step === 1 && <span class="weak">…</span>}
      {step === 2 && Array.from({ length: lines }, (_, i) => <i key={i} />)}
    </div>
  )
}

/** An answer of the server: loading, an error, or what it holds. What came before stays while the next is awaited or has failed. */
export function Shown<T>({ answer, lines, children }: { answer: Answer<T>; lines?: number; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {answer.error && <Failed error={answer.error} at={answer.at} retry={answer.reload} />}
      {answer.data !== undefined ? children(answer.data) : !answer.error && answer.isLoading && <Loading lines={lines} />}
    </>
  )
}

/** A share of a whole, said in words beside it. */
export const Bar = ({ part, label, tone: t = '' }: { part: number; label: string; tone?: string }) => (
  <span class={`bar ${t}`} role="img" aria-label={label}>
    <i style={{ width: `${Math.min(1, Math.max(0, part)) * 100}%` }} />
  </span>
)

/** A menu below a button; it closes when one chooses, leaves or presses Escape. */
export const Menu = ({
  label,
  children,
  class: c = 'button',
}: {
  label: ComponentChildren
  children: ComponentChildren
  class?: string
}) => {
  const menu = useRef<HTMLDetailsElement>(null)
  const close = () => {
    if (menu.current) menu.current.open = false
  }
  useEffect(() => {
    const leave = (event: Event) => {
      if (!menu.current?.contains(event.target as Node)) close()
    }
    document.addEventListener('pointerdown', leave)
    return () => document.removeEventListener('pointerdown', leave)
  }, [])
  const key = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !menu.current?.open) return
    close()
    menu.current.querySelector('summary')?.focus()
  }
  return (
    <details class="menu" ref={menu} onKeyDown={key}>
      <summary class={c}>{label}</summary>
      <div onClick={close}>{children}</div>
    </details>
  )
}
