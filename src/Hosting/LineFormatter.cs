using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Fleet.Hosting;

/// <summary>A log line for people: time, level, who, what, and the run and trace it belongs to.</summary>
internal sealed class LineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "fleet-line";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var category = logEntry.Category;
        textWriter.Write(time.GetUtcNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture));
        textWriter.Write($" {Word(logEntry.LogLevel)} {category[(category.LastIndexOf('.') + 1)..]}: {logEntry.Formatter(logEntry.State, logEntry.Exception)}");
        scopeProvider?.ForEachScope(WriteScope, textWriter);
        textWriter.WriteLine();
        if (logEntry.Exception is { } e)
            textWriter.WriteLine(e);
    }

    /// <summary>The scope of a run; those of the web server stay out of sight.</summary>
    private static void WriteScope(object? scope, TextWriter writer)
    {
        if (scope is not IReadOnlyList<KeyValuePair<string, object?>> values || !values.Any(v => v.Key == "RunId"))
            return;
        foreach (var (key, value) in values.Where(v => v.Value is not null))
            writer.Write($" {key}={value}");
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        _ => "ERROR",
    };
}
