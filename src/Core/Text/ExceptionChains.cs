namespace Fleet.Core.Text;

/// <summary>Exceptions inside exceptions.</summary>
public static class ExceptionChains
{
    /// <summary>The exception and all that it wraps, outermost first; at most 32.</summary>
    public static IEnumerable<Exception> Chain(this Exception e)
    {
        const int most = 32;
        var waiting = new Stack<Exception>([e]);
        for (var seen = 0; seen < most && waiting.TryPop(out var next); seen++)
        {
            yield return next;
            if (next is AggregateException { InnerExceptions: var inners })
            {
                foreach (var inner in inners.Reverse())
                    waiting.Push(inner);
            }
            else if (next.InnerException is { } inner)
            {
                waiting.Push(inner);
            }
        }
    }
}
