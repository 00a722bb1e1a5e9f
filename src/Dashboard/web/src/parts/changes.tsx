import { type Difference, inLine } from '../data/diff'

const Value = ({ of, sign }: { of: unknown; sign: '−' | '+' }) =>
  of === undefined ? (
    <span class="weak">{sign === '−' ? 'not there' : 'removed'}</span>
  ) : (
    <code class={`value ${sign === '−' ? 'bad' : 'good'}`}>
      <span aria-hidden="true">{sign} </span>
      <bdi>{inLine(of)}</bdi>
    </code>
  )

/** Where two JSON values differ: each place with its value before and after. */
export const Changes = ({ of, none }: { of: Difference[]; none: string }) =>
  of.length === 0 ? (
    <p class="weak">{none}</p>
  ) : (
    <div class="scroller changes" tabIndex={0} role="region" aria-label="What changes">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Where</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {of.map(d => (
            <tr key={d.path}>
              <td class="break">
                <bdi class="name">{d.path || 'all of it'}</bdi>
              </td>
              <td>
                <Value of={d.before} sign="−" />
              </td>
              <td>
                <Value of={d.after} sign="+" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
