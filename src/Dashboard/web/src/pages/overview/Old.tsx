import { clock } from '../../data/format'
import type { Answer } from '../../data/query'

/** That a panel shows what was read before reading failed: beside its title, so that nothing moves. */
export const Old = ({ answer: { data, error, at } }: { answer: Answer<unknown> }) =>
  data !== undefined && error && at ? (
    <span class="small bad" role="status" title={error.message}>
      <span aria-hidden="true">■</span> of {clock(at)}
    </span>
  ) : null

/** An answer whose error is told by `Old` once there is something to show. */
export const quiet = <T,>(answer: Answer<T>): Answer<T> => (answer.data === undefined ? answer : { ...answer, error: undefined })
