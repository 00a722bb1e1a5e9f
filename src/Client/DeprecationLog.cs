using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Fleet.Client;

/// <summary>Logs a warning once for each operation that the server calls deprecated.</summary>
internal sealed partial class DeprecationLog(ILogger<DeprecationLog> logger)
{
    // Paths have ids in them.
    private const int MaxTold = 100;

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    public void Tell(string notice)
    {
        if (_told.Count < MaxTold && _told.TryAdd(notice, true))
            LogDeprecated(notice);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Notice}")]
    private partial void LogDeprecated(string notice);
}
