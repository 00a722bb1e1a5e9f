import { useLocation } from 'preact-iso'
import { isKiosk } from '../data/choices'
import { clock } from '../data/format'
import { figures, serverNow, stream } from '../data/live'
import { Empty, Link, Loading, PageHead, useNow } from '../parts/basics'
import '../style/overview.css'
import { FailingJobs } from './overview/FailingJobs'
import { Findings } from './overview/Findings'
import { History } from './overview/History'
import { type Range, ranges } from './overview/history'
import { NextFirings } from './overview/NextFirings'
import { Tiles } from './overview/Tiles'

const Clock = () => {
  useNow()
  return <span class="wall-clock">{clock(serverNow())}</span>
}

/** How far back the page shows: `?range=`. */
const Ranges = ({ range }: { range: Range }) => (
  <nav class="ranges" aria-label="How far back">
    {(Object.keys(ranges) as Range[]).map(r => (
      <Link key={r} to={`?range=${r}`} aria-current={r === range ? 'page' : undefined}>
        {ranges[r].words}
      </Link>
    ))}
  </nav>
)

/** What is wrong; what is going on now; how it was. */
export const Overview = () => {
  const { query } = useLocation()
  const range: Range = query.range && query.range in ranges ? (query.range as Range) : '6h'
  return (
    <div class="page">
      <PageHead title="Overview">{isKiosk ? <Clock /> : <Ranges range={range} />}</PageHead>
      {figures.value ? (
        <>
          <Findings />
          <Tiles />
          <div class="panels two">
            <History range={range} />
            <FailingJobs range={range} />
            <NextFirings />
          </div>
        </>
      ) : stream.value.state === 'connecting' ? (
        <Loading lines={12} />
      ) : (
        <Empty command="fleet status">
          The server sends no figures yet. The page connects again by itself. On the server, the same is told by:
        </Empty>
      )}
    </div>
  )
}
