import { count } from '../data/format'
import { may } from '../data/session'
import type { LiveFiguresView } from '../data/types'

/** A place of the navigation. */
export interface Place {
  path: string
  name: string
  icon: string
  /** Beside its name: what there is, from the live figures. */
  badge?: (figures: LiveFiguresView) => string | undefined
  isBad?: (figures: LiveFiguresView) => boolean
  /** Behind "More" where there is little space. */
  isSecond?: boolean
  isShown?: () => boolean
}

const found = (link: string) => (figures: LiveFiguresView) => figures.findings.some(f => f.link?.startsWith(link))
const mark = (link: string) => (figures: LiveFiguresView) => (found(link)(figures) ? '!' : undefined)

/** All places in their order; null is a line between them. */
export const places: (Place | null)[] = [
  {
    path: '',
    name: 'Overview',
    icon: 'layout-dashboard',
    badge: f => (f.findings.length ? `${f.findings.length} !` : undefined),
    isBad: f => f.findings.some(x => x.severity === 'error'),
  },
  { path: 'runs', name: 'Runs', icon: 'list', badge: f => (f.running.value ? count(f.running) : undefined) },
  { path: 'schedules', name: 'Schedules', icon: 'clock', badge: mark('schedules'), isBad: found('schedules') },
  { path: 'lanes', name: 'Lanes', icon: 'layers', badge: mark('lanes'), isBad: found('lanes') },
  { path: 'workers', name: 'Workers', icon: 'server', badge: f => `${f.activeWorkers}`, isBad: found('workers'), isSecond: true },
  { path: 'jobs', name: 'Jobs', icon: 'wrench', isSecond: true },
  { path: 'dead-letters', name: 'Dead letters', icon: 'skull', badge: f => (f.failed.value ? count(f.failed) : undefined), isSecond: true },
  null,
  { path: 'operations', name: 'Operations', icon: 'workflow', isSecond: true },
  { path: 'audit', name: 'Audit', icon: 'scroll-text', isSecond: true, isShown: () => may('administer') },
  { path: 'keys', name: 'Keys', icon: 'key-round', isSecond: true, isShown: () => may('administer') },
]
