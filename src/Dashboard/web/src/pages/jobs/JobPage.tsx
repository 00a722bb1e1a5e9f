import { useRoute } from 'preact-iso'
import { query } from '../../data/api'
import { duration, percent, whole } from '../../data/format'
import { useAnswer } from '../../data/query'
import { may } from '../../data/session'
import type { JobView, StatisticsView } from '../../data/types'
import { Empty, Failed, Link, Loading, PageHead, Panel } from '../../parts/basics'
import { RunForm } from './RunForm'
import { membersOf } from './schema'
import '../../style/jobs.css'

const day = 86_400_000

/** One job: what it takes, how its runs go, and a form that runs it. */
export const JobPage = () => {
  const name = useRoute().params.name!
  const job = useAnswer<JobView>(`jobs/${encodeURIComponent(name)}`, { when: changes => changes.workers.length > 0 })
  return (
    <div class="page">
      <PageHead title={name}>
        <Link class="button" to={`runs${query({ q: `job:${name}` })}`}>
          Its runs
        </Link>
      </PageHead>
      {job.error?.status === 404 ? (
        <Empty>No worker that was ever registered offers a job of this name.</Empty>
      ) : (
        job.error && <Failed error={job.error} at={job.at} retry={job.reload} />
      )}
      {job.data ? <Shown job={job.data} /> : job.isLoading && <Loading lines={8} />}
    </div>
  )
}

const Shown = ({ job }: { job: JobView }) => (
  <>
    <p class="facts">
      <span>
        lane <bdi>{job.lane}</bdi>
      </span>
      {job.maxAttempts !== null && <span>{job.maxAttempts} attempts</span>}
      {job.timeout && <span>timeout {job.timeout}</span>}
      <span class={job.servedBy === 0 ? 'bad' : ''}>
        {job.servedBy === 0 ? 'no worker offers it now' : `served by ${job.servedBy} ${job.servedBy === 1 ? 'worker' : 'workers'}`}
      </span>
      {job.aliases.length > 0 && (
        <span>
          also <bdi>{job.aliases.join(', ')}</bdi>
        </span>
      )}
    </p>
    {job.description && (
      <p>
        <bdi>{job.description}</bdi>
      </p>
    )}
    <LastDay job={job.name} />
    <div class="panels two">
      <Takes job={job} />
      {may('submit') && (
        <Panel title="Run it">
          <RunForm job={job} />
        </Panel>
      )}
    </div>
  </>
)

/** How its runs of the last 24 hours went. */
const LastDay = ({ job }: { job: string }) => {
  const since = new Date(Math.floor(Date.now() / 60_000) * 60_000 - day).toISOString()
  const figures = useAnswer<StatisticsView>(`statistics${query({ job, from: since, step: 'hour' })}`, { every: 60 })
  const total = figures.data?.series[0]?.total
  const ends = total?.ends
  return (
    <Panel title="Last 24 hours">
      {figures.error && <Failed error={figures.error} />}
      {figures.data && !ends?.all && <p class="mid">No run has ended.</p>}
      {ends && ends.all > 0 && (
        <p class="facts">
          <span>
            <b>{whole(ends.all)}</b> ended
          </span>
          <span>
            <b>{whole(ends.failed)}</b> failed ({percent(ends.failed / ends.all)})
          </span>
          <span>
            <b>{whole(ends.retried)}</b> retried
          </span>
          <span>
            took p50 <b>{duration(total?.duration?.p50)}</b>, p99 <b>{duration(total?.duration?.p99)}</b>
          </span>
          <span>
            waited p50 <b>{duration(total?.wait?.p50)}</b>, p99 <b>{duration(total?.wait?.p99)}</b>
          </span>
        </p>
      )}
    </Panel>
  )
}

/** What its args have. */
const Takes = ({ job }: { job: JobView }) => {
  const members = membersOf(job.schema)
  return (
    <Panel title="Args" flush={(members?.length ?? 0) > 0}>
      {members === undefined ? (
        <p class="mid">This job has no schema: it takes any JSON object.</p>
      ) : members.length === 0 ? (
        <p class="mid">It takes none.</p>
      ) : (
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">name</th>
              <th scope="col">type</th>
              <th scope="col">allowed</th>
            </tr>
          </thead>
          <tbody>
            {members.map(member => (
              <tr key={member.name}>
                <td class="first-line">
                  <code>{member.name}</code>
                  {member.description && <p class="says">{member.description}</p>}
                </td>
                <td>
                  {member.type}
                  {member.isRequired && ', required'}
                  {member.isSecret && ', secret'}
                </td>
                <td class="says break">{member.choices?.join(', ') ?? member.allowed}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
