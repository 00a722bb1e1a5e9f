using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fleet.Storage.Postgres;

/// <summary>What this process knows of its rows in <c>claims</c>: when the last run of one is completed, the next claim deletes the row. That spares the
/// heartbeat looking at runs that are over; the rows of which nothing is known here it finds by itself.</summary>
internal sealed class OpenClaims
{
    // What is forgotten costs a look, nothing else.
    private const int Most = 10_000;

    // They go along with every claim until one of them finds something.
    private const int MostGivenBack = 1_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, int> _runs = [];
    private readonly List<long> _over = [];

    /// <summary>A claim was committed.</summary>
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

    /// <summary>A run of these claims ends, or has ended, in a way that is not followed here.</summary>
    public void Forget(IEnumerable<long> tokens)
    {
        lock (_lock)
        {
            foreach (var token in tokens)
                _runs.Remove(token);
        }
    }

    /// <returns>The tokens of the claims that are over, each once.</returns>
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

    /// <summary>The claim that was to delete these found nothing, and perhaps did not.</summary>
    public void GiveBack(long[] tokens)
    {
        lock (_lock)
            _over.AddRange(tokens.AsSpan(0, Math.Min(tokens.Length, MostGivenBack)));
    }
}
