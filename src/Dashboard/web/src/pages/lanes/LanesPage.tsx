import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import * as format from '../../data/format'
import { useAnswer } from '../../data/query'
import type { LaneRatesView, LaneView, LaneViewPage, RatesView } from '../../data/types'
import { Empty, Link, PageHead, Panel, Shown } from '../../parts/basics'
import '../../style/lanes.css'
import { LaneAction, Oldest, PausedBy, RunCount, runsOf, Slots, useDelays, withFigures } from './parts'

const isUnconfirmed = (lane: LaneView) => (lane.paused?.unconfirmedWorkers ?? 0) > 0

/** What ended per second: the last ten seconds. */
const useRates = (): Map<string, LaneRatesView> => {
  const { data } = useAnswer<RatesView>('statistics/now', { every: 5 })
  return new Map((data?.lanes ?? []).map(l => [l.lane, l]))
}

/** All lanes: what waits and runs in them now, and their pauses. */
export const LanesPage = () => {
  // Who comes from a finding looks for one lane.
  const picked = useLocation().query.lane
  const [every, setEvery] = useState(5)
  const answer = useAnswer<LaneViewPage>('lanes', { when: c => c.lanes.length > 0, every })
  const delays = useDelays()
  const rates = useRates()
  // A pause is confirmed within seconds: it is looked at until it is.
  const next = answer.data?.items.some(isUnconfirmed) ? 1 : 5
  if (next !== every) setEvery(next)
  return (
    <div class="page full">
      <PageHead title="Lanes" />
      <Panel flush>
        <Shown answer={answer}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty command="fleet run enqueue diag.echo">
                There is no lane yet. A lane exists as soon as a worker serves it or a run is enqueued for it.
              </Empty>
            ) : (
              <div class="scroller">
                <table class="rows lanes">
                  <thead>
                    <tr>
                      <th scope="col">Lane</th>
                      <th scope="col" class="num">
                        Ready
                      </th>
                      <th scope="col" class="num">
                        Running
                      </th>
                      <th scope="col" class="num" title="Runs that are due within seconds">
                        Due soon
                      </th>
                      <th scope="col" class="num" title="How long the run that has waited longest has been due">
                        Oldest
                      </th>
                      <th scope="col" class="num" title="Of the last 10 min: 99 % of the runs started within this time after they were due">
                        Start p99
                      </th>
                      <th scope="col">Slots</th>
                      <th scope="col" class="num" title="Attempts that ended per second, over the last 10 s">
                        Out per s
                      </th>
                      <th scope="col">
                        <span class="unseen">Actions</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {[...items]
                      .sort((a, b) => (a.name < b.name ? -1 : 1))
                      .map(withFigures)
                      .map(lane => (
                        <tr key={lane.name} class={lane.name === picked ? 'picked' : ''}>
                          <td class="first-line lane-name">
                            <Link class="name" to={runsOf(lane.name)}>
                              <bdi>{lane.name}</bdi>
                            </Link>
                            {lane.paused && <PausedBy pause={lane.paused} />}
                          </td>
                          <td class="num" data-label="ready">
                            <RunCount of={lane.ready} lane={lane.name} state="ready" />
                          </td>
                          <td class="num" data-label="running">
                            <RunCount of={lane.running} lane={lane.name} state="running" />
                          </td>
                          <td class="num" data-label="due soon">
                            <RunCount of={lane.scheduledSoon} lane={lane.name} state="scheduled" />
                          </td>
                          <td class="num" data-label="oldest">
                            <Oldest lane={lane} />
                          </td>
                          <td class="num" data-label="start p99">
                            {format.duration(delays.get(lane.name))}
                          </td>
                          <td>
                            <Slots lane={lane} />
                          </td>
                          <td class="num" data-label="out per s">
                            {rates.has(lane.name) ? format.digits(rates.get(lane.name)!.last10.perSecond) : '–'}
                          </td>
                          <td class="num">
                            <LaneAction lane={lane} answer={answer} />
                          </td>
                        </tr>
                      ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Shown>
      </Panel>
    </div>
  )
}
