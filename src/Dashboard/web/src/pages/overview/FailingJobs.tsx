import { percent, whole } from '../../data/format'
import { useAnswer } from '../../data/query'
import type { StatisticsView } from '../../data/types'
import { Empty, Link, Panel, Shown } from '../../parts/basics'
import { Spark } from '../../parts/charts/Spark'
import { failing, type Range, ranges } from './history'
import { Old, quiet } from './Old'

/** The jobs of which most runs fail. */
export const FailingJobs = ({ range }: { range: Range }) => {
  const { words, jobStep } = ranges[range]
  const answer = useAnswer<StatisticsView>(`statistics?since=${range}&step=${jobStep}&by=job&order=failures&top=6`, { every: 60 })
  return (
    <Panel title={`Failing jobs, ${words}`} beside={<Old answer={answer} />} flush class="short-list failing">
      <Shown answer={quiet(answer)} lines={6}>
        {({ series }) => {
          const jobs = failing(series)
          return jobs.length === 0 ? (
            <Empty>No run and no attempt has failed in this time.</Empty>
          ) : (
            <table class="rows">
              <thead>
                <tr>
                  <th scope="col">job</th>
                  <th scope="col" class="num">
                    failed
                  </th>
                  <th scope="col" class="num">
                    retried
                  </th>
                  <th scope="col">failed, trend</th>
                </tr>
              </thead>
              <tbody>
                {jobs.map(({ job, failed, retried, ended, share, trend }, i) => (
                  <tr key={i}>
                    <td class="name first-line">
                      <Link
                        to={`runs?q=${encodeURIComponent(`${failed ? 'state:failed ' : ''}job:${job} since:${range}`)}`}
                        class="one-line"
                        title={job}
                      >
                        <bdi>{job}</bdi>
                      </Link>
                    </td>
                    <td class="num" title={`${whole(failed)} of ${whole(ended)} runs`}>
                      {failed > 0 && <span class="weak">{whole(failed)}</span>} {ended ? percent(share) : '–'}
                    </td>
                    <td class="num" data-label="retried">
                      {whole(retried)}
                    </td>
                    <td class="trend">
                      <Spark values={trend} top={1} tone="bad" label={`Part of the runs of ${job} that failed, from 0 to 100 %`} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }}
      </Shown>
    </Panel>
  )
}
