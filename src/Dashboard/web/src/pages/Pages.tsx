import { Route, Router } from 'preact-iso'
import { Empty, href } from '../parts/basics'
import { Overview } from './Overview'

const NotFound = () => <Empty>There is no such page.</Empty>

/** Which page an address shows. */
export const Pages = () => (
  <Router>
    <Route path={href('')} component={Overview} />
    <Route default component={NotFound} />
  </Router>
)
