import { useLocation } from 'preact-iso'
import { query as queryString } from '../../data/api'
import { useAnswer } from '../../data/query'
import type { JobViewPage } from '../../data/types'
import { Empty, href, Link, PageHead, Shown } from '../../parts/basics'

/** The jobs that workers offer. */
export const JobsPage = () => {
  const { query, route } = useLocation()
  const jobs = useAnswer<JobViewPage>('jobs', { when: changes => changes.workers.length > 0, every: 60 })
  const typed = query.find ?? ''
  return (
    <div class="page">
      <PageHead title="Jobs">
        <input
          type="search"
          data-search
          aria-label="Find a job"
          placeholder="Find a job"
          value={typed}
          onInput={e => route(href(`jobs${queryString({ find: e.currentTarget.value })}`), true)}
        />
      </PageHead>
      <section class="panel" aria-label="Jobs">
        <Shown answer={jobs}>
          {page => {
            const found = page.items.filter(job => `${job.name} ${job.description ?? ''}`.toLowerCase().includes(typed.toLowerCase()))
            if (found.length === 0)
              return <Empty>{typed ? 'No job is called so.' : 'No job is known: a job is there as soon as a worker offers it.'}</Empty>
            return (
              <table class="rows">
                <thead>
                  <tr>
                    {['job', 'lane', 'attempts', 'timeout', 'served by', 'what it does'].map(name => (
                      <th scope="col" key={name}>
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {found.map(job => (
                    <tr key={job.name}>
                      <td class="first-line">
                        <Link to={`jobs/${encodeURIComponent(job.name)}`} class="name">
                          <bdi>{job.name}</bdi>
                        </Link>
                      </td>
                      <td>
                        <bdi>{job.lane}</bdi>
                      </td>
                      <td data-label="attempts">{job.maxAttempts ?? 'as the lane'}</td>
                      <td data-label="timeout">{job.timeout ?? '–'}</td>
                      <td data-label="served by">
                        {job.servedBy === 0 ? (
                          <span class="bad">no worker</span>
                        ) : (
                          `${job.servedBy} ${job.servedBy === 1 ? 'worker' : 'workers'}`
                        )}
                      </td>
                      <td class="says break">
                        <bdi>{job.description}</bdi>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }}
        </Shown>
      </section>
    </div>
  )
}
