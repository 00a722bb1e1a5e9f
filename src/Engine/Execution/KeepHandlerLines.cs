using Fleet.Core.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Engine.Execution;

/// <summary>Adds a <see cref="HandlerLineProvider"/> to the process's logging. At the start, not with the services: a program may clear its
/// logging providers after it has added Fleet.</summary>
public sealed class KeepHandlerLines(ILoggerFactory loggers)
{
    public void Start() => loggers.AddProvider(new HandlerLineProvider());
}

/// <summary>Keeps what a handler writes to an <see cref="ILogger"/> with its run, beside the lines of <see cref="JobContext.Log"/>: also
/// the lines of services, tasks and timers that the handler uses, as they share its execution context.</summary>
/// <remarks>Outside of handlers it is disabled, which costs one read of an async local per log call. The configuration section
/// <c>Logging:FleetRun:LogLevel</c> chooses what is kept, as for any other provider. By default <c>Microsoft</c> and <c>System</c> are kept
/// from <see cref="LogLevel.Warning"/> on; a database command per line would fill the log of the run.</remarks>
[ProviderAlias("FleetRun")]
internal sealed class HandlerLineProvider : ILoggerProvider
{
    /// <summary>What Fleet's own code says while a handler runs is not the handler's, and the lines of <see cref="JobContext.Log"/> come by
    /// here a second time.</summary>
    private static readonly string[] OwnCategories =
        ["Fleet.Core.", "Fleet.Engine.", "Fleet.Storage.", "Fleet.Transport.", "Fleet.MassTransit.", "Fleet.Hosting."];

    public ILogger CreateLogger(string categoryName) => OwnCategories.Any(c => categoryName.StartsWith(c, StringComparison.Ordinal))
        ? NullLogger.Instance
        : new RunLogger();

    public void Dispose()
    {
    }

    private sealed class RunLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && CurrentRun.Value is not null;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel) || CurrentRun.Value?.Context is not { } context)
                return;
            var message = formatter(state, exception);
            if (exception is not null)
                message = $"{message}{Environment.NewLine}{RunError.From(exception, context.Secrets)}";
            context.KeepLine(LevelOf(logLevel), message);
        }

        private static JobLogLevel LevelOf(LogLevel level) => level switch
        {
            LogLevel.Trace or LogLevel.Debug => JobLogLevel.Debug,
            LogLevel.Information => JobLogLevel.Information,
            LogLevel.Warning => JobLogLevel.Warning,
            _ => JobLogLevel.Error,
        };
    }
}
