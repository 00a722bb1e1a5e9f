using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Support;

/// <summary>A log that keeps what it is told, printed as the console would print it.</summary>
internal sealed class LogRecorder : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Called before a line is kept; what it throws is what the log throws.</summary>
    public Action BeforeLine { get; set; } = () => { };

    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>What is not kept.</summary>
    public LogLevel Least { get; set; } = LogLevel.Information;

    /// <summary>The warnings and errors so far that hold a text, without their level.</summary>
    public IReadOnlyList<string> Warnings(string text) =>
    [
        .. _lines.Where(l => !l.StartsWith("Information: ", StringComparison.Ordinal) && l.Contains(text, StringComparison.Ordinal))
            .Select(l => l[(l.IndexOf(' ', StringComparison.Ordinal) + 1)..].TrimEnd()),
    ];

    public void AddTo(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(this);

    public ILogger CreateLogger(string categoryName) => new Log(this);

    public void Dispose()
    {
    }

    private sealed class Log(LogRecorder recorder) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= recorder.Least;

        void ILogger.Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            recorder.BeforeLine();
            recorder._lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
        }
    }
}
