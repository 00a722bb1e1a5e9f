using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fleet.Storage.Postgres;

/// <summary>Tracks the rows of <c>claim_sets</c> that this process wrote: when the last run of a set is completed, the next claim deletes
/// the row. So the heartbeat does not read runs that have ended. It finds the rows that are not tracked here.</summary>
internal sealed class OpenClaimSets
{
    // A set that is no longer tracked costs one read by the heartbeat.
    private const int Most = 10_000;

    // They go along with every claim until one of them finds something.
    private const int MaxGivenBack = 1_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, int> _runs = [];
    private readonly List<long> _over = [];

    /// <summary>A claim was committed with this many runs.</summary>
    public void Opened(long token, int runs)
    {
        lock (_lock)
        {
            if (runs == 0)
                _over.Add(token);
            else if (_runs.Count < Most)
                _runs[token] = runs;
            else
                _runs.Clear();
        }
    }

    /// <summary>Completions were committed; the token of each.</summary>
    public void Settled(IEnumerable<long> tokens)
    {
        lock (_lock)
        {
            foreach (var token in tokens)
            {
                ref var runs = ref CollectionsMarshal.GetValueRefOrNullRef(_runs, token);
                if (Unsafe.IsNullRef(ref runs) || --runs > 0)
                    continue;
                _runs.Remove(token);
                _over.Add(token);
            }
        }
    }

    /// <summary>Stops tracking the sets of these tokens, because a run of theirs ended in a way that is not tracked here.</summary>
    public void Forget(IEnumerable<long> tokens)
    {
        lock (_lock)
        {
            foreach (var token in tokens)
                _runs.Remove(token);
        }
    }

    /// <returns>The tokens of the sets whose runs have all ended, each once.</returns>
    public long[] TakeOver()
    {
        lock (_lock)
        {
            if (_over.Count == 0)
                return [];
            var tokens = _over.ToArray();
            _over.Clear();
            return tokens;
        }
    }

    /// <summary>Takes tokens back from a claim that found no run and perhaps deleted nothing.</summary>
    public void GiveBack(long[] tokens)
    {
        lock (_lock)
            _over.AddRange(tokens.AsSpan(0, Math.Min(tokens.Length, MaxGivenBack)));
    }
}
