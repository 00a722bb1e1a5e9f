using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Support;

/// <summary>Remembers what was logged, of every level.</summary>
/// <typeparam name="T">Who logs.</typeparam>
public sealed class LogLines<T> : ILogger<T>
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Tally _count = new();

    public IReadOnlyList<string> All => [.. _lines];

    /// <summary>Waits until there are so many lines; fails the test after 30 s.</summary>
    public Task SaysAsync(int lines) => _count.ReachesAsync(lines);

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue(formatter(state, exception));
        _count.Add();
    }
}
