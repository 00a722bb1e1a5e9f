import { Route, Router } from 'preact-iso'
import { Empty, href } from '../parts/basics'
import { Overview } from './Overview'
import { RunPage } from './run/RunPage'
import { RunsPage } from './runs/RunsPage'

const NotFound = () => <Empty>There is no such page.</Empty>

/** Which page an address shows. */
export const Pages = () => (
  <Router>
    <Route path={href('')} component={Overview} />
    <Route path={href('runs')} component={RunsPage} />
    <Route path={href('runs/:id')} component={RunPage} />
    <Route default component={NotFound} />
  </Router>
)
