using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>How much a problem hurts.</summary>
internal enum Severity
{
    /// <summary>Something is slower than it need be.</summary>
    Note,

    /// <summary>Some lanes stand still.</summary>
    Degraded,

    /// <summary>Nothing can be sent at all.</summary>
    Down,
}

/// <summary>What the broker refuses and a person has to mend: rights, queues of another kind. Each is logged when it comes up and when it
/// is over, and health shows it meanwhile.</summary>
internal sealed partial class BrokerProblems(ILogger<BrokerProblems> logger)
{
    private readonly ConcurrentDictionary<string, (Severity Severity, string Text)> _open = new(StringComparer.Ordinal);

    /// <summary>All there are, the worst first.</summary>
    public IReadOnlyList<(Severity Severity, string Text)> All =>
        [.. _open.Values.OrderByDescending(p => p.Severity).ThenBy(p => p.Text, StringComparer.Ordinal).Distinct()];

    /// <summary>Says that there is a problem.</summary>
    /// <param name="key">What it is about.</param>
    /// <param name="severity">How much it hurts.</param>
    /// <param name="text">What is wrong, and what to do: one sentence or two.</param>
    public void Report(string key, Severity severity, string text)
    {
        // Several listeners meet the same refusal at once.
        lock (_open)
        {
            if (!_open.Values.Any(p => p.Text == text))
                LogProblem(text);
            _open[key] = (severity, text);
        }
    }

    /// <summary>Says that there is none, or no longer.</summary>
    public void Clear(string key)
    {
        if (_open.TryRemove(key, out var problem))
            LogOver(problem.Text);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "broker: {Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "broker: resolved: {Problem}")]
    private partial void LogOver(string problem);
}
