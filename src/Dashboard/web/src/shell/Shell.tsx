import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { base } from '../data/api'
import { theme, zone } from '../data/choices'
import { clock, duration } from '../data/format'
import { figures, heardAt, isLive, stream } from '../data/live'
import { me, mustSignIn, signOut, version } from '../data/session'
import { Icon, Link, Menu, useNow } from '../parts/basics'
import { Told } from '../parts/told'
import { Mark } from './Mark'
import { Palette, PaletteButton, palette } from './Palette'
import { type Place, places } from './places'
import { SignInAgain } from './SignIn'

const Entry = ({ place, here, isSecond }: { place: Place; here: string; isSecond?: boolean }) => {
  const now = figures.value
  const badge = now && place.badge?.(now)
  return (
    <Link to={place.path} class={isSecond ? 'second' : ''} aria-current={here === place.path ? 'page' : undefined} title={place.name}>
      <Icon name={place.icon} />
      <span class="text">{place.name}</span>
      {badge && <span class={`badge ${place.isBad?.(now) ? 'bad' : ''}`}>{badge}</span>}
    </Link>
  )
}

/** How fresh the page is: live, or of when it is. */
const Age = () => {
  useNow()
  if (isLive.value)
    return (
      <span class="age" title="The page shows what is going on now.">
        <span class="good" aria-hidden="true">
          ●
        </span>{' '}
        live
      </span>
    )
  if (figures.value === undefined && stream.value.state === 'connecting') return <span class="age">…</span>
  const old = Math.max(0, Math.round((Date.now() - heardAt.value) / 1000))
  return (
    <span class="age bad" title={figures.value?.problem ?? 'The server does not answer; the page connects again by itself.'}>
      <span aria-hidden="true">■</span> {figures.value ? `of ${clock(figures.value.at)}, ${duration(old)} old` : 'no connection'}
    </span>
  )
}

const Foot = () => {
  const now = figures.value
  return (
    <div class="foot">
      {now && (
        <span title={now.leader ? `term ${now.leader.term}` : undefined}>{now.leader ? `leader ${now.leader.name}` : 'no leader'}</span>
      )}
      {now?.components.map(c => (
        <span key={c.name} class={c.status === 'up' ? '' : 'bad'} title={c.description ?? undefined}>
          <span aria-hidden="true">{c.status === 'up' ? '●' : '■'}</span> {c.name} {c.status === 'up' ? `${c.milliseconds} ms` : c.status}
        </span>
      ))}
      {now && version.value && <span>v{version.value.version}</span>}
    </div>
  )
}

const WhoMenu = () => {
  const who = me.value
  if (!who) return null
  return (
    <Menu class="button plain who" label={<bdi>{who.isProven ? `${who.name} · ${who.role}` : who.role}</bdi>}>
      <p class="small mid">
        <bdi>{who.name}</bdi>: {who.role}
        {who.lanes?.length ? `, lanes ${who.lanes.join(', ')}` : ''}
      </p>
      {who.sessionId ? (
        <button type="button" class="plain" onClick={signOut}>
          <Icon name="log-out" /> Sign out
        </button>
      ) : (
        !who.isProven && <p class="small weak">Access is off: whoever reaches this address may do everything.</p>
      )}
    </Menu>
  )
}

const themes = { auto: ['sun-moon', 'light'], light: ['sun', 'dark'], dark: ['moon', 'auto'] } as const
const letters: Record<string, string> = {
  o: '',
  r: 'runs',
  s: 'schedules',
  c: 'calendar',
  l: 'lanes',
  w: 'workers',
  j: 'jobs',
  d: 'dead-letters',
}

/** Keys that work everywhere: Ctrl K, `/` for the search of the page, `g` and a letter for a page. */
const useKeys = (route: (url: string) => void) =>
  useEffect(() => {
    let before = ''
    const key = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        palette.value = true
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).closest('input, textarea, select, dialog')) return
      if (event.key === '/') {
        event.preventDefault()
        const field = document.querySelector<HTMLInputElement>('[data-search]')
        if (field) field.focus()
        else palette.value = true
      } else if (before === 'g' && event.key in letters) route(base + letters[event.key])
      before = event.key
    }
    document.addEventListener('keydown', key)
    return () => document.removeEventListener('keydown', key)
  }, [])

/** Navigation, search, how fresh the page is, choices, who uses it. */
export const Shell = ({ children }: { children: ComponentChildren }) => {
  const { path, route } = useLocation()
  const here = path.slice(base.length).split('/')[0]!.replace('calendar', 'schedules')
  const main = useRef<HTMLElement>(null)
  const more = useRef<HTMLDetailsElement>(null)
  const shown = places.filter(p => p === null || (p.isShown?.() ?? true))
  useKeys(route)
  useEffect(() => {
    if (more.current) more.current.open = false
    const title = main.current?.querySelector('h1')?.textContent
    document.title = title ? `${title} – Fleet` : 'Fleet'
  }, [path])
  const skip = (event: Event) => {
    event.preventDefault()
    main.current?.focus()
  }
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <nav aria-label="Pages">
        <Mark />
        {shown.map((place, i) => (place ? <Entry key={place.path} place={place} here={here} isSecond={place.isSecond} /> : <hr key={i} />))}
        <details class="more-menu" ref={more}>
          <summary>
            <Icon name="ellipsis" />
            More
          </summary>
          <div>{shown.map(place => place?.isSecond && <Entry key={place.path} place={place} here={here} />)}</div>
        </details>
        <Foot />
      </nav>
      <header>
        <PaletteButton />
        <div class="right">
          <Age />
          <button
            type="button"
            class="plain"
            title="The zone of all times"
            onClick={() => void (zone.value = zone.value === 'utc' ? 'local' : 'utc')}
          >
            {zone.value === 'utc' ? 'UTC' : 'local'}
          </button>
          <button
            type="button"
            class="plain square"
            aria-label={`Theme: ${theme.value}`}
            title={`Theme: ${theme.value}`}
            onClick={() => void (theme.value = themes[theme.value][1])}
          >
            <Icon name={themes[theme.value][0]} />
          </button>
          <WhoMenu />
        </div>
      </header>
      <main id="main" tabIndex={-1} ref={main}>
        {children}
      </main>
      <Told />
      {palette.value && <Palette />}
      {mustSignIn.value && <SignInAgain />}
    </div>
  )
}
